"""Deadlines, holds and budgets: what ends by itself, when, and how."""

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from lambdas.engine import control, intake, signals, tokens
from lambdas.engine.holds import HELD_RETRIES
from lambdas.engine.intake import Caller, Submission, Terms
from lambdas.errors import Rejected, Transient
from lambdas.rows import Status, control_key
from lambdas.table import Update
from rehearsal.fake_cloud import differences
from rehearsal.faults import KINDS, Call, Effect, Faults, Model
from rehearsal.memory_table import size
from rehearsal.scenarios import CREATES, DESTROYS
from rehearsal.sweep import Scenario, golden_of
from rehearsal.world import CALLER, World
from tests.engine.doubles import impatient, kept, not_put_back, refusing

EXHAUSTED = refusing("ScaleUp", "groups.resize", Transient)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def accepted(scenario: Scenario, terms: Terms, *faults: Model) -> tuple[World, str]:
    world = impatient(scenario)
    world.faults.models.extend(faults)
    saga = scenario.saga(world)
    submission = Submission(saga, saga.request_type.model_validate(scenario.request))
    return world, intake.accept(world.hub, [submission], caller=CALLER, terms=terms, key="once").id


def buggy(where: str, name: str) -> Model:
    def kind(faults: Faults, call: Call, effect: Effect) -> None:
        raise KeyError("rehearsed")

    return lambda call: kind if (call.where, call.name) == (where, name) else None


def within(time: timedelta, *, hold_exhausted: bool | None = None) -> Terms:
    return Terms("windlass", None, time, hold_exhausted=hold_exhausted)


def until_held(world: World, operation: str) -> str:
    world.run(operation, until=lambda: world.held(operation))
    opened = tokens.find(world.plain, operation, "Hold")
    assert opened is not None
    return opened.reason or ""


def test_a_held_operation_is_put_back_at_its_deadline() -> None:
    world, operation = accepted(CREATES, within(HOUR * 3), EXHAUSTED)
    until_held(world, operation)

    world.run(operation)

    row = world.control(operation)
    assert row.status is Status.ROLLED_BACK
    assert timedelta(0) <= timedelta(seconds=(row.closed or 0) - row.finish_by) < timedelta(minutes=10)
    assert list(kept(world, operation)) == []


def test_after_the_deadline_nothing_more_is_changed_before_the_pivot() -> None:
    world, operation = accepted(CREATES, within(timedelta(minutes=10)), EXHAUSTED)
    late: list[Call] = []
    finish_by = world.control(operation).finish_by
    world.faults.watch(lambda call: late.extend([call] if world.clock.now > finish_by else []))

    world.run(operation)

    assert world.control(operation).status is Status.ROLLED_BACK
    assert {call.where for call in late if call.port in ("groups", "launch_templates", "scaling")} <= {
        "UndoCopyAlarms",
        "UndoCreateEmptyGroup",
        "UndoCreateLaunchTemplate",
        "NothingLeft",
        "sweep",
    }


def test_after_the_pivot_it_goes_on_whatever_the_time() -> None:
    world, operation = accepted(DESTROYS, within(HOUR), refusing("DeleteLaunchTemplate", "launch_templates.delete"))
    until_held(world, operation)
    world.clock.drain(3600 * 2)
    world.faults.lift()

    assert world.signal(operation, "decide", "retry") == "accepted"
    world.run(operation)

    assert world.control(operation).status is Status.SUCCEEDED
    assert differences(golden_of(DESTROYS).after, world.cloud.snapshot()) == []


def test_an_operation_paused_before_its_start_is_given_up_at_start_by() -> None:
    world = CREATES.world()
    saga = CREATES.saga(world)
    submission = Submission(saga, saga.request_type.model_validate(CREATES.request))
    terms = Terms("windlass", timedelta(minutes=10), HOUR * 24)
    operation = intake.accept(world.hub, [submission], caller=CALLER, terms=terms, key="once").id
    world.signal(operation, "pause")

    world.run(operation)

    row = world.control(operation)
    assert (row.status, row.started) == (Status.NOT_STARTED, None)
    assert (row.closed or 0) - row.accepted < 720


def test_an_accepted_operation_whose_machine_cannot_be_started_is_closed_at_its_deadline() -> None:
    cannot: Model = lambda call: KINDS["before"] if call.name == "machines.start" else None  # noqa: E731
    world, operation = accepted(CREATES, Terms("windlass", timedelta(minutes=10), HOUR), cannot)

    world.run(operation)

    row = world.control(operation)
    assert (row.status, row.error) == (Status.NOT_STARTED, f"Expired: operation {operation} was not started in time")
    assert world.executions(operation) == []


def test_a_request_can_ask_to_be_put_back_instead_of_held() -> None:
    world, operation = accepted(CREATES, within(HOUR * 24, hold_exhausted=False), EXHAUSTED)

    world.run(operation)

    row = world.control(operation)
    assert row.status is Status.ROLLED_BACK
    assert (row.closed or 0) - row.accepted < 3 * 3600


