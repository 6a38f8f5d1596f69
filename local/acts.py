"""Four acts through the public API: deploy, pull the plug, a bad image, the same request twenty times."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from local.client import Client, Json, Seen
from local.stage import Stage

CLUSTER = "shop-prod"
CALLERS = 20


class Failed(Exception):
    """An act did not end as promised."""


@dataclass(frozen=True)
class Act:
    """What will happen, and the function that makes it happen and answers what did."""

    title: str
    promise: str
    play: Callable[["Scene"], str]


@dataclass(frozen=True)
class Scene:
    """Where an act is played."""

    stage: Stage
    client: Client
    show: Callable[[Seen], None]
    operations: list[str]
    """Every operation that was submitted, in order."""

    def submit(self, **fields: Any) -> str:
        accepted = self.client.post("/operations/createServerGroup", request(**fields), expect=202)
        self.operations.append(accepted["id"])
        return str(accepted["id"])

    def follow(self, operation: str) -> Json:
        """Show the operation live; its view once it is over."""
        for seen in self.client.follow(operation):
            self.show(seen)
        return self.client.get(f"/operations/{operation}")

    def groups(self) -> dict[str, Json]:
        """The cluster's server groups as Auto Scaling describes them."""
        found = self.stage.clients.get("autoscaling", "us-east-1").describe_auto_scaling_groups()["AutoScalingGroups"]
        return {one["AutoScalingGroupName"]: one for one in found if one["AutoScalingGroupName"].startswith(CLUSTER)}

    def cloud(self) -> dict[str, Any]:
        """Everything an operation could leave behind, resource by resource."""
        return dict(_resources(self.stage))


def request(**fields: Any) -> Json:
    """The body of a createServerGroup, in which an act changes what it is about."""
    return {
        "account": "test",
        "region": "us-east-1",
        "application": "shop",
        "stack": "prod",
        "image": "shop-1.0",
        "instanceType": "m5.large",
        "subnetType": "internal",
        "securityGroups": ["shop"],
        "targetGroups": ["shop-tg"],
        "capacity": {"min": 1, "desired": 2, "max": 4},
        "healthyWithin": 120,
    } | fields


def deploy(scene: Scene) -> str:
    ended = scene.follow(scene.submit())
    _must(ended["status"] == "SUCCEEDED", f"it ended {ended['status']}: {ended['error']}")
    group = scene.groups()["shop-prod-v000"]
    healthy = _healthy_targets(scene.stage)
    _must(len(group["Instances"]) == healthy == 2, f"{len(group['Instances'])} instances, {healthy} healthy targets")
    return f"shop-prod-v000 has {len(group['Instances'])} instances, {healthy} of them healthy behind the load balancer"


def pull_the_plug(scene: Scene) -> str:
    scene.stage.fault(api="autoscaling:CreateAutoScalingGroup", do="kill-after", times=1)
    scene.stage.fault(api="autoscaling:UpdateAutoScalingGroup", do="throttle", times=1)
    before = set(scene.groups())
    ended = scene.follow(scene.submit())
    made = sorted(set(scene.groups()) - before)
    _must(ended["status"] == "SUCCEEDED", f"it ended {ended['status']}: {ended['error']}")
    _must(made == ["shop-prod-v001"], f"groups created: {made}")
    attempts = {step: _attempts(ended, step) for step in ("CreateEmptyGroup", "ScaleUp")}
    _must(min(attempts.values()) > 1, f"no attempt failed: {attempts}")
    tried = ", ".join(f"{number} attempts of {step}" for step, number in attempts.items())
    return f"ended Succeeded after {tried}; groups created: {len(made)}"


def bad_image(scene: Scene) -> str:
    before = scene.cloud()
    ended = scene.follow(scene.submit(image="shop-bad", healthyWithin=5))
    after = scene.cloud()
    _must(ended["status"] == "ROLLED_BACK", f"it ended {ended['status']}: {ended['error']}")
    differences = [name for name in {*before, *after} if before.get(name) != after.get(name)]
    _must(not differences, f"the cloud differs in {', '.join(sorted(differences))}")
    return f"put back because of {ended['error']}; cloud before = after, {len(differences)} differences"


def twenty_at_once(scene: Scene) -> str:
    body = {
        "credentials": "test",
        "application": "shop",
        "stack": "prod",
        "amiName": "shop-1.1",
        "instanceType": "m5.large",
        "subnetType": "internal",
        "availabilityZones": {"us-east-1": []},
        "securityGroups": ["shop"],
        "targetGroups": ["shop-tg"],
        "capacity": {"min": 1, "desired": 1, "max": 1},
    }
    before = set(scene.groups())

    def submit(_: int) -> str:
        path = "/aws/ops/createServerGroup?clientRequestId=act-four"
        return str(scene.client.post(path, body)["id"])

    with ThreadPoolExecutor(CALLERS) as callers:
        ids = set(callers.map(submit, range(CALLERS)))
    _must(len(ids) == 1, f"{len(ids)} ids: {sorted(ids)}")
    scene.operations.extend(ids)
    ended = scene.follow(next(iter(ids)))
    made = sorted(set(scene.groups()) - before)
    _must(ended["status"] == "SUCCEEDED", f"it ended {ended['status']}: {ended['error']}")
    _must(len(made) == 1, f"groups created: {made}")
    return f"{CALLERS} requests, {len(ids)} id, {len(made)} group: {made[0]}"


ACTS = (
    Act("Deploy", "shop-prod-v000 comes up behind a load balancer.", deploy),
    Act(
        "Pull the plug",
        "The Lambda's process is killed right after CreateAutoScalingGroup took effect; "
        "then Auto Scaling throttles. It succeeds all the same, with one group.",
        pull_the_plug,
    ),
    Act("Bad image", "Instances never get healthy. Everything is put back as it was.", bad_image),
    Act(
        "The same request 20 times at once",
        "Twenty callers send one body with one clientRequestId through Clouddriver's route. One operation, one group.",
        twenty_at_once,
    ),
)


def _must(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Failed(otherwise)


def _attempts(view: Json, step: str) -> int:
    return next((int(one["attempts"]) for one in view["steps"] if one["name"] == step), 0)


def _healthy_targets(stage: Stage) -> int:
    balancing = stage.clients.get("elbv2", "us-east-1")
    arn = balancing.describe_target_groups(Names=["shop-tg"])["TargetGroups"][0]["TargetGroupArn"]
    health = balancing.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    return sum(one["TargetHealth"]["State"] == "healthy" for one in health)


def _resources(stage: Stage) -> Iterator[tuple[str, Any]]:
    clients = stage.clients
    for group in clients.get("autoscaling", "us-east-1").describe_auto_scaling_groups()["AutoScalingGroups"]:
        yield f"group {group['AutoScalingGroupName']}", group
    for template in clients.get("ec2", "us-east-1").describe_launch_templates()["LaunchTemplates"]:
        yield f"launch template {template['LaunchTemplateName']}", template
    for alarm in clients.get("cloudwatch", "us-east-1").describe_alarms()["MetricAlarms"]:
        if not alarm["AlarmName"].startswith("windlass-"):
            yield f"alarm {alarm['AlarmName']}", alarm
    yield "healthy targets of shop-tg", _healthy_targets(stage)
