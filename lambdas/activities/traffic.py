"""A server group in traffic or out of it: planned, waited for, and looked after once it was put back."""

import math
from dataclasses import replace
from datetime import timedelta
from typing import Any

from lambdas.activities import health, load_balancers, lookups
from lambdas.activities.load_balancers import Registrations
from lambdas.activities.plans import DestroyPlan, Registration, TrafficPlan
from lambdas.activities.traffic_guard import REGISTERS
from lambdas.cloud import Cloud, Group
from lambdas.errors import NotFound, Rejected, RollBack
from lambdas.requests.disable_server_group import DisableServerGroup
from lambdas.requests.enable_server_group import EnableServerGroup

ACTIONS = (
    "autoscaling:DescribeAutoScalingGroups",
    "cloudwatch:DescribeAlarms",
    "elasticloadbalancing:DescribeInstanceHealth",
    "elasticloadbalancing:DescribeTargetHealth",
)
READS = (
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeScalingActivities",
    "elasticloadbalancing:DescribeInstanceHealth",
    "elasticloadbalancing:DescribeTargetHealth",
)

DISABLED = ("Launch", "Terminate", REGISTERS)
"""What Clouddriver suspends of a disabled group (`AutoScalingProcessType.getDisableProcesses`): it neither grows nor
shrinks, so it can be enabled again as it was. By the last of them Spinnaker shows a group as disabled."""
ALL = 100
"""Per cent."""

Changes = tuple[Registrations, Registrations]
"""With target groups, and with classic load balancers."""


def plan_disable(request: DisableServerGroup, cloud: Cloud) -> TrafficPlan:
    """Note which processes run and which instances are registered: these are what an undo puts back."""
    lookups.alarms_exist(request, cloud)
    empty = replace(_empty(request, request.drained_within, cloud), overridden=request.override_traffic_guard)
    try:
        found = cloud.groups.find(empty.group)
    except NotFound:
        return replace(empty, skipped=f"server group {empty.group} is not there")
    if found.deleting:
        return replace(empty, skipped=f"server group {empty.group} is being deleted")
    registered = load_balancers.registrations(found, cloud)
    if request.desired_percentage < ALL:
        chosen = _chosen(found, registered, request.desired_percentage)
        return replace(_changing(empty, found, (), _only(chosen, registered)), chosen=chosen)
    running = tuple(process for process in DISABLED if process not in found.suspended)
    return _changing(empty, found, running, registered)


def _chosen(found: Group, registered: Changes, percentage: int) -> tuple[str, ...]:
    """So many that this part of the group's instances is out of traffic, those out already included.

    As Clouddriver counts (`EnableDisablePercentageCategorizer`): rounded up.
    """
    behind = {instance for one in (*registered[0], *registered[1]) for instance in one.instances}
    instances = load_balancers.serving(found)
    inside = tuple(one for one in instances if one in behind)
    out = len(instances) - len(inside)
    return inside[: max(0, math.ceil(len(instances) * percentage / ALL) - out)]


def _only(chosen: tuple[str, ...], registered: Changes) -> Changes:
    targets, classics = (
        tuple(Registration(one.balancer, tuple(i for i in one.instances if i in chosen)) for one in some)
        for some in registered
    )
    return targets, classics


def plan_enable(request: EnableServerGroup, cloud: Cloud) -> TrafficPlan:
    """Note which processes are suspended and which instances are not registered: only these are changed."""
    lookups.alarms_exist(request, cloud)
    empty = _empty(request, request.healthy_within, cloud)
    try:
        found = cloud.groups.find(empty.group)
    except NotFound:
        if request.tolerant:
            return replace(empty, skipped=f"server group {empty.group} is not there")
        raise Rejected(f"server group {empty.group} does not exist in {cloud.region}; name one that does") from None
    if found.deleting and request.tolerant:
        return replace(empty, skipped=f"server group {empty.group} is being deleted")
    if found.deleting:
        raise Rejected(f"server group {empty.group} is being deleted; name one that stays")
    suspended = tuple(process for process in DISABLED if process in found.suspended)
    judged = health.rule(request.health, request.on_unhealthy, found.name, found.settings)
    return _changing(replace(empty, health=judged), found, suspended, load_balancers.missing(found, cloud))