@pytest.mark.parametrize("hold_exhausted", [None, False])
def test_our_own_bug_holds_until_a_person_decides(hold_exhausted: bool | None) -> None:
    world, operation = accepted(
        CREATES, within(timedelta(days=9), hold_exhausted=hold_exhausted), buggy("ScaleUp", "groups.resize")
    )

    assert until_held(world, operation) == "Exhausted: Broken: KeyError"

    world.clock.drain(timedelta(days=3).total_seconds())
    assert world.held(operation)
    world.faults.lift()
    world.signal(operation, "decide", "retry")
    world.run(operation)
    assert world.control(operation).status is Status.SUCCEEDED


def test_a_plan_that_cannot_be_made_for_hours_says_why_it_is_held() -> None:
    failing: Model = lambda call: KINDS["before"] if (call.where, call.port) == ("Plan", "images") else None  # noqa: E731
    world, operation = accepted(CREATES, within(HOUR * 24), failing)

    assert until_held(world, operation).startswith("Exhausted: Transient: rehearsed: call")


def test_an_image_refused_at_once_is_told_at_once() -> None:
    world, operation = accepted(CREATES, within(HOUR), refusing("Plan", "images.by_name", Rejected))

    world.run(operation)

    row = world.control(operation)
    assert row.status is Status.ROLLED_BACK
    assert (row.closed or 0) - row.accepted < 5


def test_held_retries_come_to_an_end() -> None:
    world, operation = accepted(CREATES, within(timedelta(days=30)), EXHAUSTED)
    before = CREATES.world().cloud.snapshot()

    for _ in range(HELD_RETRIES):
        until_held(world, operation)
        assert world.signal(operation, "decide", "retry") == "accepted"
    world.run(operation)
    world.clock.drain(1200)

    assert not_put_back(world, operation, before) == []


def test_so_do_held_retries_of_an_undo_but_the_person_is_asked_what_else() -> None:
    world, operation = accepted(
        CREATES,
        within(timedelta(days=30)),
        refusing("ScaleUp", "groups.resize"),
        refusing("UndoCreateEmptyGroup", "groups.delete"),
    )

    for _ in range(HELD_RETRIES):
        world.run(operation, until=lambda: world.held(operation))
        assert world.signal(operation, "decide", "retry") == "accepted"
    world.run(operation, until=lambda: world.held(operation))

    assert world.signal(operation, "decide", "retry").endswith("possible: skip, abandon")


@pytest.mark.parametrize(
    ("events", "end"), [(control.STOP_RETRYING + 1, "held"), (control.GIVE_UP + 1, "NEEDS_ATTENTION")]
)
def test_a_history_that_grows_too_long_stops_the_retries_and_then_the_operation(events: int, end: str) -> None:
    world, operation = accepted(CREATES, within(HOUR * 24), EXHAUSTED)
    world.run(operation, until=lambda: world.control(operation).step == "ScaleUp")
    world.table.write(Update(control_key(operation), {"events": events}, {"version": 1}))

    world.run(operation, until=lambda: world.held(operation))

    ended = "held" if world.held(operation) else str(world.control(operation).status)
    assert ended == end
    assert world.clock.now - world.control(operation).accepted < 1200


def test_guards_are_not_passed_on_while_a_lost_attempt_may_be_alive() -> None:
    """The connection to the function broke, and Step Functions tried again at once: the first one acts on."""
    world, operation = accepted(DESTROYS, within(HOUR))
    lost: list[float] = []

    def connection(faults: Faults, call: Call, effect: Effect) -> None:
        lost.append(faults.clock.now)
        raise SystemError("no answer")

    world.faults.models.append(lambda call: connection if is_last_step(call) and not lost else None)
    unreported(world, operation, lost)
    world.run(operation)

    closed = world.control(operation).closed or 0
    assert closed - lost[0] >= world.hub.settings.attempt_limit.total_seconds()


def unreported(world: World, operation: str, lost: list[float]) -> None:
    """Nor does that function report its end."""
    silent: Callable[[Call], bool] = lambda call: bool(lost) and call.where == "DeleteLaunchTemplate"  # noqa: E731
    first = iter([True] * 4)
    world.faults.models.append(
        lambda call: KINDS["before"] if silent(call) and call.name == "table.write" and next(first, False) else None
    )


def is_last_step(call: Call) -> bool:
    return (call.where, call.name) == ("DeleteLaunchTemplate", "launch_templates.delete")


def test_the_control_row_stays_below_a_kilobyte() -> None:
    world = CREATES.world()
    saga = CREATES.saga(world)
    caller = Caller("arn:aws:iam::123456789012:role/" + "r" * 40, "u" * 200)
    terms = Terms("clouddriver", timedelta(minutes=10), HOUR, "0" * 200, hold_exhausted=True)
    submission = Submission(saga, saga.request_type.model_validate(CREATES.request))
    accepted = intake.accept(world.hub, [submission], caller=caller, terms=terms, key="k" * 255, digest="d" * 64)
    sizes: list[int] = []
    world.faults.watch(lambda call: sizes.append(size(world.table.peek(control_key(accepted.id)))))
    world.faults.models.append(EXHAUSTED)
    world.clock.drain(5)

    signals.cancel(world.hub, world.sagas, accepted.id, caller, "ü" * 200)
    world.run(accepted.id)

    assert max(sizes) <= 1024
    assert world.control(accepted.id).status is Status.ROLLED_BACK
