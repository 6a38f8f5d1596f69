"""A guard changes hands while a write of its owner is under way: what is guaranteed, and what is not."""

import logging
from collections.abc import Iterator

import pytest

from lambdas.hub import Settings
from lambdas.rows import Status
from rehearsal.handovers import DONE, OVERWRITTEN, Case, played, sweep

ALIVE = Settings("").attempt_limit.total_seconds()
SETTLING = Settings("").settling.total_seconds()


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def test_no_guard_changes_hands_beside_a_live_attempt_and_what_lands_before_that_harms_nobody() -> None:
    found = sweep()

    assert found.survivors == []
    assert len(found.passed) == 112
    assert found.landed_after == {DONE: 24, OVERWRITTEN: 24}


@pytest.mark.parametrize("delay", [1.0, 30.0, ALIVE - 1])
def test_a_write_that_lands_while_the_attempt_may_be_alive_is_before_the_heirs(delay: float) -> None:
    passed = played(Case("hang", delay, "resize"))

    assert (passed.first, passed.second, passed.came_to) == (Status.SUCCEEDED, Status.SUCCEEDED, DONE)
    assert passed.handed >= passed.alive == ALIVE


def test_whoever_puts_back_keeps_the_guard_until_the_cloud_has_settled_too() -> None:
    passed = played(Case("hang", ALIVE + SETTLING - 1, "resize", cancelled=True))

    assert (passed.first, passed.came_to) == (Status.ROLLED_BACK, DONE)
    assert passed.handed >= ALIVE + SETTLING


@pytest.mark.parametrize("delay", [90.0, 900.0])
def test_a_group_that_the_heir_has_deleted_cannot_be_resized_by_what_lands_later(delay: float) -> None:
    passed = played(Case("hang", delay, "destroy"))

    assert passed.after
    assert passed.came_to == DONE


@pytest.mark.parametrize(("kind", "delay"), [("hang", 90.0), ("late", 30.0)])
def test_what_lands_when_the_guard_is_the_heirs_is_not_guaranteed(kind: str, delay: float) -> None:
    """Auto Scaling takes no condition with a capacity: the last write stands, whoever is waited for by then."""
    passed = played(Case(kind, delay, "resize"))

    assert passed.after
    assert (passed.second, passed.came_to) == (Status.SUCCEEDED, OVERWRITTEN)
