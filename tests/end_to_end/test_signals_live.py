"""Signals to running operations over HTTP, and what becomes of one whose execution is ended from outside."""

from dataclasses import dataclass
from typing import Any

import pytest

from local.client import Json
from tests.end_to_end.live import HOME, Live, creation, eventually, plays, told

pytestmark = pytest.mark.xdist_group("embedded")

NEVER_HEALTHY = {"image": "shop-bad", "targetGroups": ["shop-tg"]}


@dataclass(frozen=True)
class Interrupted:
    """What happens while createServerGroup waits for health, in a cluster where somebody else's group stands."""

    how: str

    def __str__(self) -> str:
        return self.how

    def __call__(self, live: Live) -> tuple[Json, Json, Json]:
        live.standing(self.how)
        before = live.cloud(self.how)
        operation = live.submit("createServerGroup", creation(self.how, **NEVER_HEALTHY))
        live.entered(operation, "InstancesHealthy")
        getattr(self, f"_{self.how}")(live, operation)
        return before, live.ended(operation), live.cloud(self.how)

    def _cancelled(self, live: Live, operation: str) -> None:
        live.signal(operation, signal="cancel", reason="wrong image")

    def _stopped(self, live: Live, operation: str) -> None:
        execution = f"arn:aws:states:{HOME}:123456789012:execution:windlass-CreateServerGroup:{operation}"
        live.aws("stepfunctions").stop_execution(executionArn=execution, error="Stopped", cause="by an operator")


@plays([Interrupted("cancelled"), Interrupted("stopped")])
def test_what_was_begun_is_put_back(played: tuple[Json, Json, Json], scene: Interrupted, live: Live) -> None:
    before, ended, after = played
    owned = [row["pk"] for row in live.rows.all() if row["sk"] == "guard" and row.get("owner") == ended["id"]]

    assert ended["status"] == "ROLLED_BACK", told(ended)
    assert after == before
    assert owned == []


@plays([Interrupted("cancelled")])
def test_a_cancelled_operation_says_who_and_why(played: tuple[Json, Json, Json]) -> None:
    _, ended, _ = played

    assert ended["error"] == "Cancelled: cancelled by arn:aws:iam::123456789012:user/local: wrong image"


@plays([Interrupted("stopped")])
def test_an_execution_stopped_from_outside_is_recovered(played: tuple[Json, Json, Json], live: Live) -> None:
    _, ended, _ = played
    recovery = live.history(f"{ended['id']}-recovery-1")
    entered = [one["stateEnteredEventDetails"]["name"] for one in recovery if "stateEnteredEventDetails" in one]

    assert ended["recoveries"] == 1
    assert ended["error"] == "Stopped: by an operator"
    assert entered[:3] == ["Plan", "Recovering", "Interrupted"]
    assert entered[-2:] == ["PutBack", "RolledBack"]


def paused(live: Live) -> tuple[Json, Json]:
    """Paused at once, resumed when it has stopped."""
    operation = live.submit("createServerGroup", creation("paused"))
    live.signal(operation, signal="pause")
    eventually(lambda: live.view(operation)["step"] == "Hold", pause=1)
    held = live.view(operation)
    live.signal(operation, signal="resume")
    return held, live.ended(operation)


@plays([paused])
def test_a_paused_operation_starts_nothing_until_it_is_resumed(played: tuple[Json, Json], live: Live) -> None:
    held, ended = played

    assert held["phase"] == "PAUSED"
    assert held["reason"].startswith("Paused: ")
    assert "resume" in [one["signal"] for one in held["signals"]]
    assert ended["status"] == "SUCCEEDED", told(ended)
    assert live.groups("paused") == ["paused-prod-v000"]


def lifetime(live: Live) -> dict[str, Any]:
    """A server group from its creation to its end, by each of the operations there are; the last is refused once."""
    group, place = "lifetime-prod-v000", {"account": "test", "region": HOME, "serverGroupName": "lifetime-prod-v000"}
    ended = {"create": live.run("createServerGroup", creation("lifetime", suspendedProcesses=["AZRebalance"]))}
    ended["resume"] = live.run("resumeAsgProcesses", place | {"processes": ["AZRebalance"]})
    resumed = live.group(group)["SuspendedProcesses"]
    ended["resize"] = live.run("resizeServerGroup", place | {"capacity": {"desired": 2}, "healthyWithin": 180})
    resized = live.group(group)
    live.strike("autoscaling:DeleteAutoScalingGroup", "refuse", group, code="ValidationError", message="not now")
    operation = live.submit("destroyServerGroup", place)
    eventually(lambda: live.view(operation)["phase"] == "HELD", pause=1)
    held, parked = live.view(operation), live.task(operation)
    live.signal(operation, signal="decide", decision="retry", reason="lifted")
    ended["destroy"] = live.ended(operation)
    return {"ended": ended, "resumed": resumed, "resized": resized, "held": held, "parked": parked}


@plays([lifetime])
def test_every_machine_runs_to_its_end_as_deployed(played: dict[str, Any], live: Live) -> None:
    machines = {
        "create": "CreateServerGroup",
        "resume": "ResumeAsgProcesses",
        "resize": "ResizeServerGroup",
        "destroy": "DestroyServerGroup",
    }

    assert {name: one["status"] for name, one in played["ended"].items()} == dict.fromkeys(machines, "SUCCEEDED")
    for name, saga in machines.items():
        assert live.history(played["ended"][name]["id"], saga)[-1]["type"] == "ExecutionSucceeded"
    assert played["resumed"] == []
    assert [one["LifecycleState"] for one in played["resized"]["Instances"]] == ["InService", "InService"]
    assert live.cloud("lifetime") == {}


@plays([lifetime])
def test_what_is_refused_at_the_pivot_is_held_and_goes_on_when_a_person_says_so(played: dict[str, Any]) -> None:
    held, parked = played["held"], played["parked"]["status"]

    assert (held["status"], held["phase"], held["held"]) == ("RUNNING", "HELD", "DeleteGroup")
    assert "not now" in held["reason"]
    assert {one["decision"] for one in held["signals"] if one["signal"] == "decide"} == {"retry", "abandon"}
    assert (parked["phase"], parked["completed"], parked["failed"]) == ("PARKED", False, False)
    assert played["ended"]["destroy"]["steps"][-1]["name"] == "Finish"
