"""Instances of one server group: ended with one fewer to have, and let go."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lambdas.activities import lookups, restoring, traffic_guard
from lambdas.activities.instances import GOING, is_protected
from lambdas.cloud import Cloud, Group
from lambdas.cloud.ec2_instances import Ec2Instances
from lambdas.cloud.members import AT_ONCE, Members
from lambdas.errors import NotFound, Rejected
from lambdas.requests.detach_instances import DetachInstances
from lambdas.requests.terminate_instance_and_decrement_server_group import TerminateInstanceAndDecrementServerGroup

ACTIONS = (
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DetachInstances",
    "autoscaling:TerminateInstanceInAutoScalingGroup",
    "autoscaling:UpdateAutoScalingGroup",
    "cloudwatch:DescribeAlarms",
    "ec2:CreateTags",
    "ec2:DeleteTags",
    "ec2:DescribeInstanceAttribute",
    "ec2:DescribeInstances",
    "ec2:TerminateInstances",
    "elasticloadbalancing:DescribeInstanceHealth",
    "elasticloadbalancing:DescribeTargetHealth",
)
READS = ("autoscaling:DescribeAutoScalingGroups", "ec2:DescribeInstances")

DETACHED = "spinnaker:Detached"
"""Clouddriver's tag on what it detaches: the value is the server group. Its other one, `spinnaker:PendingTermination`,
is for an agent that ends what a lost operation has left; here the operation itself ends it.
"""
DETACHABLE = ("InService", "Standby")
"""https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-detach-attach-instances.html"""
AWAY = ("Terminating", "Detach")


@dataclass(frozen=True)
class MembersPlan:
    account: str
    region: str
    group: str
    instances: tuple[str, ...] = ()
    minimum: int = 0
    """The group's, before."""
    lowered: int = 0
    """The group's, so that it can have so many fewer."""
    decrement: bool = True
    limit: bool = False
    """The maximum shall be what the group has then."""
    ends: bool = True
    """The instances are terminated."""
    untagged: tuple[str, ...] = ()
    """Those that had no tag of a detached one."""
    overridden: bool = False
    """The traffic guard, by the request."""
    skipped: str | None = None
    """Why there is nothing to do."""
    schema: int = 1


def plan_terminate(request: TerminateInstanceAndDecrementServerGroup, cloud: Cloud) -> MembersPlan:
    """Check that the group has the instance and may have one fewer; note its minimum."""
    lookups.alarms_exist(request, cloud)
    found = _standing(request.server_group_name, cloud)
    _has(found, request.instance)
    lowered = _lowered(found, 1, adjusts=request.adjust_min_if_necessary)
    return MembersPlan(
        cloud.account,
        cloud.region,
        found.name,
        (request.instance,),
        found.capacity.min,
        lowered,
        limit=request.set_max_to_new_desired,
        overridden=request.override_traffic_guard,
    )


def plan_detach(request: DetachInstances, cloud: Cloud) -> MembersPlan:
    """Note which of the instances the group has in service, its minimum, and which have no tag of a detached one."""
    lookups.alarms_exist(request, cloud)
    empty = MembersPlan(
        cloud.account,
        cloud.region,
        request.server_group_name,
        decrement=request.decrement_desired_capacity,
        ends=request.terminate_detached_instances,
        overridden=request.override_traffic_guard,
    )
    try:
        found = cloud.groups.find(empty.group)
    except NotFound:
        if request.tolerant:
            return replace(empty, skipped=f"server group {empty.group} is not there")
        raise Rejected(_no_such(empty.group, cloud)) from None
    chosen = _detachable(found, request)
    if not chosen:
        return replace(empty, skipped=f"server group {empty.group} has none of the instances in service")
    _may_end(empty, chosen, cloud)
    least = found.capacity.min
    if empty.decrement:
        least = _lowered(found, len(chosen), adjusts=request.adjust_min_if_necessary)
    tags = cloud.of(Ec2Instances).found(chosen)
    untagged = tuple(one for one in chosen if one in tags and DETACHED not in dict(tags[one].tags))
    return replace(empty, instances=chosen, minimum=found.capacity.min, lowered=least, untagged=untagged)


def _standing(name: str, cloud: Cloud) -> Group:
    try:
        found = cloud.groups.find(name)
    except NotFound:
        raise Rejected(_no_such(name, cloud)) from None
    if found.deleting:
        raise Rejected(f"server group {name} is being deleted; name one that stays")
    return found


def _no_such(name: str, cloud: Cloud) -> str:
    return f"server group {name} does not exist in {cloud.region}; name one that does"


