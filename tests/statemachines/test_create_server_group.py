"""createServerGroup as a whole: what it does beside others, and with what it finds."""

import pytest

from lambdas.cloud import EMPTY
from lambdas.hub import Json
from lambdas.rows import Status
from rehearsal.fake_cloud import differences, seeds
from rehearsal.scenarios import ACCOUNT, CREATE, CREATES, NEW, OURS, REGION, WHERE
from rehearsal.scenarios.create_server_group import CREATES_BARE
from rehearsal.sweep import golden_of
from rehearsal.world import World

STORY = [
    "Plan",
    "Recovering",
    "CreateLaunchTemplate",
    "CreateEmptyGroup",
    "Needed",
    "SuspendProcesses",
    "AddLifecycleHooks",
    "CopyScalingPolicies",
    "CopyAlarms",
    "CopyScheduledActions",
    "EnableMetrics",
    "ScaleUp",
    "InstancesHealthy",
    "Finish",
    "Succeeded",
]
UNDOS = ["UndoCopyAlarms", "UndoCreateEmptyGroup", "UndoCreateLaunchTemplate"]
WAY_BACK = [*UNDOS, "NothingLeft", "PutBack", "RolledBack"]


def created(world: World, **fields: object) -> str:
    return world.submit("createServerGroup", CREATE | fields, key=str(fields))


def stranger(world: World, name: str) -> None:
    """Somebody else makes a group of that name."""
    cloud = world.cloud.cloud(ACCOUNT, REGION, "")
    made = cloud.groups.find(OURS)
    cloud.groups.create(name, made.launch_template or "", made.settings)


def test_the_story_is_one_column_within_its_transitions() -> None:
    world = CREATES.world()

    result = world.run(created(world))

    assert result.path == STORY
    assert sum(one.transitions for one in result.executions) <= 20


@pytest.mark.parametrize(
    ("fields", "first"),
    [
        ({}, "ScaleUp"),
        ({"enabledMetrics": ["GroupTotalInstances"]}, "EnableMetrics"),
        ({"source": CREATE["source"]}, "CopyScalingPolicies"),
        ({"lifecycleHooks": CREATE["lifecycleHooks"]}, "AddLifecycleHooks"),
        ({"startDisabled": True}, "SuspendProcesses"),
    ],
)
def test_what_a_request_has_no_need_of_is_passed_by(fields: Json, first: str) -> None:
    world = CREATES_BARE.world()

    result = world.run(world.submit("createServerGroup", CREATES_BARE.request | fields))

    assert result.path == [*STORY[: STORY.index("Needed") + 1], *STORY[STORY.index(first) :]]


def test_how_long_it_waits_costs_no_transition() -> None:
    world = CREATES.world()

    result = world.run(created(world, image=seeds.BAD_IMAGE, healthyWithin=24 * 3600 - 600))

    assert result.took > 80_000
    assert result.path.count("InstancesHealthy") == 1
    assert sum(one.transitions for one in result.executions) <= 30


def test_a_group_that_somebody_else_made_is_counted_when_the_next_number_is_taken() -> None:
    world = CREATES.world()
    stranger(world, "shop-prod-v007")

    operation = created(world)

    world.run(operation)
    assert "shop-prod-v008" in world.cloud.cloud(ACCOUNT, REGION).groups.names("shop-prod")


def test_a_group_made_between_plan_and_create_puts_it_back_with_a_sentence_that_says_so() -> None:
    world = CREATES.world()
    creating = next(call for call in golden_of(CREATES).calls if call.name == "groups.create")
    world.faults.before(creating.number, lambda: stranger(world, NEW))

    result = world.run(world.submit(CREATES.operation, CREATES.request))

    assert result.control.status is Status.ROLLED_BACK
    assert result.control.error is not None
    assert NEW in result.control.error
    assert "Rejected" in result.control.error
    group = world.cloud.cloud(ACCOUNT, REGION).groups.find(NEW)
    assert (group.operation, group.capacity) == (world.cloud.cloud(ACCOUNT, REGION).groups.find(OURS).operation, EMPTY)


def test_while_a_create_waits_for_health_its_sibling_is_destroyed_at_once() -> None:
    world = CREATES.world()
    operation = created(world)
    world.run(operation, until=lambda: "InstancesHealthy" in world.result(operation).path)

    destroy = world.submit("destroyServerGroup", {**WHERE, "serverGroupName": OURS}, key="destroy")
    world.run(destroy, until=lambda: world.control(destroy).started is not None)

    control = world.control(destroy)
    assert control.started is not None
    assert control.started - control.accepted < 5


def test_while_a_create_is_held_its_sibling_is_destroyed_at_once() -> None:
    world = CREATES.world()
    operation = created(world)
    world.signal(operation, "pause")
    world.run(operation, until=lambda: world.held(operation))

    destroy = world.submit("destroyServerGroup", {**WHERE, "serverGroupName": OURS}, key="destroy")
    world.run(destroy, until=lambda: world.control(destroy).started is not None)

    assert (world.control(destroy).started or 0) - world.control(destroy).accepted < 5


def test_two_operations_on_one_group_take_turns_in_the_order_of_their_acceptance() -> None:
    world = CREATES.world()
    bodies = [{**WHERE, "serverGroupName": OURS, "capacity": {"min": 1, "desired": n, "max": 4}} for n in (3, 1)]
    first, second = (world.submit("resizeServerGroup", body, key=str(n)) for n, body in enumerate(bodies))

    world.run(first)
    world.run(second)

    assert (world.control(second).started or 0) >= (world.control(first).closed or 0)
    assert world.cloud.cloud(ACCOUNT, REGION).groups.find(OURS).capacity.desired == 1


def test_instances_that_never_get_healthy_put_everything_back() -> None:
    world = CREATES.world()
    before = world.cloud.snapshot()

    result = world.run(created(world, image=seeds.BAD_IMAGE, healthyWithin=600))

    assert result.path == [*STORY[: STORY.index("Finish")], "Hold", "Back", *WAY_BACK]
    assert (result.control.error or "").startswith("NotInTime: not within 600 s: 0 of 2 instances healthy")
    assert differences(before, world.cloud.snapshot()) == []
