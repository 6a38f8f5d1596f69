"""Instances one by one: started anew, and ended for good."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lambdas.activities import traffic_guard
from lambdas.cloud import Cloud
from lambdas.cloud.ec2_instances import Ec2Instance, Ec2Instances
from lambdas.errors import NotFound, Rejected
from lambdas.requests.reboot_instances import RebootInstances
from lambdas.requests.terminate_instances import TerminateInstances

ACTIONS = (
    "autoscaling:DescribeAutoScalingGroups",
    "ec2:DescribeInstanceAttribute",
    "ec2:DescribeInstances",
    "ec2:RebootInstances",
    "ec2:TerminateInstances",
    "elasticloadbalancing:DescribeInstanceHealth",
    "elasticloadbalancing:DescribeTargetHealth",
)
READS = ("ec2:DescribeInstances",)

GOING = "shutting-down"
RUNNING = "running"


@dataclass(frozen=True)
class RebootPlan:
    account: str
    region: str
    instances: tuple[str, ...]
    schema: int = 1


@dataclass(frozen=True)
class TerminatePlan:
    account: str
    region: str
    instances: tuple[str, ...]
    """Those there were."""
    absent: tuple[str, ...] = ()
    """Those asked for that were gone already."""
    overridden: bool = False
    """The traffic guard, by the request."""
    schema: int = 1


def plan_reboot(request: RebootInstances, cloud: Cloud) -> RebootPlan:
    """Check that all of the instances run: an instance that does not is started, not rebooted."""
    found = cloud.of(Ec2Instances).found(request.instance_ids)
    for one in request.instance_ids:
        if one not in found:
            raise Rejected(f"instance {one} does not exist in {cloud.region}; name instances that do")
        if found[one].state != RUNNING:
            raise Rejected(f"instance {one} is {found[one].state}; only one that is running can be rebooted")
    return RebootPlan(request.account, request.region, request.instance_ids)


def reboot(plan: RebootPlan, cloud: Cloud) -> str:
    """Request the reboot of the instances; where an answer is lost, they may be asked twice."""
    try:
        cloud.of(Ec2Instances).reboot(plan.instances)
    except NotFound as error:
        raise Rejected(f"{error}; none was rebooted") from None
    return f"rebooting {', '.join(plan.instances)}"


def plan_terminate(request: TerminateInstances, cloud: Cloud) -> TerminatePlan:
    """Note which of the instances are there, and that none of them is protected from termination."""
    instances = cloud.of(Ec2Instances)
    found = instances.found(request.instance_ids)
    there = tuple(one for one in request.instance_ids if one in found)
    for one in there:
        if is_protected(one, instances):
            raise Rejected(f"instance {one} is protected from termination; take its disableApiTermination away first")
    absent = tuple(one for one in request.instance_ids if one not in found)
    return TerminatePlan(request.account, request.region, there, absent, request.override_traffic_guard)


def is_protected(instance: str, instances: Ec2Instances) -> bool:
    try:
        return instances.protected(instance)
    except NotFound:
        return False


def terminate(plan: TerminatePlan, cloud: Cloud) -> str:
    """Terminate the instances, if their clusters can do without them: the point of no return."""
    found = cloud.of(Ec2Instances).found(plan.instances) if plan.instances else {}
    going = [one for one in found.values() if one.state != GOING]
    if not going:
        return "nothing to terminate: the instances are gone, or going"
    said = "".join(
        traffic_guard.may_lose(group, [one.id for one in some], cloud, overridden=plan.overridden)
        for group, some in _by_group(going)
    )
    cloud.of(Ec2Instances).terminate([one.id for one in going])
    return f"terminating {', '.join(one.id for one in going)}{said}"


def _by_group(instances: Iterable[Ec2Instance]) -> Iterator[tuple[str, list[Ec2Instance]]]:
    """Of the server groups that have them, in order of name."""
    every = list(instances)
    for group in sorted({one.group for one in every if one.group}):
        yield group, [one for one in every if one.group == group]


def still_there(plan: TerminatePlan, cloud: Cloud) -> str | None:
    """Why the instances are not gone yet: termination goes on after the answer."""
    found = cloud.of(Ec2Instances).found(plan.instances) if plan.instances else {}
    return f"{', '.join(found)} still there, {_states(found.values())}" if found else None


def _states(instances: Iterable[Ec2Instance]) -> str:
    return ", ".join(sorted({one.state for one in instances}))