def _has(found: Group, instance: str) -> None:
    lives = {one.id: one.lifecycle for one in found.instances}
    if instance not in lives:
        raise Rejected(f"server group {found.name} does not have instance {instance}; name one that it has")
    if lives[instance].startswith(AWAY):
        raise Rejected(f"instance {instance} of server group {found.name} is {lives[instance]}; name one that stays")


def _detachable(found: Group, request: DetachInstances) -> tuple[str, ...]:
    """Those that the group has in service or in standby; unless the request is tolerant, that is all of them."""
    lives = {one.id: one.lifecycle for one in found.instances}
    for one in () if request.tolerant else request.instance_ids:
        if lives.get(one) not in DETACHABLE:
            state = f"has it {lives[one]}" if one in lives else "does not have it"
            raise Rejected(f"instance {one} cannot be detached: server group {found.name} {state}; name one in service")
    return tuple(one for one in request.instance_ids if lives.get(one) in DETACHABLE)


def _may_end(plan: MembersPlan, instances: Sequence[str], cloud: Cloud) -> None:
    """Raises Rejected where one that shall end is protected from it: before anything is done."""
    for one in instances if plan.ends else ():
        if is_protected(one, cloud.of(Ec2Instances)):
            raise Rejected(f"instance {one} is protected from termination; take its disableApiTermination away first")


def _lowered(found: Group, by: int, *, adjusts: bool) -> int:
    """The minimum with which the group can have so many fewer. Raises Rejected."""
    there, left = found.capacity, found.capacity.desired - by
    if left >= there.min:
        return there.min
    if not adjusts:
        raise Rejected(
            f"server group {found.name} has {there}: {by} fewer are less than its minimum; say adjustMinIfNecessary"
        )
    if left < 0:
        raise Rejected(f"server group {found.name} has {there}: it cannot have {by} fewer")
    return left


def ask(plan: MembersPlan, cloud: Cloud) -> str:
    """Ask traffic guard and brake whether cluster and account can do without the instances."""
    return plan.skipped or f"{', '.join(plan.instances) or 'no instances'} may go{_spared(plan, cloud)}"


def take_back(plan: MembersPlan, cloud: Cloud) -> str:
    """Take nothing back: what was noted of instances about to go counts only while this operation is not over."""
    return "the instances stay"


def _spared(plan: MembersPlan, cloud: Cloud) -> str:
    return traffic_guard.may_lose(plan.group, plan.instances, cloud, overridden=plan.overridden)


def lower_minimum(plan: MembersPlan, cloud: Cloud) -> str:
    """Lower the group's minimum where it does not allow what is asked for."""
    if plan.minimum == plan.lowered:
        return plan.skipped or "the minimum allows it"
    return restoring.apply(_what(plan), _minimum(plan, cloud), plan.minimum, plan.lowered, _written(plan, cloud))


def restore_minimum(plan: MembersPlan, cloud: Cloud) -> str:
    """Restore the minimum from before, unless somebody has changed it since."""
    if plan.minimum == plan.lowered:
        return plan.skipped or "the minimum was not changed"
    return restoring.restore(
        _what(plan), _restorable(plan, cloud), plan.minimum, plan.lowered, _written(plan, cloud), cloud
    )


def _what(plan: MembersPlan) -> str:
    return f"the minimum of server group {plan.group}"


def _minimum(plan: MembersPlan, cloud: Cloud) -> int | None:
    """None where the group is gone, or goes."""
    found = restoring.read(lambda: cloud.groups.find(plan.group))
    return None if found is None or found.deleting else found.capacity.min


def _restorable(plan: MembersPlan, cloud: Cloud) -> int | None:
    """The minimum; None also where somebody has given the group a maximum that does not allow the old one."""
    found = restoring.read(lambda: cloud.groups.find(plan.group))
    if found is None or found.deleting or found.capacity.max < plan.minimum:
        return None
    return found.capacity.min


def _written(plan: MembersPlan, cloud: Cloud) -> restoring.Write[int]:
    """Writes the minimum alone: landed late, it takes back nothing of what the group has been given since."""
    return lambda minimum: cloud.of(Members).least(plan.group, minimum or 0)


def terminate(plan: MembersPlan, cloud: Cloud) -> str:
    """Terminate the instance with one fewer to have, if the cluster can still do without it: the point of no return.

    Auto Scaling takes it out of the load balancers before.
    """
    staying = _staying(plan, cloud)
    if not staying:
        return "the instance is gone, or going"
    said = _spared(plan, cloud)
    try:
        for one in staying:
            cloud.of(Members).terminate(one)
    except NotFound:
        return f"server group {plan.group} does not have {plan.instances[0]} any more"
    return f"terminating {', '.join(staying)} of {plan.group}{said}"


