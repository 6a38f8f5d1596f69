"""Stacks and change sets: what CloudFormation and the fake cloud alike do and refuse."""

import json
from dataclasses import replace

import pytest

from lambdas.cloud.stacks import CREATE, UPDATE, Needs, Specification, Stacks
from lambdas.errors import AlreadyExists, NotFound, Rejected
from rehearsal.fake_cloud.stacks import BREAKS, BROKEN, SPENT, STUCK
from tests.contract.worlds import FakeWorld, World

QUEUE = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "shop-queue", "DelaySeconds": {"Ref": "Days"}}}
DAYS = {"Days": {"Type": "String"}}
TEMPLATE = json.dumps({"Parameters": DAYS, "Resources": {"Queue": QUEUE}})
OTHER = json.dumps({"Parameters": DAYS, "Resources": {"Queue": QUEUE, "Dead": {"Type": "AWS::SQS::Queue"}}})
SHOP = Specification("shop", TEMPLATE, parameters=(("Days", "7"),), tags=(("team", "shop"),))
LATER = replace(SHOP, template=OTHER)
FAILING, FAILING_FOR_GOOD = (
    replace(SHOP, template=json.dumps({"Description": says, **json.loads(OTHER)})) for says in (BREAKS, STUCK)
)
NO_STACK = "arn:aws:cloudformation:us-east-1:123456789012:stack/none/0"


@pytest.fixture
def stacks(world: World) -> Stacks:
    return world.cloud.of(Stacks)


def test_a_template_is_validated(stacks: Stacks) -> None:
    assert stacks.validate(SHOP) == Needs((), ("Days",))
    with_default = TEMPLATE.replace('"Type": "String"', '"Type": "String", "Default": "7"')
    assert stacks.validate(replace(SHOP, template=with_default)) == Needs()
    with pytest.raises(Rejected):
        stacks.validate(replace(SHOP, template="{}"))


def test_a_stack_is_created_and_found_by_name_and_by_id(stacks: Stacks) -> None:
    made = stacks.create(SHOP, "op1-create")

    assert stacks.find("shop") == stacks.find(made)
    found = stacks.find("shop")
    assert (found.id, found.name, found.status, found.protected) == (made, "shop", "CREATE_COMPLETE", False)
    assert (stacks.begun(made, "op1-create"), stacks.begun(made, "op2-create")) == (True, False)
    assert stacks.failures(made) == stacks.failures(made, "op1-create") == ()


def test_the_same_creation_is_told_by_its_token(stacks: Stacks) -> None:
    made = stacks.create(SHOP, "op1-create")

    assert stacks.create(SHOP, "op1-create") == made
    with pytest.raises(AlreadyExists):
        stacks.create(SHOP, "op2-create")


def test_an_absent_stack_is_not_found(stacks: Stacks) -> None:
    with pytest.raises(NotFound):
        stacks.find("shop")
    with pytest.raises(NotFound):
        stacks.find(NO_STACK)
    with pytest.raises(NotFound):
        stacks.update(SHOP, "op1-update")


def test_a_stack_is_updated_once_by_one_token(stacks: Stacks) -> None:
    made = stacks.create(SHOP, "op1-create")

    assert stacks.update(LATER, "op1-update") == made
    assert stacks.update(LATER, "op1-update") == made
    assert stacks.find(made).status == "UPDATE_COMPLETE"
    assert stacks.begun(made, "op1-update")


def test_an_update_that_changes_nothing_is_there_already(stacks: Stacks) -> None:
    stacks.create(SHOP, "op1-create")

    with pytest.raises(AlreadyExists):
        stacks.update(SHOP, "op1-update")


def ended(world: World) -> None:
    """What CloudFormation goes on with has come to its end: moto's takes no time."""
    if isinstance(world, FakeWorld):
        world.place.clock.drain(120)


@pytest.mark.parametrize(
    ("failing", "status"),
    [(FAILING, "UPDATE_ROLLBACK_COMPLETE"), (FAILING_FOR_GOOD, "UPDATE_ROLLBACK_FAILED")],
    ids=["rolled back", "not rolled back"],
)
def test_an_update_that_fails_is_rolled_back_if_that_can_be(
    world: World, stacks: Stacks, failing: Specification, status: str
) -> None:
    made = stacks.create(SHOP, "op1-create")

    assert stacks.update(failing, "op1-update") == made
    ended(world)

    assert stacks.find(made).status == status
    assert stacks.begun(made, "op1-update")
    (why,) = stacks.failures(made, "op1-update")
    assert why.startswith(BROKEN)
    assert stacks.failures(made) == (why,)


