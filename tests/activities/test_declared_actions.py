"""Each activity module declares exactly the IAM actions that its functions need: too many are as wrong as too few."""

import base64
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest

from lambdas.activities import launch_templates, server_groups, traffic
from lambdas.cloud import Capacity, Cloud
from lambdas.errors import RollBack
from lambdas.nouns import actions_of, is_noun
from lambdas.requests.destroy_server_group import DestroyServerGroup
from lambdas.requests.disable_server_group import DisableServerGroup
from lambdas.requests.enable_server_group import EnableServerGroup
from lambdas.requests.resize_server_group import ResizeServerGroup
from lambdas.requests.resume_asg_processes import ResumeAsgProcesses
from rehearsal.fake_cloud import seeds
from rehearsal.scenarios import ALL
from rehearsal.trials import Scenario
from saga import Saga, Wait
from statemachines.create_server_group import CREATE_SERVER_GROUP
from statemachines.destroy_server_group import DESTROY_SERVER_GROUP
from statemachines.disable_server_group import DISABLE_SERVER_GROUP
from statemachines.enable_server_group import ENABLE_SERVER_GROUP
from statemachines.resize_server_group import RESIZE_SERVER_GROUP
from statemachines.resume_asg_processes import RESUME_ASG_PROCESSES
from tests.activities.walk import SOURCE, World, forward, order

AUTO_SCALING, ALARMS, EC2, BALANCING = "autoscaling:", "cloudwatch:", "ec2:", "elasticloadbalancing:"
DESCRIBED = f"{AUTO_SCALING}DescribeAutoScalingGroups"
ACTIONS: dict[str, tuple[str, ...]] = {
    "groups.find": (DESCRIBED,),
    "groups.found": (DESCRIBED,),
    "groups.all": (DESCRIBED,),
    "groups.names": (DESCRIBED,),
    "groups.standing": (DESCRIBED,),
    "groups.made_by": (DESCRIBED,),
    "groups.create": (f"{AUTO_SCALING}CreateAutoScalingGroup",),
    "groups.resize": (f"{AUTO_SCALING}UpdateAutoScalingGroup",),
    "groups.delete": (f"{AUTO_SCALING}DeleteAutoScalingGroup",),
    "groups.suspend": (f"{AUTO_SCALING}SuspendProcesses",),
    "groups.resume": (f"{AUTO_SCALING}ResumeProcesses",),
    "groups.enable_metrics": (f"{AUTO_SCALING}EnableMetricsCollection",),
    "groups.put_hook": (f"{AUTO_SCALING}PutLifecycleHook",),
    "groups.hooks": (f"{AUTO_SCALING}DescribeLifecycleHooks",),
    "groups.activities": (f"{AUTO_SCALING}DescribeScalingActivities",),
    "launch_templates.create": (f"{EC2}CreateLaunchTemplate",),
    "launch_templates.find": (f"{EC2}DescribeLaunchTemplates",),
    "launch_templates.made_by": (f"{EC2}DescribeLaunchTemplates",),
    "launch_templates.delete": (f"{EC2}DeleteLaunchTemplate",),
    "images.by_ids": (f"{EC2}DescribeImages",),
    "images.by_name": (f"{EC2}DescribeImages",),
    "images.parameter": ("ssm:GetParameter",),
    "instances.console": (f"{EC2}GetConsoleOutput",),
    "network.zones": (f"{EC2}DescribeAvailabilityZones",),
    "network.subnets": (f"{EC2}DescribeSubnets",),
    "network.security_groups": (f"{EC2}DescribeSecurityGroups",),
    "load_balancers.target_groups": (f"{BALANCING}DescribeTargetGroups",),
    "load_balancers.classic": (f"{BALANCING}DescribeLoadBalancers",),
    "load_balancers.target_health": (f"{BALANCING}DescribeTargetHealth",),
    "load_balancers.classic_health": (f"{BALANCING}DescribeInstanceHealth",),
    "load_balancers.draining": (f"{BALANCING}DescribeTargetHealth",),
    "load_balancers.draining_classic": (f"{BALANCING}DescribeInstanceHealth",),
    "load_balancers.register": (f"{BALANCING}RegisterTargets",),
    "load_balancers.register_classic": (f"{BALANCING}RegisterInstancesWithLoadBalancer",),
    "load_balancers.deregister": (f"{BALANCING}DeregisterTargets", f"{BALANCING}DescribeTargetHealth"),
    "load_balancers.deregister_classic": (
        f"{BALANCING}DeregisterInstancesFromLoadBalancer",
        f"{BALANCING}DescribeInstanceHealth",
    ),
    "scaling.policies": (f"{AUTO_SCALING}DescribePolicies",),
    "scaling.put_policy": (f"{AUTO_SCALING}PutScalingPolicy",),
    "scaling.scheduled_actions": (f"{AUTO_SCALING}DescribeScheduledActions",),
    "scaling.put_scheduled_action": (f"{AUTO_SCALING}PutScheduledUpdateGroupAction",),
    "scaling.alarms": (f"{AUTO_SCALING}DescribePolicies", f"{ALARMS}DescribeAlarms"),
    "scaling.alarm_states": (f"{ALARMS}DescribeAlarms",),
    "scaling.alarms_made_by": (f"{ALARMS}DescribeAlarms",),
    "scaling.put_alarm": (f"{AUTO_SCALING}DescribePolicies", f"{ALARMS}PutMetricAlarm"),
    "scaling.delete_alarms": (f"{ALARMS}DeleteAlarms", f"{ALARMS}DescribeAlarms"),
}
"""What `lambdas/aws` calls for each method of a port; a noun says it itself."""
PORTS = ("groups", "launch_templates", "images", "instances", "network", "load_balancers", "scaling")


