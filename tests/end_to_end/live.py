"""A deployed Windlass as a test meets it: callers over HTTP, the cloud behind it, faults from outside."""

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property, partial
from pathlib import Path
from typing import Any, TypeVar

import pytest
import urllib3

from lambdas.dynamo import item_of
from local.client import OVER, Answer, Client, Json
from local.stage import Stage

HOME = "us-east-1"
LONGEST = 180.0
"""Seconds that anything may take, on a machine that is busy with something else."""
TOLD = 180.0
"""Seconds until something is told: a dozen where ten scenes are played at once, on a machine that is busy."""
FIXTURES = Path(os.environ.get("WINDLASS_FIXTURES", Path(__file__).parents[2] / "../shared/fixtures")) / "spinnaker"

Found = TypeVar("Found")


def _named(scene: object) -> str:
    return getattr(scene, "__name__", str(scene))


plays = partial(pytest.mark.parametrize, "scene", indirect=True, ids=_named)
"""`@plays([scene])`: the scene is played beside all others, and the test gets its outcome as `played`."""


@cache
def fixture(number: str) -> Json:
    """A recorded request; empty where the fixtures are not."""
    found = sorted(FIXTURES.glob(f"{number}_*.json"))
    return dict(json.loads(found[0].read_text())) if found else {}


def needs_fixtures() -> pytest.MarkDecorator:
    return pytest.mark.skipif(not fixture("01"), reason=f"no fixtures at {FIXTURES}")


def eventually(find: Callable[[], Found], within: float = LONGEST, pause: float = 0.25) -> Found:
    """The first true answer; the last one otherwise, for the assertion to show."""
    deadline = time.monotonic() + within
    while not (found := find()) and time.monotonic() < deadline:
        time.sleep(pause)
    return found


def creation(application: str, **fields: Any) -> Json:
    """The body of a createServerGroup at Windlass's own door."""
    return {
        "account": "test",
        "region": HOME,
        "application": application,
        "stack": "prod",
        "image": "shop-1.0",
        "instanceType": "m5.large",
        "subnetType": "internal",
        "securityGroups": ["shop"],
        "capacity": {"min": 0, "desired": 1, "max": 2},
        "healthyWithin": LONGEST,
    } | fields


_SHORT = {
    "ProjectionExpression": "id, #status, step, closed",
    "ExpressionAttributeNames": {"#status": "status"},
}


@dataclass
class Rows:
    """Control rows as they stand, read for all who wait at once: each asking the API would keep it busy."""

    client: Any
    table: str
    _watched: set[str] = field(default_factory=set)
    _known: Json = field(default_factory=dict)
    _read: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, operation: str) -> Json:
        with self._lock:
            is_new = operation not in self._watched
            self._watched.add(operation)
            if is_new or time.monotonic() - self._read > 1:
                self._known, self._read = dict(self._rows()), time.monotonic()
            return dict(self._known.get(operation, {}))

    def _rows(self) -> Iterator[tuple[str, Json]]:
        keys = [{"pk": {"S": f"op#{one}"}, "sk": {"S": "control"}} for one in self._watched]
        for start in range(0, len(keys), 100):
            asked = {"Keys": keys[start : start + 100], "ConsistentRead": True} | _SHORT
            for row in self.client.batch_get_item(RequestItems={self.table: asked})["Responses"][self.table]:
                item = item_of(row)
                yield item["id"], item

    def all(self) -> list[Json]:
        pages = self.client.get_paginator("scan").paginate(TableName=self.table, ConsistentRead=True)
        return [item_of(row) for page in pages for row in page["Items"]]


def told(view: Json) -> str:
    """Where an operation stands, for an assertion to show."""
    return f"{view['id']} is {view['status']} in {view['step']}: {view['reason']}"


