"""The four acts of `make run`, as far as AWS lets anybody play them: all four at the same time."""

import base64
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from local.client import Client, Json, Seen
from smoke.places import PREFIX, Place
from smoke.records import Record
from smoke.sandbox import NAME, Sandbox

ACCOUNT = "smoke"
"""The name of the account towards Windlass; also of the application."""
CALLERS = 20
SERVES = "#!/bin/bash\ncd $(mktemp -d) && touch index.html && python3 -m http.server 80 &\n"
"""User data: the load balancer's checks get an answer."""
PLUGGED = f"{PREFIX}Capacity"
"""The function of the step ScaleUp. With no execution reserved for it, Lambda refuses to run it at all."""
PAUSE = 1.0
"""Seconds between two looks."""


class Failed(Exception):
    """An act did not end as promised."""


@dataclass(frozen=True)
class Scene:
    """Where an act is played."""

    place: Place
    client: Client
    sandbox: Sandbox
    show: Callable[[str, Seen], None]
    within: float
    """Seconds that an operation may take."""

    def request(self, stack: str, **fields: Any) -> Json:
        """The body of a createServerGroup of its own cluster."""
        return {
            "account": ACCOUNT,
            "region": self.place.region,
            "application": ACCOUNT,
            "stack": stack,
            "image": self.sandbox.good,
            "instanceType": "t4g.nano",
            "subnetIds": [*self.sandbox.subnets.values()],
            "securityGroups": [NAME],
            "targetGroups": [NAME],
            "userData": base64.b64encode(SERVES.encode()).decode(),
            "capacity": {"min": 1, "desired": 1, "max": 2},
            "healthyWithin": 300,
        } | fields

    def follow(self, act: str, operation: str) -> Json:
        """Show the operation live; its view once it is over."""
        for seen in self.client.follow(operation, within=self.within, pause=PAUSE):
            self.show(act, seen)
        return self.client.get(f"/operations/{operation}")

    def history(self, operation: str) -> list[Json]:
        """The events of the operation's execution."""
        machine = f"{PREFIX}CreateServerGroup"
        arn = f"arn:aws:states:{self.place.region}:{self.place.account}:execution:{machine}:{operation}"
        pages = self.place.client("stepfunctions").get_paginator("get_execution_history").paginate(executionArn=arn)
        return [event for page in pages for event in page["events"]]

    def groups(self, stack: str) -> list[Json]:
        """Of the cluster, as Auto Scaling describes them."""
        pages = self.place.client("autoscaling").get_paginator("describe_auto_scaling_groups").paginate()
        found = [group for page in pages for group in page["AutoScalingGroups"]]
        return [group for group in found if group["AutoScalingGroupName"].startswith(f"{ACCOUNT}-{stack}-")]

    def templates(self, stack: str) -> list[str]:
        return sorted(name for name in _templates(self.place) if name.startswith(f"{ACCOUNT}-{stack}-"))

    def record(self, act: str, stack: str, view: Json, answer: Any = None) -> Record:
        return Record(
            act=act,
            status=view["status"],
            path=[*_entered(self.history(view["id"]))],
            did={step["name"]: step["did"] for step in view["steps"] if step["did"]},
            answer=_lasting(answer),
            view=_lasting({name: value for name, value in view.items() if name != "steps"}),
            cloud=[*self._made(stack)],
        )

    def _made(self, stack: str) -> Iterator[Json]:
        ec2 = self.place.client("ec2")
        for group in self.groups(stack):
            template = group["LaunchTemplate"]
            asked = {"LaunchTemplateName": template["LaunchTemplateName"], "Versions": [template["Version"]]}
            (version,) = ec2.describe_launch_template_versions(**asked)["LaunchTemplateVersions"]
            yield {"group": _lasting(group), "template": version["LaunchTemplateData"]}


def deploy(scene: Scene) -> Record:
    answer = scene.client.post("/operations/createServerGroup", scene.request("good"), expect=202)
    view = scene.follow("deploy", answer["id"])
    _must(view["status"] == "SUCCEEDED", f"it ended {view['status']}: {view['error']}")
    (group,) = scene.groups("good")
    _must(len(group["Instances"]) == 1, f"{len(group['Instances'])} instances")
    return scene.record("deploy", "good", view, answer)


def pull_the_plug(scene: Scene) -> Record:
    """Lambda runs none of the function that scales up, until the machine has met that."""
    with _plugged(scene.place) as unplug:
        answer = scene.client.post("/operations/createServerGroup", scene.request("plug"), expect=202)
        _await_failure(scene, answer["id"])
        unplug()
    view = scene.follow("plug", answer["id"])
    _must(view["status"] == "SUCCEEDED", f"it ended {view['status']}: {view['error']}")
    _must(len(scene.groups("plug")) == 1, f"{len(scene.groups('plug'))} groups were created")
    return scene.record("plug", "plug", view)


