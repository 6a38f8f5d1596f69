"""What a sweep reads: by the page, within its budgets, nobody for ever last, and nothing lost where it dies."""

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from lambdas import sweep as sweeping
from lambdas.engine import heartbeat, rhythm
from lambdas.errors import Rejected, Throttled
from lambdas.families import BUCKETS
from rehearsal.faults import KINDS
from tests.engine.crowd import Crowd

HALF = 0.5
HEALTH = "load_balancers.target_health"


def crowd(count: int, **groups: object) -> Crowd:
    made = Crowd()
    made.join(count, **groups)  # type: ignore[arg-type]  # as `Crowd.join` says
    return made


def swept_for(world: Crowd, seconds: float) -> None:
    world.swept.clear()
    world.clock.drain(seconds)


def test_a_thousand_waits_on_a_thousand_groups_cost_twenty_reads_and_no_write() -> None:
    world = crowd(1000)
    world.clock.drain(75)  # younger ones are looked at more often, and more than the budget allows

    swept_for(world, 61)

    looking = [swept for swept in world.swept if swept.calls["groups.found"]]
    assert len(looking) >= 3
    for swept in looking:
        assert {name: n for name, n in swept.calls.items() if name.startswith(("groups.", "load", "scaling."))} == {
            "groups.found": 20
        }
        assert swept.rows == 0


def test_waits_on_one_group_share_its_read_and_its_targets() -> None:
    world = crowd(1, lifecycle="InService", balanced=True)
    for n in range(9):
        world.submit("watch", {"group": "prod-v0000"}, key=f"also {n}")

    swept_for(world, 6)

    assert (world.swept[0].calls["groups.found"], world.swept[0].calls[HEALTH]) == (1, 1)


def test_targets_are_asked_for_only_where_enough_instances_are_in_service() -> None:
    world = crowd(1, balanced=True)

    swept_for(world, 6)
    world.serve("prod", "prod-v0000")
    launching = world.swept[0].calls
    swept_for(world, 6)

    assert (launching[HEALTH], world.swept[0].calls[HEALTH]) == (0, 1)


def test_what_a_wait_watches_is_answered_when_it_is_there() -> None:
    world = crowd(3)
    world.serve("prod", "prod-v0001")
    world.cloud.place("prod", "us-east-1").forget_group("prod-v0002")

    world.clock.drain(6)

    reasons = {item.get("reason") for item in world.table.rows() if item["sk"].startswith("wait#")}
    assert reasons == {"0 of 1 instances healthy", "prod-v0002 is not visible"}


def test_a_page_that_cannot_be_read_is_a_reason_of_each_of_its_waits() -> None:
    world = crowd(2)
    world.faults.models.append(lambda call: KINDS["before"] if call.name == "groups.found" else None)

    swept_for(world, 6)

    assert world.swept[0].calls["groups.found"] == 1
    assert world.swept[0].calls["groups.find"] == 0
    reasons = [item["reason"] for item in world.table.rows() if item["sk"].startswith("wait#")]
    assert [reason.partition(" rehearsed")[0] for reason in reasons] == ["cannot see: Transient:"] * 2


def test_of_a_page_that_is_refused_each_wait_hears_only_its_own() -> None:
    world = crowd(2)
    world.serve("prod", "prod-v0001")

    def refused(*_: object) -> None:
        raise Rejected("rehearsed: one of the names is not valid")

    world.faults.models.append(lambda call: refused if call.name == "groups.found" else None)
    world.clock.drain(6)

    assert world.open() == 1


def test_no_account_is_read_more_often_than_half_of_its_bucket_allows() -> None:
    world = crowd(150, lifecycle="InService", balanced=True)
    began = world.clock.now

    swept_for(world, 600)

    bucket = BUCKETS["elasticloadbalancing reads"]
    reads = sum(swept.calls[HEALTH] for swept in world.swept)
    assert max(swept.calls[HEALTH] for swept in world.swept) <= HALF * bucket.size
    assert reads <= HALF * (bucket.size + bucket.refill * (world.clock.now - began))
    assert reads >= 0.8 * HALF * bucket.refill * 60  # and what there is, is used while all look each few seconds


def test_where_a_budget_is_short_all_are_looked_at_in_turn_and_newcomers_with_them() -> None:
    world = crowd(200, lifecycle="InService", balanced=True)
    world.clock.drain(330)
    for name in ("new", "newer"):
        world.submit("watch", {"group": "prod-v0000"}, key=name)

    began = world.clock.now
    world.looks.clear()
    world.clock.drain(240)

    # 200 reads at 4 a second are a round of 50 seconds; whoever has just missed one waits for the next.
    assert len(world.looks) == 202
    assert max(times[0] for times in world.looks.values()) - began <= 105
    assert max(later - one for times in world.looks.values() for one, later in pairwise(times)) <= 105


