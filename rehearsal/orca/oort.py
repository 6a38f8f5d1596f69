"""What Clouddriver's read side tells Orca of server groups: here of the fake cloud, as it is.

Windlass does not serve these reads, a Clouddriver beside it does (docs/spinnaker.md). Our own `GET /clusters` counts
healthy instances by provider; Orca asks which instance is in which state, so it is no source for this.
"""

from dataclasses import dataclass
from functools import cached_property

from lambdas.cloud import Capacity, Cloud, Group, Health, Instance
from lambdas.naming import sequence_of
from rehearsal.fake_cloud import Place
from rehearsal.world import World

UP, DOWN, STARTING, DRAINING, UNKNOWN = "Up", "Down", "Starting", "Draining", "Unknown"
PLATFORM = "Amazon"
"""The one provider that never says Up."""
BALANCED = ("LoadBalancer", "TargetGroup")
NOT_BALANCED = "AddToLoadBalancer"
INITIAL = "Elb.InitialHealthChecking"


@dataclass(frozen=True)
class SeenInstance:
    name: str
    health: tuple[tuple[str, str], ...]
    """State by provider."""

    @property
    def up(self) -> bool:
        """`healthState == 'Up'`: some say so, and nobody says otherwise."""
        states = {state for _, state in self.health} - {UNKNOWN}
        return states == {UP}


@dataclass(frozen=True)
class ServerGroup:
    """`TargetServerGroup`, as far as Orca reads it."""

    name: str
    region: str
    capacity: Capacity
    instances: tuple[SeenInstance, ...]
    suspended: frozenset[str]
    created: float
    """`createdTime`."""

    @property
    def disabled(self) -> bool:
        """`AmazonServerGroup.isDisabled`."""
        return NOT_BALANCED in self.suspended

    @property
    def active(self) -> bool:
        """`AbstractClusterWideClouddriverTask.isActive`."""
        return not self.disabled or any(one.up for one in self.instances)


class Oort:
    """`OortService`. A group that is being deleted is not indexed any more (`ClusterCachingAgent`)."""

    def __init__(self, world: World, account: str, region: str) -> None:
        self._world, self.account, self.region = world, account, region

    def cluster(self, cluster: str) -> list[ServerGroup]:
        """The oldest first."""
        names = [name for name in self._place.groups.things if sequence_of(name, cluster) is not None]
        found = [one for name in names if (one := self.server_group(name)) is not None]
        return sorted(found, key=lambda one: (one.created, one.name))

    def server_group(self, name: str) -> ServerGroup | None:
        group = self._place.groups.get(name)
        if group is None or group.deleting:
            return None
        looks = _Looks(group, self._world.cloud.cloud(self.account, self.region))
        instances = tuple(SeenInstance(one.id, looks.health(one)) for one in group.instances)
        return ServerGroup(name, self.region, group.capacity, instances, group.suspended, self._created(name))

    @property
    def _place(self) -> Place:
        return self._world.cloud.place(self.account, self.region)

    def _created(self, name: str) -> float:
        """What was there from the beginning is as old as any, and ordered by its name."""
        made = [deed.at for deed in self._place.deeds if (deed.did, deed.kind, deed.name) == ("created", "group", name)]
        return made[-1] if made else 0.0


class _Looks:
    """One group's load balancers, each looked at once."""

    def __init__(self, group: Group, cloud: Cloud) -> None:
        self._group, self._balancers = group, cloud.load_balancers

    def health(self, instance: Instance) -> tuple[tuple[str, str], ...]:
        running = not instance.lifecycle.startswith(("Pending", "Terminating"))
        platform = (PLATFORM, UNKNOWN if running or instance.lifecycle == "Pending:Wait" else DOWN)
        seen = (
            *(("LoadBalancer", states[instance.id]) for states in self._classics if instance.id in states),
            *(("TargetGroup", states[instance.id]) for states in self._targets if instance.id in states),
        )
        return (platform, *seen)

    @cached_property
    def _classics(self) -> list[dict[str, str]]:
        names = self._group.settings.load_balancers
        return [{one.instance: _state(one) for one in self._balancers.classic_health(name)} for name in names]

    @cached_property
    def _targets(self) -> list[dict[str, str]]:
        return [self._of(arn) for arn in self._group.settings.target_groups]

    def _of(self, arn: str) -> dict[str, str]:
        draining = dict.fromkeys(self._balancers.draining(arn), DRAINING)
        return draining | {one.instance: _state(one) for one in self._balancers.target_health(arn)}


def _state(one: Health) -> str:
    if one.healthy:
        return UP
    return STARTING if one.reason == INITIAL else DOWN


# `HealthHelper`, with all providers of interest.


def up(instance: SeenInstance) -> bool:
    """`someAreUpAndNoneAreDownOrStarting`; one that drains is on its way out."""
    states = [state for _, state in instance.health]
    return UP in states and not {DOWN, STARTING, DRAINING} & set(states)


def down(instance: SeenInstance) -> bool:
    """`someAreDownAndNoneAreUp`: nobody but the platform knows of it, or somebody says so. One that drains is not."""
    states = [state for _, state in instance.health]
    return instance.health == ((PLATFORM, UNKNOWN),) or (bool({DOWN, STARTING} & set(states)) and UP not in states)
