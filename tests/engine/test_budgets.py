"""Half of a bucket, and no more, for what one function alone calls."""

from hypothesis import given
from hypothesis import strategies as st

from lambdas.engine.budgets import BUCKETS, HUB, SHARE, STARTS, Budgets


@given(pauses=st.lists(st.floats(min_value=0, max_value=20), max_size=20))
def test_starts_stay_within_half_of_the_bucket_from_drain_to_drain(pauses: list[float]) -> None:
    now, taken, levels = 0.0, 0, Budgets(lambda: 0.0, {}).levels
    bucket = BUCKETS[STARTS]

    for pause in [0.0, *pauses]:
        now += pause
        budgets = Budgets(lambda: now, levels)  # noqa: B023  called before `now` moves on
        taken += (left := budgets.left(HUB, STARTS))
        budgets.take(HUB, STARTS, left)
        levels = budgets.levels

        assert taken <= SHARE * (bucket.size + bucket.refill * now) + 1e-6
        assert taken >= SHARE * bucket.size - 1


def test_what_is_drained_has_nothing_left() -> None:
    budgets = Budgets(lambda: 0.0, {})

    budgets.drain(HUB, STARTS)

    assert budgets.left(HUB, STARTS) == 0


def test_what_has_leaked_away_is_forgotten() -> None:
    now = 0.0
    budgets = Budgets(lambda: now, {"hub gone": (7.0, 0.0)})
    budgets.take(HUB, STARTS)

    now = 60.0

    assert (budgets.levels, budgets.left(HUB, STARTS)) == ({}, SHARE * BUCKETS[STARTS].size)
