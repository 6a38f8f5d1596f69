"""Whoever sends a signal may die on the way: either nothing was said, or the sweep finishes it."""

import logging
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from lambdas.engine import control, intake, signals, tokens
from lambdas.engine.signals import NotNow
from lambdas.errors import Rejected, Transient, WindlassError
from lambdas.rows import Control, Mark, Status
from rehearsal.faults import Call, Effect, Faults, Killed, Model
from rehearsal.scenarios import CREATES, DESTROYS, OURS, WHERE
from rehearsal.sweep import Scenario
from rehearsal.world import CALLER, TERMS, World
from tests.engine.doubles import impatient, not_put_back, refusing, spoiled, traced

STEP = refusing("ScaleUp", "groups.resize", Transient)
REFUSED_STEP = refusing("ScaleUp", "groups.resize", Rejected)
REFUSED_UNDO = refusing("UndoCreateEmptyGroup", "groups.delete", Rejected)
Moment = Callable[[], tuple[World, str]]
Signal = Callable[[World, str], None]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def waiting() -> tuple[World, str]:
    world = CREATES.world()
    operation = world.submit(CREATES.operation, CREATES.request)
    world.run(operation, until=lambda: "InstancesHealthy" in world.result(operation).path)
    return world, operation


def parked() -> tuple[World, str]:
    return _held(STEP)


def parked_undo() -> tuple[World, str]:
    return _held(REFUSED_STEP, REFUSED_UNDO)


def _held(*faults: Model) -> tuple[World, str]:
    world = impatient(CREATES)
    world.faults.models.extend(faults)
    operation = world.submit(CREATES.operation, CREATES.request)
    world.run(operation, until=lambda: world.held(operation))
    world.faults.lift()
    return world, operation


def cancel(world: World, operation: str) -> None:
    signals.cancel(world.hub, world.sagas, operation, CALLER)


def decide(decision: str) -> Signal:
    return lambda world, operation: signals.decide(world.hub, world.sagas, operation, decision, CALLER)


@pytest.mark.parametrize(
    ("moment", "signal", "end"),
    [
        (waiting, cancel, Status.ROLLED_BACK),
        (parked, cancel, Status.ROLLED_BACK),
        (parked, decide("retry"), Status.SUCCEEDED),
        (parked, decide("rollback"), Status.ROLLED_BACK),
        (parked, decide("abandon"), Status.NEEDS_ATTENTION),
        (parked_undo, decide("retry"), Status.ROLLED_BACK),
        (parked_undo, decide("skip"), Status.NEEDS_ATTENTION),
    ],
    ids=["cancel", "cancel-held", "retry", "rollback", "abandon", "retry-undo", "skip-undo"],
)
def test_a_signal_s_caller_dies_and_it_is_obeyed_or_was_never_sent(moment: Moment, signal: Signal, end: Status) -> None:
    for number in range(1, calls_of(moment, signal) + 1):
        for kind in ("before", "after", "kill_before", "kill_after"):
            world, operation = moment()
            before = world.control(operation)
            world.faults.at(world.faults.calls + number, kind)
            with world.faults.invocation("api"), suppress(WindlassError, Killed):
                signal(world, operation)
            heard = noticed(world, operation, before)

            world.clock.drain(130)
            assert world.held(operation) == (not heard and moment is not waiting), f"{kind} at call {number}"
            if heard:
                world.run(operation)
                assert world.control(operation).status is end, f"{kind} at call {number}"


def noticed(world: World, operation: str, before: Control) -> bool:
    row, hold = world.control(operation), tokens.find(world.plain, operation, held_in(before))
    return row.mark is not before.mark or (before.step.startswith("Hold") and (hold is None or bool(hold.decision)))


def held_in(row: Control) -> str:
    return row.step if row.step.startswith("Hold") else "Hold"


def calls_of(moment: Moment, signal: Signal) -> int:
    world, operation = moment()
    before = world.faults.calls
    with world.faults.invocation("api"):
        signal(world, operation)
    return world.faults.calls - before