def test_after_an_update_that_was_rolled_back_comes_the_next(world: World, stacks: Stacks) -> None:
    made = stacks.create(SHOP, "op1-create")
    stacks.update(FAILING, "op1-update")
    ended(world)

    stacks.update(LATER, "op2-update")

    assert stacks.find(made).status == "UPDATE_COMPLETE"


def test_a_creation_that_fails_leaves_an_empty_stack(world: World, stacks: Stacks) -> None:
    made = stacks.create(FAILING, "op1-create")
    ended(world)

    assert stacks.find(made).status == "ROLLBACK_COMPLETE"
    (why,) = stacks.failures(made, "op1-create")
    assert why.startswith(BROKEN)


@pytest.mark.parametrize(
    ("purpose", "status"),
    [(UPDATE, "UPDATE_ROLLBACK_COMPLETE"), (CREATE, "ROLLBACK_COMPLETE")],
    ids=["update", "create"],
)
def test_a_change_set_that_fails_is_rolled_back_and_used_up(
    world: World, stacks: Stacks, purpose: str, status: str
) -> None:
    if purpose == UPDATE:
        stacks.create(SHOP, "op1-create")
    made = stacks.create_change_set(FAILING, "longer", purpose, "ours", "op1-prepare")

    stacks.execute(made, "longer", "op2-execute")
    ended(world)

    assert stacks.find(made).status == status
    (why,) = stacks.failures(made, "op2-execute")
    assert why.startswith(BROKEN)
    assert stacks.change_set(made, "longer").execution == SPENT


def test_a_stack_is_deleted_and_then_again(world: World, stacks: Stacks) -> None:
    made = stacks.create(SHOP, "op1-create")

    stacks.delete(made, None)
    stacks.delete(made, None)

    if isinstance(world, FakeWorld):
        assert stacks.find("shop").status == "DELETE_IN_PROGRESS"
        world.place.clock.drain(120)
    with pytest.raises(NotFound):
        stacks.find("shop")
    stacks.delete(made, None)


def test_a_change_set_changes_its_stack_when_it_is_executed(stacks: Stacks) -> None:
    made = stacks.create(SHOP, "op1-create")

    assert stacks.create_change_set(LATER, "longer", UPDATE, "ours", "op1-prepare") == made
    found = stacks.change_set("shop", "longer")
    assert stacks.change_set(made, "longer") == found
    assert (found.name, found.stack, found.status) == ("longer", made, "CREATE_COMPLETE")
    assert (found.execution, found.description) == ("AVAILABLE", "ours")

    stacks.execute(made, "longer", "op2-execute")
    stacks.execute(made, "longer", "op2-execute")

    assert stacks.find(made).status == "UPDATE_COMPLETE"
    assert stacks.begun(made, "op2-execute")


def test_a_change_set_to_create_makes_a_stack_in_review(stacks: Stacks) -> None:
    made = stacks.create_change_set(SHOP, "first", CREATE, "ours", "op1-prepare")

    assert (stacks.find("shop").id, stacks.find("shop").status) == (made, "REVIEW_IN_PROGRESS")
    stacks.execute("shop", "first", "op2-execute")
    assert stacks.find("shop").status == "CREATE_COMPLETE"


def test_a_change_set_is_deleted_and_then_again(stacks: Stacks) -> None:
    made = stacks.create(SHOP, "op1-create")
    stacks.create_change_set(LATER, "longer", UPDATE, "ours", "op1-prepare")

    stacks.delete_change_set(made, "longer")
    stacks.delete_change_set(made, "longer")

    for look in (lambda: stacks.change_set("shop", "longer"), lambda: stacks.execute("shop", "longer", "op2-execute")):
        with pytest.raises(NotFound):
            look()


def test_a_change_set_of_an_absent_stack_is_not_found(stacks: Stacks) -> None:
    with pytest.raises(NotFound):
        stacks.change_set("none", "longer")
    with pytest.raises(NotFound):
        stacks.create_change_set(LATER, "longer", UPDATE, "ours", "op1-prepare")
