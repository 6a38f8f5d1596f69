"""Application and network load balancers: what ELB and the fake cloud alike do and refuse."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from lambdas.aws.balancer_words import COGNITO
from lambdas.cloud import OPERATION_TAG
from lambdas.cloud.balancers import LAMBDA, Balancer, Balancers, HealthCheck, Listener, Rule, TargetGroup, canonical
from lambdas.errors import AlreadyExists, Conflict, NotFound, Rejected
from tests.contract.recording import seeding
from tests.contract.worlds import FakeWorld, World

CHECK = HealthCheck("HTTP", "8081", "/health", 15, 6, 3, 4, "200-299")
TAGS = ((OPERATION_TAG, "op1"),)
GONE = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/gone/50dc6c495c0c9188"


@pytest.fixture
def balancers(world: World) -> Balancers:
    return world.cloud.of(Balancers)


def forward(**weights: int) -> list[dict[str, Any]]:
    return [{"Type": "forward", "TargetGroups": {name.replace("_", "-"): each for name, each in weights.items()}}]


def listener(port: int = 80, **weights: int) -> Listener:
    return Listener(port, "HTTP", canonical(forward(**weights or {"shop_api": 1})))


def rule(priority: int, *, path: str = "/old", actions: Any = None) -> Rule:
    conditions = [{"Field": "path-pattern", "Config": {"Values": [path]}}]
    return Rule(80, priority, canonical({"Conditions": conditions, "Actions": actions or forward(shop_api=1)}))


def group(world: World, name: str = "shop-api") -> TargetGroup:
    vpc = world.cloud.network.security_groups([world.region.security_group])[0].vpc
    made = TargetGroup(name, "HTTP", 8080, vpc, "instance", CHECK)
    world.cloud.of(Balancers).create_target_group(made, TAGS)
    return made


def made(world: World, name: str = "shop-one") -> Balancer:
    balancers, groups = world.cloud.of(Balancers), (world.region.security_group,)
    wanted = Balancer(name, "", "application", "", "", "internal", tuple(sorted(world.region.subnets)), groups)
    balancers.create(wanted, TAGS)
    return balancers.find(name)


def test_a_load_balancer_is_made_and_found_by_its_name(world: World, balancers: Balancers) -> None:
    found = made(world)

    assert (found.name, found.kind, found.scheme, found.ip_address_type) == (
        *("shop-one", "application", "internal", "ipv4"),
    )
    assert (found.subnets, found.security_groups) == (
        tuple(sorted(world.region.subnets)),
        (world.region.security_group,),
    )
    assert found.operation == "op1"
    assert "shop-one" in found.dns_name
    with pytest.raises(AlreadyExists):
        balancers.create(replace(found, scheme="internet-facing"), TAGS)
    with pytest.raises(NotFound):
        balancers.find("nobody")


def test_settings_and_attributes_change(world: World, balancers: Balancers) -> None:
    found = made(world)

    balancers.set_ip_address_type(found.id, "dualstack")
    balancers.set_attributes(found.id, (("idle_timeout.timeout_seconds", "30"),))
    balancers.set_security_groups(found.id, [world.region.security_group])

    assert balancers.find("shop-one").ip_address_type == "dualstack"
    told = dict(balancers.attributes(found.id))
    assert (told["idle_timeout.timeout_seconds"], told["deletion_protection.enabled"]) == ("30", "false")


def test_target_groups_are_made_checked_and_described(world: World, balancers: Balancers) -> None:
    group(world)
    with pytest.raises(AlreadyExists):
        group(world)

    (found,) = balancers.target_groups(["shop-api", "nobody"])
    balancers.set_health_check("shop-api", replace(CHECK, interval=20))
    balancers.set_target_attributes("shop-api", (("deregistration_delay.timeout_seconds", "30"),))
    (changed,) = balancers.target_groups(["shop-api"])

    assert (found.kept[:2], found.health, found.operation) == (("HTTP", 8080), CHECK, "op1")
    assert changed.health.interval == 20
    assert dict(changed.attributes)["deregistration_delay.timeout_seconds"] == "30"


def test_listeners_are_made_modified_and_deleted(world: World, balancers: Balancers) -> None:
    found = made(world)
    group(world)
    group(world, "shop-next")
    redirect = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301", "Host": "#{host}"}
    elsewhere = [{"Type": "redirect", "RedirectConfig": redirect | {"Path": "/#{path}", "Query": "#{query}"}}]
    other = Listener(81, "HTTP", canonical(elsewhere))
    for one in (other, listener()):
        balancers.create_listener(found.id, one)

    assert balancers.listeners(found.id) == (listener(), other)
    with pytest.raises(AlreadyExists):
        balancers.create_listener(found.id, listener())
    balancers.modify_listener(found.id, listener(shop_api=3, shop_next=1))
    assert balancers.listeners(found.id) == (listener(shop_api=3, shop_next=1), other)
    balancers.delete_listener(found.id, 81)
    assert balancers.listeners(found.id) == (listener(shop_api=3, shop_next=1),)


def test_rules_are_made_modified_and_deleted_by_their_priority(world: World, balancers: Balancers) -> None:
    found = made(world)
    group(world)
    balancers.create_listener(found.id, listener())
    fixed = {"StatusCode": "404", "ContentType": "text/plain", "MessageBody": "no"}
    for one in (rule(2, actions=[{"Type": "fixed-response", "FixedResponseConfig": fixed}]), rule(1)):
        balancers.create_rule(found.id, one)

    assert [one.priority for one in balancers.rules(found.id)] == [1, 2]
    assert balancers.rules(found.id)[0] == rule(1)
    assert "no" in balancers.rules(found.id)[1].specification
    with pytest.raises(AlreadyExists):
        balancers.create_rule(found.id, rule(1))
    balancers.modify_rule(found.id, rule(2, path="/new"))
    balancers.delete_rule(found.id, 80, 1)
    assert balancers.rules(found.id) == (rule(2, path="/new"),)


def test_what_is_not_there_is_not_found(world: World, balancers: Balancers) -> None:
    group(world)
    found = made(world)
    for ask in (balancers.attributes, balancers.listeners, balancers.rules):
        with pytest.raises(NotFound):
            ask(GONE)
    changes: list[Callable[[], None]] = [
        lambda: balancers.modify_listener(found.id, listener()),
        lambda: balancers.delete_listener(found.id, 80),
        lambda: balancers.create_rule(found.id, rule(1)),
        lambda: balancers.create_listener(found.id, listener(nobody=1)),
        lambda: balancers.create_listener(GONE, listener()),
        lambda: balancers.set_attributes(GONE, (("idle_timeout.timeout_seconds", "1"),)),
        lambda: balancers.set_security_groups(GONE, [world.region.security_group]),
        lambda: balancers.set_ip_address_type(GONE, "ipv4"),
        lambda: balancers.set_health_check("nobody", CHECK),
        lambda: balancers.set_target_attributes("nobody", ()),
        lambda: balancers.delete_target_group("nobody"),
    ]
    for change in changes:
        with pytest.raises(NotFound):
            change()
    balancers.create_listener(found.id, listener())
    changes = [
        lambda: balancers.modify_rule(found.id, rule(1)),
        lambda: balancers.delete_rule(found.id, 80, 1),
    ]
    for change in changes:
        with pytest.raises(NotFound):
            change()


def certificate(world: World, number: str) -> str:
    """An ARN; ELB looks whether there is such a one."""
    if isinstance(world, FakeWorld):
        return f"arn:aws:acm:us-east-1:123456789012:certificate/{number}"
    return str(seeding("acm").request_certificate(DomainName=f"{number}.example.com")["CertificateArn"])


def test_certificates_come_and_go_besides_the_default_one(world: World, balancers: Balancers) -> None:
    one = made(world).id
    group(world)
    default, first, second = sorted(certificate(world, number) for number in "123")
    secured = replace(listener(443), protocol="HTTPS", certificate=default)
    balancers.create_listener(one, secured)
    assert balancers.certificates(one) == ()

    balancers.add_certificate(one, 443, second)
    balancers.add_certificate(one, 443, first)
    balancers.add_certificate(one, 443, first)

    assert balancers.certificates(one) == ((443, first), (443, second))
    balancers.modify_listener(one, replace(secured, actions=canonical(forward(shop_api=2))))
    assert balancers.certificates(one) == ((443, first), (443, second))
    assert [one.certificate for one in balancers.listeners(one)] == [default]

    balancers.remove_certificate(one, 443, first)
    balancers.remove_certificate(one, 443, first)

    assert balancers.certificates(one) == ((443, second),)
    for change in (balancers.add_certificate, balancers.remove_certificate):
        with pytest.raises(NotFound):
            change(one, 444, first)


def test_a_target_group_of_functions_has_no_port(world: World, balancers: Balancers) -> None:
    check = HealthCheck("", "", "/health", 15, 6, 3, 4, "200")
    wanted = TargetGroup("shop-calls", "", 0, "", LAMBDA, check)

    balancers.create_target_group(wanted, TAGS)

    (found,) = balancers.target_groups(["shop-calls"])
    assert (found.kept, found.health, found.operation) == (wanted.kept, check, "op1")
    balancers.set_health_check("shop-calls", replace(check, path="/healthy"))
    assert balancers.target_groups(["shop-calls"])[0].health.path == "/healthy"


def test_actions_that_authenticate_with_cognito_are_told_with_their_defaults(
    world: World, balancers: Balancers
) -> None:
    pool = {"UserPoolArn": "arn:aws:cognito-idp:1", "UserPoolClientId": "1", "UserPoolDomain": "shop"}
    first = {"Type": "authenticate-cognito", "AuthenticateCognitoConfig": COGNITO | pool}
    one = made(world).id
    group(world)
    actions = canonical([first, *forward(shop_api=1)])
    secured = Listener(443, "HTTPS", actions, certificate(world, "1"))

    balancers.create_listener(one, secured)

    assert [one.actions for one in balancers.listeners(one)] == [actions]


def test_target_groups_in_use_are_told_and_stay(world: World, balancers: Balancers) -> None:
    found = made(world)
    group(world)
    assert balancers.used(found.id) == ()
    balancers.create_listener(found.id, listener())

    assert balancers.used(found.id) == ("shop-api",)
    with pytest.raises(Conflict):
        balancers.delete_target_group("shop-api")
    balancers.delete(found.id)
    balancers.delete(found.id)
    balancers.delete_target_group("shop-api")
    assert balancers.target_groups(["shop-api"]) == ()


def test_one_that_is_protected_is_not_deleted(world: World, balancers: Balancers) -> None:
    found = made(world)
    balancers.set_attributes(found.id, (("deletion_protection.enabled", "true"),))

    with pytest.raises(Rejected):
        balancers.delete(found.id)
    assert balancers.find("shop-one").id == found.id
