"""`make run`: Windlass on the embedded AWS, four acts through its public API, then a server to play with."""

import argparse
import json
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from local.acts import ACTS, Act, Failed, Scene, request
from local.client import Client, Seen, Unexpected
from local.deploy import DeployError
from local.stage import FOLDER, ROOT, Stage, StageError, deployed, is_free, serving, synthesise

console = Console(highlight=False, soft_wrap=True)


def main() -> int:
    given = _given()
    if not is_free(given.port):
        console.print(f"[red]port {given.port} is in use[/]: stop what listens there, or choose another with PORT=8081")
        return 1
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        return _run(given.port, once=given.once)
    except (StageError, DeployError, Unexpected, Failed) as error:
        console.print(f"[red]{escape(str(error))}[/]")
        return 1
    except KeyboardInterrupt:
        console.print("\nstopped")
        return 0


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make run", description=__doc__)
    parser.add_argument("--port", type=int, default=8080, help="where the API is served (PORT=)")
    parser.add_argument("--once", action="store_true", help="stop after the acts (ONCE=1)")
    return parser.parse_args()


def _run(port: int, *, once: bool) -> int:
    with _phase("starting the embedded AWS"):
        running = serving(api_port=port)
        endpoint, api = running.__enter__()
    try:
        stage = _bring_up(endpoint, api)
        scene = Scene(stage, Client(api), _show, [])
        _play(scene)
        _summary(scene)
        if not once:
            _serve(stage)
        return 0
    finally:
        running.__exit__(None, None, None)


def _bring_up(endpoint: str, api: str) -> Stage:
    with _phase("synthesising the CDK app"):
        synthesise(ROOT / "cdk.out" / "local")
    with _phase("deploying its templates"):
        return deployed(ROOT / "cdk.out" / "local", endpoint, api)


@contextmanager
def _phase(name: str) -> Iterator[None]:
    began = time.monotonic()
    console.print(f"[dim]{name} …[/]")
    yield
    console.print(f"[dim]  {time.monotonic() - began:.1f} s[/]")


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
    again = f"attempt {seen.attempt}" if seen.attempt > 1 else ""
    colour = "yellow" if ": " in seen.text and seen.text.split(":")[0].isidentifier() else "default"
    text = escape(seen.text)
    console.print(f"  {seen.elapsed:6.1f} s  [bold]{seen.step:<24}[/] {again:<11} [{colour}]{text}[/]")


def _summary(scene: Scene) -> None:
    table = Table(
        "server group",
        "instances",
        "launch template",
        "made by operation",
        title="The cluster now",
        title_justify="left",
    )
    for name, group in sorted(scene.groups().items()):
        tags = {tag["Key"]: tag["Value"] for tag in group["Tags"]}
        template = group.get("LaunchTemplate", {}).get("LaunchTemplateName", "")
        table.add_row(name, str(len(group["Instances"])), template, tags.get("windlass:operation", ""))
    console.print(table)
    api = scene.client.url
    for operation in scene.operations:
        console.print(f"  {api}/operations/{operation}")


def _serve(stage: Stage) -> None:
    console.print(f"\n[bold]Windlass[/] is served at {stage.api}/  (live graphs), {stage.api}/docs  (the API)")
    console.print(f"logs of the functions: {FOLDER / 'functions'}\n\nTry:")
    for line in _curls(stage):
        console.print(f"  {escape(line)}")
    console.print("\nCtrl-C stops it.")
    threading.Event().wait()


def _curls(stage: Stage) -> Iterator[str]:
    """Lines that work when pasted, in this order."""
    post = "curl -s -X POST -H 'content-type: application/json'"
    refusal = {"api": "autoscaling:DeleteAutoScalingGroup", "do": "refuse", "code": "ValidationError"}
    yield f"curl -s '{stage.api}/operations?application=shop'"
    yield f"{post} '{stage.api}/operations/createServerGroup?dryRun=true' -d '{json.dumps(request())}'"
    yield (
        f"{post} '{stage.api}/operations/createServerGroup' -H 'idempotency-key: mine' "
        f"-d '{json.dumps(request(stack='test'))}'"
    )
    yield f"{post} '{stage.api}/aws/ops/resizeServerGroup' -d '{json.dumps(_resize('shop-prod-v000', 3))}'"
    yield (
        f"{post} {stage.endpoint}/_embedded/faults -d '{json.dumps(refusal)}' && "
        f"{post} '{stage.api}/operations/destroyServerGroup' -d '{json.dumps(_destroy('shop-prod-v001'))}'"
        "   # AWS refuses once: parked until you decide, on its page or by POST …/signals"
    )


def _resize(group: str, size: int) -> dict[str, Any]:
    capacity = {"min": 1, "max": 4, "desired": size}
    return {"credentials": "test", "asgs": [{"serverGroupName": group, "region": "us-east-1"}], "capacity": capacity}


def _destroy(group: str) -> dict[str, Any]:
    return {"account": "test", "region": "us-east-1", "serverGroupName": group}


if __name__ == "__main__":
    sys.exit(main())