BY_HAND = {
    one.operation
    for one in (
        *(CREATE_SERVER_GROUP, DESTROY_SERVER_GROUP, DISABLE_SERVER_GROUP, ENABLE_SERVER_GROUP),
        *(RESIZE_SERVER_GROUP, RESUME_ASG_PROCESSES),
    )
}
"""Operations whose calls depend on so much that they are walked in several ways; others as they are rehearsed."""

HOLDS = "shop-errors"
"""An alarm that is to hold the operation."""


class Recording:
    """Every port in front of the fake; the actions that each function's calls need, by module and purpose."""

    def __init__(self) -> None:
        self.acted: dict[str, set[str]] = defaultdict(set)
        self.read: dict[str, set[str]] = defaultdict(set)
        self._into: set[str] = set()

    def cloud(self, cloud: Cloud) -> Cloud:
        recorded: Any = {name: _Port(name, getattr(cloud, name), self) for name in PORTS}
        more = cloud.more.through(lambda name, port: _Port(name, port, self))
        return replace(cloud, **recorded, more=more, reach=lambda account: self.cloud(cloud.reach(account)))

    def run(self, function: Callable[..., Any], *given: Any, check: bool = False) -> Any:
        self._into = (self.read if check else self.acted)[function.__module__]
        return function(*given)

    def note(self, method: str) -> None:
        self._into.update(actions_of(method) if is_noun(method) else ACTIONS[method])


class _Port:
    def __init__(self, name: str, port: Any, recording: Recording) -> None:
        self._name, self._port, self._recording = name, port, recording

    def __getattr__(self, method: str) -> Any:
        self._recording.note(f"{self._name}.{method}")
        return getattr(self._port, method)


def walked(recording: Recording, bare: Cloud, saga: Saga[Any, Any, Any], request: Any) -> None:
    """Plan, everything forward, each check, everything back."""
    cloud = recording.cloud(bare)
    plan = recording.run(saga.plan, request, cloud)
    for one in saga.steps:
        if isinstance(one, Wait):
            recording.run(one.check, plan, cloud, check=True)
        else:
            recording.run(one.do, plan, cloud)
            recording.run(one.do, plan, cloud)
    if saga.evidence:
        recording.run(saga.evidence, plan, cloud, lambda _, read: read())
    for step in saga.kept:
        recording.run(step.do, plan, cloud)
    for step in reversed(list(saga.changes)):
        if step.undo:
            recording.run(step.undo, plan, cloud)
    if saga.left:
        recording.run(saga.left, plan, cloud, check=True)


def all_walked() -> Recording:
    recording = Recording()
    for request in _orders():
        world = _furnished()
        walked(recording, world.cloud, CREATE_SERVER_GROUP, request)
    walked(recording, _furnished().cloud, RESIZE_SERVER_GROUP, _of(ResizeServerGroup, capacity={"desired": 3}))
    emptied = {"min": 0, "desired": 0, "max": 0}
    walked(recording, _furnished().cloud, RESIZE_SERVER_GROUP, _of(ResizeServerGroup, capacity=emptied))
    walked(recording, _without_capacity().cloud, CREATE_SERVER_GROUP, order())
    walked(recording, _furnished().cloud, CREATE_SERVER_GROUP, order(image=seeds.BAD_IMAGE))
    walked(recording, _furnished().cloud, DESTROY_SERVER_GROUP, _of(DestroyServerGroup))
    walked(recording, _configured().cloud, DESTROY_SERVER_GROUP, _of(DestroyServerGroup))
    walked(recording, _furnished().cloud, DISABLE_SERVER_GROUP, _of(DisableServerGroup))
    walked(recording, _disabled().cloud, ENABLE_SERVER_GROUP, _of(EnableServerGroup))
    walked(recording, _disabled(launches=False).cloud, ENABLE_SERVER_GROUP, _of(EnableServerGroup))
    walked(recording, _suspended().cloud, RESUME_ASG_PROCESSES, _of(ResumeAsgProcesses, processes=["Terminate"]))
    _before_the_pivot(recording)
    _left_behind(recording)
    for scenario in (one for one in ALL if one.operation not in BY_HAND):
        _rehearsed(recording, scenario)
    return recording


