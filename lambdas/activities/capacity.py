"""The size of a server group: planned, changed, restored, and met by healthy instances."""

from dataclasses import replace

from lambdas.activities import health, lookups, traffic_guard
from lambdas.activities.expectations import just_made
from lambdas.activities.plans import CreatePlan, HealthRule, ResizePlan
from lambdas.cloud import EMPTY, Capacity, Cloud, Group
from lambdas.errors import Conflict, NotFound, Rejected, RollBack
from lambdas.requests.resize_server_group import ResizeServerGroup, Sizes

ACTIONS = (
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:UpdateAutoScalingGroup",
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


PARTS = ("min", "desired", "max")


def scale_up(plan: CreatePlan, cloud: Cloud) -> str:
    """Give the new group its size, when everything else of it stands."""
    with just_made(plan.group):
        cloud.groups.resize(plan.group, plan.capacity)
    return f"scaled {plan.group} to {plan.capacity}"


def plan_resize(request: ResizeServerGroup, cloud: Cloud) -> ResizePlan:
    """Note the capacity there is, and work out the one there shall be."""
    lookups.alarms_exist(request, cloud)
    group = request.server_group_name
    try:
        found = cloud.groups.find(group)
    except NotFound:
        if request.tolerant:
            return _nothing(request, cloud, f"server group {group} is not there")
        raise Rejected(f"server group {group} does not exist in {cloud.region}; name one that does") from None
    if request.tolerant and (found.deleting or request.capacity.empty):
        return _nothing(request, cloud, f"{group} is being deleted" if found.deleting else "no capacity is given")
    if found.deleting:
        raise Conflict(f"server group {group} is being deleted")
    _is_as_expected(request, found)
    judged = health.rule(request.health, request.on_unhealthy, group, found.settings)
    plan = _resize(request, cloud, found.capacity, _target(request.capacity, found))
    return replace(plan, health=judged, parts=_expected(request))


def _nothing(request: ResizeServerGroup, cloud: Cloud, why: str) -> ResizePlan:
    return _resize(request, cloud, EMPTY, EMPTY, why)


def _resize(
    request: ResizeServerGroup, cloud: Cloud, before: Capacity, target: Capacity, skipped: str | None = None
) -> ResizePlan:
    return ResizePlan(
        cloud.account,
        cloud.region,
        request.server_group_name,
        before,
        target,
        request.wait_for,
        request.healthy_within,
        request.expected is not None,
        request.tolerant,
        skipped,
        request.override_traffic_guard,
    )


def _is_as_expected(request: ResizeServerGroup, found: Group) -> None:
    if request.expected is None:
        return
    for part in PARTS:
        wanted, there = getattr(request.expected, part), getattr(found.capacity, part)
        if wanted not in (None, there):
            raise Rejected(
                f"server group {found.name} has {part} {there}, not {wanted} as expected; look again, then resize"
            )


def _expected(request: ResizeServerGroup) -> tuple[str, ...]:
    """What nothing is expected of may move, as scaling moves it, and does not keep the group from being resized."""
    wanted = request.expected or Sizes()
    return tuple(part for part in PARTS if getattr(wanted, part) is not None)


def _target(asked: Sizes, found: Group) -> Capacity:
    """What is not asked for stays, as far as the new bounds allow it."""
    low = found.capacity.min if asked.min is None else asked.min
    high = found.capacity.max if asked.max is None else asked.max
    if low > high:
        raise Rejected(f"server group {found.name} would have min {low} above max {high}; give both")
    desired = found.capacity.desired if asked.desired is None else asked.desired
    if asked.desired is not None and not low <= desired <= high:
        raise Rejected(f"server group {found.name}: desired {desired} is not within {low} to {high}; give these too")
    return Capacity(low, max(low, min(desired, high)), high)


def resize(plan: ResizePlan, cloud: Cloud) -> str:
    """Give the group the capacity asked for."""
    if plan.skipped:
        return f"skipped: {plan.skipped}"
    try:
        if plan.only_from_before:
            _is_unchanged(plan, cloud.groups.find(plan.group))
        said = _spared(plan, plan.target, cloud)
        cloud.groups.resize(plan.group, plan.target)
    except NotFound:
        if plan.tolerant:
            return f"skipped: server group {plan.group} is not there"
        raise Rejected(f"server group {plan.group} has gone since this operation was planned") from None
    return f"resized {plan.group} from {plan.before} to {plan.target}{said}"


def _spared(plan: ResizePlan, capacity: Capacity, cloud: Cloud) -> str:
    """What is to be said of it, if the cluster can do without a group that is to have no instances."""
    return "" if capacity.desired else traffic_guard.may_go(plan.group, cloud, overridden=plan.overridden)


def _is_unchanged(plan: ResizePlan, found: Group) -> None:
    there, *possible = (
        tuple(getattr(one, part) for part in plan.parts) for one in (found.capacity, plan.before, plan.target)
    )
    if there not in possible:
        raise Rejected(
            f"server group {plan.group} has {found.capacity}, not {plan.before} as planned; look again, then resize"
        )


def restore(plan: ResizePlan, cloud: Cloud) -> str:
    """Restore the capacity from before, unless somebody has changed it since."""
    if plan.skipped:
        return f"skipped: {plan.skipped}"
    try:
        found = cloud.groups.find(plan.group)
        if found.capacity == plan.before:
            return f"{plan.group} has {plan.before}"
        if found.deleting or found.capacity != plan.target:
            return _left_alone(plan, found, cloud)
        _spared(plan, plan.before, cloud)
        cloud.groups.resize(plan.group, plan.before)
    except NotFound:
        return f"server group {plan.group} is not there"
    return f"resized {plan.group} back to {plan.before}"


def _left_alone(plan: ResizePlan, found: Group, cloud: Cloud) -> str:
    there = (
        "is being deleted" if found.deleting else f"has {found.capacity}, not {plan.target} as this operation set it"
    )
    finding = f"server group {plan.group} {there}: left as it is"
    cloud.findings.append(finding)
    return finding


def left_behind(plan: ResizePlan, cloud: Cloud) -> None:
    """Whether the group has the capacity that this operation gave it, although it was put back: then RollBack.

    Any other capacity is somebody else's and stays. The very one asked for is taken for a write of this operation that
    landed late, even where a person has just set the same: nothing tells the two apart (docs/adr/0003).
    """
    if plan.skipped or plan.target == plan.before:
        return
    try:
        found = cloud.groups.find(plan.group)
    except NotFound:
        return
    if not found.deleting and found.capacity == plan.target:
        raise RollBack(f"server group {plan.group} has {plan.target}, as this operation set it")


def unhealthy(plan: CreatePlan, cloud: Cloud) -> str | None:
    """Why the new group's instances are not all healthy yet, or None.

    Raises Rejected where somebody deleted the group and made another of its name.
    """
    if plan.wait_for == "created":
        return None
    try:
        found = cloud.groups.find(plan.group)
    except NotFound:
        return f"server group {plan.group} is not visible yet, or somebody deleted it"
    if found.operation != cloud.operation:
        raise Rejected(f"server group {plan.group} was deleted, and made again by somebody else, while it was set up")
    return _shortfall(found, plan.capacity, _wanted(plan.capacity, EMPTY, found), cloud, plan.health)


def unready(plan: ResizePlan, cloud: Cloud) -> str | None:
    """Why the instances wanted are not all healthy yet, or surplus ones not gone yet; None when it is so."""
    if plan.skipped or plan.wait_for == "created":
        return None
    try:
        found = cloud.groups.find(plan.group)
    except NotFound:
        return f"server group {plan.group} is not visible, or somebody deleted it"
    wanted = _wanted(plan.target, plan.before, found)
    short = _shortfall(found, plan.target, wanted, cloud, plan.health)
    return short or health.surplus(found, max(wanted, found.capacity.desired))


def _shortfall(found: Group, target: Capacity, wanted: int, cloud: Cloud, rule: HealthRule | None) -> str | None:
    """Why fewer instances are healthy than needed; a group that is not to have so many will never have them."""
    reason = health.shortfall(found, wanted, cloud, rule)
    if reason is None or found.capacity.desired >= wanted:
        return reason
    return f"{reason}; {found.name} has {found.capacity}, not {target}"


def _wanted(target: Capacity, before: Capacity, found: Group) -> int:
    """How many instances must be healthy: those asked for, or fewer if the group has been scaled in since.

    A read from before the resize must not count as scaled in: it shows other bounds, or the old desired capacity.
    """
    there, bounds = found.capacity, (target.min, target.max)
    fresh = bounds != (before.min, before.max) or there.desired != before.desired
    ours = (there.min, there.max) == bounds and fresh
    return min(target.desired, there.desired) if ours else target.desired
