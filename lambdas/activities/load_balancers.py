"""Registrations of a group's instances with target groups and classic load balancers."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress

from lambdas.activities import traffic_guard
from lambdas.activities.expectations import still_ours
from lambdas.activities.plans import CreatePlan, DestroyPlan, Registration, TrafficPlan
from lambdas.activities.traffic_guard import REGISTERS
from lambdas.cloud import Cloud, Group, Health
from lambdas.errors import NotFound, Rejected

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

Plan = DestroyPlan | TrafficPlan
Registrations = tuple[Registration, ...]
Change = Callable[[str, Sequence[str]], None]
Look = Callable[[str], tuple[Health, ...]]


def registrations(group: Group, cloud: Cloud) -> tuple[Registrations, Registrations]:
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


def missing(group: Group, cloud: Cloud) -> tuple[Registrations, Registrations]:
    """Which of the group's instances are not registered: with target groups, and with classic load balancers."""
    targets, classics = registrations(group, cloud)
    return tuple(_others(group, one) for one in targets), tuple(_others(group, one) for one in classics)


def _others(group: Group, registered: Registration) -> Registration:
    return Registration(registered.balancer, tuple(one for one in serving(group) if one not in registered.instances))


def taken_out_of(plan: Plan, found: Group, cloud: Cloud) -> Iterator[str]:
    """The load balancers behind which none is left of the plan's instances that still serve."""
    for one, behind in _of_plan(plan, found, cloud):
        if one.instances and behind.isdisjoint(one.instances):
            yield name_of(one.balancer)


def put_into(plan: TrafficPlan, found: Group, cloud: Cloud) -> Iterator[str]:
    """The load balancers behind which all of the plan's instances are that still serve."""
    for one, behind in _of_plan(plan, found, cloud):
        if one.instances and behind.issuperset(one.instances):
            yield name_of(one.balancer)


def _of_plan(plan: Plan, found: Group, cloud: Cloud) -> Iterator[tuple[Registration, set[str]]]:
    """The plan's instances that still serve, and all that are behind the load balancer; of those that are not gone."""
    balancers, current = cloud.load_balancers, set(serving(found))
    looks = ((plan.target_groups, balancers.target_health), (plan.load_balancers, balancers.classic_health))
    for registered, health in looks:
        for one in registered:
            with suppress(NotFound):
                behind = {each.instance for each in health(one.balancer)}
                yield Registration(one.balancer, tuple(i for i in one.instances if i in current)), behind


def remaining(plan: TrafficPlan, found: Group, cloud: Cloud) -> Iterator[str]:
    """What of the plan's instances is not out of traffic yet: registered still, or draining; in words."""
    balancers = cloud.load_balancers
    looks = (
        (plan.target_groups, balancers.target_health, balancers.draining),
        (plan.load_balancers, balancers.classic_health, balancers.draining_classic),
    )
    for registered, health, draining in looks:
        for one in registered:
            with suppress(NotFound):
                yield from remains_in(_concerned(plan, one, found), one.balancer, health, draining)


def remains_in(
    instances: tuple[str, ...], balancer: str, health: Look, draining: Callable[[str], tuple[str, ...]]
) -> Iterator[str]:
    """What of these is in traffic there still: one whose last connections end, too. Raises NotFound."""
    if not instances:
        return
    if there := {one.instance for one in health(balancer)}.intersection(instances):
        yield f"{len(there)} instances are in {name_of(balancer)} still"
    if leaving := set(draining(balancer)).intersection(instances):
        yield f"{len(leaving)} instances drain from {name_of(balancer)}"


def take_out_of_target_groups(plan: Plan, cloud: Cloud) -> str:
    """Deregister the group's instances from its target groups.

    Those of the plan, so that what goes back is exactly what was taken.
    What starts while a group is destroyed goes with it: Auto Scaling deregisters what it terminates.
    """
    return _take_out(plan, plan.target_groups, cloud.load_balancers.deregister, cloud)


def put_back_into_target_groups(plan: Plan, cloud: Cloud) -> str:
    """Register again what was registered with target groups when planned and still is the group's."""
    return _put_back(plan, plan.target_groups, cloud.load_balancers.register, cloud)


def put_into_target_groups(plan: TrafficPlan, cloud: Cloud) -> str:
    """Register the group's instances with its target groups."""
    return _put(plan, plan.target_groups, cloud.load_balancers.register, cloud)


def take_out_of_load_balancers(plan: Plan, cloud: Cloud) -> str:
    """Deregister the group's instances from its classic load balancers."""
    return _take_out(plan, plan.load_balancers, cloud.load_balancers.deregister_classic, cloud)


