"""An operation's plan beside the cloud, for whoever takes stock: read, and nothing else."""

import pytest

from lambdas import entrypoint
from lambdas.errors import NotFound
from rehearsal.scenarios import CREATES_SICK, NEW, RESIZES
from rehearsal.trials import Scenario
from rehearsal.world import World
from saga.compiler import Json


def waiting(scenario: Scenario, state: str, **more: object) -> tuple[World, str]:
    world = scenario.world()
    operation = world.submit(scenario.operation, scenario.request | more)
    world.run(operation, until=lambda: state in world.executions(operation)[0].path)
    return world, operation


def compared(world: World, operation: str) -> Json:
    rows, cloud = world.table.rows(), world.cloud.snapshot()
    answer = entrypoint.engine(world.plain, world.sagas, {"compare": operation})
    assert (world.table.rows(), world.cloud.snapshot()) == (rows, cloud)
    return answer


def test_what_stands_is_told_and_why_a_wait_does_not_pass() -> None:
    world, operation = waiting(CREATES_SICK, "InstancesHealthy", healthyWithin=3600)

    told = compared(world, operation)

    assert told["planned"]
    assert NEW in told["left"]
    assert "healthy" in told["waits"]["InstancesHealthy"]


def test_what_people_took_back_by_hand_is_seen() -> None:
    world, operation = waiting(CREATES_SICK, "InstancesHealthy", healthyWithin=3600)
    place = world.cloud.place("prod", "us-east-1")
    world.cloud.cloud("prod", "us-east-1", "somebody").groups.delete(NEW)
    world.clock.drain(60)
    for name in [one for one, template in place.templates.things.items() if one.startswith(NEW)]:
        world.cloud.cloud("prod", "us-east-1", "somebody").launch_templates.delete(name)
    world.clock.drain(60)

    told = compared(world, operation)

    assert NEW not in place.groups.things
    assert "not visible" in told["waits"]["InstancesHealthy"]


def test_an_operation_that_is_not_planned_has_nothing_to_compare() -> None:
    world = RESIZES.world()
    operation = world.submit(RESIZES.operation, RESIZES.request)

    assert compared(world, operation) == {"planned": False}


def test_what_is_no_operation_is_not_found() -> None:
    world = RESIZES.world()

    with pytest.raises(NotFound, match="there is no operation nobody"):
        entrypoint.engine(world.plain, world.sagas, {"compare": "nobody"})
