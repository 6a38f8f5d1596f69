"""deleteLoadBalancer and upsertLoadBalancer as a whole: the states they enter, and what stands afterwards."""

from dataclasses import replace

import pytest

from lambdas.errors import Rejected
from lambdas.rows import Status
from lambdas.table import Key
from rehearsal.fake_cloud import balancers, classic_balancers, differences
from rehearsal.scenarios.delete_load_balancer import CERTIFICATE, DELETES, DELETES_CLASSIC, OTHER_WALL
from rehearsal.scenarios.region import ACCOUNT, REGION
from rehearsal.scenarios.upsert_load_balancer import CHANGES, CHANGES_CLASSIC, MAKES, MAKES_CLASSIC
from rehearsal.trials import Scenario
from rehearsal.world import Result, World

NETWORK = [{"port": 80, "protocol": "TCP", "actions": [{"targetGroups": {"shop-api": 1, "shop-new": 1}}]}]
BEGIN, END = ["Guard", "Plan", "Recovering"], ["Finish", "Succeeded"]


def run(scenario: Scenario, world: World, **fields: object) -> Result:
    return world.run(world.submit(scenario.operation, scenario.request | fields, key=str(fields)))


def standing(world: World, name: str) -> balancers.Standing | None:
    found: balancers.Standing | None = world.cloud.place(ACCOUNT, REGION).shelf(balancers.KIND).get(name)
    return found


def targets(world: World) -> list[str]:
    return sorted(world.cloud.place(ACCOUNT, REGION).shelf(balancers.TARGETS).things)


def test_one_goes_with_its_target_groups_but_those_that_others_send_to() -> None:
    world = DELETES.world()

    result = run(DELETES, world)

    assert result.path == [*BEGIN, "DeleteLoadBalancer", "DeleteTargetGroups", *END]
    assert standing(world, "shop-api") is None
    assert standing(world, "cart-api") is not None
    assert targets(world) == ["shop-shared"]


def test_a_classic_one_goes() -> None:
    world = DELETES_CLASSIC.world()

    assert run(DELETES_CLASSIC, world).control.status is Status.SUCCEEDED
    assert world.cloud.place(ACCOUNT, REGION).shelf(classic_balancers.KIND).get("shop-old") is None


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"loadBalancerName": "nobody"}, "load balancer nobody does not exist in us-east-1; name one that does"),
        ({"loadBalancerType": "network"}, "is of type application, not network; say loadBalancerType application"),
    ],
)
def test_what_is_not_there_or_another_type_is_refused(fields: dict[str, object], sentence: str) -> None:
    world = DELETES.world()
    before = world.cloud.snapshot()

    result = run(DELETES, world, **fields)

    assert result.path[-2:] == ["PutBack", "RolledBack"]
    assert sentence in (result.control.error or "")
    assert differences(before, world.cloud.snapshot()) == []


def test_absence_is_success_to_clouddriver() -> None:
    result = run(DELETES, DELETES.world(), loadBalancerName="nobody", tolerant=True)

    assert result.control.status is Status.SUCCEEDED


def test_one_that_is_protected_is_refused_before_anything() -> None:
    world = DELETES.world()
    found = standing(world, "shop-api")
    assert found is not None
    protected = tuple((key, "true" if key == balancers.PROTECTION else value) for key, value in found.attributes)
    balancers.put(world.cloud.place(ACCOUNT, REGION), replace(found, attributes=protected))
    before = world.cloud.snapshot()

    result = run(DELETES, world)

    assert result.path[-2:] == ["PutBack", "RolledBack"]
    assert "take its deletion protection off first" in (result.control.error or "")
    assert differences(before, world.cloud.snapshot()) == []


UPSERT = [
    *("CreateTargetGroups", "CreateLoadBalancer", "SetNetwork", "SetAttributes", "ConfigureTargets"),
    *("PutListeners", "PutRules"),
]
REMOVALS = ["RemoveListeners", "DeleteTargetGroups"]
BACK = ["NothingLeft", "PutBack", "RolledBack"]


def classic(world: World, name: str) -> classic_balancers.Standing:
    found = world.cloud.place(ACCOUNT, REGION).shelf(classic_balancers.KIND).get(name)
    assert isinstance(found, classic_balancers.Standing)
    return found


