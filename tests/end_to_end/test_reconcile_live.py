"""People act without Windlass while its operations wait: the doctor of the deployed stack says what each needs, and
once that is sent the table and the cloud agree."""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import pytest

from doctor.report import SAFE, UNSAFE
from local.client import Json
from local.stage import ROOT
from tests.end_to_end.live import HOME, Live, creation, eventually, plays, told

pytestmark = pytest.mark.xdist_group("embedded")

SICK: Json = {"image": "shop-bad", "targetGroups": ["shop-tg"]}
SOON: Json = {"onUnhealthy": "PARK", "healthyWithin": 2}
"""It is held as soon as it is late."""
LAUNCH = {"ScalingProcesses": ["Launch"]}
REGISTERS = "AddToLoadBalancer"


@dataclass(frozen=True)
class Story:
    """One operation, what a person does by hand meanwhile, and what comes of it."""

    told: str
    """What the doctor says of it."""
    end: str
    weight: str = "wait"


STORIES = {
    "byhandgone": Story("is held, and what it did was taken back by hand; nothing of its doing stands", "ROLLED_BACK"),
    "byhandback": Story("is held, and what it did was taken back by hand; nothing of its doing stands", "ROLLED_BACK"),
    "byhandout": Story("is held, and what it did was taken back by hand; nothing of its doing stands", "ROLLED_BACK"),
    "byhandcured": Story("is held; server group byhandcured-prod-v000 has 0/1/4", "SUCCEEDED"),
    "byhanddeleted": Story("is held; nothing of its doing stands", "SUCCEEDED"),
    "byhandlarger": Story("goes on by itself; nothing of its doing stands; AllHealthy: ", "SUCCEEDED", "note"),
    "byhandforgot": Story(
        "waits for what the table has forgotten; stopped, it is put back; server group ", "ROLLED_BACK"
    ),
    "byhandqueued": Story("goes on by itself; nothing is planned yet", "SUCCEEDED", "note"),
}


