"""A changed release is deployed while fifty operations run, is rolled back, and is deployed again: all end right.

The release changes an activity and a saga, and takes a step with an undo out of it (`next_release.py`).
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from local.client import OVER, Json
from local.deploy import deploy
from local.stage import ROOT
from local.tags import NEVER_HEALTHY
from tests.end_to_end import next_release
from tests.end_to_end.live import HOME, Live, creation, eventually, told

pytestmark = pytest.mark.xdist_group("embedded")

FIRST = ROOT / "cdk.out" / "local"
PATIENT = 1800
"""Seconds that a wait of these may take."""
LAUNCH = {"ScalingProcesses": ["Launch"]}
AILING, AILING_TOO = "ailing-1.0", "ailing-2.0"
"""Images whose instances are healthy as soon as a person finds out what ails them."""
FEW = 4
"""Creations of each kind: one is as much work as four resizes."""
EARLY = tuple(f"resized{number}" for number in range(6))
"""Groups that get their instances while the old release is back; the others once the new one is there for good."""
LATE = tuple(f"resized{number}" for number in range(6, 12))


@dataclass
class Crowd:
    """What runs meanwhile, by what it is doing when the release comes; operations by application."""

    live: Live
    waiting: dict[str, str] = field(default_factory=dict)
    """Creations whose instances are not healthy."""
    undoing: dict[str, str] = field(default_factory=dict)
    """Cancelled, and an undo is being refused."""
    stopped: dict[str, str] = field(default_factory=dict)
    """Their executions are stopped from outside once the release is there: today's machine takes over."""
    paused: dict[str, str] = field(default_factory=dict)
    """Held, in the midst of their steps."""
    resizing: dict[str, str] = field(default_factory=dict)
    """Waiting for instances that nobody launches."""
    queued: dict[str, str] = field(default_factory=dict)
    """Behind those, for the same group."""
    retrying: dict[str, str] = field(default_factory=dict)
    """In a step that the cloud refuses for a while."""
    newer: dict[str, str] = field(default_factory=dict)
    """Begun by the new release, and come to its new step while the old code is back."""

    @property
    def before(self) -> dict[str, dict[str, str]]:
        """All but those that the new release began."""
        return {name: one for name, one in vars(self).items() if isinstance(one, dict) and name != "newer"}

    def gather(self) -> None:
        for image in (AILING, AILING_TOO):
            self._ail(image, value="true")
        for number in range(FEW):
            self.paused[f"held{number}"] = self._creation(f"held{number}")
            self._signal(self.paused[f"held{number}"], "pause")
        for name in (*EARLY, *LATE):
            self._resize(name)
        for number in range(FEW):
            for kind in (self.waiting, self.undoing, self.stopped):
                name = next(word for word, one in vars(self).items() if one is kind) + str(number)
                kind[name] = self._creation(name, AILING)
        for one in (self.waiting, self.undoing, self.stopped):
            self._await(one, "InstancesHealthy")
        self._await(self.resizing, "AllHealthy")
        self.begin_undoing()
        for number in range(10):
            self._retry(f"retried{number}")
        self._await(self.retrying, "Resize")

    def begin_undoing(self) -> None:
        for name, operation in self.undoing.items():
            self._refuse("DeleteAutoScalingGroup", name)
            self._signal(operation, "cancel")
        self._await(self.undoing, "UndoCreateEmptyGroup")

    def begin_newer(self) -> None:
        for number in range(FEW):
            name = f"newer{number}"
            self.newer[name] = self._creation(name, AILING_TOO)
        self._await(self.newer, "InstancesHealthy")

    def meet_old_code(self) -> None:
        """The new step is asked of code that does not know it, so that its row tells of none: the history does."""
        for operation in self.newer.values():
            eventually(lambda operation=operation: next_release.NEW_STEP in self._entered(operation), within=PATIENT)  # type: ignore[misc]

    def _entered(self, operation: str) -> set[str]:
        details = (event.get("stateEnteredEventDetails", {}) for event in self.live.history(operation))
        return {str(one.get("name")) for one in details}

    def _await(self, operations: Mapping[str, str], step: str) -> None:
        for operation in operations.values():
            self.live.entered(operation, step, within=PATIENT)

    def stop(self) -> None:
        for operation in self.stopped.values():
            arn = f"arn:aws:states:{HOME}:123456789012:execution:windlass-CreateServerGroup:{operation}"
            self.live.aws("stepfunctions").stop_execution(executionArn=arn, error="Stopped", cause="by hand")

    def heal(self, image: str) -> None:
        self._ail(image, value="false")

    def launch(self, names: tuple[str, ...]) -> None:
        """Let groups that are resized have their instances."""
        for name in names:
            self.live.aws("autoscaling").resume_processes(AutoScalingGroupName=f"{name}-prod-v000", **LAUNCH)

    def resume(self) -> None:
        for operation in self.paused.values():
            self._signal(operation, "resume")

    def _ail(self, image: str, *, value: str) -> None:
        ec2 = self.live.aws("ec2")
        found = ec2.describe_images(Filters=[{"Name": "name", "Values": [image]}])["Images"]
        made = found[0] if found else ec2.register_image(Name=image, RootDeviceName="/dev/sda1")
        ec2.create_tags(Resources=[made["ImageId"]], Tags=[{"Key": NEVER_HEALTHY, "Value": value}])

    def _creation(self, name: str, image: str = "shop-1.0") -> str:
        needs = {"suspendedProcesses": ["AZRebalance"]}  # so that it comes to the step that the next release has not
        body = creation(name, image=image, targetGroups=["shop-tg"], healthyWithin=PATIENT, **needs)
        return self._submitted("createServerGroup", body, key=name)

    def _resize(self, name: str) -> None:
        group = self.live.standing(name)
        self.live.aws("autoscaling").suspend_processes(AutoScalingGroupName=group, **LAUNCH)
        self.resizing[name] = self._resized(group, 1)
        self.queued[name] = self._resized(group, 2)

    def _retry(self, name: str) -> None:
        group = self.live.standing(name)
        self._refuse("UpdateAutoScalingGroup", name)
        self.retrying[name] = self._resized(group, 1)

    def _resized(self, group: str, desired: int) -> str:
        about = {"account": "test", "region": HOME, "serverGroupName": group, "healthyWithin": PATIENT}
        return self._submitted(
            "resizeServerGroup", about | {"capacity": {"desired": desired}}, key=f"{group}-{desired}"
        )

    def _submitted(self, operation: str, body: Json, key: str) -> str:
        headers = {"idempotency-key": key}
        return str(answered(self.live, "POST", f"/operations/{operation}", body, **headers)["id"])

    def _signal(self, operation: str, signal: str) -> None:
        answered(self.live, "POST", f"/operations/{operation}/signals", {"signal": signal, "reason": "an upgrade"})

    def _refuse(self, api: str, name: str) -> None:
        """Until all is forgiven."""
        fault = {"code": "InternalFailure", "message": "rehearsed", "status": 500, "seconds": PATIENT}
        self.live.strike(f"autoscaling:{api}", "refuse", f"{name}-prod", **fault)


