"""Classic load balancers: what ELB and the fake cloud alike do and refuse."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from lambdas.cloud import OPERATION_TAG
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
from rehearsal.fake_cloud import classic_balancers
from tests.contract.recording import seeding
from tests.contract.worlds import FakeWorld, World

TAGS = ((OPERATION_TAG, "op1"),)
WEB, SHELL = ClassicListener(80, "HTTP", 8080, "HTTP"), ClassicListener(22, "TCP", 22, "TCP")


@pytest.fixture
def balancers(world: World) -> ClassicBalancers:
    return world.cloud.of(ClassicBalancers)


def made(world: World) -> Balancer:
    balancers, groups = world.cloud.of(ClassicBalancers), (world.region.security_group,)
    wanted = Balancer("shop-one", "", "classic", "", "", "internal", tuple(sorted(world.region.subnets)), groups)
    balancers.create(wanted, (WEB,), TAGS)
    return balancers.find("shop-one")


def test_one_is_made_with_its_listeners_and_found(world: World, balancers: ClassicBalancers) -> None:
    found = made(world)

    assert (found.id, found.kind, found.scheme, found.operation) == ("shop-one", "classic", "internal", "op1")
    assert (found.subnets, found.security_groups) == (
        tuple(sorted(world.region.subnets)),
        (world.region.security_group,),
    )
    assert "shop-one" in found.dns_name
    assert balancers.listeners("shop-one") == (WEB,)
    with pytest.raises(AlreadyExists):
        balancers.create(found, (SHELL,), TAGS)


def test_attributes_and_health_check_change(world: World, balancers: ClassicBalancers) -> None:
    made(world)
    check = HealthCheck("HTTP", "8080", "/health", 20, 6, 3, 4)
    wanted = ((CROSS_ZONE, "true"), (DRAIN_TIMEOUT, "30"), (DRAINING, "true"), (IDLE_TIMEOUT, "90"))

    balancers.set_attributes("shop-one", wanted)
    balancers.set_health_check("shop-one", check)
    balancers.set_security_groups("shop-one", [world.region.security_group])

    assert balancers.attributes("shop-one") == wanted
    assert balancers.health_check("shop-one") == check
    plain = HealthCheck("TCP", "22", "", 20, 6, 3, 4)
    balancers.set_health_check("shop-one", plain)
    assert balancers.health_check("shop-one") == plain


def test_listeners_come_and_go(world: World, balancers: ClassicBalancers) -> None:
    made(world)

    balancers.create_listeners("shop-one", [SHELL, WEB])
    assert balancers.listeners("shop-one") == (SHELL, WEB)
    with pytest.raises(AlreadyExists):
        balancers.create_listeners("shop-one", [ClassicListener(80, "TCP", 1, "TCP")])
    balancers.delete_listeners("shop-one", [80, 81])
    assert balancers.listeners("shop-one") == (SHELL,)


def test_a_secured_listener_gets_another_certificate(world: World, balancers: ClassicBalancers) -> None:
    made(world)
    first, second = (f"arn:aws:iam::123456789012:server-certificate/{name}" for name in ("first", "second"))
    secured = ClassicListener(443, "HTTPS", 8443, "HTTPS", first)
    balancers.create_listeners("shop-one", [secured])
    assert balancers.listeners("shop-one") == (WEB, secured)

    balancers.set_certificate("shop-one", 443, second)

    assert balancers.listeners("shop-one") == (WEB, replace(secured, certificate=second))


def test_a_listener_gets_policies_that_the_load_balancer_has(world: World, balancers: ClassicBalancers) -> None:
    made(world)
    define(world, "sticky")

    balancers.set_policies("shop-one", 80, ["sticky"])
    assert balancers.listeners("shop-one") == (replace(WEB, policies=("sticky",)),)
    with pytest.raises(Rejected):
        balancers.set_policies("shop-one", 80, ["nothing"])
    with pytest.raises(NotFound):
        balancers.set_policies("shop-one", 81, ["sticky"])

    balancers.set_policies("shop-one", 80, [])
    assert balancers.listeners("shop-one") == (WEB,)


def test_a_new_listener_has_no_policies_but_what_are_set(world: World, balancers: ClassicBalancers) -> None:
    made(world)
    define(world, "sticky")

    balancers.create_listeners("shop-one", [replace(SHELL, policies=("sticky",))])

    assert balancers.listeners("shop-one")[0] == SHELL


def define(world: World, policy: str) -> None:
    """Somebody gives the load balancer a policy."""
    if isinstance(world, FakeWorld):
        found: Any = world.place.shelf(classic_balancers.KIND).get("shop-one")
        classic_balancers.put(world.place, replace(found, policies=(policy,)))
    else:
        seeding("elb").create_lb_cookie_stickiness_policy(LoadBalancerName="shop-one", PolicyName=policy)


def test_what_is_not_there_is_not_found(balancers: ClassicBalancers, world: World) -> None:
    for ask in (balancers.find, balancers.attributes, balancers.listeners, balancers.health_check):
        with pytest.raises(NotFound):
            ask("nobody")
    changes: list[Callable[[], None]] = [
        lambda: balancers.set_attributes("nobody", ((IDLE_TIMEOUT, "1"),)),
        lambda: balancers.set_health_check("nobody", HealthCheck("TCP", "1")),
        lambda: balancers.set_security_groups("nobody", [world.region.security_group]),
        lambda: balancers.create_listeners("nobody", [WEB]),
        lambda: balancers.delete_listeners("nobody", [80]),
        lambda: balancers.set_certificate("nobody", 443, "arn:aws:iam::1:server-certificate/x"),
        lambda: balancers.set_policies("nobody", 443, []),
    ]
    for change in changes:
        with pytest.raises(NotFound):
            change()


def test_deletion_of_one_that_is_gone_is_no_error(world: World, balancers: ClassicBalancers) -> None:
    made(world)

    balancers.delete("shop-one")
    balancers.delete("shop-one")

    with pytest.raises(NotFound):
        balancers.find("shop-one")
