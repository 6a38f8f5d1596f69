"""Application and network load balancers: each with all that belongs to it, and target groups apart."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from lambdas.cloud import OPERATION_TAG, Tags
from lambdas.cloud.balancers import Balancer, Balancers, HealthCheck, Listener, Rule, TargetGroup, groups_in
from lambdas.errors import AlreadyExists, Conflict, NotFound, Rejected
from rehearsal.fake_cloud.place import Place
from rehearsal.fake_cloud.port import Port, call, plays

KIND, TARGETS = "balancer", "targets"
PROTECTION = "deletion_protection.enabled"
DEFAULTS: Tags = (
    (PROTECTION, "false"),
    ("idle_timeout.timeout_seconds", "60"),
    ("load_balancing.cross_zone.enabled", "false"),
)
TARGET_DEFAULTS: Tags = (
    ("deregistration_delay.timeout_seconds", "300"),
    ("stickiness.enabled", "false"),
)


@dataclass(frozen=True)
class Standing:
    """A load balancer with all that goes with it."""

    balancer: Balancer
    attributes: Tags = DEFAULTS
    listeners: tuple[Listener, ...] = ()
    rules: tuple[Rule, ...] = ()
    certificates: tuple[tuple[int, str], ...] = ()
    """Of listeners by their ports, besides the default ones."""

    @property
    def sends_to(self) -> set[str]:
        """Names of target groups."""
        texts = (*(one.actions for one in self.listeners), *(one.specification for one in self.rules))
        return {name for text in texts for name in groups_in(text)}


@plays(Balancers)
class FakeBalancers(Port):
    @call
    def find(self, name: str) -> Balancer:
        found: Standing | None = self.place.shelf(KIND).seen(name, self.place.now)
        if found is None:
            raise NotFound(f"there is no load balancer {name}")
        return found.balancer

    @call
    def attributes(self, balancer: str) -> Tags:
        return self._seen(balancer).attributes

    @call
    def listeners(self, balancer: str) -> tuple[Listener, ...]:
        return self._seen(balancer).listeners

    @call
    def certificates(self, balancer: str) -> tuple[tuple[int, str], ...]:
        return self._seen(balancer).certificates

    @call
    def rules(self, balancer: str) -> tuple[Rule, ...]:
        return self._seen(balancer).rules

    @call
    def used(self, balancer: str) -> tuple[str, ...]:
        mine = self._seen(balancer).sends_to
        all_seen = self.place.shelf(KIND).all_seen(self.place.now).values()
        others = [one.sends_to for one in all_seen if one.balancer.id != balancer]
        return tuple(sorted(mine.difference(*others)))

    @call
    def target_groups(self, names: Sequence[str]) -> tuple[TargetGroup, ...]:
        found = self.place.shelf(TARGETS).all_seen(self.place.now)
        return tuple(found[name] for name in sorted(set(names)) if name in found)

    @call
    def create(self, balancer: Balancer, tags: Tags) -> None:
        if self.place.shelf(KIND).get(balancer.name):
            raise AlreadyExists(f"load balancer {balancer.name} exists")
        put(self.place, Standing(made(self.place, balancer, dict(tags).get(OPERATION_TAG))))
        self.place.note("created", KIND, balancer.name, self.operation)

    @call
    def set_security_groups(self, balancer: str, groups: Sequence[str]) -> None:
        found = self._standing(balancer)
        self._is(found, balancer=replace(found.balancer, security_groups=tuple(sorted(groups))))

    @call
    def set_ip_address_type(self, balancer: str, ip_address_type: str) -> None:
        found = self._standing(balancer)
        self._is(found, balancer=replace(found.balancer, ip_address_type=ip_address_type))

    @call
    def set_attributes(self, balancer: str, attributes: Tags) -> None:
        found = self._standing(balancer)
        self._is(found, attributes=_merged(found.attributes, attributes))

    @call
    def create_target_group(self, group: TargetGroup, tags: Tags) -> None:
        if self.place.shelf(TARGETS).get(group.name):
            raise AlreadyExists(f"target group {group.name} exists")
        operation = dict(tags).get(OPERATION_TAG)
        self._target(replace(group, attributes=TARGET_DEFAULTS, operation=operation), "created")

    @call
    def set_health_check(self, group: str, health: HealthCheck) -> None:
        self._target(replace(self._group(group), health=health), "checked")

    @call
    def set_target_attributes(self, group: str, attributes: Tags) -> None:
        found = self._group(group)
        self._target(replace(found, attributes=_merged(found.attributes, attributes)), "changed")

    @call
    def delete_target_group(self, group: str) -> None:
        self._group(group)
        if any(group in one.sends_to for one in self.place.shelf(KIND).things.values()):
            raise Conflict(f"target group {group} is in use by a listener or a rule")
        self.place.shelf(TARGETS).take(group, self.place.now)
        self.place.note("deleted", TARGETS, group, self.operation)

    @call
    def create_listener(self, balancer: str, listener: Listener) -> None:
        found = self._standing(balancer)
        if any(one.port == listener.port for one in found.listeners):
            raise AlreadyExists(f"load balancer {balancer} has a listener at port {listener.port}")
        self._has(found, listener)

    @call
    def modify_listener(self, balancer: str, listener: Listener) -> None:
        found = self._standing(balancer)
        self._present(found, listener.port)
        self._has(found, listener)

    @call
    def delete_listener(self, balancer: str, port: int) -> None:
        found = self._standing(balancer)
        self._present(found, port)
        self._is(
            found,
            listeners=tuple(one for one in found.listeners if one.port != port),
            rules=tuple(one for one in found.rules if one.port != port),
            certificates=tuple(one for one in found.certificates if one[0] != port),
        )

    @call
    def add_certificate(self, balancer: str, port: int, certificate: str) -> None:
        found = self._standing(balancer)
        self._present(found, port)
        self._is(found, certificates=tuple(sorted({*found.certificates, (port, certificate)})))

    @call
    def remove_certificate(self, balancer: str, port: int, certificate: str) -> None:
        found = self._standing(balancer)
        self._present(found, port)
        self._is(found, certificates=tuple(one for one in found.certificates if one != (port, certificate)))

    @call
    def create_rule(self, balancer: str, rule: Rule) -> None:
        found = self._standing(balancer)
        self._present(found, rule.port)
        if any(one.name == rule.name for one in found.rules):
            raise AlreadyExists(f"load balancer {balancer} has a rule {rule.name}")
        self._rules(found, rule)

    @call
    def modify_rule(self, balancer: str, rule: Rule) -> None:
        found = self._standing(balancer)
        self._ruled(found, rule.name)
        self._rules(found, rule)

    @call
    def delete_rule(self, balancer: str, port: int, priority: int) -> None:
        found = self._standing(balancer)
        self._ruled(found, f"{port}/{priority}")
        self._is(found, rules=tuple(one for one in found.rules if one.name != f"{port}/{priority}"))

    @call
    def delete(self, balancer: str) -> None:
        found = self._of(balancer)
        if found is None:
            return
        if dict(found.attributes)[PROTECTION] == "true":
            raise Rejected(f"load balancer {balancer} cannot be deleted because deletion protection is enabled")
        self.place.shelf(KIND).take(found.balancer.name, self.place.now)
        self.place.note("deleted", KIND, found.balancer.name, self.operation)

    def _seen(self, balancer: str) -> Standing:
        found: Standing | None = self.place.shelf(KIND).seen(_name(balancer), self.place.now)
        if found is None:
            raise NotFound(f"there is no load balancer {balancer}")
        return found

    def _of(self, balancer: str) -> Standing | None:
        found: Standing | None = self.place.shelf(KIND).get(_name(balancer))
        return found

    def _standing(self, balancer: str) -> Standing:
        found = self._of(balancer)
        if found is None:
            raise NotFound(f"there is no load balancer {balancer}")
        return found

    def _group(self, name: str) -> TargetGroup:
        found: TargetGroup | None = self.place.shelf(TARGETS).get(name)
        if found is None:
            raise NotFound(f"there is no target group {name}")
        return found

    def _present(self, found: Standing, port: int) -> None:
        if not any(one.port == port for one in found.listeners):
            raise NotFound(f"load balancer {found.balancer.name} has no listener at port {port}")

    def _ruled(self, found: Standing, name: str) -> None:
        if not any(one.name == name for one in found.rules):
            raise NotFound(f"load balancer {found.balancer.name} has no rule {name}")

    def _has(self, found: Standing, listener: Listener) -> None:
        self._targets_exist(listener.actions)
        others = [one for one in found.listeners if one.port != listener.port]
        self._is(found, listeners=tuple(sorted((*others, listener), key=lambda one: one.port)))

    def _rules(self, found: Standing, rule: Rule) -> None:
        self._targets_exist(rule.specification)
        others = [one for one in found.rules if one.name != rule.name]
        self._is(found, rules=tuple(sorted((*others, rule), key=lambda one: (one.port, one.priority))))

    def _targets_exist(self, text: str) -> None:
        for name in groups_in(text):
            self._group(name)

    def _is(self, found: Standing, **now: Any) -> None:
        put(self.place, replace(found, **now))
        self.place.note("changed", KIND, found.balancer.name, self.operation)

    def _target(self, group: TargetGroup, did: str) -> None:
        put_targets(self.place, group)
        self.place.note(did, TARGETS, group.name, self.operation)


def made(place: Place, balancer: Balancer, operation: str | None) -> Balancer:
    """With what AWS gives it: the same when it is made again."""
    arn = f"arn:aws:elasticloadbalancing:{place.region}:{place.account}:loadbalancer/app/{balancer.name}/1"
    dns = f"{balancer.name}-1.{place.region}.elb.amazonaws.com"
    return replace(balancer, id=arn, dns_name=dns, operation=operation)


def put(place: Place, standing: Standing) -> None:
    """For seeds, too."""
    place.shelf(KIND).put(standing.balancer.name, standing, place.now)


def put_targets(place: Place, group: TargetGroup) -> None:
    """For seeds, too."""
    place.shelf(TARGETS).put(group.name, group, place.now)


def _name(arn: str) -> str:
    return arn.split("/")[-2] if "/" in arn else arn


def _merged(there: Tags, new: Tags) -> Tags:
    return tuple(sorted((dict(there) | dict(new)).items()))
