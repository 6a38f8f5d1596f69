"""On the embedded AWS: what is measured, traced and watched of a deployed Windlass fits together."""

import json
from typing import Any

import pytest

from local.client import Json
from tests.end_to_end.live import HOME, Live, creation, plays, told

pytestmark = pytest.mark.xdist_group("embedded")


def traced(live: Live) -> dict[str, Any]:
    """An operation that begins at once: what its request and its execution say of the trace."""
    ended = live.run("createServerGroup", creation("traced", capacity={"min": 0, "desired": 0, "max": 0}))
    machine = f"arn:aws:states:{HOME}:123456789012:execution:windlass-CreateServerGroup:{ended['id']}"
    execution = live.aws("stepfunctions").describe_execution(executionArn=machine)
    return {"ended": ended, "trace": execution.get("traceHeader"), "accepted": accepted(live, ended["id"])}


def accepted(live: Live, operation: str) -> Json:
    """The line of the log that tells of its acceptance."""
    lines = (live.logs / "windlass-Api.log").read_text().splitlines()
    found = (json.loads(line) for line in lines if line.startswith("{") and operation in line)
    return next(line for line in found if line.get("message") == "accepted")


@plays([traced])
def test_an_execution_is_in_the_trace_of_its_request(played: dict[str, Any]) -> None:
    assert played["ended"]["status"] == "SUCCEEDED", told(played["ended"])
    assert played["trace"].startswith("Root=1-")
    assert played["trace"] == played["accepted"]["xray"]
