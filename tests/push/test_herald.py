"""What the bus hears of an operation, whoever dies on the way and whatever the stream loses."""

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lambdas.audit.book import lane_of
from lambdas.errors import Rejected, Transient
from lambdas.push import herald, told
from lambdas.push.events import Kind
from lambdas.push.herald import Change
from lambdas.push.model import Event
from lambdas.rows import control_key, item_of
from lambdas.values import changed
from rehearsal.faults import KINDS, Call
from rehearsal.heralds import TellingWorld
from rehearsal.scenarios import CREATES, RESIZES
from rehearsal.sweep import Scenario
from tests.engine.doubles import QUIET, refusing
from tests.push.test_bus_events import ROW

Prepare = Callable[[TellingWorld], object]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def world_of(scenario: Scenario) -> TellingWorld:
    world = TellingWorld(scenario.sagas, manners=scenario.manners, recorded=False)
    scenario.prepare(world)
    return world


def played(scenario: Scenario, *prepares: Prepare) -> TellingWorld:
    """To its end, and until nothing more is on its way."""
    world = world_of(scenario)
    for prepare in prepares:
        prepare(world)
    operation = world.submit(scenario.operation, scenario.request)
    world.run(operation)
    world.clock.drain(QUIET)
    return world


def kinds(events: list[Event]) -> list[Kind]:
    return [one.kind for one in events]


def noted(world: TellingWorld) -> list[Kind]:
    return [one.kind for one in told.told(world.table, world.operation)]


def test_a_fault_free_operation_is_three_events_in_order() -> None:
    world = played(RESIZES)

    assert kinds(world.heard) == [Kind.ACCEPTED, Kind.STARTED, Kind.SUCCEEDED]
    assert noted(world) == kinds(world.heard)
    assert [one.sequence for one in world.heard] == sorted(one.sequence or "" for one in world.heard)
    assert len({one.id for one in world.heard}) == 3
    row = world.control(world.operation)
    assert [one.time.timestamp() for one in world.heard] == [row.accepted, row.started, row.closed]


def test_an_operation_that_is_put_back_says_why() -> None:
    world = played(RESIZES, lambda world: world.faults.models.append(refusing("Resize", "groups.resize", Rejected)))

    assert kinds(world.heard) == [Kind.ACCEPTED, Kind.STARTED, Kind.UNDOING, Kind.ROLLED_BACK]
    assert (world.heard[-1].data.reason or "").startswith("Rejected: rehearsed")


def test_pausing_and_resuming_are_told_with_who_did_it_and_the_hold_of_a_pause_is_not() -> None:
    world = world_of(RESIZES)
    operation = world.submit(RESIZES.operation, RESIZES.request)
    world.signal(operation, "pause")
    world.run(operation, until=lambda: world.held(operation))
    world.clock.drain(5)
    world.signal(operation, "resume")
    world.run(operation)
    world.clock.drain(QUIET)

    said = [one for one in world.heard if one.kind in (Kind.PAUSED, Kind.RESUMED)]
    assert kinds(world.heard) == [Kind.ACCEPTED, Kind.PAUSED, Kind.RESUMED, Kind.STARTED, Kind.SUCCEEDED]
    assert [one.data.by for one in said] == 2 * ["arn:aws:iam::123456789012:role/rehearsal: rehearsed"]


def held(world: TellingWorld) -> str:
    """Held, and the herald had its time."""
    model = refusing("Resize", "groups.resize", Transient)
    world.faults.models.append(model)
    operation = world.submit(RESIZES.operation, RESIZES.request)
    world.run(operation, until=lambda: world.held(operation))
    world.clock.drain(400)
    world.faults.lift()
    return operation


def test_a_held_operation_says_which_step_and_why_and_that_it_goes_on() -> None:
    world = world_of(RESIZES)
    operation = held(world)
    world.signal(operation, "decide", "retry")
    world.run(operation)
    world.clock.drain(QUIET)

    assert kinds(world.heard) == [Kind.ACCEPTED, Kind.STARTED, Kind.HELD, Kind.RESUMED, Kind.SUCCEEDED]
    assert (world.heard[2].data.step, (world.heard[2].data.reason or "")[:9]) == ("Resize", "Exhausted")


def herald_calls(scenario: Scenario) -> list[Call]:
    trace: list[Call] = []
    played(scenario, lambda world: setattr(world.faults, "trace", trace))
    return [call for call in trace if call.where == "herald"]


@pytest.mark.parametrize("kind", ["kill_before", "kill_after", "before", "after", "late"])
def test_whoever_dies_in_the_herald_anywhere_every_event_is_told_and_the_same_event_has_the_same_id(kind: str) -> None:
    golden = played(RESIZES)
    calls = herald_calls(RESIZES)
    # For each event: how the book stands (two reads), what is known, the book (a note, a page, that it is the last),
    # the bus, who is told (two reads), its row, the note; and a page of the account that the world begins with.
    assert len(calls) == 3 * 11 + 5

    for call in calls:
        world = played(RESIZES, lambda world, at=call.number: world.faults.at(at, KINDS[kind]))  # type: ignore[misc]

        assert list(dict.fromkeys(one.id for one in world.heard)) == [one.id for one in golden.heard], str(call)
        assert noted(world) == kinds(golden.heard), str(call)