def test_a_skip_that_was_never_sent_is_not_what_a_retry_means() -> None:
    for number in range(1, calls_of(parked_undo, decide("skip")) + 1):
        world, operation = parked_undo()
        world.faults.at(world.faults.calls + number, "kill_after")
        with world.faults.invocation("api"), suppress(WindlassError, Killed):
            decide("skip")(world, operation)
        world.clock.drain(130)
        if not world.held(operation):
            continue

        assert world.signal(operation, "decide", "retry") == "accepted"
        world.run(operation)

        assert world.control(operation).status is Status.ROLLED_BACK, f"call {number}"


def test_a_hold_is_decided_once() -> None:
    world, operation = parked()
    world.faults.models.append(lambda call: None if call.port == "table" else down)

    decide("abandon")(world, operation)
    with pytest.raises(NotNow, match="nothing is to be decided"):
        decide("retry")(world, operation)

    world.faults.lift()
    world.run(operation)
    assert world.control(operation).status is Status.NEEDS_ATTENTION


def down(faults: Faults, call: Call, effect: Effect) -> None:
    raise Transient(f"rehearsed: {call}")


@pytest.mark.parametrize("signal", ["pause", "resume", "cancel"])
def test_a_signal_reads_no_cloud(signal: str) -> None:
    world, operation = waiting()
    world.faults.trace = []

    with world.faults.invocation("api"):
        getattr(signals, signal)(world.hub, world.sagas, operation, CALLER)

    assert {call.port for call in world.faults.trace} <= {"table", "machines", "sweeper"}


def at_the_first_call_of(scenario: Scenario, state: str) -> int:
    return next(one.number for one in traced(scenario) if one.where == state)


def test_whoever_pauses_just_before_the_pivot_can_still_cancel() -> None:
    number = at_the_first_call_of(DESTROYS, "DeleteGroup")

    def pause(world: World) -> None:
        operation = next(iter(world.machines.executions))
        world.signal(operation, "pause")
        world.clock.at(600, lambda: world.signal(operation, "cancel"))

    world, operation, before = spoiled(DESTROYS, lambda world: world.faults.before(number, lambda: pause(world)))

    assert not_put_back(world, operation, before) == []
    assert (world.control(operation).error or "").startswith("Cancelled: cancelled by ")


def test_no_signal_takes_a_revocation_back() -> None:
    world, operation = waiting()
    row = world.control(operation)
    world.table.write(control.update(row, {"mark": Mark.REVOKED}))

    assert world.signal(operation, "cancel") == "accepted"
    assert "is not paused" in world.signal(operation, "pause")

    assert world.control(operation).mark is Mark.REVOKED
    world.run(operation)
    assert world.control(operation).status is Status.NEEDS_ATTENTION


def test_an_operation_of_a_batch_cancelled_before_its_turn_is_closed_by_the_sweep_if_need_be() -> None:
    world, first, second = batch()
    world.faults.at(world.faults.calls + 3, "kill_before")
    with world.faults.invocation("api"), suppress(Killed):
        cancel(world, second)
    assert (world.control(second).status, world.control(second).mark) == (Status.ACCEPTED, Mark.CANCELLED)

    world.clock.drain(130)

    assert world.control(second).status is Status.NOT_STARTED
    assert (world.control(second).error or "").startswith("Cancelled: cancelled by ")
    world.run(first)
    assert world.control(first).status is Status.SUCCEEDED
    assert world.executions(second) == []


def batch() -> tuple[World, str, str]:
    world = CREATES.world()
    resize = {**WHERE, "serverGroupName": OURS, "capacity": {"min": 3, "desired": 3, "max": 4}}
    sagas = {saga.operation: saga for saga in world.sagas.values()}
    asked = [("resizeServerGroup", resize), ("destroyServerGroup", {**WHERE, "serverGroupName": OURS})]
    submissions = [
        intake.Submission(sagas[name], sagas[name].request_type.model_validate(body)) for name, body in asked
    ]
    first, second = intake.accept(world.hub, submissions, caller=CALLER, terms=TERMS, key="batch").operations
    world.clock.drain(1)
    return world, first, second
