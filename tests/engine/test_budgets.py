"""Half of every bucket, and no more."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.engine.budgets import BUCKETS, SHARE, Budgets

PLACE = "prod/us-east-1"


@pytest.mark.parametrize("api", BUCKETS)
@given(pauses=st.lists(st.floats(min_value=0, max_value=20), max_size=40))
def test_reads_stay_within_half_of_the_bucket_from_sweep_to_sweep(api: str, pauses: list[float]) -> None:
    now, taken, levels = 0.0, 0, Budgets(lambda: 0.0, {}).levels

    for pause in [0.0, *pauses]:
        now += pause
        budgets = Budgets(lambda: now, levels)  # noqa: B023  called before `now` moves on
        while not budgets.spent(PLACE):
            budgets.take(PLACE, api)
            taken += 1
        levels = budgets.levels

        assert taken <= SHARE * (BUCKETS[api].size + BUCKETS[api].refill * now) + 1e-6
        assert taken >= SHARE * BUCKETS[api].size - 1


def test_each_account_and_region_has_buckets_of_its_own() -> None:
    budgets = Budgets(lambda: 0.0, {})

    budgets.drain(PLACE, "ec2")

    assert (budgets.spent(PLACE), budgets.spent("prod/us-east-2"), budgets.spent("prod/us-east")) == (
        True,
        False,
        False,
    )


def test_what_has_leaked_away_is_forgotten() -> None:
    now = 0.0
    budgets = Budgets(lambda: now, {"prod/us-east-1 gone": (7.0, 0.0)})
    budgets.take(PLACE, "ec2")

    now = 60.0

    assert (budgets.levels, budgets.spent(PLACE)) == ({}, False)


def test_whoever_may_use_a_part_stops_earlier() -> None:
    budgets = Budgets(lambda: 0.0, {})
    while not budgets.spent(PLACE, 0.5):
        budgets.take(PLACE, "elasticloadbalancing")

    assert budgets.levels["prod/us-east-1 elasticloadbalancing"][0] == 0.5 * SHARE * 40
    assert not budgets.spent(PLACE)
