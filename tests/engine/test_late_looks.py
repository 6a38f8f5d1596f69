"""What lands minutes after a roll-back is put back, and what is somebody else's by then is not."""

import logging
from collections.abc import Iterator

import pytest

from lambdas.cloud import Capacity
from lambdas.engine import guards, recovery
from lambdas.engine.waits import MOST_UNDONE
from lambdas.rows import Guard, Status, guard_key, item_of, open_key, step_key
from lambdas.table import Put
from rehearsal.scenarios import ACCOUNT, CREATES, NEIGHBOUR, REGION, RESIZES
from rehearsal.world import World
from tests.engine.doubles import landed_late, not_put_back, refusing

TARGET = Capacity(2, 4, 6)
BEFORE = Capacity(1, 2, 3)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def refuse(world: World) -> None:
    world.faults.models.append(refusing("Resize", "groups.resize"))


def rolled_back() -> tuple[World, str]:
    """A resize that was refused and put back a moment ago."""
    world = RESIZES.world()
    refuse(world)
    operation = world.submit(RESIZES.operation, RESIZES.request)
    world.run(operation)
    world.faults.lift()
    assert world.control(operation).status is Status.ROLLED_BACK
    return world, operation


def sized(world: World, capacity: Capacity) -> None:
    """Somebody, or a late write of the operation, sets it."""
    world.cloud.cloud(ACCOUNT, REGION).groups.resize(NEIGHBOUR, capacity)


def size(world: World) -> Capacity:
    return world.cloud.cloud(ACCOUNT, REGION).groups.find(NEIGHBOUR).capacity


def again(world: World, capacity: Capacity) -> str:
    """Another operation resizes the same group, from acceptance to its end."""
    asked = {"min": capacity.min, "desired": capacity.desired, "max": capacity.max}
    another = world.submit(RESIZES.operation, RESIZES.request | {"capacity": asked}, key=str(capacity))
    assert world.run(another).control.status is Status.SUCCEEDED
    return another


def findings(world: World, operation: str) -> list[str]:
    return list(world.table.peek(step_key(operation, "NothingLeft")).get("findings", ()))


def test_a_resize_that_lands_after_its_roll_back_is_put_back() -> None:
    world, operation = rolled_back()
    sized(world, TARGET)

    world.clock.drain(3600)

    row = world.control(operation)
    assert (row.status, row.recoveries, row.due) == (Status.ROLLED_BACK, 1, None)
    assert size(world) == BEFORE
    assert world.result(operation).path[-7:] == [
        *("Plan", "Recovering", "Interrupted", "UndoResize", "NothingLeft", "PutBack", "RolledBack")
    ]


def test_what_a_person_made_of_it_since_reopens_nothing() -> None:
    world, operation = rolled_back()
    sized(world, Capacity(1, 3, 6))

    world.clock.drain(3600)

    row = world.control(operation)
    assert (row.status, row.recoveries, row.due) == (Status.ROLLED_BACK, 0, None)
    assert size(world) == Capacity(1, 3, 6)


def test_what_a_later_operation_made_of_it_is_left_alone_and_told() -> None:
    world, operation = rolled_back()
    heir = again(world, TARGET)

    world.clock.drain(3600)

    row = world.control(operation)
    assert (row.status, row.recoveries, row.due) == (Status.ROLLED_BACK, 0, None)
    assert size(world) == TARGET
    (finding,) = findings(world, operation)
    assert finding.startswith(f"server group {NEIGHBOUR} has 2/4/6, as this operation set it; left as it is")
    assert finding.endswith(f"operation {heir} has had it since")


def test_a_late_look_that_finds_nothing_says_nothing_of_a_later_operation() -> None:
    world, operation = rolled_back()
    again(world, Capacity(1, 1, 3))

    world.clock.drain(3600)

    assert world.control(operation).due is None
    assert findings(world, operation) == []


def test_a_guard_that_was_passed_on_in_the_very_moment_keeps_a_recovery_from_beginning() -> None:
    world, operation = rolled_back()
    again(world, TARGET)
    row = world.control(operation)

    recovery.begin(world.plain, row, "RollBack: found", retake=guards.taken_again)

    assert world.control(operation) == row
    assert len(world.executions(operation)) == 1


def test_what_carries_its_tag_is_put_back_when_whoever_has_its_guard_is_done() -> None:
    world = CREATES.world()
    before = world.cloud.snapshot()
    world.faults.models.append(refusing("ScaleUp", "groups.resize"))
    operation = world.submit(CREATES.operation, CREATES.request)
    world.run(operation)
    world.faults.lift()
    (key,) = world.control(operation).guards
    guard = guards.read(world.plain, key)
    world.table.write(Put(guard_key(key), item_of(Guard(key, guard.version + 1, "another", last="another"))))
    landed_late(world, operation)

    world.clock.drain(1800)
    meanwhile = world.control(operation)
    world.table.write(Put(guard_key(key), item_of(Guard(key, guard.version + 2, None, last="another"))))
    world.clock.drain(1800)

    assert (meanwhile.status, meanwhile.recoveries) == (Status.ROLLED_BACK, 0)
    assert world.control(operation).recoveries == 1
    assert not_put_back(world, operation, before) == []


def test_what_somebody_sets_again_and_again_is_not_fought_for_ever() -> None:
    world = RESIZES.world()
    refuse(world)
    operation = world.submit(RESIZES.operation, RESIZES.request)

    def insists() -> None:
        sized(world, TARGET)
        world.clock.at(30, insists)

    world.run(operation, until=lambda: "Resize" in world.result(operation).path)
    insists()
    result = world.run(operation, until=lambda: world.held(operation))

    assert result.path.count("NothingLeft") == MOST_UNDONE + 1
    held = world.table.peek(open_key(operation, "HoldUndo"))
    assert held["reason"].startswith(f"Exhausted: server group {NEIGHBOUR} has 2/4/6, as this operation set it")
    assert world.run(operation).control.status is Status.NEEDS_ATTENTION
