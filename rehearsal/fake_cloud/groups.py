"""Auto Scaling groups: what the API accepts and refuses."""

import json
from collections.abc import Iterable, Sequence

from lambdas.cloud import (
    EMPTY,
    OPERATION_TAG,
    Capacity,
    Group,
    GroupSettings,
    LaunchSettings,
    LifecycleHook,
    ScalingActivity,
)
from lambdas.errors import AlreadyExists, Conflict, NotFound, Rejected
from rehearsal.fake_cloud import fleet
from rehearsal.fake_cloud.place import CONFIGURATION, Place
from rehearsal.fake_cloud.port import Port, call

PROCESSES = frozenset(
    (
        *("Launch", "Terminate", "AddToLoadBalancer", "AlarmNotification", "AZRebalance", "HealthCheck"),
        *("InstanceRefresh", "ReplaceUnhealthy", "ScheduledActions"),
    )
)
"""https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-suspend-resume-processes.html"""

_LIVES = ("InService", "Pending", "Standby", "Terminating", "Total")
METRICS = frozenset(
    (
        *("GroupMinSize", "GroupMaxSize", "GroupDesiredCapacity", "WarmPoolMinSize", "WarmPoolDesiredCapacity"),
        *("WarmPoolWarmedCapacity", "WarmPoolPendingCapacity", "WarmPoolTerminatingCapacity", "WarmPoolTotalCapacity"),
        *("GroupAndWarmPoolDesiredCapacity", "GroupAndWarmPoolTotalCapacity"),
        *(f"Group{life}{what}" for life in _LIVES for what in ("Instances", "Capacity")),
    )
)
"""https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_EnableMetricsCollection.html"""

LOWEST_PRICE = "lowest-price"
TRANSITIONS = (fleet.LAUNCHING, "autoscaling:EC2_INSTANCE_TERMINATING")


class FakeGroups(Port):
    @call
    def find(self, name: str) -> Group:
        group = self.place.groups.seen(name, self.place.now)
        if group is None:
            raise NotFound(f"there is no group {name}")
        return group

    @call
    def found(self, names: Sequence[str]) -> dict[str, Group]:
        seen = self.place.groups.all_seen(self.place.now)
        return {name: seen[name] for name in names if name in seen}

    @call
    def all(self) -> tuple[Group, ...]:
        return tuple(self.place.groups.all_seen(self.place.now).values())

    @call
    def configured(self, names: Sequence[str]) -> dict[str, str]:
        seen = self.place.shelf(CONFIGURATION).all_seen(self.place.now)
        return {name: seen[name].settings.image for name in names if name in seen}

    @call
    def names(self, prefix: str) -> tuple[str, ...]:
        return tuple(name for name in self.place.groups.all_seen(self.place.now) if name.startswith(prefix))

    @call
    def standing(self) -> int:
        return sum(group.capacity.desired for group in self.place.groups.all_seen(self.place.now).values())

    @call
    def made_by(self, operation: str) -> tuple[str, ...]:
        seen = self.place.groups.all_seen(self.place.now)
        return tuple(name for name, group in seen.items() if (OPERATION_TAG, operation) in group.settings.tags)

    @call
    def create(self, name: str, launch_template: str, settings: GroupSettings) -> None:
        place = self.place
        standing = place.groups.get(name)
        if standing is not None:
            raise AlreadyExists(f"group {name} exists already" + (", pending delete" if standing.deleting else ""))
        template = place.templates.seen(launch_template, place.now)
        if template is None:
            raise NotFound(f"launch template {launch_template} does not exist")
        launchable(place, template.settings)
        blendable(template.settings, settings.mixed)
        _placeable(place, settings)
        place.groups.put(name, Group(name, EMPTY, settings, launch_template, arn=place.arn(name)), place.now)
        place.note("created", "group", name, self.operation)

    @call
    def resize(self, name: str, capacity: Capacity) -> None:
        self._standing(name)
        if not 0 <= capacity.min <= capacity.desired <= capacity.max:
            raise Rejected(f"desired capacity of {name} must be between its minimum and maximum, not {capacity}")
        self.place.group_is(name, capacity=capacity)
        self.place.note("resized", "group", name, self.operation, capacity)
        fleet.balance(self.place, name)

    @call
    def delete(self, name: str) -> None:
        place = self.place
        group = place.groups.get(name)
        if group is None:
            raise NotFound(f"there is no group {name}")
        if group.deleting:
            return
        place.group_is(name, deleting=True, capacity=EMPTY)
        place.note("deleted", "group", name, self.operation)
        fleet.terminate(place, name, [one.id for one in group.instances])
        place.later(place.manners.deletion, lambda: place.forget_group(name))

    @call
    def suspend(self, name: str, processes: Sequence[str]) -> None:
        standing = self._standing(name).suspended
        self.place.group_is(name, suspended=standing | _known(processes, PROCESSES, "process"))
        self.place.note("suspended processes of", "group", name, self.operation, tuple(processes))

    @call
    def resume(self, name: str, processes: Sequence[str]) -> None:
        standing = self._standing(name).suspended
        self.place.group_is(name, suspended=standing - _known(processes, PROCESSES, "process"))
        self.place.note("resumed processes of", "group", name, self.operation, tuple(processes))
        fleet.balance(self.place, name)

    @call
    def enable_metrics(self, name: str, metrics: Sequence[str]) -> None:
        standing = self._standing(name).metrics
        self.place.group_is(name, metrics=standing | _known(metrics, METRICS, "metric"))
        self.place.note("enabled metrics of", "group", name, self.operation)

    @call
    def put_hook(self, name: str, hook: LifecycleHook) -> None:
        self._standing(name)
        if hook.transition not in TRANSITIONS:
            raise Rejected(f"{hook.transition!r} is no lifecycle transition; use {' or '.join(TRANSITIONS)}")
        others = (one for one in self.place.hooks.get(name) or () if one.name != hook.name)
        self.place.hooks.put(name, _by_name(*others, hook), self.place.now)
        self.place.note("put hook on", "group", name, self.operation)

    @call
    def hooks(self, name: str) -> tuple[LifecycleHook, ...]:
        return self.place.hooks.seen(name, self.place.now) or ()

    @call
    def activities(self, name: str) -> tuple[ScalingActivity, ...]:
        return self.place.activities.seen(name, self.place.now) or ()

    def _standing(self, name: str) -> Group:
        """The group as it really is, to be changed."""
        return standing(self.place, name)