class Scene:
    """The operations by the names of their stories, and the hands."""

    def __init__(self, live: Live) -> None:
        self.live, self.scaling = live, live.aws("autoscaling")
        self.operations: dict[str, str] = {}

    def submit(self) -> None:
        """Each comes to where it waits for something."""
        self._operation("byhandgone", "createServerGroup", creation("byhandgone", **SICK | SOON))
        for name in ("byhandback", "byhandcured"):
            self._resize(name, **SOON)
        self._enable("byhandout")
        self._destroy("byhanddeleted")
        self._resize("byhandlarger", healthyWithin=1800)
        self.live.entered(self.operations["byhandlarger"], "AllHealthy")
        self._operation("byhandqueued", "resizeServerGroup", _sized("byhandlarger", desired=3, healthyWithin=1800))
        for name in ("byhandforgot", "byhandlost"):
            self._operation(name, "createServerGroup", creation(name, **SICK, healthyWithin=1800))
            self.live.entered(self.operations[name], "InstancesHealthy")
        for name, story in STORIES.items():
            if story.told.startswith("is held"):
                self._held(name)

    def act_by_hand(self) -> None:
        self._delete("byhandgone", template=True)
        self._size("byhandback", desired=0)
        self.scaling.resume_processes(AutoScalingGroupName=_group("byhandcured"), **LAUNCH)
        self._out_of_traffic("byhandout")
        self._delete("byhanddeleted")
        self._size("byhandlarger", desired=2, max=5)

    def restore_the_table(self) -> None:
        """As it was before one came to its wait, and before the other was accepted."""
        forgot, lost = (self.operations[name] for name in ("byhandforgot", "byhandlost"))
        for row in self.live.rows.all():
            waits = row["pk"] == f"op#{forgot}" and row["sk"].startswith("wait#")
            if waits or row["pk"] == f"op#{lost}" or row.get("owner") == lost:
                key = {"pk": {"S": row["pk"]}, "sk": {"S": row["sk"]}}
                self.live.aws("dynamodb").delete_item(TableName=self.live.rows.table, Key=key)

    def follow(self, findings: dict[str, Json]) -> None:
        """Do what the doctor names; where it leaves a choice, the first."""
        for name, finding in findings.items():
            does, _, rest = finding["remedy"].partition(" ")
            if does == "POST":
                path, _, choices = rest.partition(" ")
                body, _ = json.JSONDecoder().raw_decode(choices)
                assert path == f"/operations/{self.operations[name]}/signals"
                self.live.client.post(path, body)
            elif does == "aws":
                _, cause, arn = re.split(" --cause | --execution-arn ", rest)
                self.live.aws("stepfunctions").stop_execution(executionArn=arn, cause=cause)
        self.scaling.resume_processes(AutoScalingGroupName=_group("byhandlarger"), **LAUNCH)

    def clear_away(self) -> None:
        """What has the tag of the operation that the table does not know."""
        operation = self.operations["byhandlost"]
        (group,) = self.live.groups("byhandlost")
        assert {"windlass:operation": operation}.items() <= {
            tag["Key"]: tag["Value"] for tag in self.live.group(group)["Tags"]
        }.items()
        self._delete("byhandlost", template=True)
        eventually(lambda: not self.live.cloud("byhandlost"))

    def findings(self, report: Json) -> dict[str, Json]:
        about = {re.split("[ ,(]+", one["about"])[1]: one for one in report["findings"]}
        return {name: about[one] for name, one in self.operations.items() if one in about}

    def _held(self, name: str) -> None:
        operation = self.operations[name]
        eventually(lambda: self.live.rows.of(operation).get("step") == "Hold", pause=0.5)
        eventually(lambda: self.live.view(operation)["phase"] == "HELD", pause=1)

    def _operation(self, name: str, operation: str, body: Json) -> None:
        self.operations[name] = self.live.submit(operation, body)

    def _resize(self, name: str, **more: Any) -> None:
        self.live.standing(name)
        self.scaling.suspend_processes(AutoScalingGroupName=_group(name), **LAUNCH)
        self._operation(name, "resizeServerGroup", _sized(name, desired=1, **more))

    def _enable(self, name: str) -> None:
        """A group whose one instance is never healthy."""
        group = self.live.standing(name, TargetGroupARNs=[self.live.target_group()])
        sick = {"ImageId": self.live.image("shop-bad"), "InstanceType": "m5.large"}
        self.live.aws("ec2").create_launch_template_version(LaunchTemplateName=group, LaunchTemplateData=sick)
        newest = {"LaunchTemplateName": group, "Version": "$Latest"}
        self.scaling.update_auto_scaling_group(AutoScalingGroupName=group, LaunchTemplate=newest, DesiredCapacity=1)
        self._out_of_traffic(name)
        self._operation(name, "enableServerGroup", _about(name) | SOON)

    def _out_of_traffic(self, name: str) -> None:
        """As docs/break-glass.md says it is done."""
        self.scaling.suspend_processes(AutoScalingGroupName=_group(name), ScalingProcesses=[REGISTERS])
        targets = [{"Id": one["InstanceId"]} for one in self.live.group(_group(name))["Instances"]]
        arn = self.live.target_group()
        self.live.aws("elbv2").deregister_targets(TargetGroupArn=arn, Targets=targets)

    def _destroy(self, name: str) -> None:
        group = self.live.standing(name)
        self.live.strike("autoscaling:DeleteAutoScalingGroup", "refuse", group, code="ValidationError", message="no")
        self._operation(name, "destroyServerGroup", _about(name))

    def _delete(self, name: str, *, template: bool = False) -> None:
        self.scaling.delete_auto_scaling_group(AutoScalingGroupName=_group(name), ForceDelete=True)
        if template:
            self.live.aws("ec2").delete_launch_template(LaunchTemplateName=self._template(name))

    def _template(self, name: str) -> str:
        made = (one for one in self.live.cloud(name) if one.startswith("launch template "))
        return next(made).removeprefix("launch template ")

    def _size(self, name: str, *, desired: int, max: int = 4) -> None:  # noqa: A002  # as AWS names it
        sizes = {"MinSize": 0, "DesiredCapacity": desired, "MaxSize": max}
        self.scaling.update_auto_scaling_group(AutoScalingGroupName=_group(name), **sizes)


