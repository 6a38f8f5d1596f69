"""Whose turn it is, and where the next sweep goes on."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.engine.rounds import Lane, Place, Round, Row, lanes, owed

NOW = 10_000.0
AGES = st.lists(st.floats(min_value=0, max_value=5000), min_size=1, max_size=30)


def wait(since: float, name: str = "a") -> Row:
    return Row(f"op#{name}", "wait#Healthy", since, "prod", "us-east-1", "Grow", "check")


def rows(ages: list[float]) -> list[Row]:
    return [wait(NOW - age, str(n)) for n, age in enumerate(ages)]


def looked(lane: Lane, most: int) -> list[Row]:
    """What a sweep that gets so far looks at."""
    made = list[Row]()
    while lane.turns and len(made) < most:
        made.append(lane.turns[0].row)
        lane.made()
    return made


@given(AGES, st.integers(1, 7), st.floats(min_value=0.1, max_value=9))
def test_every_row_has_its_look_before_any_has_two(ages: list[float], most: int, pause: float) -> None:
    waiting, left, seen, now = rows(ages), dict[str, Round](), list[Row](), NOW + 60
    owing = {row for row in waiting if owed(row, NOW, now, 90) is not None}

    for _ in range(len(owing)):
        for lane in lanes(waiting, NOW, left, now, 90):
            seen += looked(lane, min(most, len(owing) - len(seen)))
            left = {lane.name: lane.left} if lane.turns else {}
        now += pause
        if len(seen) >= len(owing):
            break

    assert len(seen) == len(owing)
    assert set(seen) == owing


@given(AGES, st.floats(min_value=0.1, max_value=100))
def test_a_row_is_owed_a_look_as_often_as_its_age_says(ages: list[float], span: float) -> None:
    for row in rows(ages):
        since = owed(row, NOW, NOW + span, 90)

        assert since is None or NOW < since <= NOW + span


def test_the_longest_unchecked_come_first_and_lanes_like_them() -> None:
    young, old = wait(NOW - 8, "young"), wait(NOW - 7, "old")
    elsewhere = Row("op#x", "wait#Healthy", NOW - 9, "test", "us-east-1", "Grow", "check")

    [first, second] = lanes([old, young, elsewhere], NOW - 5, {"prod/us-east-1": Round(NOW - 60, NOW - 2)}, NOW, 90)

    assert [first.name, second.name] == ["prod/us-east-1", "test/us-east-1"]
    assert [turn.row for turn in first.turns] == [young, old]
    assert first.turns[0].place == (NOW - 3, "op#young", "wait#Healthy")


def test_what_a_sweep_left_comes_before_what_fell_due_since() -> None:
    waiting = rows([65, 64, 63])
    after: Place = (NOW - 5, "op#0", "wait#Healthy")

    [lane] = lanes(waiting, NOW, {"prod/us-east-1": Round(NOW - 6, NOW - 3, after)}, NOW + 13, 90)

    assert [turn.row for turn in lane.turns] == [waiting[1], waiting[2], waiting[0]]
    looked(lane, 1)
    assert lane.left == Round(NOW - 6, NOW - 3, (NOW - 4, "op#1", "wait#Healthy"))
    looked(lane, 1)
    assert lane.left == Round(NOW - 3, NOW + 13)


OVERDUE = wait(NOW - 7000)


@pytest.mark.parametrize("row", [replace(OVERDUE, deadline=NOW - 50), replace(OVERDUE, expires=NOW - 50)])
def test_a_wait_whose_time_is_over_is_looked_at_until_it_is_answered(row: Row) -> None:
    assert owed(row, NOW, NOW + 0.1, 90) == NOW - 50


def test_what_is_clear_is_looked_at_as_soon_as_it_has_settled() -> None:
    row = replace(wait(NOW - 1000), clear=NOW - 89)

    assert owed(row, NOW, NOW + 0.5, 90) is None
    assert owed(row, NOW, NOW + 1.5, 90) == NOW + 1
