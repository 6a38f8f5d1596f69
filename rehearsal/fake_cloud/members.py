"""Instances as members of their groups."""

from collections.abc import Sequence

from lambdas.cloud import Capacity, Group, Instance
from lambdas.cloud.members import AT_ONCE, Members
from lambdas.errors import Conflict, NotFound, Rejected
from rehearsal.fake_cloud import fleet
from rehearsal.fake_cloud.ec2_instances import touch
from rehearsal.fake_cloud.groups import standing
from rehearsal.fake_cloud.place import Place
from rehearsal.fake_cloud.port import Port, call, plays

DETACHABLE = ("InService", "Standby")


@plays(Members)
class FakeMembers(Port):
    @call
    def terminate(self, instance: str) -> None:
        place = self.place
        group = _group_of(place, instance)
        if not _stays(group, instance):
            raise Conflict(f"a scaling activity of instance {instance} is in progress")
        place.group_is(group.name, capacity=_fewer(group, 1))
        place.note("terminated", "instance", instance, self.operation)
        fleet.terminate(place, group.name, [instance])

    @call
    def detach(self, group: str, instances: Sequence[str], *, decrement: bool) -> None:
        place, found = self.place, self.place.groups.get(group)
        if len(instances) > AT_ONCE:
            raise Rejected("the list exceeds the maximum number of instances to detach")
        members = [one for one in (found.instances if found else ()) if one.id in instances]
        if found is None or not members:
            return
        if gone := [one.id for one in members if one.lifecycle not in DETACHABLE]:
            raise Conflict(f"instance {gone[0]} is not in InService or Standby")
        place.group_is(group, capacity=_fewer(found, len(members)) if decrement else found.capacity)
        place.note("detached", "instances of", group, self.operation, tuple(one.id for one in members))
        _detach(place, group, members)

    @call
    def least(self, group: str, instances: int) -> None:
        there = standing(self.place, group).capacity
        self._bounded(group, Capacity(instances, max(there.desired, instances), there.max))

    @call
    def most(self, group: str, instances: int) -> None:
        there = standing(self.place, group).capacity
        self._bounded(group, Capacity(there.min, min(there.desired, instances), instances))

    def _bounded(self, group: str, capacity: Capacity) -> None:
        if capacity.min > capacity.max:
            raise Rejected(f"the maximum of {group} must not be less than its minimum, not {capacity}")
        self.place.group_is(group, capacity=capacity)
        self.place.note("resized", "group", group, self.operation, capacity)
        fleet.balance(self.place, group)


def _group_of(place: Place, instance: str) -> Group:
    launched = place.instances.get(instance)
    group = place.groups.get(launched.group) if launched else None
    if group is None or not any(one.id == instance for one in group.instances):
        raise NotFound(f"no managed instance found for instance ID {instance}")
    return group


def _stays(group: Group, instance: str) -> bool:
    return any(one.id == instance and not one.lifecycle.startswith(fleet.LEAVING) for one in group.instances)


def _fewer(group: Group, by: int) -> Capacity:
    there = group.capacity
    if there.desired - by < there.min:
        raise Rejected(f"desiredSize {there.desired} less {by} would violate the minimum {there.min} of {group.name}")
    return Capacity(there.min, there.desired - by, there.max)


def _detach(place: Place, name: str, members: list[Instance]) -> None:
    """Out of the load balancers at once; a little later the group lists them no more."""
    leaving = frozenset(one.id for one in members)
    fleet.unregister_everywhere(place, leaving)
    fleet.instances_are(place, name, leaving, lifecycle="Detaching")
    place.later(place.manners.shutdown, lambda: _detached(place, name, leaving))
    fleet.balance(place, name)


def _detached(place: Place, name: str, leaving: frozenset[str]) -> None:
    group = place.groups.get(name)
    if group is None:
        return
    gone = [one.id for one in group.instances if one.id in leaving and one.lifecycle == "Detaching"]
    place.group_is(name, instances=tuple(one for one in group.instances if one.id not in gone))
    for one in gone:
        touch(place, one, loose=True)
    place.tell(name, len(gone))