def _group(name: str) -> str:
    return f"{name}-prod-v000"


def _about(name: str) -> Json:
    return {"account": "test", "region": HOME, "serverGroupName": _group(name)}


def _sized(name: str, *, desired: int, **more: Any) -> Json:
    return _about(name) | {"capacity": {"desired": desired}} | more


def doctor(live: Live) -> Json:
    """`python -m doctor reconcile` as a person runs it; its exit code has to agree with what it says."""
    keys = {"AWS_ACCESS_KEY_ID": "doctor", "AWS_SECRET_ACCESS_KEY": "doctor"}
    place = {"AWS_ENDPOINT_URL": live.stage.endpoint, "AWS_DEFAULT_REGION": HOME, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "doctor", "reconcile", "--json"],
        cwd=ROOT,
        env=os.environ | keys | place,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (SAFE, UNSAFE), done.stderr
    assert not done.stderr, done.stderr
    report: Json = json.loads(done.stdout)
    assert report["safe"] is (done.returncode == SAFE)
    return report


def reconciled(live: Live) -> dict[str, Any]:
    scene = Scene(live)
    scene.submit()
    scene.act_by_hand()
    scene.restore_the_table()
    found = scene.findings(doctor(live))
    scene.follow(found)
    ended = {name: live.ended(scene.operations[name]) for name in STORIES}
    scene.clear_away()
    return {"operations": scene.operations, "found": found, "ended": ended, "after": scene.findings(doctor(live))}


@plays([reconciled])
@pytest.mark.parametrize("name", STORIES)
def test_each_operation_is_told_of_with_what_it_needs(played: dict[str, Any], name: str) -> None:
    found, story = played["found"][name], STORIES[name]

    assert found["what"].startswith(story.told)
    assert found["weight"] == story.weight


@plays([reconciled])
@pytest.mark.parametrize("name", STORIES)
def test_it_ends_as_it_was_told(played: dict[str, Any], name: str) -> None:
    ended = played["ended"][name]

    assert ended["status"] == STORIES[name].end, told(ended)


@plays([reconciled])
def test_an_execution_of_no_operation_is_named_with_the_tag_of_what_it_made(played: dict[str, Any], live: Live) -> None:
    lost, found = played["operations"]["byhandlost"], played["found"]["byhandlost"]
    events = live.history(lost)

    assert found["about"] == f"execution {lost}"
    assert found["what"].endswith(f"what it made has the tag windlass:operation={lost}")
    assert events[-1]["type"] == "ExecutionAborted"
    assert live.ask("GET", f"/operations/{lost}").status == 404


@plays([reconciled])
def test_then_the_table_and_the_cloud_agree(played: dict[str, Any], live: Live) -> None:
    ours = set(played["operations"].values())
    rows = live.rows.all()

    assert played["after"] == {}
    assert [row["pk"] for row in rows if row["sk"] == "guard" and row.get("owner") in ours] == []
    assert [row for row in rows if row["pk"].removeprefix("op#") in ours and row["sk"].startswith("wait#")] == []
    assert {name: live.cloud(name) for name in ("byhandgone", "byhanddeleted", "byhandforgot", "byhandlost")} == {
        "byhandgone": {},
        "byhanddeleted": {},
        "byhandforgot": {},
        "byhandlost": {},
    }


@plays([reconciled])
def test_what_people_did_by_hand_stays(played: dict[str, Any], live: Live) -> None:
    """The size that was given back, the size that cured, the bounds of a queue's first, and who is out of traffic."""
    sizes = {
        name: tuple(live.group(_group(name))[part] for part in ("MinSize", "DesiredCapacity", "MaxSize"))
        for name in ("byhandback", "byhandcured", "byhandlarger")
    }
    out = live.group(_group("byhandout"))

    assert played["ended"]["byhandqueued"]["status"] == "SUCCEEDED"
    assert sizes == {"byhandback": (0, 0, 4), "byhandcured": (0, 1, 4), "byhandlarger": (0, 3, 5)}
    assert REGISTERS in {one["ProcessName"] for one in out["SuspendedProcesses"]}
    assert not {one["InstanceId"] for one in out["Instances"]} & live.targets(live.target_group()).keys()