def doctor(live: Live, tree: Path, assembly: Path) -> Json:
    """What the doctor of that release says; its exit code has to agree."""
    done = subprocess.run(
        [sys.executable, "-m", "doctor", "--assembly", str(assembly), "--json"],
        cwd=tree,
        env=os.environ | environment(live) | {"PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    report: Json = json.loads(done.stdout)
    assert report["safe"] is (done.returncode == 0)
    return report


def environment(live: Live) -> dict[str, str]:
    keys = {"AWS_ACCESS_KEY_ID": "doctor", "AWS_SECRET_ACCESS_KEY": "doctor"}
    return {"AWS_ENDPOINT_URL": live.stage.endpoint, "AWS_DEFAULT_REGION": HOME, **keys}


@dataclass
class Told:
    crowd: Crowd
    examined: Json
    """By the doctor, before the release is deployed."""
    reviewed: Json
    """By the old release's doctor, before it is deployed again."""
    ended: dict[str, dict[str, Json]]
    """Views of all, by what they were doing and by application."""


def answered(live: Live, method: str, path: str, body: Any = None, **headers: str) -> Json:
    """Asked until it is answered, as callers do: beside fifty operations the API may need longer than its gateway."""

    def asked() -> Json:
        answer = live.ask(method, path, body, **headers)
        assert answer.status in (200, 202, 503), answer.text
        return {} if answer.status == 503 else dict(answer.json)

    return eventually(asked, within=PATIENT)


def ended_of(live: Live, operation: str) -> Json:
    eventually(lambda: live.rows.of(operation).get("status") in OVER, within=PATIENT, pause=0.5)
    return answered(live, "GET", f"/operations/{operation}")


@pytest.fixture(scope="module")
def upgraded(live: Live, playing: Mapping[Any, Future[Any]]) -> Iterator[Told]:
    for scene in playing.values():
        scene.exception()
    first, after = next_release.patient(FIRST), next_release.assembled()
    crowd, endpoint = Crowd(live), live.stage.endpoint
    deploy(first, endpoint)
    crowd.gather()
    examined = doctor(live, next_release.SOURCE, after)
    deploy(after, endpoint)
    crowd.stop()
    crowd.begin_newer()
    reviewed = doctor(live, ROOT, first)
    deploy(first, endpoint)
    crowd.heal(AILING_TOO)
    crowd.launch(EARLY)
    crowd.meet_old_code()
    deploy(after, endpoint)
    live.forgive()
    crowd.heal(AILING)
    crowd.launch(LATE)
    crowd.resume()
    kinds = crowd.before | {"newer": crowd.newer}
    ended = {kind: {name: ended_of(live, one) for name, one in each.items()} for kind, each in kinds.items()}
    yield Told(crowd, examined, reviewed, ended)
    deploy(FIRST, endpoint)


def test_fifty_operations_run_when_the_release_comes(upgraded: Told) -> None:
    assert sum(map(len, upgraded.crowd.before.values())) == 50


ENDS = {
    "waiting": "SUCCEEDED",
    "undoing": "ROLLED_BACK",
    "stopped": "ROLLED_BACK",
    "paused": "SUCCEEDED",
    "resizing": "SUCCEEDED",
    "queued": "SUCCEEDED",
    "retrying": "SUCCEEDED",
    "newer": "SUCCEEDED",
}


@pytest.mark.parametrize("kind", ENDS)
def test_all_end_right(upgraded: Told, kind: str) -> None:
    assert {one["status"] for one in upgraded.ended[kind].values()} == {ENDS[kind]}, "\n".join(
        map(told, upgraded.ended[kind].values())
    )


@pytest.mark.parametrize("kind", ["undoing", "stopped"])
def test_what_is_put_back_leaves_nothing(upgraded: Told, kind: str) -> None:
    live = upgraded.crowd.live

    assert {name: live.cloud(name) for name in upgraded.ended[kind]} == {name: {} for name in upgraded.ended[kind]}


@pytest.mark.parametrize(
    ("kind", "size"), [("waiting", 1), ("paused", 1), ("newer", 1), ("queued", 2), ("retrying", 1)]
)
def test_what_is_done_stands(upgraded: Told, kind: str, size: int) -> None:
    live, names = upgraded.crowd.live, upgraded.ended[kind]
    groups = {name: [group for one in live.groups(name) if (group := live.group(one))] for name in names}

    assert {name: [one["DesiredCapacity"] for one in each] for name, each in groups.items()} == {
        name: [size] for name in names
    }
    assert {name: [len(one["Instances"]) for one in each] for name, each in groups.items()} == {
        name: [size] for name in names
    }


def test_the_new_code_serves_what_the_old_release_began(upgraded: Told) -> None:
    """What stood in a queue until the last release came."""
    for name in LATE:
        view = upgraded.ended["queued"][name]
        (resize,) = (one for one in view["steps"] if one["name"] == "Resize")
        assert resize["did"].startswith(next_release.TOLD), told(view)


def test_the_undo_of_the_step_that_is_gone_is_still_done(upgraded: Told) -> None:
    """By executions of before, and by today's machine where it takes over."""
    for kind in ("undoing", "stopped"):
        for view in upgraded.ended[kind].values():
            done = {one["name"] for one in view["steps"] if one["did"]}
            assert {"CopyAlarms", "UndoCopyAlarms"} <= done, told(view)


def test_a_step_that_the_old_code_does_not_know_waits_for_the_new(upgraded: Told) -> None:
    for view in upgraded.ended["newer"].values():
        steps = {one["name"]: one for one in view["steps"]}
        assert "CopyAlarms" not in steps
        assert steps[next_release.NEW_STEP]["did"]


def test_the_doctor_lets_the_release_pass_and_warns_of_going_back(upgraded: Told) -> None:
    breaks = [one for one in upgraded.examined["findings"] if one["weight"] == "breaks"]
    assert (breaks, upgraded.examined["counts"]["operations under way"]) == ([], 50)

    warned = [one for one in upgraded.reviewed["findings"] if one["weight"] == "breaks"]
    assert sorted(one["about"].split()[1] for one in warned) == sorted(upgraded.crowd.newer.values())
    assert all(one["what"].startswith(f"comes to {next_release.NEW_STEP}:") for one in warned)


def test_nobody_has_a_guard_any_more(upgraded: Told) -> None:
    live, names = upgraded.crowd.live, {name for each in upgraded.ended.values() for name in each}

    def held() -> list[str]:
        rows = live.rows.all()
        guards = [one for one in rows if one["pk"].startswith("guard#") and one.get("owner")]
        return [one["pk"] for one in guards if any(f"/{name}-prod" in one["pk"] for name in names)]

    assert eventually(lambda: not held(), within=20), held()