def _rehearsed(recording: Recording, scenario: Scenario) -> None:
    """As it is rehearsed, but held by an alarm, and put back."""
    world = scenario.world()
    world.cloud.table = world.table  # says which clusters are protected
    saga, given = scenario.saga(world), scenario.request | {"holdOnAlarms": [HOLDS]}
    world.cloud.place(given["account"], given["region"]).states[HOLDS] = "OK"
    world.cloud.secrets.texts["userData"] = given.get("userData", "")
    cloud = world.cloud.cloud(given["account"], given["region"], "op1")
    walked(recording, cloud, saga, saga.request_type.model_validate(given))


def _orders() -> Iterator[Any]:
    source = {"account": "prod", "region": "us-east-1", "asgName": SOURCE}
    hook = {"lifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING"}
    yield order(
        source=source,
        lifecycleHooks=[hook],
        enabledMetrics=["GroupMinSize"],
        startDisabled=True,
        userData=base64.b64encode(b"x").decode(),
    )
    yield order(image=f"ssm:{seeds.PARAMETER}")
    yield order(image="shop-1.0.0-x86_64-20260101", source=source, copySourceCustomBlockDeviceMappings=True)
    yield order(subnetType=None, zones=["us-east-1a"], securityGroups=[])


def _furnished() -> World:
    """In a protected cluster: the guard's reads are calls of the step that asks it."""
    world = World()
    world.protect()
    seeds.neighbour(world.place, "shop-prod-v000")
    world.furnish()
    world.place.states[HOLDS] = "OK"
    world.fake.secrets.texts["userData"] = base64.b64encode(b"x").decode()
    return world


def _without_capacity() -> World:
    world = _furnished()
    world.place.has_no_capacity(600)
    return world


def _configured() -> World:
    world = _furnished()
    world.place.group_is(SOURCE, launch_template=None, launch_configuration=SOURCE)
    return world


def _suspended() -> World:
    world = _furnished()
    world.cloud.groups.suspend(SOURCE, ["Terminate"])
    return world


def _disabled(*, launches: bool = True) -> World:
    world = _furnished()
    forward(DISABLE_SERVER_GROUP, world.plan(DISABLE_SERVER_GROUP, _of(DisableServerGroup)), world.cloud)
    if not launches:
        world.place.has_no_capacity(600)
        world.cloud.groups.resize(SOURCE, Capacity(3, 3, 3))
    return world


def _before_the_pivot(recording: Recording) -> None:
    """Put back while there is still something to put back; then on to the end, with an alarm to delete."""
    world = _furnished()
    cloud = recording.cloud(world.cloud)
    plan = recording.run(DESTROY_SERVER_GROUP.plan, _of(DestroyServerGroup), cloud)
    steps = list(DESTROY_SERVER_GROUP.changes)
    for step in steps[:3]:
        recording.run(step.do, plan, cloud)
    for step in reversed(steps[:3]):
        recording.run(step.undo or step.do, plan, cloud)
    recording.run(traffic.left_out, plan, cloud, check=True)
    for step in steps[3:]:
        recording.run(step.do, replace(plan, alarms=("shop-prod-v001-high",)), cloud)


def _left_behind(recording: Recording) -> None:
    cloud = recording.cloud(_furnished().cloud)
    plan = recording.run(CREATE_SERVER_GROUP.plan, order(), cloud)
    recording.run(launch_templates.create, plan, cloud)
    with pytest.raises(RollBack):
        recording.run(server_groups.left_behind, plan, cloud, check=True)


def _of(model: Any, **fields: Any) -> Any:
    """Held by an alarm, too: whether it exists is looked up by every plan."""
    body = {"account": "prod", "region": "us-east-1", "serverGroupName": SOURCE, "holdOnAlarms": [HOLDS]}
    return model.of_windlass(body | fields)


RECORDED = all_walked()
MODULES = sorted({*RECORDED.acted, *RECORDED.read})


def module_of(name: str) -> ModuleType:
    return sys.modules[name]


@pytest.mark.parametrize("module", MODULES)
def test_a_module_declares_what_its_plans_steps_and_undos_need(module: str) -> None:
    assert sorted(getattr(module_of(module), "ACTIONS", ())) == sorted(RECORDED.acted[module])


@pytest.mark.parametrize("module", MODULES)
def test_a_module_declares_what_its_checks_need(module: str) -> None:
    assert sorted(getattr(module_of(module), "READS", ())) == sorted(RECORDED.read[module])
