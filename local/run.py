"""`make run`: Windlass on the embedded AWS, four acts through its public API, then a server to play with."""

import argparse
import json
import signal
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from local.acts import ACTS, Act, Failed, Scene, request
from local.client import BEGUN, Client, Seen, Unexpected
from local.deploy import DeployError
from local.stage import APP, ROOT, Stage, StageError, deployed, is_free, seeded, serving, synthesise

ASSEMBLY = ROOT / "cdk.out" / "local"
STEP_WIDTH, ELAPSED_WIDTH = 24, 7

console = Console(highlight=False)


def main() -> int:
    given = _given()
    if not is_free(given.port):
        _fail(f"port {given.port} is in use: stop what listens there, or choose another with PORT={given.port + 1}")
        return 1
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    try:
        return _run(given.port, given.app, once=given.once)
    except (StageError, DeployError, Unexpected, Failed) as error:
        _fail(str(error))
        return 1
    except KeyboardInterrupt:
        console.print("\nstopped before the end")
        return 130


def _fail(sentence: str) -> None:
    console.print(f"[red]{escape(sentence)}[/]", soft_wrap=True)


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make run", description=__doc__)
    parser.add_argument("--port", type=int, default=8080, help="where the API is served (PORT=)")
    parser.add_argument("--app", type=_app, default=APP, metavar="APP.PY", help="your own CDK app, instead of ours")
    parser.add_argument("--once", action="store_true", help="stop after the acts (ONCE=1)")
    return parser.parse_args()


def _app(text: str) -> Path:
    path = Path(text).resolve()
    if not path.is_file():
        raise argparse.ArgumentTypeError(f"there is no file {text}")
    return path


def _run(port: int, app: Path, *, once: bool) -> int:
    with _standing(port, app) as stage:
        scene = Scene(stage, Client(stage.api), _show, [])
        _play(scene)
        _summary(scene)
        if not once:
            _serve(stage)
    return 0


@contextmanager
def _standing(port: int, app: Path) -> Iterator[Stage]:
    """A deployed and seeded Windlass, until the block ends; from then on nothing interrupts the clearing up."""
    with ThreadPoolExecutor(2) as aside:
        synthesis = aside.submit(synthesise, _assembly(app), app=app)
        with _phase("starting the embedded AWS"):
            running = serving(api_port=port)
            endpoint, api = running.__enter__()
        try:
            with _phase("synthesising the CDK app"):
                synthesis.result()
            with _phase("deploying its templates"):
                stage = deployed(_assembly(app), endpoint, api)
            aside.submit(stage.prewarm)
            with _phase("seeding a cloud to work in"):
                seeded(stage)
            console.print()
            yield stage
        finally:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            running.__exit__(None, None, None)


def _assembly(app: Path) -> Path:
    return ASSEMBLY if app == APP else app.parent / "cdk.out" / "local"


@contextmanager
def _phase(name: str) -> Iterator[None]:
    began = time.monotonic()
    console.print(f"[dim]{name:<28}[/]", end="")
    try:
        yield
    except BaseException:
        console.print()
        raise
    console.print(f"[dim]{time.monotonic() - began:5.1f} s[/]")


def _play(scene: Scene) -> None:
    for number, act in enumerate(ACTS, 1):
        console.rule(f"[bold]Act {number}: {act.title}[/]", align="left")
        console.print(act.promise)
        console.print(f"[green]✔ {escape(_proof(act, scene))}[/]\n")


def _proof(act: Act, scene: Scene) -> str:
    try:
        return act.play(scene)
    except Failed as error:
        raise Failed(f"act {act.title!r}: {error}") from error


def _show(seen: Seen) -> None:
    """One line: when, which state, and what it did or waits for, the text wrapped within its own column."""
    line = Table.grid(padding=(0, 2, 0, 0))
    line.add_column(width=ELAPSED_WIDTH, justify="right", no_wrap=True)
    line.add_column(width=STEP_WIDTH, no_wrap=True)
    line.add_column(ratio=1)
    line.add_row(f"{seen.elapsed:.1f} s", f"[bold]{seen.step}[/]", _told(seen))
    console.print(line)