def put_back_into_load_balancers(plan: Plan, cloud: Cloud) -> str:
    """Register again what was registered with classic load balancers when planned and still is the group's."""
    return _put_back(plan, plan.load_balancers, cloud.load_balancers.register_classic, cloud)


def put_into_load_balancers(plan: TrafficPlan, cloud: Cloud) -> str:
    """Register the group's instances with its classic load balancers."""
    return _put(plan, plan.load_balancers, cloud.load_balancers.register_classic, cloud)


def leave_target_groups(plan: CreatePlan, cloud: Cloud) -> str:
    """Deregister all instances of the new group from its target groups: it is kept, and takes no traffic."""
    return _leave(plan, plan.settings.target_groups, cloud.load_balancers.deregister, cloud)


def leave_load_balancers(plan: CreatePlan, cloud: Cloud) -> str:
    """Deregister all instances of the new group from its classic load balancers."""
    return _leave(plan, plan.settings.load_balancers, cloud.load_balancers.deregister_classic, cloud)


def _leave(plan: CreatePlan, balancers: Sequence[str], deregister: Change, cloud: Cloud) -> str:
    """Registered or not: one that comes into service just now may not be seen yet."""
    found = still_ours(plan, cloud)
    if found is None:
        return f"server group {plan.group} is not there"
    leaving = [Registration(one, serving(found)) for one in balancers if serving(found)]
    done = [
        f"{len(one.instances)} instances out of {name_of(one.balancer)}" for one in leaving if _changed(deregister, one)
    ]
    return f"took {', '.join(done)}" if done else "nothing to take out"


def _take_out(plan: Plan, registered: Registrations, deregister: Change, cloud: Cloud) -> str:
    ours = list(_still_of_group(plan, registered, cloud))
    if not ours:
        return "nothing to take out"
    said = traffic_guard.may_go(plan.group, cloud, going=lambda found: going(plan, found), overridden=plan.overridden)
    done = [
        f"{len(one.instances)} instances out of {name_of(one.balancer)}" for one in ours if _changed(deregister, one)
    ]
    return ("took " + ", ".join(done) if done else "nothing to take out") + said


def going(plan: Plan, found: Group) -> Collection[str]:
    """The instances that are out of traffic when the plan is carried out; a group that is destroyed goes as a whole."""
    if isinstance(plan, TrafficPlan) and plan.chosen is not None:
        return plan.chosen
    if isinstance(plan, DestroyPlan) or not (found.settings.target_groups or found.settings.load_balancers):
        return traffic_guard.everything(found)
    registered = (*plan.target_groups, *plan.load_balancers)
    return {instance for one in registered for instance in _concerned(plan, one, found)}


def _put(plan: TrafficPlan, registered: Registrations, register: Change, cloud: Cloud) -> str:
    done = []
    for one in _still_of_group(plan, registered, cloud):
        if not _changed(register, one):
            raise Rejected(f"{name_of(one.balancer)} is gone: {plan.group} cannot take traffic from it; take it away")
        done.append(f"{len(one.instances)} instances into {name_of(one.balancer)}")
    return "put " + ", ".join(done) if done else "nothing to put in"


def _put_back(plan: Plan, registered: Registrations, register: Change, cloud: Cloud) -> str:
    done = []
    for one in _still_of_group(plan, registered, cloud):
        said = f"{len(one.instances)} instances into {name_of(one.balancer)}"
        if _changed(register, one):
            done.append(said)
        else:
            cloud.findings.append(f"{name_of(one.balancer)} is gone: could not put {said}")
    return "put " + ", ".join(done) if done else "nothing to put back"


def _still_of_group(plan: Plan, registered: Registrations, cloud: Cloud) -> Iterator[Registration]:
    """The registrations without instances that have gone since: to a classic load balancer they are an error."""
    if not registered:
        return
    try:
        found = cloud.groups.find(plan.group)
    except NotFound:
        return
    for one in registered:
        if instances := _concerned(plan, one, found):
            yield Registration(one.balancer, instances)


def _concerned(plan: Plan, one: Registration, found: Group) -> tuple[str, ...]:
    """The plan's instances that still serve, and those launched since if the operation decides who registers them."""
    launched: set[str] = set()
    if isinstance(plan, TrafficPlan) and REGISTERS in plan.processes and is_of(plan, found):
        launched = set(serving(found)).difference(plan.known)
    return tuple(instance for instance in serving(found) if instance in one.instances or instance in launched)


def is_of(plan: Plan, found: Group) -> bool:
    """Whether it is the group planned for, and not one that somebody made by that name since."""
    return found.arn == plan.arn or not (plan.arn and found.arn)


def serving(found: Group) -> tuple[str, ...]:
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
