"""upsertSecurityGroup and deleteSecurityGroup as a whole: the states they enter, and what stands afterwards."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from lambdas.cloud.security_groups import Rule, SecurityGroup
from lambdas.errors import Rejected
from lambdas.rows import Status
from lambdas.table import Key
from rehearsal.fake_cloud import differences, seeds
from rehearsal.fake_cloud.security_groups import KIND, attach, id_of, put
from rehearsal.faults import Call
from rehearsal.scenarios.delete_security_group import DELETES
from rehearsal.scenarios.region import ACCOUNT, REGION
from rehearsal.scenarios.upsert_security_group import CHANGES, MAKES, RULES, STANDING
from rehearsal.trials import Scenario
from rehearsal.world import Result, World

UPSERT = ["CreateGroup", "TagGroup", "DescribeRules", "AuthorizeIngress", "RevokeIngress"]
BEGIN, END = ["Guard", "Plan", "Recovering"], ["Finish", "Succeeded"]
BACK = ["NothingLeft", "PutBack", "RolledBack"]
ASKED = (
    Rule("-1", -1, -1, id_of(seeds.VPC, "shop-api")),
    Rule("tcp", 80, 80, "0.0.0.0/0", "everybody"),
    Rule("tcp", 7001, 7002, seeds.WEB),
)


def run(scenario: Scenario, world: World, **fields: object) -> Result:
    return world.run(world.submit(scenario.operation, scenario.request | fields, key=str(fields)))


def before(world: World, name: str, happens: Callable[[], object]) -> None:
    """Something happens just before the first call of that name."""
    once = [happens]

    def model(_: Call) -> None:
        if once:
            once.pop()()

    world.faults.on(name.__eq__, model)


def standing(world: World) -> SecurityGroup | None:
    found: SecurityGroup | None = world.cloud.place(ACCOUNT, REGION).shelf(KIND).get(f"{seeds.VPC}/shop-api")
    return found


@pytest.mark.parametrize("scenario", [CHANGES, MAKES], ids=lambda one: one.name)
def test_the_rules_asked_for_stand_and_no_others(scenario: Scenario) -> None:
    world = scenario.world()

    result = run(scenario, world)

    assert result.path == [*BEGIN, *UPSERT, *END]
    group = standing(world)
    assert group is not None
    assert group.rules == ASKED
    assert {"owner": "shop", "team": "api"}.items() <= dict(group.tags).items()


def test_append_only_revokes_nothing_and_needs_no_description() -> None:
    world = CHANGES.world()

    run(CHANGES, world, ingressAppendOnly=True, description="")

    group = standing(world)
    assert group is not None
    assert {one.permission for one in group.rules} == {one.permission for one in (*RULES, *ASKED)}


def test_the_same_again_changes_nothing() -> None:
    world = CHANGES.world()
    run(CHANGES, world)
    before, deeds = world.cloud.snapshot(), len(world.cloud.deeds)

    result = run(CHANGES, world, tags={})

    assert result.path == [*BEGIN, *UPSERT, *END]
    assert differences(before, world.cloud.snapshot()) == []
    assert len(world.cloud.deeds) == deeds


def test_a_refused_revocation_restores_exactly_what_was_there() -> None:
    world = CHANGES.world()
    before = world.cloud.snapshot()
    revoking = "security_groups.revoke"
    world.faults.on(revoking.__eq__, lambda call: _refused if call.where == "RevokeIngress" else None)

    result = run(CHANGES, world)

    assert result.path == [*BEGIN, *UPSERT, *(f"Undo{one}" for one in reversed(UPSERT)), *BACK]
    assert differences(before, world.cloud.snapshot()) == []


def test_a_group_that_somebody_else_makes_meanwhile_stays_theirs() -> None:
    world = MAKES.world()
    theirs = replace(STANDING, rules=())
    before(world, "security_groups.create", lambda: put(world.cloud.place(ACCOUNT, REGION), theirs))

    result = run(MAKES, world)

    assert result.path == [*BEGIN, "CreateGroup", "UndoCreateGroup", *BACK]
    assert standing(world) == theirs


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (
            {"ingress": [{"ipProtocol": "-1", "securityGroup": "nobody"}]},
            f"the rules name do not exist: nobody in {seeds.VPC}; name some that do",
        ),
        ({"name": "shop-none", "description": "", "ingressAppendOnly": True}, "to make it needs a description"),
    ],
)
def test_what_cannot_be_is_refused_before_anything(fields: dict[str, object], sentence: str) -> None:
    world = CHANGES.world()
    before = world.cloud.snapshot()

    result = run(CHANGES, world, **fields)

    assert result.path[-2:] == ["PutBack", "RolledBack"]
    assert sentence in (result.control.error or "")
    assert differences(before, world.cloud.snapshot()) == []


def test_a_group_is_deleted_and_one_that_is_gone_is_success_only_to_clouddriver() -> None:
    world = DELETES.world()

    assert run(DELETES, world).path == [*BEGIN, "DeleteGroup", *END]
    assert standing(world) is None
    assert run(DELETES, world, tolerant=True).control.status is Status.SUCCEEDED
    assert "does not exist" in (run(DELETES, world, tolerant=False).control.error or "")


def test_what_is_in_use_is_not_deleted_and_its_dependents_are_named() -> None:
    world = DELETES.world()
    place = world.cloud.place(ACCOUNT, REGION)
    attach(place, "eni-1", STANDING.id)
    put(place, SecurityGroup("sg-2", "shop-db", seeds.VPC, "", (Rule("tcp", 1, 1, STANDING.id),)))
    before = world.cloud.snapshot()

    result = run(DELETES, world)

    assert result.path[-2:] == ["PutBack", "RolledBack"]
    named = "a rule of security group shop-db (sg-2), network interface eni-1 (not described)"
    assert f"is used by {named}; take it out" in (result.control.error or "")
    assert differences(before, world.cloud.snapshot()) == []


def test_what_is_used_at_the_last_moment_asks_a_person_who_it_is() -> None:
    world = DELETES.world()
    before(world, "security_groups.delete", lambda: attach(world.cloud.place(ACCOUNT, REGION), "eni-1", STANDING.id))
    operation = world.submit(DELETES.operation, DELETES.request)

    world.run(operation, until=lambda: "Hold" in world.result(operation).path)

    row = world.table.get(Key(f"op#{operation}", "step#DeleteGroup")) or {}
    assert "is used by network interface eni-1" in row["error"]


def _refused(*_: object) -> None:
    raise Rejected("not today")
