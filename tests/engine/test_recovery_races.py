"""Recovery while something else is under way: late Lambdas, signals, a second abort, a lost end."""

import logging
from collections.abc import Iterator

import pytest

from lambdas import entrypoint, projector
from lambdas.engine import recovery
from lambdas.errors import Abandoned, Transient
from lambdas.hub import ExecutionState, Json
from lambdas.rows import Status
from rehearsal.faults import KINDS, Call
from rehearsal.scenarios import CREATES, DESTROYS, RESIZES
from rehearsal.sweep import Scenario
from rehearsal.world import World
from tests.engine.doubles import not_put_back, refusing, spoiled, traced

LOST = ExecutionState("ABORTED")


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def newest(world: World) -> str:
    return next(reversed(world.machines.executions))


def in_state(scenario: Scenario, state: str) -> tuple[World, str]:
    """A run that has just entered that state."""
    world = scenario.world()
    operation = world.submit(scenario.operation, scenario.request)
    world.run(operation, until=lambda: state in world.result(operation).path)
    return world, operation


@pytest.mark.parametrize("scenario", [CREATES, RESIZES], ids=lambda one: one.name)
def test_an_abort_anywhere_on_the_way_back_is_recovered(scenario: Scenario) -> None:
    step = {"createServerGroup": "ScaleUp", "resizeServerGroup": "Resize"}[scenario.operation]
    refused = refusing(step, "groups.resize")
    calls = traced(scenario, lambda world: world.faults.models.append(refused))
    begun = next(one.number for one in calls if (one.where, one.name) == (step, "groups.resize"))
    states = {one.state: one for one in reversed(calls) if one.number > begun and one.state != "RolledBack"}

    for call in states.values():
        world, operation, before = spoiled(
            scenario,
            lambda world: world.faults.models.append(refused),
            lambda world: world.faults.before(call.number, lambda: world.machines.stop(newest(world))),  # noqa: B023
        )

        assert not_put_back(world, operation, before) == [], str(call)
        # In PutBack the Lambda at work closes the row all the same: then there is nothing to recover.
        assert len(world.executions(operation)) == (1 if call.state == "PutBack" else 2), str(call)


def test_executions_that_are_ended_again_and_again_call_a_person() -> None:
    world, operation = in_state(CREATES, "InstancesHealthy")

    for _ in range(recovery.RECOVERIES + 1):
        world.machines.stop(newest(world))
        world.clock.drain(30)

    row = world.control(operation)
    assert row.status is Status.NEEDS_ATTENTION
    assert row.error == "ABORTED: the execution was ended from outside, after 5 recoveries"


def test_a_recovery_waits_until_a_lost_attempt_is_over_and_what_it_did_can_be_seen() -> None:
    create = next(one.number for one in traced(CREATES) if one.name == "groups.create")
    world = CREATES.world()
    undos: list[float] = []
    died: list[float] = []
    world.faults.before(create, lambda: died.append(world.clock.now))
    world.faults.at(create, "kill_after")
    world.faults.watch(lambda call: undos.extend([world.clock.now] if is_undo_in_the_cloud(call) else []))
    operation = world.submit(CREATES.operation, CREATES.request)
    world.clock.drain(1)
    world.machines.stop(operation)

    world.run(operation)

    settings = world.hub.settings
    assert (settings.attempt_limit + settings.settling).total_seconds() <= undos[0] - died[0] < 240


def is_undo_in_the_cloud(call: Call) -> bool:
    return call.where.startswith("Undo") and call.port != "table"


def test_a_hold_of_a_dead_execution_is_nothing_to_decide() -> None:
    world = CREATES.world()
    world.faults.models.append(refusing("ScaleUp", "groups.resize", error=Transient))
    operation = world.submit(CREATES.operation, CREATES.request)
    world.run(operation, until=lambda: world.held(operation))

    world.machines.stop(operation)
    world.clock.drain(20)

    assert world.control(operation).status is Status.UNDOING
    assert not world.held(operation)
    assert world.signal(operation, "decide", "retry").endswith("is not held: nothing is to be decided")


def test_a_dead_execution_s_lambda_that_comes_late_changes_nothing() -> None:
    world, operation = in_state(CREATES, "InstancesHealthy")
    before = world.control(operation)
    world.machines.stop(operation)
    world.clock.drain(20)
    recovering = world.control(operation)
    assert (before.status, recovering.status) == (Status.RUNNING, Status.UNDOING)

    for state in ("ScaleUp", "InstancesHealthy", "Hold", "UndoCreateEmptyGroup", "Finish", "PutBack", "GiveUp"):
        event: Json = {
            "saga": "CreateServerGroup",
            "step": state,
            "operation": operation,
            "execution": operation,
            "token": "spent",
            "plan": {},
        }
        enter = entrypoint.activity if state in ("ScaleUp", "UndoCreateEmptyGroup") else entrypoint.engine
        with pytest.raises(Abandoned, match="is in charge"):
            enter(world.plain, world.sagas, event)

    assert world.control(operation) == recovering


def test_an_operation_cancelled_while_its_finish_was_lost_is_put_back() -> None:
    world, operation = in_state(CREATES, "InstancesHealthy")
    before = CREATES.world().cloud.snapshot()
    world.faults.models.append(lambda call: KINDS["before"] if call.where == "Finish" else None)
    world.run(operation, until=lambda: "Finish" in world.result(operation).path)
    assert world.signal(operation, "cancel") == "accepted"
    world.run(operation, until=lambda: "Succeeded" in world.result(operation).path)
    world.faults.lift()

    world.run(operation)
    world.clock.drain(1200)

    assert not_put_back(world, operation, before) == []
    assert (world.control(operation).error or "").startswith("Cancelled: cancelled by ")


def test_an_end_that_its_machine_reached_and_nobody_wrote_is_written_by_whoever_learns_of_it() -> None:
    world, operation = in_state(CREATES, "InstancesHealthy")
    world.faults.models.append(lambda call: KINDS["before"] if call.where == "Finish" else None)

    world.run(operation)

    row = world.control(operation)
    assert (row.status, row.error, row.recoveries) == (Status.SUCCEEDED, None, 0)


def test_after_the_pivot_a_recovery_goes_on_past_the_deadline() -> None:
    world, operation = in_state(DESTROYS, "GroupGone")
    world.machines.stop(operation)
    world.clock.now = world.control(operation).finish_by + 1

    world.run(operation)

    assert world.control(operation).status is Status.SUCCEEDED


def test_a_status_event_twice_late_or_of_an_earlier_execution_changes_nothing() -> None:
    world, operation = in_state(CREATES, "InstancesHealthy")
    world.machines.stop(operation)
    world.clock.drain(20)
    recovering = world.control(operation)

    told(world, operation)

    assert world.control(operation) == recovering
    world.run(operation)
    closed = world.control(operation)
    told(world, operation)
    told(world, f"{operation}-recovery-1")
    assert world.control(operation) == closed
    assert len(world.executions(operation)) == 2


def told(world: World, execution: str) -> None:
    projector.ended(world.plain, world.sagas, execution, LOST)