def standing(place: Place, name: str) -> Group:
    group = place.groups.get(name)
    if group is None:
        raise NotFound(f"there is no group {name}")
    if group.deleting:
        raise Conflict(f"group {name} is pending delete")
    return group


def launchable(place: Place, settings: LaunchSettings) -> None:
    """Auto Scaling tries the template before it makes a group of it."""
    known = {one.id for one in place.security_groups.values()}
    missing = [one for one in settings.security_groups if one not in known]
    if settings.image not in place.images:
        raise Rejected(f"the image id {settings.image} does not exist")
    if missing:
        raise Rejected(f"the security group {missing[0]} does not exist")
    if place.key_pairs is not None and settings.key_pair and settings.key_pair not in place.key_pairs:
        raise Rejected(f"the key pair {settings.key_pair} does not exist")
    profile = settings.instance_profile
    if place.instance_profiles is not None and profile and profile not in place.instance_profiles:
        raise Rejected(f"the instance profile {profile} does not exist")


def blendable(settings: LaunchSettings, mixed: str | None) -> None:
    """What a mixed instances policy takes.

    https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstancesDistribution.html
    """
    if mixed is None:
        return
    if settings.spot_price is not None:
        raise Rejected("a launch template that requests Spot Instances cannot be used in a mixed instances policy")
    said = json.loads(mixed).get("InstancesDistribution", {})
    if "SpotInstancePools" in said and said.get("SpotAllocationStrategy", LOWEST_PRICE) != LOWEST_PRICE:
        raise Rejected(f"SpotInstancePools is only for {LOWEST_PRICE}")


def _placeable(place: Place, settings: GroupSettings) -> None:
    zones = {one.zone for one in place.subnets.values()}
    if not settings.subnets and not settings.zones:
        raise Rejected("at least one Availability Zone or VPC subnet is required")
    for what, asked, known in (
        ("subnet", settings.subnets, place.subnets.keys()),
        ("availability zone", settings.zones, zones),
        ("target group", settings.target_groups, place.target_groups.keys()),
        ("load balancer", settings.load_balancers, place.classics),
    ):
        missing = [one for one in asked if one not in known]
        if missing:
            raise Rejected(f"the {what} {missing[0]} does not exist")


def _known(asked: Iterable[str], known: frozenset[str], what: str) -> frozenset[str]:
    names = frozenset(asked)
    strange = names - known
    if strange:
        raise Rejected(f"{min(strange)!r} is no {what} of a group")
    return names


def _by_name(*hooks: LifecycleHook) -> tuple[LifecycleHook, ...]:
    return tuple(sorted(hooks, key=lambda hook: hook.name))
