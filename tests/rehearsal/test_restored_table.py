"""A table that is restored to an earlier moment: operations end right, or a person is called; nothing is done twice."""

from functools import cache

import pytest

from lambdas.rows import Status
from rehearsal import scenarios
from rehearsal.fake_cloud import Snapshot, differences
from rehearsal.restores import Restored, restored
from rehearsal.trials import Golden, golden_of

SEEDS = range(12)
OPERATIONS = ("createServerGroup", "destroyServerGroup", "resizeServerGroup", "disableServerGroup")


@cache
def golden(name: str) -> Golden:
    return golden_of(scenarios.one(name))


@cache
def played(name: str, seed: int) -> Restored:
    return restored(scenarios.one(name), golden(name), seed)


def each() -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("name", "seed"), [(name, seed) for name in OPERATIONS for seed in SEEDS])


@each()
def test_whatever_says_that_it_is_done_or_put_back_is(name: str, seed: int) -> None:
    one = played(name, seed)

    assert one.status is None or one.status.over
    assert all(execution.status.value != "RUNNING" for execution in one.executions)
    if one.status is Status.SUCCEEDED:
        assert differences(golden(name).after, one.cloud) == []
    if one.status in (Status.ROLLED_BACK, Status.NOT_STARTED):
        assert differences(one.before, one.cloud) == []


@each()
def test_nothing_is_done_twice_and_nothing_of_others_is_touched(name: str, seed: int) -> None:
    one = played(name, seed)

    assert one.broken == []
    assert differences(_untouched(name, one.before), _untouched(name, one.cloud)) == []


def _untouched(name: str, cloud: Snapshot) -> Snapshot:
    """What the operation has no business with: the same before and after a run without faults."""
    before, after = golden(name).before, golden(name).after
    touched = {one for one in before.keys() | after.keys() if before.get(one) != after.get(one)}
    return {one: what for one, what in cloud.items() if one not in touched}


def test_all_of_these_ends_come_about() -> None:
    """Else the moments would prove little."""
    ends = {played(name, seed).status for name in OPERATIONS for seed in SEEDS}

    assert ends >= {Status.SUCCEEDED, Status.ROLLED_BACK, Status.NEEDS_ATTENTION, None}
