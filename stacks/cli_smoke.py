"""The real CDK CLI takes the app through its life on the embedded AWS: `python -m stacks.cli_smoke`.

Bootstrap, synth (the one with CDK's own validation), deploy, update, destroy; after each what must be true is asked of
the embedded AWS. Exits non-zero with the reason.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from stacks import ROOT
from stacks.definitions import definitions
from statemachines import ALL

CDK = ROOT / "node_modules" / ".bin" / "cdk"
ACCOUNT, REGION = "123456789012", "us-east-1"
STACK = "Windlass"
CONTEXT = {"removal": "destroy", "gradual": "off"}
"""The embedded AWS has no CodeDeploy."""
PREFIX, LIVE = "windlass-", "live"
TOO_LONG = 300
"""Seconds that no step takes unless it hangs."""


class Failed(Exception):
    """A step of the smoke failed; the message is the reason."""


@dataclass(frozen=True)
class Place:
    """The embedded AWS, and a folder for what is synthesised."""

    port: int
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_"))}
        return inherited | {
            # `localhost`: the embedded S3 takes any other host's first label for a bucket's name.
            "AWS_ENDPOINT_URL": f"http://localhost:{self.port}",
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "CDK_DISABLE_CLI_TELEMETRY": "true",
            "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
            "CI": "true",
        }

    def client(self, service: str) -> Any:
        names = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing", "region_name": REGION}
        return boto3.client(service, endpoint_url=f"http://localhost:{self.port}", **names)  # type: ignore[call-overload]  # by any service's name

    def cdk(self, *arguments: str, validate: bool = False) -> str:
        environment = self.environment | ({} if validate else {"CDK_VALIDATION": "false"})
        return _run([str(CDK), *arguments], environment)


def _run(command: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=TOO_LONG, check=False
    )
    if done.returncode:
        last = "\n".join((done.stdout + done.stderr).strip().splitlines()[-25:])
        raise Failed(f"{' '.join(command[:2])} exited {done.returncode}:\n{last}")
    return done.stdout


# The steps, in order.


def bootstrap(place: Place) -> None:
    place.cdk("bootstrap", f"aws://{ACCOUNT}/{REGION}")
    _expect("the bootstrap stack", _status(place, "CDKToolkit"), "CREATE_COMPLETE")


def synth(place: Place) -> None:
    """The only one with CDK's validation; and what the CLI writes is what `python app.py` writes."""
    place.cdk("synth", "--quiet", "--output", str(place.folder / "first"), *_context("1"), validate=True)
    by_hand = place.environment | {
        "CDK_OUTDIR": str(place.folder / "by-hand"),
        "CDK_CONTEXT_JSON": json.dumps({"settling": "1", **CONTEXT}),
        "CDK_VALIDATION": "false",
    }
    _run([sys.executable, "app.py"], by_hand)
    _expect("the template without the CLI", _template(place, "by-hand"), _template(place, "first"))


def deploy(place: Place) -> None:
    _deploy(place, "first")
    _expect("the stack", _status(place, STACK), "CREATE_COMPLETE")
    _expect("WINDLASS_SETTLING", _live(place)["Environment"]["Variables"]["WINDLASS_SETTLING"], "1")
    machines = _machines(place)
    _expect("the machines", set(machines), {f"{PREFIX}{one.saga}" for one in definitions(ALL)})
    _expect("holes left in machines", [name for name, text in machines.items() if "Function}" in text], [])
    _expect("calls to aliases", [name for name, text in machines.items() if f":{LIVE}" not in text], [])
    (api,) = place.client("apigateway").get_rest_apis()["items"]
    stages = place.client("apigateway").get_stages(restApiId=api["id"])["item"]
    _expect("the API's stages", [stage["stageName"] for stage in stages], ["v1"])


def update(place: Place) -> None:
    """A changed setting reaches running operations: `live` moves to a new version."""
    before = _live(place)["Version"]
    protected = ("--context", "deletionProtection=true")
    place.cdk("synth", "--quiet", "--output", str(place.folder / "second"), *_context("2"), *protected)
    _deploy(place, "second")
    after = _live(place)
    _expect("the stack", _status(place, STACK), "UPDATE_COMPLETE")
    _expect("WINDLASS_SETTLING", after["Environment"]["Variables"]["WINDLASS_SETTLING"], "2")
    _expect("whether live moved", after["Version"] != before, True)