@dataclass(frozen=True)
class Live:
    stage: Stage
    logs: Path
    """Where each function's log is."""

    @cached_property
    def client(self) -> Client:
        return Client(self.stage.api)

    @cached_property
    def rows(self) -> Rows:
        return Rows(self.aws("dynamodb"), self.stage.outputs["TableName"])

    def aws(self, service: str, region: str = HOME) -> Any:
        """A client that no fault strikes."""
        return self.stage.clients.get(service, region)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        return self.client.ask(method, path, body, headers=headers)

    def submit(self, operation: str, body: Json, query: str = "") -> str:
        return str(self.client.post(f"/operations/{operation}{query}", body, expect=202)["id"])

    def signal(self, operation: str, **what: str) -> Json:
        return self.client.post(f"/operations/{operation}/signals", what)

    def view(self, operation: str) -> Json:
        return self.client.get(f"/operations/{operation}")

    def task(self, operation: str) -> Json:
        return self.client.get(f"/task/{operation}")

    def ended(self, operation: str) -> Json:
        """The operation once it is over."""
        eventually(lambda: self.rows.of(operation).get("status") in OVER, pause=0.5)
        return self.view(operation)

    def task_ended(self, task: str) -> Json:
        """The task once it is over: of a batch, all of it."""
        eventually(lambda: self.task(task)["status"]["complete"], pause=1)
        return self.task(task)

    def entered(self, operation: str, step: str, within: float = LONGEST) -> None:
        """Wait until that state has begun."""

        def begun() -> bool:
            row = self.rows.of(operation)
            return row.get("step") == step or bool(row.get("closed"))

        eventually(begun, within)

    def run(self, operation: str, body: Json) -> Json:
        return self.ended(self.submit(operation, body))

    def strike(self, api: str, do: str, about: str, **more: Any) -> None:
        """The next call of that API whose request names that."""
        self.stage.fault(api=api, do=do, about=about, **more)

    def forgive(self) -> None:
        """No fault strikes any more, of anybody's."""
        urllib3.request("DELETE", f"{self.stage.endpoint}/_embedded/faults")

    def struck(self, about: str) -> int:
        """How often."""
        rules = self._control("faults")["faults"]
        return sum(rule["hits"] for rule in rules if rule.get("about") == about)

    def calls(self, function: str, after: float) -> list[str]:
        """Which APIs a function has called since."""
        return [one["api"] for one in self._control(f"calls?function={function}&after={after}")["calls"]]

    def _control(self, route: str) -> Json:
        answer = urllib3.request("GET", f"{self.stage.endpoint}/_embedded/{route}")
        return dict(answer.json())

    def group(self, name: str, region: str = HOME) -> Json:
        found = self.aws("autoscaling", region).describe_auto_scaling_groups(AutoScalingGroupNames=[name])
        return next(iter(found["AutoScalingGroups"]), {})

    def groups(self, application: str) -> list[str]:
        return sorted(name.split()[-1] for name in self.cloud(application) if name.startswith("group "))

    def cloud(self, application: str) -> Json:
        """All there is of the application, resource by resource."""
        return dict(_resources(self, f"{application}-"))

    def history(self, execution: str, saga: str = "CreateServerGroup") -> list[Json]:
        """The events of an execution, in order."""
        machine = f"arn:aws:states:{HOME}:123456789012:execution:windlass-{saga}:{execution}"
        pages = self.aws("stepfunctions").get_paginator("get_execution_history").paginate(executionArn=machine)
        return [event for page in pages for event in page["events"]]

    def standing(self, application: str, **more: Any) -> str:
        """A server group that somebody else made: the cluster's v000, empty unless told otherwise."""
        name = f"{application}-prod-v000"
        template = {"ImageId": self.image("shop-1.0"), "InstanceType": "m5.large"}
        self.aws("ec2").create_launch_template(LaunchTemplateName=name, LaunchTemplateData=template)
        self.aws("autoscaling").create_auto_scaling_group(
            AutoScalingGroupName=name,
            LaunchTemplate={"LaunchTemplateName": name, "Version": "$Default"},
            VPCZoneIdentifier=self.subnets()[0],
            **{"MinSize": 0, "MaxSize": 4, "DesiredCapacity": 0} | more,
        )
        return name

    def image(self, name: str, region: str = HOME) -> str:
        found = self.aws("ec2", region).describe_images(Filters=[{"Name": "name", "Values": [name]}])["Images"]
        return str(found[0]["ImageId"])

    def subnets(self, purpose: str = "internal") -> list[str]:
        """One for each zone, in their order."""
        tagged = [{"Name": "tag:immutable_metadata", "Values": [f'{{"purpose":"{purpose}","target":"ec2"}}']}]
        found = self.aws("ec2").describe_subnets(Filters=tagged)["Subnets"]
        return [one["SubnetId"] for one in sorted(found, key=lambda one: str(one["AvailabilityZone"]))]

    def target_group(self, name: str = "shop-tg") -> str:
        found = self.aws("elbv2").describe_target_groups(Names=[name])["TargetGroups"]
        return str(found[0]["TargetGroupArn"])

    def targets(self, target_group: str) -> dict[str, str]:
        """Instances and their health."""
        found = self.aws("elbv2").describe_target_health(TargetGroupArn=target_group)["TargetHealthDescriptions"]
        return {one["Target"]["Id"]: one["TargetHealth"]["State"] for one in found}


def every(client: Any, listing: str, kind: str, **asked: Any) -> Iterator[Any]:
    """Things of that kind from all pages of a listing: with all scenes there are more than one page holds."""
    for page in client.get_paginator(listing).paginate(**asked):
        yield from page.get(kind, [])


def _resources(live: Live, prefix: str) -> Iterator[tuple[str, Any]]:
    scaling = live.aws("autoscaling")
    for group in every(scaling, "describe_auto_scaling_groups", "AutoScalingGroups"):
        if (name := group["AutoScalingGroupName"]).startswith(prefix):
            yield f"group {name}", group
            yield f"hooks of {name}", scaling.describe_lifecycle_hooks(AutoScalingGroupName=name)["LifecycleHooks"]
            yield f"policies of {name}", scaling.describe_policies(AutoScalingGroupName=name)["ScalingPolicies"]
    for template in every(live.aws("ec2"), "describe_launch_templates", "LaunchTemplates"):
        if template["LaunchTemplateName"].startswith(prefix):
            yield f"launch template {template['LaunchTemplateName']}", template
    for alarm in every(live.aws("cloudwatch"), "describe_alarms", "MetricAlarms"):
        if alarm["AlarmName"].startswith(prefix):
            yield f"alarm {alarm['AlarmName']}", alarm
    named = [{"Name": "tag:aws:autoscaling:groupName", "Values": [f"{prefix}*"]}]
    for reservation in every(live.aws("ec2"), "describe_instances", "Reservations", Filters=named):
        for one in reservation["Instances"]:
            if one["State"]["Name"] not in {"terminated", "shutting-down"}:
                yield f"instance {one['InstanceId']}", one["ImageId"]
