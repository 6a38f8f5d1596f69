"""How often a wait is looked at follows from its age alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.engine.rhythm import looks_by, next_look, young_again

AGES = st.floats(min_value=0, max_value=90_000)


@pytest.mark.parametrize(
    ("age", "looks"), [(0, 0), (4.9, 0), (5, 1), (60, 12), (74, 12), (75, 13), (600, 48), (660, 49)]
)
def test_a_wait_is_looked_at_less_often_as_it_ages(age: float, looks: int) -> None:
    assert looks_by(age) == looks


@given(AGES)
def test_the_next_look_is_the_first_time_at_which_one_more_is_counted(age: float) -> None:
    upcoming = next_look(0.0, age)

    assert upcoming > age
    assert looks_by(upcoming) == looks_by(age) + 1
    assert looks_by(upcoming - 1e-6) == looks_by(age) or upcoming - 1e-6 <= age


@given(AGES, st.floats(min_value=0, max_value=3600))
def test_sweeps_at_any_times_make_every_look_once(age: float, later: float) -> None:
    between = looks_by(age + later) - looks_by(age)

    assert between >= 0
    assert (between > 0) == (next_look(0.0, age) <= age + later)


@pytest.mark.parametrize(("age", "becomes"), [(0.0, 0.0), (59.0, 59.0), (60.0, 0.0), (7000.0, 0.0)])
def test_a_wait_that_moves_is_as_old_as_a_new_one_unless_it_is_young(age: float, becomes: float) -> None:
    assert 10_000.0 - young_again(10_000.0 - age, 10_000.0) == becomes
