"""The status of instances in service discovery: set, and put back."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from lambdas.activities import lookups, restoring, traffic_guard
from lambdas.activities.instances import by_group
from lambdas.cloud import Cloud
from lambdas.cloud.discovery import OUT_OF_SERVICE, UP, Discovery
from lambdas.cloud.ec2_instances import Ec2Instances
from lambdas.errors import NotFound, Rejected
from lambdas.requests.discovery import DisableInstancesInDiscovery, EnableInstancesInDiscovery

ACTIONS = (
    "autoscaling:DescribeAutoScalingGroups",
    "cloudwatch:DescribeAlarms",
    "ec2:DescribeInstances",
    "elasticloadbalancing:DescribeInstanceHealth",
    "elasticloadbalancing:DescribeTargetHealth",
)

Request = EnableInstancesInDiscovery | DisableInstancesInDiscovery


@dataclass(frozen=True)
class DiscoveryPlan:
    account: str
    region: str
    status: str
    """What they shall have."""
    before: tuple[tuple[str, str], ...]
    """Instances that have another one, and which."""
    skipped: tuple[str, ...] = ()
    """Those that are not registered."""
    overridden: bool = False
    """The traffic guard, by the request."""
    schema: int = 1


def plan_enable(request: EnableInstancesInDiscovery, cloud: Cloud) -> DiscoveryPlan:
    """Note which of the instances others do not find, and what discovery says of each instead."""
    lookups.alarms_exist(request, cloud)
    return _plan(request, UP, cloud, overridden=False)


def plan_disable(request: DisableInstancesInDiscovery, cloud: Cloud) -> DiscoveryPlan:
    """Note which of the instances others find, and what discovery says of each."""
    lookups.alarms_exist(request, cloud)
    return _plan(request, OUT_OF_SERVICE, cloud, overridden=request.override_traffic_guard)


def _plan(request: Request, status: str, cloud: Cloud, *, overridden: bool) -> DiscoveryPlan:
    instances = _members(request, cloud)
    there = cloud.of(Discovery).statuses(instances) if instances else {}
    skipped = tuple(one for one in instances if one not in there)
    needed = request.target_healthy_deploy_percentage
    if len(there) * 100 < needed * len(instances):
        raise Rejected(
            f"{len(skipped)} of {len(instances)} instances are not registered with discovery ({', '.join(skipped)}), "
            f"and {needed} % have to be; name those that are"
        )
    others = tuple((one, said) for one, said in sorted(there.items()) if said != status)
    return DiscoveryPlan(request.account, request.region, status, others, skipped, overridden)


def _members(request: Request, cloud: Cloud) -> tuple[str, ...]:
    """The instances; where a server group is named, those that it has in service or begins."""
    name = request.server_group_name
    if name is None:
        return request.instance_ids
    try:
        found = cloud.groups.find(name)
    except NotFound:
        raise Rejected(f"server group {name} does not exist in {cloud.region}; name one that does") from None
    serving = {one.id for one in found.instances if one.lifecycle.startswith(("InService", "Pending"))}
    return tuple(one for one in request.instance_ids if one in serving)


def let_find(plan: DiscoveryPlan, cloud: Cloud) -> str:
    """Let others find the instances, unless somebody has changed what discovery says of them."""
    return _apply(plan, cloud)


def keep_from(plan: DiscoveryPlan, cloud: Cloud) -> str:
    """Keep others from finding the instances, if their clusters can do without them."""
    found = cloud.of(Ec2Instances).found([one for one, _ in plan.before]) if plan.before else {}
    said = "".join(
        traffic_guard.may_lose(group, [one.id for one in some], cloud, overridden=plan.overridden)
        for group, some in by_group(found.values())
    )
    return _apply(plan, cloud) + said


def say_again(plan: DiscoveryPlan, cloud: Cloud) -> str:
    """Say of each instance again what discovery said before, unless somebody has changed it since."""
    there = _there(plan, cloud)
    for instance, before in plan.before:
        if instance in there:
            write = _written(instance, cloud)
            restoring.restore(_what(instance), there[instance], before, plan.status, write, cloud)
    return f"{', '.join(there) or 'no instances'} are as discovery had them"


def _apply(plan: DiscoveryPlan, cloud: Cloud) -> str:
    there = _there(plan, cloud)
    for instance, before in plan.before:
        if instance in there:  # else it has ended meanwhile
            restoring.apply(_what(instance), there[instance], before, plan.status, _written(instance, cloud))
    return f"{', '.join(there) or 'no instances'} are {plan.status}"


def _there(plan: DiscoveryPlan, cloud: Cloud) -> dict[str, str]:
    return cloud.of(Discovery).statuses([one for one, _ in plan.before]) if plan.before else {}


def _what(instance: str) -> str:
    return f"what discovery says of instance {instance}"


def _written(instance: str, cloud: Cloud) -> restoring.Write[str]:
    def write(status: str | None) -> None:
        with suppress(NotFound):
            cloud.of(Discovery).put(instance, status or UP)

    return write


def left_behind(plan: DiscoveryPlan, cloud: Cloud) -> None:
    """Whether discovery says of an instance what this operation made it say, although that was put back."""
    there = _there(plan, cloud)
    for instance, before in plan.before:
        if instance in there:
            restoring.left_behind(_what(instance), there[instance], before, plan.status)


def difference(plan: DiscoveryPlan) -> restoring.Difference:
    """What discovery says of each instance."""
    return {"discovery": dict(plan.before)}, {"discovery": {one: plan.status for one, _ in plan.before}}


def results(plan: DiscoveryPlan) -> dict[str, Any] | None:
    """What Orca reads of those that were passed over (`WaitForRequiredInstancesDownTask`)."""
    return {"discoverySkippedInstanceIds": list(plan.skipped)} if plan.skipped else None
