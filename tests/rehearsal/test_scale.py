"""A day's load at a small scale: all end well, no look is late, and what is taken grows with what comes in."""

import io
import logging
from collections.abc import Iterator

import pytest
from rich.console import Console

from lambdas.engine import hands
from lambdas.push import receivers
from lambdas.push.herald import Change
from lambdas.rows import control_key, item_of
from lambdas.values import changed
from rehearsal.event_source import EventSource
from rehearsal.faults import PAGE_SECONDS
from rehearsal.heralds import TellingWorld
from rehearsal.scale import BATCHES, DELIVERIES, HOOK, SWEEPING, TRANSITIONS, WRITING, Load, Measured, Scale
from rehearsal.scale_command import LATE, scale, wrong
from tests.push.test_bus_events import ROW

SMALL = Load(operations=100_000, accounts=100, seconds=30)


@pytest.fixture(autouse=True)
def _loud() -> Iterator[None]:
    """The command switches logging off."""
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture(scope="module")
def played() -> Scale:
    return Scale(SMALL)


@pytest.fixture(scope="module")
def measured(played: Scale) -> Measured:
    return played.play()


def test_all_end_well_and_no_look_is_late(measured: Measured) -> None:
    assert wrong(measured) == ""
    assert measured.ends.total() == 312  # of four and a half minutes


def test_what_is_taken_is_told_by_what_gives_out_first(measured: Measured) -> None:
    until = [one.until for one in measured.taken]

    assert until == sorted(until)
    assert {SWEEPING, TRANSITIONS} <= {one.quota for one in measured.taken}
    transitions = next(one for one in measured.taken if one.quota == TRANSITIONS)
    # 9 of each operation
    assert transitions.amount == pytest.approx(9 * SMALL.operations / 86_400, rel=0.2)


def test_what_happens_is_told_while_it_is_news(played: Scale, measured: Measured) -> None:
    telling = measured.telling

    assert len(played.outside.got) == len(played.heard) == 3 * measured.ends.total()

    assert telling.events == pytest.approx(3, abs=0.3)  # accepted, started, succeeded
    assert telling.pages <= telling.events
    assert PAGE_SECONDS < telling.seconds < 1
    assert 0 < telling.late[0] <= telling.late[1] < LATE
    assert {BATCHES, DELIVERIES, WRITING} <= {one.quota for one in measured.taken}


def test_a_herald_that_took_one_event_after_the_other_would_be_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EventSource.__init__, "__kwdefaults__", {"size": 1, "at_once": 1})

    alone = Scale(SMALL).play()

    assert alone.telling.late[1] > LATE
    assert "told more than" in wrong(alone)


def test_a_shard_that_is_behind_is_told_a_hundred_events_a_second() -> None:
    """Three million operations a day."""
    world, events = TellingWorld(paced=True), 6_000
    world.table.write(receivers.put(ROW.application, HOOK))
    world.clock.drain(1)
    began = world.clock.now
    for number in range(events):
        key, row = control_key(f"op{number}"), item_of(changed(ROW, id=f"op{number}"))
        world.tellings.add(key.pk, Change(None, {"pk": key.pk, "sk": key.sk, **row}, began))

    while world.tellings.is_busy:
        world.clock.drain(1)

    assert {one.data.operation for one in world.heard} == {f"op{number}" for number in range(events)}
    assert events / (world.clock.now - began) > 100


def test_a_sweep_that_had_no_hands_would_be_late(measured: Measured, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each account's answers are waited for one after the other."""
    monkeypatch.setattr(hands, "FEW", 1_000_000)

    alone = Scale(SMALL).play()

    assert alone.behind > LATE > measured.behind
    assert alone.took[0] > measured.took[0]


def test_the_command_shows_it() -> None:
    out = io.StringIO()

    ended = scale(["--operations", "20000", "--accounts", "5", "--seconds", "30"], Console(file=out, width=200))

    assert ended == 0
    assert "20,000 createServerGroup a day" in out.getvalue()
    assert "First to give out:" in out.getvalue()


@pytest.mark.parametrize("arguments", [["--accounts", "0"], ["--operations", "1e6"], ["--seconds", "-1"]])
def test_bad_input_is_one_sentence(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        scale(arguments)

    assert ended.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1