def bad_image(scene: Scene) -> Record:
    body = scene.request("bad", image=scene.sandbox.bad, healthyWithin=30)
    del body["userData"]
    view = scene.follow("bad", scene.client.post("/operations/createServerGroup", body, expect=202)["id"])
    _must(view["status"] == "ROLLED_BACK", f"it ended {view['status']}: {view['error']}")
    left = [group["AutoScalingGroupName"] for group in scene.groups("bad")] + scene.templates("bad")
    _must(not left, f"left behind: {', '.join(left)}")
    return scene.record("bad", "bad", view)


def twenty_at_once(scene: Scene) -> Record:
    body = {
        "credentials": ACCOUNT,
        "application": ACCOUNT,
        "stack": "many",
        "amiName": scene.sandbox.good,
        "instanceType": "t4g.nano",
        "subnetIds": [*scene.sandbox.subnets.values()],
        "availabilityZones": {scene.place.region: [*scene.sandbox.subnets]},
        "securityGroups": [NAME],
        "capacity": {"min": 0, "desired": 0, "max": 1},
    }

    def submit(_: int) -> str:
        return str(scene.client.post("/aws/ops/createServerGroup?clientRequestId=smoke", body)["id"])

    with ThreadPoolExecutor(CALLERS) as callers:
        ids = set(callers.map(submit, range(CALLERS)))
    _must(len(ids) == 1, f"{CALLERS} requests got {len(ids)} ids")
    view = scene.follow("many", ids.pop())
    _must(view["status"] == "SUCCEEDED", f"it ended {view['status']}: {view['error']}")
    _must(len(scene.groups("many")) == 1, f"{len(scene.groups('many'))} groups were created")
    return scene.record("many", "many", view, scene.client.get(f"/task/{view['id']}"))


ACTS: dict[str, Callable[[Scene], Record]] = {
    "deploy": deploy,
    "plug": pull_the_plug,
    "bad": bad_image,
    "many": twenty_at_once,
}


def swept(place: Place) -> list[str]:
    """Remove the acts' server groups and launch templates; what there was."""
    scaling, ec2 = place.client("autoscaling"), place.client("ec2")
    pages = scaling.get_paginator("describe_auto_scaling_groups").paginate()
    groups = [one["AutoScalingGroupName"] for page in pages for one in page["AutoScalingGroups"]]
    templates = _templates(place)
    ours = [name for name in groups if name.startswith(f"{ACCOUNT}-")]
    for name in ours:
        scaling.delete_auto_scaling_group(AutoScalingGroupName=name, ForceDelete=True)
    for name in (others := [name for name in templates if name.startswith(f"{ACCOUNT}-")]):
        ec2.delete_launch_template(LaunchTemplateName=name)
    return [*(f"server group {name}" for name in ours), *(f"launch template {name}" for name in others)]


@contextmanager
def _plugged(place: Place) -> Iterator[Callable[[], None]]:
    lambda_ = place.client("lambda")
    lambda_.put_function_concurrency(FunctionName=PLUGGED, ReservedConcurrentExecutions=0)

    def unplug() -> None:
        lambda_.delete_function_concurrency(FunctionName=PLUGGED)

    try:
        yield unplug
    finally:
        unplug()


def _await_failure(scene: Scene, operation: str) -> None:
    deadline = time.monotonic() + scene.within
    while time.monotonic() < deadline:
        if any("Failed" in event["type"] for event in scene.history(operation)):
            return
        time.sleep(PAUSE)
    raise Failed(f"no Task of {operation} failed within {scene.within:g} s although {PLUGGED} may not run")


def _entered(events: list[Json]) -> Iterator[str]:
    for event in events:
        if "stateEnteredEventDetails" in event:
            yield event["stateEnteredEventDetails"]["name"]


_FLEETING = {
    *("accepted", "attempt", "attempts", "caller", "closed", "finishBy", "history", "links", "startTimeMs", "version"),
    *("AutoScalingGroupARN", "CreatedTime", "Instances", "traceId"),
}
"""Fields that say when, how often or by whom, or that hold what comes and goes with the clock."""


def _lasting(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _lasting(one) for name, one in value.items() if name not in _FLEETING}
    if isinstance(value, list):
        return [_lasting(one) for one in value]
    return value


def _must(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Failed(otherwise)


def _templates(place: Place) -> list[str]:
    """Names of all launch templates there."""
    pages = place.client("ec2").get_paginator("describe_launch_templates").paginate()
    return [one["LaunchTemplateName"] for page in pages for one in page["LaunchTemplates"]]
