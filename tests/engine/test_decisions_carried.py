"""What is decided while a hold's token is dead: its Task failed after the row was written, and is tried again."""

import logging
from collections.abc import Callable, Iterator
from itertools import count

import pytest

from lambdas import entrypoint
from lambdas.engine import signals, tokens
from lambdas.engine.holds import CARRIED
from lambdas.errors import Rejected, Transient, WindlassError
from lambdas.hub import Json
from lambdas.rows import Status, open_key
from rehearsal.failures import TaskError
from rehearsal.faults import Call, Effect, Faults, Killed
from rehearsal.scenarios import CREATES
from rehearsal.trials import FAULTS
from rehearsal.world import CALLER, LAMBDA_TIMEOUT, World
from tests.engine.doubles import impatient, kept, refusing

STEP = (refusing("ScaleUp", "groups.resize", Transient),)
UNDO = (
    refusing("ScaleUp", "groups.resize", Rejected),
    refusing("UndoCreateEmptyGroup", "groups.delete", Rejected),
)
WAYS = ("before", "after", "kill_before", "kill_after")
ENDS = {
    ("Hold", "retry"): Status.SUCCEEDED,
    ("Hold", "rollback"): Status.ROLLED_BACK,
    ("Hold", "abandon"): Status.NEEDS_ATTENTION,
    ("HoldUndo", "retry"): Status.ROLLED_BACK,
    ("HoldUndo", "skip"): Status.NEEDS_ATTENTION,
    ("HoldUndo", "abandon"): Status.NEEDS_ATTENTION,
}
decided = pytest.mark.parametrize(("hold", "decision"), ENDS, ids=str)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def parked(hold: str = "Hold") -> tuple[World, str]:
    """A run up to its hold."""
    world = impatient(CREATES)
    world.faults.models.extend(STEP if hold == "Hold" else UNDO)
    operation = world.submit(CREATES.operation, CREATES.request)
    world.run(operation, until=lambda: world.held(operation))
    world.faults.lift()
    return world, operation


def lost(hold: str, way: str = "after") -> tuple[World, str]:
    """The same, but the Task has failed after it had registered, and is to be tried again."""
    world = impatient(CREATES)
    struck = count()

    def once(call: Call) -> Callable[[Faults, Call, Effect], object] | None:
        hit = (call.where, call.name) == (hold, "table.write") and next(struck) == 0
        return FAULTS[way] if hit else None

    world.faults.models.extend((*(STEP if hold == "Hold" else UNDO), once))
    operation = world.submit(CREATES.operation, CREATES.request)
    world.run(operation, until=lambda: world.held(operation))
    world.clock.drain(LAMBDA_TIMEOUT if way.startswith("kill") else 0)
    world.faults.lift()
    assert world.held(operation)
    assert world.executions(operation)[-1].root.token is None
    return world, operation


def decide(world: World, operation: str, decision: str) -> None:
    """As a person does: again, until it is answered."""
    while True:
        try:
            with world.faults.invocation("api"):
                return signals.decide(world.hub, world.sagas, operation, decision, CALLER)
        except signals.NotNow:
            return None
        except (Killed, WindlassError):
            world.clock.drain(2)


def comes_to(world: World, operation: str) -> Status | str:
    """Its end; or that somebody is asked once more."""
    world.run(operation, until=lambda: world.held(operation))
    return "asked again" if world.held(operation) else world.control(operation).status


@decided
@pytest.mark.parametrize("way", ["after", "kill_after"])
def test_a_decision_made_of_a_dead_token_is_not_asked_for_again(hold: str, decision: str, way: str) -> None:
    world, operation = lost(hold, way)

    assert world.signal(operation, "decide", decision) == "accepted"

    assert comes_to(world, operation) == ENDS[hold, decision]
    assert world.control(operation).held == (1 if decision == "retry" else 0)
    assert list(kept(world, operation)) == []


@decided
def test_whatever_dies_around_it_the_decision_is_carried_once(hold: str, decision: str) -> None:
    for number in range(1, calls_around(hold, decision) + 1):
        for way in WAYS:
            world, operation = lost(hold)
            world.faults.at(world.faults.calls + number, way)

            decide(world, operation, decision)

            assert comes_to(world, operation) == ENDS[hold, decision], f"{way} at call {number}"
            assert world.control(operation).held == (1 if decision == "retry" else 0), f"{way} at call {number}"
            assert list(kept(world, operation)) == [], f"{way} at call {number}"


def calls_around(hold: str, decision: str) -> int:
    """From the signal until the hold is over: the signal's own, those of the next registration, and of a sweep."""
    world, operation = lost(hold)
    before = world.faults.calls
    decide(world, operation, decision)
    world.run(operation, until=lambda: world.result(operation).path[-1] != hold)
    assert not world.table.peek(open_key(operation, hold))
    return world.faults.calls - before


def test_a_decision_answered_before_its_caller_died_does_not_decide_the_next_hold() -> None:
    world, operation = parked()
    world.clock.drain(30)
    assert world.signal(operation, "pause") == "accepted"
    world.faults.models.append(lambda call: FAULTS["kill_after"] if call.name == "machines.succeed" else None)

    with world.faults.invocation("api"), pytest.raises(Killed):
        signals.decide(world.hub, world.sagas, operation, "retry", CALLER)

    world.clock.drain(600)
    assert world.result(operation).path[-4:] == ["Hold", "Again", "ScaleUp", "Hold"]
    assert world.held(operation)


def test_a_decision_that_waits_too_long_for_its_hold_is_asked_for_again() -> None:
    world, operation = lost("Hold")
    down = world.clock.now + CARRIED + 60

    def unreachable(where: str) -> None:
        if where == "Hold" and world.clock.now < down:
            raise TaskError("Lambda.ServiceException", "rehearsed")

    world.invocations.append(unreachable)
    assert world.signal(operation, "decide", "retry") == "accepted"

    world.clock.drain(CARRIED - 60)
    assert world.table.peek(open_key(operation, "Hold"))["decision"] == "retry"
    world.clock.drain(120)
    assert not world.table.peek(open_key(operation, "Hold"))
    assert comes_to(world, operation) == "asked again"


def test_a_registration_that_comes_before_the_sweep_s_look_is_no_less_late() -> None:
    world, operation = lost("Hold")
    assert world.signal(operation, "decide", "retry") == "accepted"
    opened = tokens.find(world.plain, operation, "Hold")
    assert opened is not None
    world.clock.now += CARRIED

    entrypoint.engine(world.plain, world.sagas, event(operation, entered=opened.entered))

    assert world.held(operation)


@pytest.mark.parametrize("entered", [{}, {"entered": "2026-01-01T00:00:00.000Z"}], ids=["unsaid", "another"])
def test_a_hold_that_does_not_say_that_it_is_the_same_asks(entered: Json) -> None:
    world, operation = lost("Hold")
    assert world.signal(operation, "decide", "retry") == "accepted"

    entrypoint.engine(world.plain, world.sagas, event(operation, **entered))

    assert world.held(operation)


def event(operation: str, **more: object) -> Json:
    return {
        "saga": "CreateServerGroup",
        "step": "Hold",
        "operation": operation,
        "execution": operation,
        "token": "of the next attempt",
        "failed": {"error": "Exhausted", "cause": "rehearsed"},
        **more,
    }
