from functools import partial

import pytest

from rehearsal.clock import EPOCH, Clock, iso


def test_things_happen_in_the_order_of_their_times_then_of_their_asking() -> None:
    clock = Clock()
    happened: list[tuple[str, float]] = []

    def note(name: str) -> None:
        happened.append((name, clock.now - EPOCH))

    for delay, name in ((5, "late"), (1, "first"), (1, "second"), (0, "now")):
        clock.at(delay, partial(note, name))

    clock.run()

    assert happened == [("now", 0), ("first", 1), ("second", 1), ("late", 5)]


def test_what_happens_can_ask_for_more() -> None:
    clock, times = Clock(100.0), []

    def tick() -> None:
        times.append(clock.now)
        if len(times) < 3:
            clock.at(10, tick)

    clock.at(0, tick)
    clock.run()

    assert times == [100, 110, 120]


def test_run_stops_as_soon_as_it_may() -> None:
    clock = Clock(0.0)
    happened: list[int] = []
    for delay in (1, 2, 3):
        clock.at(delay, partial(happened.append, delay))

    clock.run(lambda: len(happened) == 2)

    assert happened == [1, 2]
    assert clock.now == 2


def test_draining_lets_exactly_so_much_time_pass() -> None:
    clock = Clock(0.0)
    happened: list[int] = []
    for delay in (1, 10, 11):
        clock.at(delay, partial(happened.append, delay))

    clock.drain(10)

    assert happened == [1, 10]
    assert clock.now == 10


def test_the_cancelled_neither_happens_nor_moves_time() -> None:
    clock, happened = Clock(0.0), []
    clock.at(1, lambda: happened.append("kept"))
    timer = clock.at(1_000_000, lambda: happened.append("cancelled"))

    timer.cancel()
    clock.run()

    assert happened == ["kept"]
    assert clock.now == 1


def test_cancelling_what_has_happened_does_nothing() -> None:
    clock, happened = Clock(0.0), []
    timer = clock.at(1, lambda: happened.append("once"))
    clock.run()

    timer.cancel()
    clock.run()

    assert happened == ["once"]


def test_the_past_cannot_be_scheduled() -> None:
    with pytest.raises(ValueError, match="past"):
        Clock().at(-0.001, lambda: None)


@pytest.mark.parametrize(
    ("now", "text"),
    [
        (EPOCH, "2026-01-01T00:00:00.000Z"),
        (EPOCH + 1.5, "2026-01-01T00:00:01.500Z"),
        (EPOCH + 59.9996, "2026-01-01T00:01:00.000Z"),
        (EPOCH + 86_400 * 31 + 0.001, "2026-02-01T00:00:00.001Z"),
    ],
)
def test_times_are_written_in_milliseconds_of_utc(now: float, text: str) -> None:
    assert iso(now) == text
