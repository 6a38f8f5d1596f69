"""Operations on CloudFormation's stacks as a whole: the states they enter, and what stands afterwards."""

from dataclasses import replace

import pytest

from lambdas.cloud.stacks import CREATE, ChangeSet, Stack, Stacks
from lambdas.rows import Status
from rehearsal.fake_cloud import Place, differences, stacks
from rehearsal.scenarios import ACCOUNT, REGION, named
from rehearsal.scenarios import deploy_cloud_formation as deploy
from rehearsal.scenarios import execute_cloud_formation_change_set as execution
from rehearsal.scenarios.delete_cloud_formation import DELETES_STACK
from rehearsal.scenarios.delete_cloud_formation_change_set import DELETES_CHANGE_SET
from rehearsal.scenarios.deploy_cloud_formation import (
    BROKEN,
    CREATES,
    LATER,
    NEW,
    PREPARES,
    REVIEWS,
    STACK,
    STANDING,
    UPDATES,
)
from rehearsal.scenarios.execute_cloud_formation_change_set import EXECUTES, NAME
from rehearsal.trials import Scenario
from rehearsal.world import Result, World

BEGIN, END = ["Guard", "Plan", "Recovering"], ["Finish", "Succeeded"]
DEPLOY = ["CreateStack", "StackCreated", "CreateChangeSet", "ChangeSetCreated", "UpdateStack", "StackUpdated"]
STEPS = {
    "deployCloudFormation": DEPLOY,
    "deployCloudFormation/new": DEPLOY,
    "deployCloudFormation/changeSet": DEPLOY,
    "deployCloudFormation/review": DEPLOY,
    "executeCloudFormationChangeSet": ["ExecuteChangeSet", "StackUpdated"],
    "deleteCloudFormationChangeSet": ["DeleteChangeSet"],
    "deleteCloudFormation": ["DeleteStack", "StackGone"],
}
STUCK = BROKEN.replace(stacks.BREAKS, stacks.STUCK)


def ended(world: World, scenario: Scenario, **fields: object) -> Result:
    """Run until it is over, or held."""
    one = world.submit(scenario.operation, scenario.request | fields)
    return world.run(one, until=lambda: world.held(one))


def port(world: World) -> Stacks:
    return world.cloud.cloud(ACCOUNT, REGION).of(Stacks)


def place(world: World) -> Place:
    return world.cloud.place(ACCOUNT, REGION)


@pytest.mark.parametrize("name", STEPS)
def test_it_succeeds(name: str) -> None:
    scenario = named(name)[0]

    assert ended(scenario.world(), scenario).path == [*BEGIN, *STEPS[name], *END]


@pytest.mark.parametrize(
    ("scenario", "stack", "status"),
    [
        (UPDATES, STACK, "UPDATE_COMPLETE"),
        (CREATES, NEW, "CREATE_COMPLETE"),
        (PREPARES, STACK, "CREATE_COMPLETE"),
        (REVIEWS, NEW, "REVIEW_IN_PROGRESS"),
        (EXECUTES, STACK, "UPDATE_COMPLETE"),
    ],
    ids=lambda one: getattr(one, "name", one),
)
def test_the_stack_is_as_asked_when_it_is_done(scenario: Scenario, stack: str, status: str) -> None:
    world = scenario.world()

    ended(world, scenario)

    assert port(world).find(stack).status == status
    if scenario in (PREPARES, REVIEWS):
        assert port(world).change_set(stack, scenario.request["changeSetName"]).execution == "AVAILABLE"


@pytest.mark.parametrize("scenario", [CREATES, UPDATES, PREPARES, EXECUTES], ids=lambda one: one.name)
def test_callers_get_the_stacks_id_first(scenario: Scenario) -> None:
    world = scenario.world()

    result = ended(world, scenario)

    stack = port(world).find(str(scenario.request["stackName"]))
    told = [row.get("results") for row in world.table.rows() if row["pk"] == f"op#{result.id}" and row.get("results")]
    assert told == [{"stackId": stack.id}]


