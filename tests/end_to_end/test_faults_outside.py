"""Faults from outside while the deployed machines run: killed processes, refusals, an execution that is stopped."""

import json
from dataclasses import dataclass

import pytest

from local.client import Json
from saga.model import NEEDED
from statemachines.create_server_group import CREATE_SERVER_GROUP
from tests.end_to_end.live import Live, creation, plays, told

pytestmark = pytest.mark.xdist_group("embedded")

STEPS = {
    "ec2:CreateLaunchTemplate": "CreateLaunchTemplate",
    "autoscaling:CreateAutoScalingGroup": "CreateEmptyGroup",
    "autoscaling:UpdateAutoScalingGroup": "ScaleUp",
}
"""Which step of createServerGroup makes the call."""
REASON = "1 validation error detected: this is not to be"


@dataclass(frozen=True)
class Killed:
    """The process dies before the call, and its successor right after it took effect."""

    api: str

    def __str__(self) -> str:
        return f"kill {self.api}"

    @property
    def application(self) -> str:
        return f"killed{STEPS[self.api].lower()}"

    def __call__(self, live: Live) -> Json:
        for do in ("kill-before", "kill-after"):
            live.strike(self.api, do, self.application)
        return live.run("createServerGroup", creation(self.application))


@plays([Killed(api) for api in STEPS])
def test_a_killed_process_is_made_up_for(played: Json, scene: Killed, live: Live) -> None:
    group, name = f"{scene.application}-prod-v000", STEPS[scene.api]
    step = next(one for one in played["steps"] if one["name"] == name)
    templates = [one for one in live.cloud(scene.application) if one.startswith("launch template ")]

    assert live.struck(scene.application) == 2
    assert played["status"] == "SUCCEEDED", told(played)
    assert step["attempts"] >= 3
    assert live.groups(scene.application) == [group]
    assert len(templates) == 1
    assert [one["LifecycleState"] for one in live.group(group)["Instances"]] == ["InService"]


@dataclass(frozen=True)
class Refused:
    """AWS refuses the call once and for all, in a cluster where somebody else's group stands."""

    api: str

    def __str__(self) -> str:
        return f"refuse {self.api}"

    @property
    def application(self) -> str:
        return f"refused{STEPS[self.api].lower()}"

    def __call__(self, live: Live) -> tuple[Json, Json, Json]:
        live.standing(self.application)
        before = live.cloud(self.application)
        live.strike(self.api, "refuse", f"{self.application}-prod-v001", code="ValidationError", message=REASON)
        ended = live.run("createServerGroup", creation(self.application))
        return before, ended, live.cloud(self.application)


refusals = plays([Refused(api) for api in STEPS])


@refusals
def test_a_refusal_before_the_pivot_puts_everything_back(
    played: tuple[Json, Json, Json], scene: Refused, live: Live
) -> None:
    before, ended, after = played

    assert live.struck(f"{scene.application}-prod-v001") == 1
    assert ended["status"] == "ROLLED_BACK", told(ended)
    assert after == before


@refusals
def test_the_reason_of_a_roll_back_is_told_by_operation_and_task(
    played: tuple[Json, Json, Json], scene: Refused, live: Live
) -> None:
    _, ended, _ = played
    task = live.task(ended["id"])
    failed = next(one for one in ended["steps"] if one["name"] == STEPS[scene.api])
    made, exception = task["resultObjects"]

    assert REASON in ended["error"]
    assert REASON in failed["error"]
    assert (task["status"]["completed"], task["status"]["failed"]) == (True, True)
    assert REASON in task["status"]["status"]
    assert any(line["phase"] == STEPS[scene.api] and REASON in line["status"] for line in task["history"])
    assert made["serverGroupNames"] == [f"us-east-1:{scene.application}-prod-v001"]
    assert (exception["type"], exception["operation"]) == ("EXCEPTION", "CreateServerGroup")
    assert REASON in exception["cause"]


@refusals
def test_the_history_of_a_roll_back_reads_like_a_story(
    played: tuple[Json, Json, Json], scene: Refused, live: Live
) -> None:
    _, ended, _ = played
    failing = STEPS[scene.api]
    events = live.history(ended["id"])
    entered = [one["stateEnteredEventDetails"]["name"] for one in events if "stateEnteredEventDetails" in one]
    refused = next(
        one["lambdaFunctionFailedEventDetails"] for one in events if "lambdaFunctionFailedEventDetails" in one
    )

    passed_by = {one.name for one in CREATE_SERVER_GROUP.needing}  # it asks for nothing that these do
    story = [name for name in CREATE_SERVER_GROUP.story if name not in passed_by]
    begun = story[: story.index(failing) + 1]
    position = [one.name for one in CREATE_SERVER_GROUP.steps].index(failing)
    way_back = CREATE_SERVER_GROUP.way_back(position)
    assert entered == [*begun, *way_back, "RolledBack"]
    assert [one["step"] for one in _told(events)] == [name for name in (*begun[2:-1], *way_back) if name != NEEDED]
    assert all(one["did"] for one in _told(events))
    assert refused["error"] == "Rejected"
    assert REASON in refused["cause"]
    assert events[-1]["type"] == "ExecutionFailed"
    assert events[-1]["executionFailedEventDetails"]["error"] == "Rejected"
    assert REASON in events[-1]["executionFailedEventDetails"]["cause"]


def _told(events: list[Json]) -> list[Json]:
    """What each Task after the plan answered."""
    kinds = ("lambdaFunctionSucceededEventDetails", "taskSucceededEventDetails")
    outputs = [json.loads(one[kind]["output"]) for one in events for kind in kinds if kind in one]
    return outputs[1:]