def refuse(place: Place) -> None:
    """The stack is protected; the doctor takes that off, since no operation runs."""
    with_fail = _fails(place, "destroy", "--force", "--app", str(place.folder / "second"), STACK)
    _expect("why it is not destroyed", "TerminationProtection" in with_fail, True)
    _expect("the doctor's answer when none does", _doctor(place), 0)


def destroy(place: Place) -> None:
    place.cdk("destroy", "--force", "--app", str(place.folder / "second"), STACK)
    _expect("the stack", _status(place, STACK), "gone")
    _expect("functions left", place.client("lambda").list_functions()["Functions"], [])
    _expect("machines left", _machines(place), {})
    _expect("tables left", place.client("dynamodb").list_tables()["TableNames"], [])
    _expect("queues left", place.client("sqs").list_queues().get("QueueUrls", []), [])
    _expect("APIs left", place.client("apigateway").get_rest_apis()["items"], [])


STEPS: tuple[Callable[[Place], None], ...] = (bootstrap, synth, deploy, update, refuse, destroy)


# What the steps look at.


def _context(settling: str) -> tuple[str, ...]:
    given = {"settling": settling, **CONTEXT}
    return tuple(word for name, value in given.items() for word in ("--context", f"{name}={value}"))


def _fails(place: Place, *arguments: str) -> str:
    """What the CLI says where it has to fail."""
    try:
        place.cdk(*arguments)
    except Failed as said:
        return str(said)
    raise Failed(f"cdk {arguments[0]} succeeded")


def _doctor(place: Place) -> int:
    command = [sys.executable, "-m", "doctor", "destroy", "--lift", "--region", REGION]
    return subprocess.run(command, cwd=ROOT, env=place.environment, capture_output=True, check=False).returncode


def _deploy(place: Place, assembly: str) -> None:
    # Directly: the embedded AWS's change sets know neither outputs nor previous values.
    place.cdk("deploy", "--method=direct", "--require-approval", "never", "--app", str(place.folder / assembly), STACK)


def _template(place: Place, assembly: str) -> str:
    return (place.folder / assembly / f"{STACK}.template.json").read_text()


def _status(place: Place, stack: str) -> str:
    found = place.client("cloudformation").list_stacks()["StackSummaries"]
    alive = [one["StackStatus"] for one in found if one["StackName"] == stack]
    alive = [status for status in alive if status != "DELETE_COMPLETE"]
    return alive[0] if alive else "gone"


def _live(place: Place) -> dict[str, Any]:
    found: dict[str, Any] = place.client("lambda").get_function_configuration(
        FunctionName=f"{PREFIX}Api", Qualifier=LIVE
    )
    return found


def _machines(place: Place) -> dict[str, str]:
    """Definitions by name, as deployed."""
    client = place.client("stepfunctions")
    arns = {one["name"]: one["stateMachineArn"] for one in client.list_state_machines()["stateMachines"]}
    return {name: client.describe_state_machine(stateMachineArn=arn)["definition"] for name, arn in arns.items()}


def _expect(what: str, found: object, wanted: object) -> None:
    if found != wanted:
        raise Failed(f"{what}: expected {str(wanted)[:300]}, found {str(found)[:300]}")


@contextmanager
def embedded_aws() -> Iterator[int]:
    """A server of our own, on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "local.server", "--port", str(port)], cwd=ROOT, stdout=subprocess.DEVNULL
    )
    try:
        _await(server, port)
        yield port
    finally:
        server.terminate()
        server.wait(timeout=30)


def _await(server: "subprocess.Popen[bytes]", port: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if server.poll() is not None:
            raise Failed(f"the embedded AWS exited {server.returncode} at its start")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise Failed("the embedded AWS did not start within 60 s")


def main() -> int:
    if not CDK.exists():
        _say(f"{CDK.relative_to(ROOT)} is missing; run `npm ci`")
        return 1
    try:
        with tempfile.TemporaryDirectory() as folder, embedded_aws() as port:
            for step in STEPS:
                _timed(step, Place(port, Path(folder)))
    except (Failed, subprocess.TimeoutExpired) as reason:
        _say(f"failed: {reason}")
        return 1
    return 0


def _timed(step: Callable[[Place], None], place: Place) -> None:
    began = time.monotonic()
    try:
        step(place)
    except Failed as reason:
        raise Failed(f"{step.__name__}: {reason}") from None
    _say(f"cdk {step.__name__:<10} {time.monotonic() - began:5.1f} s")


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - the program's answer


if __name__ == "__main__":
    sys.exit(main())