def test_an_end_that_the_stream_lost_is_told_by_the_sweep() -> None:
    world = world_of(RESIZES)
    operation = world.submit(RESIZES.operation, RESIZES.request)
    world.run(operation, until=lambda: bool(world.heard) and world.control(operation).step == "Resize")
    world.deaf = True
    world.run(operation)
    world.clock.drain(QUIET)

    assert kinds(world.heard)[-1] is Kind.SUCCEEDED
    assert world.heard[-1].time.timestamp() == world.control(operation).closed
    assert world.control(operation).due is None


def test_an_event_whose_herald_died_and_whose_record_is_gone_is_told_by_the_sweep() -> None:
    last = [call for call in herald_calls(RESIZES) if call.name == "bus.put"][-1]
    world = world_of(RESIZES)
    world.faults.at(last.number, KINDS["kill_before"])
    operation = world.submit(RESIZES.operation, RESIZES.request)
    world.run(operation)
    world.clock.drain(2)
    world.tellings.clear()
    assert kinds(world.heard) == [Kind.ACCEPTED, Kind.STARTED]

    world.clock.drain(QUIET)

    assert kinds(world.heard) == [Kind.ACCEPTED, Kind.STARTED, Kind.SUCCEEDED]


def test_a_hold_that_the_stream_lost_is_told_by_the_sweep() -> None:
    world = world_of(RESIZES)
    world.deaf = True
    held(world)

    assert kinds(world.heard)[-1] is Kind.HELD
    assert world.heard[-1].data.step == "Resize"


def test_a_stream_that_is_deaf_to_all_still_ends_in_the_end() -> None:
    world = played(CREATES, lambda world: setattr(world, "deaf", True))

    assert kinds(world.heard)[-1] is Kind.SUCCEEDED


def test_a_bus_that_is_down_delays_no_operation_and_hears_everything_when_it_is_back() -> None:
    def down(world: TellingWorld) -> None:
        def gone(call: Call) -> Any:
            return KINDS["before"] if world.clock.now < began + 1800 else None

        began = world.clock.now
        world.faults.on(lambda name: name == "bus.put", gone)

    world, unhindered = played(RESIZES, down), played(RESIZES)
    world.clock.drain(1800)

    assert world.took(world.operation) == unhindered.took(unhindered.operation)
    assert kinds(world.heard) == kinds(unhindered.heard)


def test_a_record_that_comes_twice_is_noted_once() -> None:
    world = played(RESIZES, lambda world: setattr(world, "delivery", lambda: (0.0, 3.0)))

    assert noted(world) == [Kind.ACCEPTED, Kind.STARTED, Kind.SUCCEEDED]
    assert len({one.id for one in world.heard}) == 3


def accepted(number: int) -> Change:
    key = control_key(f"op{number}")
    return Change(None, {"pk": key.pk, "sk": key.sk, **item_of(changed(ROW, id=f"op{number}"))}, 1_700_000_000.0)


def test_a_batch_is_a_page_of_each_lane_and_as_few_calls_of_the_bus_as_it_takes() -> None:
    world, calls = TellingWorld(), list[Call]()
    world.faults.trace = calls

    done = list(herald.changed(world.office, [accepted(number) for number in range(25)]))

    assert done == [10, 20, 25]
    assert [one.data.operation for one in world.heard] == [f"op{number}" for number in range(25)]
    called = Counter(call.name for call in calls)
    assert called["bus.put"] == 3
    assert called["shelf.put"] == len(world.shelf.pages) == len({lane_of({"operation": f"op{n}"}) for n in range(25)})


def test_what_comes_before_a_record_that_cannot_be_read_does_not_wait_for_it() -> None:
    world, done = TellingWorld(), list[int]()
    newer = Change(None, {"pk": "op#newer", "sk": "control"}, 1_700_000_000.0)

    with pytest.raises(Transient, match="this release knows no"):
        done.extend(herald.changed(world.office, [accepted(1), accepted(2), newer, accepted(3)]))

    assert done == [2]
    assert [one.data.operation for one in world.heard] == ["op1", "op2"]


def test_of_changes_that_are_nothing_the_book_is_not_even_looked_at() -> None:
    world, calls = TellingWorld(), list[Call]()
    world.faults.trace = calls
    same = accepted(1).new

    assert list(herald.changed(world.office, [Change(same, same, 1.0)])) == [1]
    assert calls == []


def test_what_is_noted_stays_under_a_kilobyte() -> None:
    world = played(RESIZES)
    rows = [row for row in world.table.rows() if str(row["sk"]).startswith("event#")]

    assert rows
    assert all(len(str(row)) < 1024 for row in rows)
