"""Security groups with their inbound rules, and what uses them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from lambdas.cloud import Tags
from lambdas.cloud.security_groups import Rule, SecurityGroup, SecurityGroups
from lambdas.errors import AlreadyExists, Conflict, NotFound
from lambdas.values import changed
from rehearsal.fake_cloud.place import Place
from rehearsal.fake_cloud.port import Port, call, plays

KIND, INTERFACE = "security group", "interface in a security group"


@dataclass(frozen=True)
class Interface:
    """A network interface in a security group."""

    id: str
    group: str
    """Id."""


@plays(SecurityGroups)
class FakeSecurityGroups(Port):
    @call
    def find(self, vpc: str, name: str) -> SecurityGroup:
        found: SecurityGroup | None = self.place.shelf(KIND).seen(_key(vpc, name), self.place.now)
        if found is None:
            raise NotFound(f"there is no security group {name} in {vpc}")
        return found

    @call
    def ids(self, vpc: str, names: Sequence[str]) -> dict[str, str]:
        standing = {one.name: one.id for one in self.place.security_groups.values() if one.vpc == vpc}
        made = {one.name: one.id for one in self._seen() if one.vpc == vpc}
        return {name: group for name, group in (standing | made).items() if name in names}

    @call
    def dependents(self, group: str) -> tuple[str, ...]:
        return tuple(_dependents(group, self._seen(), self.place.shelf(INTERFACE).things.values()))

    @call
    def create(self, vpc: str, name: str, description: str, tags: Tags) -> None:
        if self.place.shelf(KIND).get(_key(vpc, name)):
            raise AlreadyExists(f"security group {name} exists in {vpc}")
        put(self.place, SecurityGroup(id_of(vpc, name), name, vpc, description, tags=tuple(sorted(tags))))
        self.place.note("created", KIND, name, self.operation)

    @call
    def authorize(self, group: str, rules: Sequence[Rule]) -> None:
        found = self._standing(group)
        there = {one.permission for one in found.rules}
        if any(one.permission in there for one in rules):
            raise AlreadyExists(f"security group {group}: a rule exists already")
        self._rules_are(found, (*found.rules, *rules), "authorized")

    @call
    def revoke(self, group: str, rules: Sequence[Rule]) -> None:
        found, going = self._standing(group), {one.permission for one in rules}
        if not going <= {one.permission for one in found.rules}:
            raise NotFound(f"security group {group}: a rule does not exist")
        self._rules_are(found, [one for one in found.rules if one.permission not in going], "revoked")

    @call
    def describe(self, group: str, rules: Sequence[Rule]) -> None:
        found, said = self._standing(group), {one.permission: one for one in rules}
        self._rules_are(found, [said.get(one.permission, one) for one in found.rules], "described")

    @call
    def tag(self, group: str, tags: Tags) -> None:
        found = self._standing(group)
        put(self.place, changed(found, tags=tuple(sorted((dict(found.tags) | dict(tags)).items()))))
        self.place.note("tagged", KIND, found.name, self.operation)

    @call
    def untag(self, group: str, keys: Sequence[str]) -> None:
        found = self._standing(group)
        put(self.place, changed(found, tags=tuple(one for one in found.tags if one[0] not in keys)))
        self.place.note("untagged", KIND, found.name, self.operation)

    @call
    def delete(self, group: str) -> None:
        found = self._standing(group)
        standing = self.place.shelf(KIND).things.values()
        if used := next(_dependents(group, standing, self.place.shelf(INTERFACE).things.values()), None):
            raise Conflict(f"security group {group} has a dependent object: {used}")
        self.place.shelf(KIND).take(_key(found.vpc, found.name), self.place.now)
        self.place.note("deleted", KIND, found.name, self.operation)

    def _seen(self) -> list[SecurityGroup]:
        return list(self.place.shelf(KIND).all_seen(self.place.now).values())

    def _standing(self, group: str) -> SecurityGroup:
        standing: Iterable[SecurityGroup] = self.place.shelf(KIND).things.values()
        found = next((one for one in standing if one.id == group), None)
        if found is None:
            raise NotFound(f"there is no security group {group}")
        return found

    def _rules_are(self, group: SecurityGroup, rules: Sequence[Rule], did: str) -> None:
        put(self.place, changed(group, rules=tuple(sorted(rules, key=lambda one: one.permission))))
        self.place.note(did, KIND, group.name, self.operation)


def put(place: Place, group: SecurityGroup) -> None:
    """For seeds, too."""
    place.shelf(KIND).put(_key(group.vpc, group.name), group, place.now)


def attach(place: Place, interface: str, group: str) -> None:
    """Somebody's network interface is in the group (by id)."""
    place.shelf(INTERFACE).put(interface, Interface(interface, group), place.now)


def id_of(vpc: str, name: str) -> str:
    """The same for a group made again: snapshots of two runs are compared."""
    return f"sg-{name}-{vpc}"


def _dependents(group: str, standing: Iterable[SecurityGroup], interfaces: Iterable[Interface]) -> Iterator[str]:
    for one in standing:
        if one.id != group and any(rule.source == group for rule in one.rules):
            yield f"a rule of security group {one.name} ({one.id})"
    for interface in interfaces:
        if interface.group == group:
            yield f"network interface {interface.id} (not described)"


def _key(vpc: str, name: str) -> str:
    return f"{vpc}/{name}"
