"""Registrations of a group's instances with target groups and classic load balancers."""

from collections.abc import Callable, Iterator, Sequence

from lambdas.activities.plans import DestroyPlan, Registration
from lambdas.cloud import Cloud, Group, Health
from lambdas.errors import NotFound

ACTIONS = (
    "autoscaling:DescribeAutoScalingGroups",
    "elasticloadbalancing:DeregisterInstancesFromLoadBalancer",
    "elasticloadbalancing:DeregisterTargets",
    "elasticloadbalancing:DescribeInstanceHealth",
    "elasticloadbalancing:DescribeTargetHealth",
    "elasticloadbalancing:RegisterInstancesWithLoadBalancer",
    "elasticloadbalancing:RegisterTargets",
)

AWAY = ("Terminat", "Detach", "EnteringStandby", "Standby")
"""How lifecycles begin in which Auto Scaling itself takes an instance out of its load balancers."""

Change = Callable[[str, Sequence[str]], None]
Look = Callable[[str], tuple[Health, ...]]


def registrations(group: Group, cloud: Cloud) -> tuple[tuple[Registration, ...], tuple[Registration, ...]]:
    """Which of the group's instances are registered now: with target groups, and with classic load balancers."""
    balancers, settings = cloud.load_balancers, group.settings
    return (
        tuple(_registration(group, arn, balancers.target_health) for arn in settings.target_groups),
        tuple(_registration(group, name, balancers.classic_health) for name in settings.load_balancers),
    )


def _registration(group: Group, balancer: str, health: Look) -> Registration:
    try:
        registered = {one.instance for one in health(balancer)}
    except NotFound:
        registered = set()
    return Registration(balancer, tuple(one.id for one in group.instances if one.id in registered))


def taken_out_of(plan: DestroyPlan, found: Group, cloud: Cloud) -> Iterator[str]:
    """The load balancers behind which none is left of those instances that were there when planned and still serve."""
    balancers, serving = cloud.load_balancers, set(_serving(found))
    looks = ((plan.target_groups, balancers.target_health), (plan.load_balancers, balancers.classic_health))
    for registered, health in looks:
        for one in registered:
            if (there := serving.intersection(one.instances)) and _none_is_behind(one.balancer, there, health):
                yield name_of(one.balancer)


def _none_is_behind(balancer: str, instances: set[str], health: Look) -> bool:
    """Nothing is out of a load balancer that is gone."""
    try:
        return instances.isdisjoint(one.instance for one in health(balancer))
    except NotFound:
        return False


def take_out_of_target_groups(plan: DestroyPlan, cloud: Cloud) -> str:
    """Deregister the group's instances from its target groups.

    Those that were registered when planned, so that the undo puts back exactly what was taken.
    What started in the moment since goes with the group: Auto Scaling deregisters what it terminates.
    """
    return _take_out(plan, plan.target_groups, cloud.load_balancers.deregister, cloud)


def put_back_into_target_groups(plan: DestroyPlan, cloud: Cloud) -> str:
    """Register again what was registered with target groups when planned and still is the group's."""
    return _put_back(plan, plan.target_groups, cloud.load_balancers.register, cloud)


def take_out_of_load_balancers(plan: DestroyPlan, cloud: Cloud) -> str:
    """Deregister the group's instances from its classic load balancers."""
    return _take_out(plan, plan.load_balancers, cloud.load_balancers.deregister_classic, cloud)


def put_back_into_load_balancers(plan: DestroyPlan, cloud: Cloud) -> str:
    """Register again what was registered with classic load balancers when planned and still is the group's."""
    return _put_back(plan, plan.load_balancers, cloud.load_balancers.register_classic, cloud)


def _take_out(plan: DestroyPlan, registered: tuple[Registration, ...], deregister: Change, cloud: Cloud) -> str:
    done = [
        f"{len(one.instances)} instances out of {name_of(one.balancer)}"
        for one in _still_of_group(plan, registered, cloud)
        if _changed(deregister, one)
    ]
    return "took " + ", ".join(done) if done else "nothing to take out"


def _put_back(plan: DestroyPlan, registered: tuple[Registration, ...], register: Change, cloud: Cloud) -> str:
    done = []
    for one in _still_of_group(plan, registered, cloud):
        said = f"{len(one.instances)} instances into {name_of(one.balancer)}"
        if _changed(register, one):
            done.append(said)
        else:
            cloud.findings.append(f"{name_of(one.balancer)} is gone: could not put {said}")
    return "put " + ", ".join(done) if done else "nothing to put back"


def _still_of_group(plan: DestroyPlan, registered: tuple[Registration, ...], cloud: Cloud) -> Iterator[Registration]:
    """The registrations without instances that have gone since: to a classic load balancer they are an error."""
    current = _instances(plan, cloud) if registered else ()
    for one in registered:
        instances = tuple(instance for instance in one.instances if instance in current)
        if instances:
            yield Registration(one.balancer, instances)


def _instances(plan: DestroyPlan, cloud: Cloud) -> tuple[str, ...]:
    """None of a group that is gone."""
    try:
        return _serving(cloud.groups.find(plan.group))
    except NotFound:
        return ()


def _serving(found: Group) -> tuple[str, ...]:
    """Those that are not on their way out, nor out by somebody's hand."""
    return tuple(one.id for one in found.instances if not one.lifecycle.startswith(AWAY))


def _changed(change: Change, one: Registration) -> bool:
    """Whether there was such a load balancer to change."""
    try:
        change(one.balancer, one.instances)
    except NotFound:
        return False
    return True


def name_of(balancer: str) -> str:
    """How people call it: the name in a target group's ARN, or a classic load balancer's name."""
    return balancer.split("/")[-2] if balancer.startswith("arn:") else balancer