@pytest.mark.parametrize("scenario", [CHANGES, MAKES], ids=lambda one: one.name)
def test_what_is_asked_for_stands_and_nothing_else(scenario: Scenario) -> None:
    world = scenario.world()

    result = run(scenario, world)

    assert result.path == [*BEGIN, *UPSERT, *REMOVALS, *END]
    found = standing(world, scenario.request["name"])
    assert found is not None
    assert [(one.port, one.protocol) for one in found.listeners] == [(80, "HTTP"), (443, "HTTPS"), (8443, "HTTPS")]
    assert found.certificates == ((8443, f"{CERTIFICATE}3"), (8443, f"{CERTIFICATE}4"))
    assert [one.name for one in found.rules] == ["80/1"]
    assert found.sends_to == {"shop-api", "shop-new"}
    assert (found.balancer.ip_address_type, found.balancer.security_groups) == ("dualstack", (OTHER_WALL,))
    assert dict(found.attributes)["idle_timeout.timeout_seconds"] == "30"
    groups = world.cloud.place(ACCOUNT, REGION).shelf(balancers.TARGETS).things
    delays = {name: dict(one.attributes)["deregistration_delay.timeout_seconds"] for name, one in groups.items()}
    assert (delays["shop-api"], delays["shop-new"]) == ("30", "60")
    assert groups["shop-api"].health.path == "/healthy"
    name, dns = scenario.request["name"], found.balancer.dns_name
    told = world.table.get(Key(f"op#{result.id}", "step#CreateLoadBalancer")) or {}
    assert told["results"] == {"loadBalancers": {REGION: {"name": name, "dnsName": dns}}}


def test_a_target_group_of_nobody_is_deleted_with_the_listener_that_sent_there() -> None:
    world = CHANGES.world()
    place = world.cloud.place(ACCOUNT, REGION)
    place.shelf(balancers.KIND).take("cart-api", world.clock.now)

    run(CHANGES, world)

    assert targets(world) == ["shop-api", "shop-new"]


def test_the_same_again_changes_nothing() -> None:
    world = CHANGES.world()
    run(CHANGES, world)
    before, deeds = world.cloud.snapshot(), len(world.cloud.deeds)

    result = run(CHANGES, world, internal=False)

    assert result.control.status is Status.SUCCEEDED
    assert differences(before, world.cloud.snapshot()) == []
    assert len(world.cloud.deeds) == deeds


@pytest.mark.parametrize("scenario", [CHANGES, MAKES, CHANGES_CLASSIC, MAKES_CLASSIC], ids=lambda one: one.name)
def test_a_failure_in_the_middle_restores_what_was_there(scenario: Scenario) -> None:
    world = scenario.world()
    before = world.cloud.snapshot()
    last = "classic_balancers.listeners" if scenario in (CHANGES_CLASSIC, MAKES_CLASSIC) else "balancers.rules"
    step = "PutListeners" if scenario in (CHANGES_CLASSIC, MAKES_CLASSIC) else "PutRules"
    world.faults.on(last.__eq__, lambda call: _refused if call.where == step else None)

    result = run(scenario, world)

    done = UPSERT[: UPSERT.index(step) + 1]
    assert result.path == [*BEGIN, *done, *(f"Undo{one}" for one in reversed(done)), *BACK]
    assert differences(before, world.cloud.snapshot()) == []


@pytest.mark.parametrize("scenario", [CHANGES_CLASSIC, MAKES_CLASSIC], ids=lambda one: one.name)
def test_a_classic_one_is_brought_to_what_is_asked_for(scenario: Scenario) -> None:
    world = scenario.world()

    result = run(scenario, world)

    assert result.control.status is Status.SUCCEEDED
    found = classic(world, scenario.request["name"])
    assert [one.port for one in found.listeners] == [80, 81, 443, 8080]
    assert found.listeners[2].certificate == f"{CERTIFICATE}2"
    policies = [one.policies for one in found.listeners]
    assert policies == ([("short",), (), (), ("sticky",)] if scenario is CHANGES_CLASSIC else [()] * 4)
    assert (found.health.port, found.health.path) == ("8080", "/health")
    assert dict(found.attributes) == {
        "crossZone": "true",
        "draining": "true",
        "drainTimeout": "30",
        "idleTimeout": "90",
    }


