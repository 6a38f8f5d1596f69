"""Classic load balancers with what belongs to them; their instances are `FakeLoadBalancers`' matter."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lambdas.cloud import OPERATION_TAG, Tags
from lambdas.cloud.balancers import Balancer, HealthCheck
from lambdas.cloud.classic_balancers import (
    CROSS_ZONE,
    DRAIN_TIMEOUT,
    DRAINING,
    IDLE_TIMEOUT,
    ClassicBalancers,
    ClassicListener,
)
from lambdas.errors import AlreadyExists, NotFound, Rejected
from rehearsal.fake_cloud.place import Place
from rehearsal.fake_cloud.port import Port, call, plays

KIND = "classic balancer"
DEFAULTS: Tags = ((CROSS_ZONE, "false"), (DRAIN_TIMEOUT, "300"), (DRAINING, "false"), (IDLE_TIMEOUT, "60"))

CHECK = HealthCheck("TCP", "80", "", 30, 5, 10, 2)


@dataclass(frozen=True)
class Standing:
    """A classic load balancer with all that goes with it."""

    balancer: Balancer
    listeners: tuple[ClassicListener, ...]
    attributes: Tags = DEFAULTS
    health: HealthCheck = CHECK
    policies: tuple[str, ...] = ()
    """Names of those that listeners may have."""


@plays(ClassicBalancers)
class FakeClassicBalancers(Port):
    @call
    def find(self, name: str) -> Balancer:
        return self._seen(name).balancer

    @call
    def attributes(self, balancer: str) -> Tags:
        return self._seen(balancer).attributes

    @call
    def listeners(self, balancer: str) -> tuple[ClassicListener, ...]:
        return self._seen(balancer).listeners

    @call
    def health_check(self, balancer: str) -> HealthCheck:
        return self._seen(balancer).health

    @call
    def create(self, balancer: Balancer, listeners: Sequence[ClassicListener], tags: Tags) -> None:
        if self.place.shelf(KIND).get(balancer.name):
            raise AlreadyExists(f"load balancer {balancer.name} exists")
        put(self.place, Standing(made(self.place, balancer, dict(tags).get(OPERATION_TAG)), _sorted(_bare(listeners))))
        self.place.note("created", KIND, balancer.name, self.operation)

    @call
    def set_security_groups(self, balancer: str, groups: Sequence[str]) -> None:
        found = self._standing(balancer)
        self._is(found, balancer=replace(found.balancer, security_groups=tuple(sorted(groups))))

    @call
    def set_attributes(self, balancer: str, attributes: Tags) -> None:
        found = self._standing(balancer)
        self._is(found, attributes=tuple(sorted((dict(found.attributes) | dict(attributes)).items())))

    @call
    def set_health_check(self, balancer: str, health: HealthCheck) -> None:
        self._is(self._standing(balancer), health=health)

    @call
    def create_listeners(self, balancer: str, listeners: Sequence[ClassicListener]) -> None:
        found = self._standing(balancer)
        there = {one.port: one for one in found.listeners}
        bare = {one.port: one for one in _bare(listeners)}
        if any(replace(there[at], policies=()) != one for at, one in bare.items() if at in there):
            raise AlreadyExists(f"load balancer {balancer} has another listener at one of the ports")
        self._is(found, listeners=_sorted({**bare, **there}.values()))

    @call
    def set_certificate(self, balancer: str, port: int, certificate: str) -> None:
        found = self._standing(balancer)
        there = {one.port: one for one in found.listeners}
        if port not in there:
            raise NotFound(f"load balancer {balancer} has no listener at port {port}")
        there[port] = replace(there[port], certificate=certificate)
        self._is(found, listeners=_sorted(there.values()))

    @call
    def set_policies(self, balancer: str, port: int, policies: Sequence[str]) -> None:
        found = self._standing(balancer)
        there = {one.port: one for one in found.listeners}
        if port not in there:
            raise NotFound(f"load balancer {balancer} has no listener at port {port}")
        if unknown := sorted(set(policies) - set(found.policies)):
            raise Rejected(f"There is no policy with name {', '.join(unknown)} for load balancer {balancer}")
        there[port] = replace(there[port], policies=tuple(sorted(policies)))
        self._is(found, listeners=_sorted(there.values()))

    @call
    def delete_listeners(self, balancer: str, ports: Sequence[int]) -> None:
        found = self._standing(balancer)
        self._is(found, listeners=tuple(one for one in found.listeners if one.port not in ports))

    @call
    def delete(self, balancer: str) -> None:
        if self.place.shelf(KIND).get(balancer):
            self.place.shelf(KIND).take(balancer, self.place.now)
            self.place.note("deleted", KIND, balancer, self.operation)

    def _seen(self, name: str) -> Standing:
        found: Standing | None = self.place.shelf(KIND).seen(name, self.place.now)
        if found is None:
            raise NotFound(f"there is no load balancer {name}")
        return found

    def _standing(self, name: str) -> Standing:
        found: Standing | None = self.place.shelf(KIND).get(name)
        if found is None:
            raise NotFound(f"there is no load balancer {name}")
        return found

    def _is(self, found: Standing, **now: Any) -> None:
        put(self.place, replace(found, **now))
        self.place.note("changed", KIND, found.balancer.name, self.operation)


def made(place: Place, balancer: Balancer, operation: str | None) -> Balancer:
    """With what AWS gives it: the same when it is made again."""
    dns = f"{balancer.name}.{place.region}.elb.amazonaws.com"
    return replace(balancer, id=balancer.name, dns_name=dns, operation=operation)


def put(place: Place, standing: Standing) -> None:
    """For seeds, too."""
    place.shelf(KIND).put(standing.balancer.name, standing, place.now)


def _bare(listeners: Iterable[ClassicListener]) -> list[ClassicListener]:
    """As ELB makes them."""
    return [replace(one, policies=()) for one in listeners]


def _sorted(listeners: Iterable[ClassicListener]) -> tuple[ClassicListener, ...]:
    return tuple(sorted(listeners, key=lambda one: one.port))