def test_a_template_stays_out_of_the_plan() -> None:
    world = UPDATES.world()

    result = ended(world, UPDATES)

    (plan,) = (row for row in world.table.rows() if row["pk"] == f"op#{result.id}" and row["sk"] == "plan")
    assert "Resources" not in str(plan)
    assert "parameters" not in plan["plan"]


def test_an_update_that_changes_nothing_is_success() -> None:
    world = UPDATES.world()
    before = world.cloud.snapshot()

    same = {"templateBody": STANDING.template, "parameters": dict(STANDING.parameters)}
    result = ended(world, UPDATES, **same)

    assert result.control.status is Status.SUCCEEDED
    assert differences(before, world.cloud.snapshot()) == []


def test_a_change_set_that_changes_nothing_is_success() -> None:
    same = {"templateBody": STANDING.template, "parameters": dict(STANDING.parameters)}

    assert ended(PREPARES.world(), PREPARES, **same).control.status is Status.SUCCEEDED


def test_a_stack_that_cannot_be_created_is_deleted_and_says_what_failed() -> None:
    world = CREATES.world()
    before = world.cloud.snapshot()

    result = ended(world, CREATES, templateBody=BROKEN)

    assert result.path[3:] == [*DEPLOY[:2], "UndoCreateStack", "NothingLeft", "PutBack", "RolledBack"]
    assert stacks.BROKEN in (result.control.error or "")
    assert differences(before, world.cloud.snapshot()) == []


FAILED = f"RollBack: stack {STACK} is UPDATE_ROLLBACK_COMPLETE: {stacks.BROKEN}"


@pytest.mark.parametrize(
    ("scenario", "back"),
    [
        (deploy.FAILS, [*DEPLOY, "UndoCreateChangeSet", "UndoCreateStack", "NothingLeft"]),
        (execution.FAILS, STEPS["executeCloudFormationChangeSet"]),
    ],
    ids=lambda one: getattr(one, "name", ""),
)
def test_what_cloudformation_has_put_back_is_rolled_back_and_says_why(scenario: Scenario, back: list[str]) -> None:
    world = scenario.world()
    before = world.cloud.snapshot()

    result = ended(world, scenario)

    assert result.path == [*BEGIN, *back, "PutBack", "RolledBack"]
    why = str(result.control.error)
    assert result.control.status is Status.ROLLED_BACK
    assert (why[: len(FAILED)], why.rpartition("; ")[2]) == (FAILED, "CloudFormation has put it back")
    assert differences(before, world.cloud.snapshot()) == []
    told = [row.get("results") for row in world.table.rows() if row["pk"] == f"op#{result.id}" and row.get("results")]
    assert told == [{"stackId": port(world).find(STACK).id}]


@pytest.mark.parametrize("scenario", [UPDATES, EXECUTES], ids=lambda one: one.name)
def test_where_cloudformation_cannot_put_back_a_person_is_asked(scenario: Scenario) -> None:
    world = scenario.world()
    execution.prepared(world, STUCK)

    result = ended(world, scenario, **({"templateBody": STUCK} if scenario is UPDATES else {}))

    assert result.path[-1] == "Hold"
    result = world.run(result.id)
    assert result.control.status is Status.NEEDS_ATTENTION
    assert f"stack {STACK} is UPDATE_ROLLBACK_FAILED: {stacks.BROKEN}" in (result.control.error or "")


def test_a_stack_that_a_change_set_could_not_make_is_empty_again_and_says_so() -> None:
    world = EXECUTES.world()
    review = stacks.named(place(world), STACK, "REVIEW_IN_PROGRESS")
    stacks.put(place(world), review, replace(STANDING, template=None))
    ready = ChangeSet(f"{review.id}/{NAME}", NAME, review.id, "CREATE_COMPLETE", "AVAILABLE")
    stacks.prepare(place(world), ready, replace(STANDING, template=BROKEN), CREATE)

    result = ended(world, EXECUTES)

    assert result.control.status is Status.ROLLED_BACK
    assert "ROLLBACK_COMPLETE" in (result.control.error or "")
    assert "it is empty again; delete it before anything is made of it" in (result.control.error or "")


