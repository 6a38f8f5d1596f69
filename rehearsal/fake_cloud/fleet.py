"""What Auto Scaling does by itself: launch, put into service, register, replace, terminate."""

from collections.abc import Sequence

from lambdas.cloud import Group, Instance, LaunchSettings, ScalingActivity
from lambdas.values import changed
from rehearsal.fake_cloud.place import CONFIGURATION, Configuration, Launched, Place, Target

LAUNCHING = "autoscaling:EC2_INSTANCE_LAUNCHING"
MOST_ACTIVITIES = 20
LEAVING = ("Terminating", "Detaching")
"""How the lifecycle of an instance begins that the group no longer counts."""

NO_CAPACITY = (
    "We currently do not have sufficient {type} capacity in the Availability Zone you requested ({zone}). Our system "
    "will be working on provisioning additional capacity. Launching EC2 instance failed."
)
"""As Auto Scaling words it: https://docs.aws.amazon.com/autoscaling/ec2/userguide/ts-as-capacity.html"""

DIED = "Instance became unhealthy while waiting for instance to be in InService state. Termination Reason: " + (
    "Client.InternalError: Client error on launch"
)

QUOTA = 1_000
"""Instances that an account may launch at once: more of them are like none to be had."""


def balance(place: Place, name: str) -> None:
    """Launch or terminate until the group is as large as it should be, as far as its processes allow."""
    group = place.groups.get(name)
    if group is None or group.deleting:
        return
    active = [one for one in group.instances if not one.lifecycle.startswith(LEAVING)]
    missing = group.capacity.desired - len(active)
    if missing > 0 and "Launch" not in group.suspended:
        _launch(place, group, missing)
    elif missing < 0 and "Terminate" not in group.suspended:
        terminate(place, name, [one.id for one in active[:-missing]])


def terminate(place: Place, name: str, instances: Sequence[str]) -> None:
    """Take them from their load balancers at once; they are gone a little later."""
    if not instances:
        return
    leaving = frozenset(instances)
    unregister_everywhere(place, leaving)
    instances_are(place, name, leaving, lifecycle="Terminating")
    place.later(place.manners.shutdown, lambda: _gone(place, name, leaving))


def unregister_everywhere(place: Place, instances: frozenset[str]) -> None:
    for balancer in list(place.behind.things):
        unregister(place, balancer, instances)


def unregister(place: Place, balancer: str, instances: frozenset[str]) -> None:
    targets = place.behind.get(balancer) or ()
    staying = tuple(one for one in targets if one.instance not in instances)
    if len(staying) < len(targets):
        place.behind.put(balancer, staying, place.now)


def register(place: Place, balancer: str, instances: Sequence[str]) -> None:
    """Those registered already keep their place."""
    targets = place.behind.get(balancer) or ()
    known = {one.instance for one in targets}
    new = tuple(Target(one, place.now) for one in instances if one not in known)
    if new:
        place.behind.put(balancer, targets + new, place.now)


def _launch(place: Place, group: Group, count: int) -> None:
    settings = started_from(place, group)
    image = settings.image if settings else ""
    if image in place.dying or place.now < place.no_capacity_until or count > QUOTA:
        kind = settings.instance_type if settings else "any"
        _tried(place, group.name, "Failed", DIED if image in place.dying else _no_capacity(place, group, kind))
        place.tell(group.name, min(count, QUOTA))
        place.later(place.manners.relaunch, lambda: balance(place, group.name))
        return
    new = tuple(Instance(f"i-{place.number():017x}", "Pending", healthy=True) for _ in range(count))
    for one in new:
        place.instances[one.id] = Launched(group.name, image)
    place.group_is(group.name, instances=group.instances + new)
    _tried(place, group.name, "InProgress", f"Launching {count} new EC2 instances")
    place.later(place.manners.boot, lambda: _arrive(place, group.name, frozenset(one.id for one in new)))


def started_from(place: Place, group: Group) -> LaunchSettings | None:
    """What the group's new instances start from; None where that has gone."""
    if group.launch_configuration:
        found: Configuration | None = place.shelf(CONFIGURATION).get(group.launch_configuration)
        return found.settings if found else None
    template = place.templates.get(group.launch_template or "")
    version = template.version(group.launch_template_version) if template else None
    return version[1] if version else None


def _no_capacity(place: Place, group: Group, kind: str) -> str:
    subnets = [place.subnets[one] for one in group.settings.subnets if one in place.subnets]
    zones = [one.zone for one in subnets] or [*group.settings.zones, f"{place.region}a"]
    return NO_CAPACITY.format(type=kind, zone=zones[0])


def _arrive(place: Place, name: str, instances: frozenset[str]) -> None:
    """Running; a launch hook keeps them from service until somebody completes it."""
    hooks = place.hooks.get(name) or ()
    if any(hook.transition == LAUNCHING for hook in hooks):
        instances_are(place, name, instances, only="Pending", lifecycle="Pending:Wait")
        place.tell(name, len(instances))
        place.later(place.manners.hook, lambda: _serve(place, name, instances))
    else:
        _serve(place, name, instances)


def _serve(place: Place, name: str, instances: frozenset[str]) -> None:
    group = place.groups.get(name)
    if group is None or group.deleting:
        return
    serving = [one for one in group.instances if one.id in instances and one.lifecycle.startswith("Pending")]
    if not serving:
        return
    bad = place.instances[serving[0].id].image in place.never_healthy
    balancers = (*group.settings.target_groups, *group.settings.load_balancers)
    # Behind a load balancer Auto Scaling calls it healthy all through the grace period.
    instances_are(place, name, instances, only="Pending", lifecycle="InService", healthy=not bad or bool(balancers))
    _tried(place, name, "Successful", f"Launching {len(serving)} new EC2 instances")
    if "AddToLoadBalancer" not in group.suspended:
        for balancer in balancers:
            register(place, balancer, [one.id for one in serving])
    place.tell(name, len(serving))
    if bad:
        place.later(group.settings.health_check_grace, lambda: _replace(place, name, instances))


def _replace(place: Place, name: str, instances: frozenset[str]) -> None:
    """The grace period is over and they are not healthy. Only ELB checks look through a load balancer."""
    group = place.groups.get(name)
    if group is None or group.deleting or {"HealthCheck", "ReplaceUnhealthy"} & group.suspended:
        return
    balanced = group.settings.target_groups or group.settings.load_balancers
    if balanced and group.settings.health_check_type != "ELB":
        return
    bad = [one.id for one in group.instances if one.id in instances and one.lifecycle == "InService"]
    terminate(place, name, bad)
    balance(place, name)


def _gone(place: Place, name: str, instances: frozenset[str]) -> None:
    for one in instances:
        place.instances.pop(one, None)
        place.forget_instance(one)
    place.tell(name, len(instances))
    group = place.groups.get(name)
    if group is not None:
        place.group_is(name, instances=tuple(one for one in group.instances if one.id not in instances))
        balance(place, name)


def instances_are(place: Place, name: str, instances: frozenset[str], *, only: str = "", **now: object) -> None:
    group = place.groups.get(name)
    if group is not None:
        there = tuple(
            changed(one, **now) if one.id in instances and one.lifecycle.startswith(only) else one
            for one in group.instances
        )
        place.group_is(name, instances=there)


def _tried(place: Place, name: str, status: str, message: str) -> None:
    activities = (ScalingActivity(status, message), *(place.activities.get(name) or ()))
    place.activities.put(name, activities[:MOST_ACTIVITIES], place.now)
