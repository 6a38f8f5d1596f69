"""Instances one by one: what somebody made of them, and those that no group has."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from lambdas.cloud import Tags
from lambdas.cloud.ec2_instances import Ec2Instance, Ec2Instances
from lambdas.errors import NotFound, Rejected
from lambdas.values import changed
from rehearsal.fake_cloud import fleet, seeds
from rehearsal.fake_cloud.place import Launched, Place
from rehearsal.fake_cloud.port import Port, call, plays

KIND, TERMINATING = "instance", "Terminating"
"""The shelf of what is otherwise with an instance than when its group launched it."""


@dataclass(frozen=True)
class Touched:
    security_groups: tuple[str, ...] | None = None
    """None: those of its group's template."""
    tags: Tags = ()
    loose: bool = False
    """No group has it."""
    leaving: bool = False
    """A loose one shuts down."""
    protected: bool = False


@plays(Ec2Instances)
class FakeEc2Instances(Port):
    @call
    def found(self, ids: Sequence[str]) -> dict[str, Ec2Instance]:
        launched = self.place.instances
        return {one: self._seen(one, launched[one]) for one in dict.fromkeys(ids) if one in launched}

    @call
    def protected(self, instance: str) -> bool:
        self._exist([instance])
        return touched(self.place, instance).protected

    @call
    def reboot(self, instances: Sequence[str]) -> None:
        self._exist(instances)
        for one in instances:
            self.place.note("rebooted", KIND, one, self.operation)

    @call
    def terminate(self, instances: Sequence[str]) -> None:
        place = self.place
        there = [one for one in instances if one in place.instances]
        if kept := [one for one in there if touched(place, one).protected]:
            raise Rejected(f"instance {kept[0]} may not be terminated; modify its disableApiTermination")
        for one in there:
            place.note("terminated", KIND, one, self.operation)
            terminate(place, one)

    @call
    def tag(self, instances: Sequence[str], key: str, value: str) -> None:
        self._tags(instances, lambda tags: {**tags, key: value})

    @call
    def untag(self, instances: Sequence[str], key: str, value: str) -> None:
        self._tags(instances, lambda tags: {k: v for k, v in tags.items() if (k, v) != (key, value)})

    @call
    def secure(self, instance: str, security_groups: Sequence[str]) -> None:
        place, wanted = self.place, tuple(sorted(security_groups))
        self._exist([instance])
        if missing := [one for one in wanted if one not in place.security_groups]:
            raise Rejected(f"the security group {missing[0]} does not exist")
        own = launched_in(place, place.instances[instance])
        touch(place, instance, security_groups=None if wanted == own else wanted)
        place.note("secured", KIND, instance, self.operation, wanted)

    def _tags(self, instances: Sequence[str], change: Callable[[dict[str, str]], dict[str, str]]) -> None:
        place = self.place
        for one in instances:
            if one in place.instances:
                touch(place, one, tags=tuple(sorted(change(dict(touched(place, one).tags)).items())))
                place.note("tagged", KIND, one, self.operation)

    def _seen(self, instance: str, launched: Launched) -> Ec2Instance:
        place = self.place
        kept = place.shelf(KIND).seen(instance, place.now) or Touched()
        group = None if kept.loose else place.groups.seen(launched.group, place.now)
        members = {one.id: one.lifecycle for one in group.instances} if group else {}
        leaving = kept.leaving or members.get(instance, "").startswith(TERMINATING)
        return Ec2Instance(
            instance,
            "shutting-down" if leaving else "running",
            launched.group if instance in members else "",
            seeds.VPC,
            launched_in(place, launched) if kept.security_groups is None else kept.security_groups,
            kept.tags,
        )

    def _exist(self, instances: Iterable[str]) -> None:
        if missing := [one for one in instances if one not in self.place.instances]:
            raise NotFound(f"instance {missing[0]} does not exist")


def touched(place: Place, instance: str) -> Touched:
    """As it really is."""
    found: Touched | None = place.shelf(KIND).get(instance)
    return found or Touched()


def touch(place: Place, instance: str, **now: object) -> None:
    """What is otherwise with it from now on; for seeds, too."""
    kept = changed(touched(place, instance), **now)
    if kept == Touched():
        place.shelf(KIND).take(instance, place.now)
    else:
        place.shelf(KIND).put(instance, kept, place.now)


def launched_in(place: Place, launched: Launched) -> tuple[str, ...]:
    """The security groups of the group's template."""
    group = place.groups.get(launched.group)
    template = place.templates.get(group.launch_template or "") if group else None
    return tuple(sorted(template.settings.security_groups)) if template else ()


def terminate(place: Place, instance: str) -> None:
    """One that a group has leaves it and is replaced; twice is once."""
    if touched(place, instance).loose:
        if not touched(place, instance).leaving:
            touch(place, instance, leaving=True)
            fleet.unregister_everywhere(place, frozenset([instance]))
            place.later(place.manners.shutdown, lambda: _gone(place, instance))
        return
    name = place.instances[instance].group
    group = place.groups.get(name)
    if group and not any(one.id == instance and one.lifecycle.startswith(TERMINATING) for one in group.instances):
        fleet.terminate(place, name, [instance])


def _gone(place: Place, instance: str) -> None:
    place.instances.pop(instance, None)
    place.shelf(KIND).take(instance, place.now)
