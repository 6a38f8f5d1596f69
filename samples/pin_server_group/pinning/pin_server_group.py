"""Pin a server group: keep it at the size it has, whatever its scaling policies say."""

from dataclasses import dataclass

from windlass import Capacity, Cloud, NotFound, OfOneServerGroup, Rejected, Saga, guards_of_one, restoring, step

ACTIONS = ("autoscaling:DescribeAutoScalingGroups", "autoscaling:UpdateAutoScalingGroup")
READS = ("autoscaling:DescribeAutoScalingGroups",)


class PinServerGroup(OfOneServerGroup):
    """Keep a server group at the size it has."""


@dataclass(frozen=True)
class PinPlan:
    account: str
    region: str
    group: str
    before: Capacity
    after: Capacity
    schema: int = 1


def plan_pin(request: PinServerGroup, cloud: Cloud) -> PinPlan:
    """Find out which size the group has."""
    try:
        before = cloud.groups.find(request.server_group_name).capacity
    except NotFound:
        raise Rejected(f"there is no server group {request.server_group_name}") from None
    after = Capacity(before.desired, before.desired, before.desired)
    return PinPlan(request.account, request.region, request.server_group_name, before, after)


def pin(plan: PinPlan, cloud: Cloud) -> str:
    """Set minimum and maximum to the size it has."""
    return restoring.apply(_what(plan), _there(plan, cloud), plan.before, plan.after, _resizing(plan, cloud))


def unpin(plan: PinPlan, cloud: Cloud) -> str:
    """Set minimum and maximum as they were, unless somebody has changed them since."""
    return restoring.restore(_what(plan), _there(plan, cloud), plan.before, plan.after, _resizing(plan, cloud), cloud)


def still_pinned(plan: PinPlan, cloud: Cloud) -> None:
    """Whether it is pinned although it was put back."""
    restoring.left_behind(_what(plan), _there(plan, cloud), plan.before, plan.after)


def _what(plan: PinPlan) -> str:
    return f"capacity of {plan.group}"


def _there(plan: PinPlan, cloud: Cloud) -> Capacity | None:
    return restoring.read(lambda: cloud.groups.find(plan.group).capacity)


def _resizing(plan: PinPlan, cloud: Cloud) -> restoring.Write[Capacity]:
    return lambda capacity: cloud.groups.resize(plan.group, capacity)


PIN_SERVER_GROUP: Saga[PinServerGroup, PinPlan, Cloud] = Saga(
    name="PinServerGroup",
    plan=plan_pin,
    guards=guards_of_one,
    steps=(step("Pin", do=pin, undo=unpin),),
    left=still_pinned,
)