def _empty(request: DisableServerGroup | EnableServerGroup, within: timedelta, cloud: Cloud) -> TrafficPlan:
    return TrafficPlan(cloud.account, cloud.region, request.server_group_name, request.wait_for, within)


def _changing(empty: TrafficPlan, found: Group, processes: tuple[str, ...], changes: Changes) -> TrafficPlan:
    targets, classics = changes
    known = tuple(one.id for one in found.instances)
    return replace(
        empty, arn=found.arn, processes=processes, target_groups=targets, load_balancers=classics, known=known
    )


def in_traffic_still(plan: TrafficPlan, cloud: Cloud) -> str | None:
    """Why the group is not out of traffic yet: instances that are registered still, or whose connections end.

    A group that has gone meanwhile is out of traffic.
    """
    if plan.skipped or plan.wait_for == "deregistered":
        return None
    try:
        found = cloud.groups.find(plan.group)
    except NotFound:
        return None
    return "; ".join(load_balancers.remaining(plan, found, cloud)) or None


def not_in_traffic(plan: TrafficPlan, cloud: Cloud) -> str | None:
    """Why not as many instances as the group should have are healthy behind its load balancers, or None."""
    if plan.skipped or plan.wait_for == "registered":
        return None
    try:
        found = cloud.groups.find(plan.group)
    except NotFound:
        return f"server group {plan.group} is not visible, or somebody deleted it"
    suspended = [process for process in plan.processes if process in found.suspended]
    if suspended:  # a read from before they were resumed, or somebody suspended them again
        return f"{', '.join(suspended)} of {plan.group} are suspended"
    return health.shortfall(found, found.capacity.desired, cloud, plan.health)


def left_out(plan: DestroyPlan | TrafficPlan, cloud: Cloud) -> None:
    """Whether the group is still out of traffic, although that was taken back: then RollBack.

    One call takes all of it away, so where only a part is away, somebody else has had a hand in it, and it stays so.
    """
    found = _found(plan, cloud)
    if found is None:
        return
    if plan.processes and found.suspended.issuperset(plan.processes):
        raise RollBack(f"{', '.join(plan.processes)} of {plan.group} are suspended, as this operation left them")
    for balancer in load_balancers.taken_out_of(plan, found, cloud):
        raise RollBack(f"{plan.group} is out of {balancer}, as this operation took it out")


def left_in(plan: TrafficPlan, cloud: Cloud) -> None:
    """Whether the group is in traffic, although it was taken out again: then RollBack.

    One call puts all of it in, so where only a part is in, somebody else has had a hand in it, and it stays so.
    """
    found = _found(plan, cloud)
    if found is None:
        return
    if plan.processes and found.suspended.isdisjoint(plan.processes):
        raise RollBack(f"{', '.join(plan.processes)} of {plan.group} run, as this operation resumed them")
    for balancer in load_balancers.put_into(plan, found, cloud):
        raise RollBack(f"{plan.group} is in {balancer}, as this operation put it in")


def _found(plan: DestroyPlan | TrafficPlan, cloud: Cloud) -> Group | None:
    """The group planned for, unless it goes or is gone."""
    try:
        found = cloud.groups.find(plan.group)
    except NotFound:
        return None
    return None if found.deleting or not load_balancers.is_of(plan, found) else found


def results(plan: TrafficPlan) -> dict[str, Any] | None:
    """What Orca reads where a part goes: the instances that its `WaitForRequiredInstancesDownTask` awaits."""
    return None if plan.chosen is None else {"instanceIdsToDisable": list(plan.chosen)}
