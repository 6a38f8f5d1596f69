"""Windlass on the embedded AWS: server started, app synthesised, templates deployed, account and cloud seeded."""

import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import urllib3

from lambdas.accounts import Account
from lambdas.authority import POLICIES, TEAMS
from lambdas.dynamo import DynamoTable
from local.clients import Clients
from local.deploy import deploy
from local.seed import seed
from local.settings import ACCOUNT, OTHER_ACCOUNT
from stacks.accounts import seed as seed_accounts

ROOT = Path(__file__).parent.parent
APP = ROOT / "app.py"
FOLDER = ROOT / ".local"
"""Logs of the server and of each function; nothing in it is ever needed again."""
ADMINISTRATORS = (f"arn:aws:iam::{ACCOUNT}:user/local",)
"""Whoever calls from this machine without a signature: it is his hub."""
CONTEXT = {
    "settling": 1,
    "lateLook": 20,
    "activityTimeout": 5,
    "redelivery": 0.2,
    "localReceivers": "127.0.0.0/8",
    "eventsFrom": OTHER_ACCOUNT,
    "removal": "destroy",
    "gradual": "off",
}
"""Settings of the deployed stack: the embedded AWS reads its own writes, its functions and receivers are near, and
there is no CodeDeploy."""
ACCOUNTS = (Account("test", ACCOUNT, ("us-east-1",)),)
WORKERS = 4
PATIENCE = 180.0
"""Seconds for the server to listen: a first start on a busy machine compiles all of moto."""
SOURCES = (
    "app.py",
    "cdk.json",
    "requirements.lock",
    "requirements-infra.lock",
    "saga",
    "statemachines",
    "lambdas",
    "stacks",
    "windlass",
    "policies",
)
"""What a synthesis is made of: the same sources give the same templates, byte for byte."""


class StageError(Exception):
    """Something could not be brought up; the message says what and what to do."""


@dataclass(frozen=True)
class Stage:
    """A deployed Windlass."""

    api: str
    """URL of the deployed REST API."""
    endpoint: str
    """URL of the embedded AWS."""
    outputs: dict[str, str]
    """Of the stack."""

    @property
    def clients(self) -> Clients:
        return Clients(self.endpoint)

    def prewarm(self) -> None:
        """Start a process for each function, as a first caller would."""
        urllib3.request("POST", f"{self.endpoint}/_embedded/prewarm", json={})

    def fault(self, **rule: Any) -> None:
        """Inject a fault from outside: see `local/faults.py`."""
        answer = urllib3.request("POST", f"{self.endpoint}/_embedded/faults", json=rule)
        if answer.status >= 400:
            raise StageError(f"the fault {rule} was not taken: {answer.data.decode()}")


def synthesise(out: Path, *, app: Path = APP, context: dict[str, Any] | None = None) -> bool:
    """Write the app's templates to the folder, unless they are there already. Says whether there was work."""
    given = json.dumps(CONTEXT | {"policies": str(_policies())} | (context or {}), sort_keys=True)
    stamp, made_of = out.with_suffix(".made-of"), f"{_digest(app)} {given}"
    if (out / "manifest.json").exists() and stamp.exists() and stamp.read_text() == made_of:
        return False
    if shutil.which("node") is None:
        raise StageError("Node.js is needed to synthesise the CDK app: install version 20 or newer")
    shutil.rmtree(out, ignore_errors=True)
    environment = os.environ | {
        "CDK_OUTDIR": str(out),
        "CDK_CONTEXT_JSON": given,
        "CDK_VALIDATION": "false",
        "PYTHONPATH": str(ROOT),
    }
    made = subprocess.run(
        [sys.executable, app.name], cwd=app.parent, env=environment, capture_output=True, text=True, check=False
    )
    if made.returncode:
        raise StageError(f"the app cannot be synthesised:\n{made.stderr.strip()}")
    stamp.write_text(made_of)
    return True


def _policies() -> Path:
    """Those that are deployed, and who the administrators are."""
    folder = FOLDER / POLICIES.name
    shutil.copytree(POLICIES, folder, dirs_exist_ok=True)
    (folder / TEAMS).write_text(json.dumps({"administrators": ADMINISTRATORS}))
    return folder


@contextmanager
def serving(
    *, api_port: int | None = None, domain_port: int | None = None, folder: Path = FOLDER, workers: int = WORKERS
) -> Iterator[tuple[str, str]]:
    """The embedded AWS in a process of its own: its endpoint, and the URL at which a deployed API is served.

    `domain_port`: of custom domain names, over TLS. `workers`: concurrent executions of one function.
    """
    port, api_port = free_port(), api_port or free_port()
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "local.server", "--port", str(port), "--api-port", str(api_port)]
    options = ["--workers", str(workers), "--log-folder", str(folder / "functions")]
    if domain_port is not None:
        options += ["--domain-port", str(domain_port)]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen([*command, *options], cwd=ROOT, stdout=log, stderr=log, start_new_session=True)
    try:
        _await(process, port, folder)
        yield f"http://localhost:{port}", f"http://127.0.0.1:{api_port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


def deployed(assembly: Path, endpoint: str, api: str) -> Stage:
    """Deploy the synthesised templates."""
    return Stage(api, endpoint, deploy(assembly, endpoint)["Windlass"])


def seeded(stage: Stage, accounts: tuple[Account, ...] = ACCOUNTS) -> Stage:
    """Put accounts, and in their Regions a network, images and load balancers."""
    seed(stage.endpoint, tuple(sorted({region for account in accounts for region in account.regions})))
    seed_accounts(DynamoTable(stage.clients.get("dynamodb", "us-east-1"), stage.outputs["TableName"]), accounts)
    return stage


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _await(process: "subprocess.Popen[bytes]", port: int, folder: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    how = f"does not listen after {PATIENCE:g} s" if process.poll() is None else f"ended with code {process.returncode}"
    raise StageError(f"the embedded AWS {how}; see {folder / 'server.log'}")


def _digest(app: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(_sources(app)):
        digest.update(str(path).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _sources(app: Path) -> Iterator[Path]:
    """Ours, and beside another app all that lies around it."""
    for path in (*(ROOT / name for name in SOURCES), *(() if app == APP else (app.parent,))):
        found = path.rglob("*") if path.is_dir() else iter([path])
        yield from (one for one in found if one.is_file() and not {"__pycache__", "cdk.out"} & {*one.parts})