def test_a_crowded_account_keeps_no_other_waiting() -> None:
    world = crowd(300, lifecycle="InService", balanced=True)
    world.join(1, account="test")
    world.clock.drain(300)
    world.serve("test", "test-v0000")

    world.clock.drain(20)

    assert world.open() == 300


def test_whoever_is_throttled_leaves_the_account_alone_for_a_while() -> None:
    world = crowd(60, lifecycle="InService", balanced=True)

    def throttled(*_: object) -> None:
        raise Throttled("rehearsed: rate exceeded")

    world.faults.models.append(lambda call: throttled if call.name == HEALTH else None)
    swept_for(world, 6)

    assert world.swept[0].calls[HEALTH] == 1


def test_a_sweep_short_of_time_leaves_the_rest_to_the_next_which_it_asks_for_at_once() -> None:
    world = crowd(120)
    world.clock.drain(74)
    world.clock.now += 1.5  # the looks after these are 15 seconds away
    clock = Slow(world, 0.05)
    began = world.clock.now

    sweeping.sweep(replace(world.hub, now=clock), world.sagas, until=began + 3)

    beat = heartbeat.read(world.plain)
    assert 0 < len(beat.rounds) == 1
    assert world.table.peek(rhythm.HEARTBEAT)["next"] - clock() < 2


def test_what_a_sweep_leaves_and_when_the_next_comes_are_one_write() -> None:
    world = crowd(1)
    world.clock.drain(75)

    swept_for(world, 61)

    looking = [swept.calls for swept in world.swept if swept.calls["groups.found"]]
    assert len(looking) == 4
    assert [(calls["table.write"], calls["sweeper.after"]) for calls in looking] == [(1, 1)] * 4


def test_who_finds_that_another_was_asked_for_meanwhile_leaves_its_own_and_asks_no_more() -> None:
    world = crowd(1)
    asking = Asking()
    hub = replace(world.plain, sweeper=asking)
    beat = heartbeat.read(hub)
    rhythm.ask(hub, hub.now() + 1)

    heartbeat.write(hub, replace(beat, last=hub.now()), hub.now() + 1)

    row = world.table.peek(rhythm.HEARTBEAT)
    assert (row["last"], row["next"]) == (hub.now(), hub.now() + 1)
    assert asking.asked == [timedelta(seconds=1)]


class Asking:
    """Notes after how long each sweep is asked for."""

    def __init__(self) -> None:
        self.asked: list[timedelta] = []

    def after(self, delay: timedelta, nudged: Collection[str] = ()) -> None:
        self.asked.append(delay)


def test_sweeps_do_not_multiply_while_waits_begin_at_any_time_and_all_are_looked_at_within_the_second() -> None:
    world = crowd(1)
    for n in range(200):
        world.submit("watch", {"group": "prod-v0000"}, key=f"another {n}")
        world.clock.drain(0.07)

    swept_for(world, 20)

    assert len(world.swept) == 20


class Slow:
    """A clock on which every call takes a while."""

    def __init__(self, world: Crowd, each: float) -> None:
        self._world, self._each, self._from = world, each, world.faults.calls

    def __call__(self) -> float:
        return self._world.clock.now + self._each * (self._world.faults.calls - self._from)


def test_with_little_time_each_sweep_goes_on_where_the_last_one_stopped() -> None:
    world = crowd(130)
    world.clock.drain(4.9)
    for n in range(130):
        world.serve("prod", f"prod-v{n:04}")
    world.clock.now += 0.2
    left = [world.open()]
    while left[-1] and len(left) < 20:
        clock = Slow(world, 0.05)
        sweeping.sweep(replace(world.hub, now=clock), world.sagas, until=clock() + 15)
        left.append(world.open())

    assert left == sorted(set(left), reverse=True)  # each goes further
    assert (left[0], left[-1]) == (130, 0)
    assert 3 < len(left) < 10


def ready() -> Crowd:
    """Three operations whose waits are over, as the next sweep will find, and one whose wait is not."""
    world = crowd(2)
    world.join(2, account="test", lifecycle="InService", balanced=True)
    world.submit("watch", {"group": "prod-v0000"}, key="also")
    world.clock.drain(4.9)
    world.serve("prod", "prod-v0000")
    world.serve("prod", "prod-v0001")
    world.clock.now += 0.2
    return world


@pytest.mark.parametrize("kind", ["kill_before", "kill_after"])
def test_a_sweep_killed_at_any_call_loses_no_look(kind: str) -> None:
    world = ready()
    before = world.faults.calls
    world.sweep()
    length = world.faults.calls - before
    assert (length > 30, world.open()) == (True, 2)

    for number in range(1, length + 1):
        world = ready()
        world.faults.at(world.faults.calls + number, kind)
        world.sweep()
        world.sweep()  # at the same moment, at which no look has fallen due since

        assert world.open() == 2, f"killed at call {number}"