@pytest.mark.parametrize(
    ("scenario", "fields", "sentence"),
    [
        (
            CHANGES_CLASSIC,
            {"listeners": [{"port": 80, "protocol": "TCP", "instancePort": 8080}]},
            "listener 80 stands with other protocols or ports",
        ),
        (
            MAKES_CLASSIC,
            {"listeners": [{"port": 80, "protocol": "HTTP", "instancePort": 80, "policies": ["sticky"]}]},
            "policies sticky: a new load balancer has none; make it first, then these",
        ),
        (
            CHANGES,
            {"targetGroups": [CHANGES.request["targetGroups"][0] | {"port": 1}, CHANGES.request["targetGroups"][1]]},
            "target group shop-api is HTTP at port 8080 for targets of type instance",
        ),
        (CHANGES, {"loadBalancerType": "network", "listeners": NETWORK, "idleTimeout": None}, "is of type application"),
        (MAKES, {"subnetIds": []}, "a load balancer needs subnets, since EC2-Classic is gone"),
        (MAKES, {"subnetIds": [], "subnetType": "external"}, "no subnet in us-east-1 of account prod is for load"),
        (MAKES, {"securityGroups": ["nobody"]}, "security group nobody does not exist"),
    ],
)
def test_what_cannot_be_is_refused_before_anything(
    scenario: Scenario, fields: dict[str, object], sentence: str
) -> None:
    world = scenario.world()
    before = world.cloud.snapshot()

    result = run(scenario, world, **fields)

    assert result.path[-2:] == ["PutBack", "RolledBack"]
    assert sentence in (result.control.error or "")
    assert differences(before, world.cloud.snapshot()) == []


def test_what_authenticates_is_not_changed_since_its_secret_could_not_be_put_back() -> None:
    world = CHANGES.world()
    found = standing(world, "shop-api")
    assert found is not None
    secured = '[{"AuthenticateOidcConfig":{"ClientId":"1"},"Type":"authenticate-oidc"}]'
    listeners = (replace(found.listeners[0], actions=secured), *found.listeners[1:])
    balancers.put(world.cloud.place(ACCOUNT, REGION), replace(found, listeners=listeners))

    result = run(CHANGES, world)

    assert "listener 80 authenticates, and could not be put back" in (result.control.error or "")


def test_a_policy_that_there_is_not_is_refused_and_what_was_made_goes_again() -> None:
    world = CHANGES_CLASSIC.world()
    before = world.cloud.snapshot()
    other = CHANGES_CLASSIC.request["listeners"][3] | {"policies": ["none"]}

    result = run(CHANGES_CLASSIC, world, listeners=[other])

    assert "There is no policy with name none" in (result.control.error or "")
    assert differences(before, world.cloud.snapshot()) == []


def test_certificates_stay_where_none_is_named_and_go_where_none_shall_be() -> None:
    listeners = CHANGES.request["listeners"]
    unsaid = {name: value for name, value in listeners[2].items() if name != "certificates"}
    for last, left in ((unsaid, ["2", "3"]), (listeners[2] | {"certificates": []}, [])):
        world = CHANGES.world()

        assert run(CHANGES, world, listeners=[*listeners[:2], last]).control.status is Status.SUCCEEDED

        found = standing(world, "shop-api")
        assert found is not None
        assert [arn.rpartition("/")[2] for _, arn in found.certificates] == left


def test_functions_are_sent_to_and_clients_authenticated_with_cognito() -> None:
    world = MAKES.world()
    pool = {"userPoolArn": "arn:aws:cognito-idp:1", "userPoolClientId": "1", "userPoolDomain": "shop"}
    actions = [{"type": "authenticate-cognito", "cognito": pool}, {"targetGroup": "shop-calls"}]
    listeners = [CHANGES.request["listeners"][1] | {"actions": actions}]

    result = run(MAKES, world, listeners=listeners, targetGroups=[{"name": "shop-calls", "targetType": "lambda"}])

    assert result.control.status is Status.SUCCEEDED
    group = world.cloud.place(ACCOUNT, REGION).shelf(balancers.TARGETS).things["shop-calls"]
    assert group.kept == ("", 0, "", "lambda")
    assert (group.health.port, group.health.path, group.health.matcher) == ("", "/", "200")
    found = standing(world, "shop-fresh")
    assert found is not None
    assert '"AuthenticateCognitoConfig":{"AuthenticationRequestExtraParams":{}' in found.listeners[0].actions


def _refused(*_: object) -> None:
    raise Rejected("not today")