@pytest.mark.parametrize(
    ("scenario", "fields", "status", "reason"),
    [
        (UPDATES, {"templateBody": "{}"}, "CREATE_COMPLETE", "Template format error"),
        (
            UPDATES,
            {"templateBody": LATER.replace("SQS::Queue", "IAM::Role")},
            "CREATE_COMPLETE",
            "needs CAPABILITY_IAM; add to capabilities",
        ),
        (
            UPDATES,
            {"templateBody": LATER.replace('{"Resources"', '{"Parameters": {"Zone": {"Type": "String"}}, "Resources"')},
            "CREATE_COMPLETE",
            "the template of stack shop-queues has no default for Zone; add to parameters",
        ),
        (UPDATES, {}, "ROLLBACK_COMPLETE", "is ROLLBACK_COMPLETE and cannot be updated; delete it first"),
        (UPDATES, {}, "UPDATE_ROLLBACK_FAILED", "cannot be updated; continue its rollback first"),
        (UPDATES, {}, "REVIEW_IN_PROGRESS", "is in review: execute one of its change sets, or delete it"),
        (EXECUTES, {"changeSetName": "none"}, "CREATE_COMPLETE", "change set none of stack shop-queues does not exist"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_is(
    scenario: Scenario, fields: dict[str, object], status: str, reason: str
) -> None:
    world = scenario.world()
    stacks.put(place(world), replace(port(world).find(STACK), status=status), STANDING)
    before = world.cloud.snapshot()

    result = ended(world, scenario, **fields)

    assert result.control.status is Status.ROLLED_BACK
    assert reason in (result.control.error or "")
    assert differences(before, world.cloud.snapshot()) == []


def test_the_capability_to_name_roles_is_the_wider_one() -> None:
    template = LATER.replace("SQS::Queue", "IAM::Role")

    result = ended(UPDATES.world(), UPDATES, templateBody=template, capabilities=["CAPABILITY_NAMED_IAM"])

    assert result.control.status is Status.SUCCEEDED


def test_a_change_set_of_that_name_is_left_to_whoever_made_it() -> None:
    world = EXECUTES.world()
    before = world.cloud.snapshot()

    result = ended(world, PREPARES, changeSetName=NAME)

    assert f"change set {NAME} of stack {STACK} exists already" in (result.control.error or "")
    assert differences(before, world.cloud.snapshot()) == []


def test_a_protected_stack_stays() -> None:
    world = DELETES_STACK.world()
    stacks.put(place(world), replace(port(world).find(STACK), protected=True), STANDING)

    result = ended(world, DELETES_STACK)

    assert "is protected against deletion" in (result.control.error or "")


@pytest.mark.parametrize("scenario", [DELETES_STACK, DELETES_CHANGE_SET], ids=lambda one: one.name)
def test_what_is_gone_already_is_deleted(scenario: Scenario) -> None:
    world = scenario.world()
    for key in ("first", "second"):
        one = world.submit(scenario.operation, scenario.request, key=key)

        assert world.run(one).control.status is Status.SUCCEEDED


def test_a_stack_of_that_name_that_somebody_makes_meanwhile_is_left_to_them() -> None:
    world = CREATES.world()
    theirs: Stack = stacks.named(place(world), NEW, token="theirs")
    world.faults.on(lambda name: name == "stacks.create", lambda _: _made_meanwhile)

    def _made_meanwhile(faults: object, call: object, effect: object) -> object:
        stacks.put(place(world), theirs, STANDING)
        return effect()  # type: ignore[operator]

    result = ended(world, CREATES)

    assert result.control.status is Status.ROLLED_BACK
    assert f"stack {NEW} was made by somebody else" in (result.control.error or "")
    assert port(world).find(NEW) == theirs