def _told(seen: Seen) -> str:
    attempt = f"[dim]attempt {seen.attempt}:[/] " if seen.attempt > 1 else ""
    if seen.text == BEGUN:
        return f"{attempt}[dim]{seen.text}[/]"
    is_error = seen.text.partition(": ")[0].isidentifier() and ": " in seen.text
    return f"{attempt}[yellow]{escape(seen.text)}[/]" if is_error else f"{attempt}{escape(seen.text)}"


def _summary(scene: Scene) -> None:
    console.rule("[bold]The cluster now[/]", align="left")
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_row(*(f"[dim]{title}[/]" for title in ("server group", "instances", "launch template", "made by")))
    for name, group in sorted(scene.groups().items()):
        tags = {tag["Key"]: tag["Value"] for tag in group["Tags"]}
        template = group.get("LaunchTemplate", {}).get("LaunchTemplateName", "")
        table.add_row(name, str(len(group["Instances"])), template, tags.get("windlass:operation", ""))
    console.print(table)
    console.print("\n[dim]operations[/]")
    for operation in scene.operations:
        status = scene.client.get(f"/operations/{operation}")["status"]
        console.print(f"{status:<12}  {scene.client.url}/operations/{operation}", soft_wrap=True)


def _serve(stage: Stage) -> None:
    console.print()
    console.rule("[bold]Your turn[/]", align="left")
    for url, what in (("/", "the operations, with live graphs"), ("/docs", "the API")):
        console.print(f"{stage.api + url:<28}  {what}", soft_wrap=True)
    console.print(f"{'.local/functions/':<28}  what the functions log\n")
    for what, line in _curls(stage):
        console.print(f"[dim]# {what}[/]")
        console.print(escape(line), soft_wrap=True)
    console.print("\nCtrl-C stops it.")
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        console.print("\nstopped")


def _curls(stage: Stage) -> Iterator[tuple[str, str]]:
    """Lines that work when pasted, in this order, and what each is for."""
    post = r"curl -sw '\n' -X POST"
    yield "what was done so far", rf"curl -sw '\n' '{stage.api}/operations?application=shop'"
    dry_run = f"{post} '{stage.api}/operations/createServerGroup?dryRun=true' -d '{json.dumps(request())}'"
    yield "what the next creation would do; nothing is written", dry_run
    creation = f"'{stage.api}/operations/createServerGroup' -d '{json.dumps(request(stack='test'))}'"
    yield "create shop-test-v000; pasted twice, it is one operation", f"{post} -H 'Idempotency-Key: mine' {creation}"
    resize = f"{post} '{stage.api}/aws/ops/resizeServerGroup' -d '{json.dumps(_resize('shop-prod-v000', 3))}'"
    yield "resize as Spinnaker's Orca asks for it", resize
    refusal = {
        "api": "autoscaling:DeleteAutoScalingGroup",
        "do": "refuse",
        "code": "ValidationError",
        "message": "Not now",
    }
    fault = f"{post} {stage.endpoint}/_embedded/faults -d '{json.dumps(refusal)}'"
    destroy = f"{post} '{stage.api}/operations/destroyServerGroup' -d '{json.dumps(_destroy('shop-prod-v001'))}'"
    yield "AWS refuses the deletion once: it parks until you decide, on the page", f"{fault} && {destroy}"


def _resize(group: str, size: int) -> dict[str, Any]:
    capacity = {"min": 1, "max": 4, "desired": size}
    return {"credentials": "test", "asgs": [{"serverGroupName": group, "region": "us-east-1"}], "capacity": capacity}


def _destroy(group: str) -> dict[str, Any]:
    return {"account": "test", "region": "us-east-1", "serverGroupName": group}


if __name__ == "__main__":
    sys.exit(main())