def _staying(plan: MembersPlan, cloud: Cloud) -> list[str]:
    """Those of the plan's instances that the group has and that are not on their way out."""
    try:
        found = cloud.groups.find(plan.group)
    except NotFound:
        return []
    return [one.id for one in found.instances if one.id in plan.instances and not one.lifecycle.startswith(AWAY)]


def leaving(plan: MembersPlan, cloud: Cloud) -> str | None:
    """Why the group has the instances still: to end or to be let go takes until their connections have ended."""
    if plan.skipped:
        return None
    try:
        found = cloud.groups.find(plan.group)
    except NotFound:
        return None
    there = [f"{one.id} is {one.lifecycle}" for one in found.instances if one.id in plan.instances]
    return f"{', '.join(there)} in {plan.group}" if there else None


def lower_maximum(plan: MembersPlan, cloud: Cloud) -> str:
    """Make what the group shall have now its maximum, where that was asked for."""
    if not plan.limit:
        return "the maximum stays"
    try:
        there = cloud.groups.find(plan.group).capacity
        if there.max == there.desired:
            return f"{plan.group} has {there}"
        cloud.of(Members).most(plan.group, there.desired)
    except NotFound:
        return f"server group {plan.group} is not there"
    return f"{plan.group} has at most {there.desired}"


def tag(plan: MembersPlan, cloud: Cloud) -> str:
    """Tag the instances as detached from the group, as Clouddriver does: so they can be found afterwards."""
    if plan.untagged:
        cloud.of(Ec2Instances).tag(plan.untagged, DETACHED, plan.group)
    return plan.skipped or f"tagged {', '.join(plan.untagged) or 'no instances'} {DETACHED}"


def untag(plan: MembersPlan, cloud: Cloud) -> str:
    """Take off the tag where this operation put it, unless somebody has changed it since."""
    if plan.untagged:
        cloud.of(Ec2Instances).untag(plan.untagged, DETACHED, plan.group)
    return plan.skipped or f"took {DETACHED} off {', '.join(plan.untagged) or 'no instances'}"


def detach(plan: MembersPlan, cloud: Cloud) -> str:
    """Detach the instances, if the cluster can still do without them: the point of no return.

    They leave the load balancers, and the group may launch others: to attach them again would be another group.
    """
    staying = _staying(plan, cloud)
    if not staying:
        return plan.skipped or "nothing to detach: the group does not have the instances any more"
    said = _spared(plan, cloud)
    for some in _batches(staying):
        cloud.of(Members).detach(plan.group, some, decrement=plan.decrement)
    return f"detaching {', '.join(staying)} from {plan.group}{said}"


def _batches(instances: Sequence[str]) -> Iterator[Sequence[str]]:
    return (instances[first : first + AT_ONCE] for first in range(0, len(instances), AT_ONCE))


def end(plan: MembersPlan, cloud: Cloud) -> str:
    """Terminate the detached instances, where that was asked for."""
    if not plan.ends:
        return plan.skipped or "the instances run on"
    found = cloud.of(Ec2Instances).found(plan.instances) if plan.instances else {}
    going = [one.id for one in found.values() if one.state != GOING]
    if not going:
        return plan.skipped or "nothing to terminate: the instances are gone, or going"
    cloud.of(Ec2Instances).terminate(going)
    return f"terminating {', '.join(going)}"


def still_there(plan: MembersPlan, cloud: Cloud) -> str | None:
    """Why the instances that shall end are not gone yet: termination goes on after the answer."""
    found = cloud.of(Ec2Instances).found(plan.instances) if plan.ends and plan.instances else {}
    return f"{', '.join(found)} still there" if found else None


def left_behind(plan: MembersPlan, cloud: Cloud) -> None:
    """Whether minimum or tags are as this operation made them, although they were put back: then RollBack."""
    restoring.left_behind(_what(plan), _restorable(plan, cloud), plan.minimum, plan.lowered)
    if plan.untagged:
        found = cloud.of(Ec2Instances).found(plan.untagged).values()
        tagged = [one.id for one in found if dict(one.tags).get(DETACHED) == plan.group]
        restoring.left_behind(f"tag {DETACHED}", bool(tagged), before=False, after=True)


def difference(plan: MembersPlan) -> restoring.Difference:
    """The instances that the group has no more, and its minimum."""
    if plan.skipped:
        return None, None
    group: dict[str, Any] = {"serverGroup": plan.group}
    before = group | {"instances": list(plan.instances), "minimum": plan.minimum}
    return before, group | {"instances": [], "minimum": plan.lowered}


def of_plan(plan: MembersPlan) -> tuple[str, ...]:
    """What a wait looks at."""
    return (plan.group,)
