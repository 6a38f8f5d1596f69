"""Nudges: events bring looks forward, as far as nobody else is kept waiting, and nothing depends on them."""

import json
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from lambdas import accounts, nudges
from lambdas.engine.rounds import Lane, Row, early
from lambdas.errors import Throttled
from lambdas.families import BUCKETS
from lambdas.naming import cluster_of
from lambdas.nudges import Happened, Nudges, happened, message, nudged_in
from lambdas.rows import Status, control_key, open_key
from lambdas.table import Update
from rehearsal import scenarios
from rehearsal.faults import KINDS
from rehearsal.world import EVENT_LAG
from tests.engine.crowd import Crowd

HALF = 0.5
HEALTH = "load_balancers.target_health"
GROUP = "prod-v0000"
SOON = EVENT_LAG + nudges.TOGETHER + 0.1
EVENT = {
    "version": "0",
    "detail-type": "EC2 Instance Launch Successful",
    "source": "aws.autoscaling",
    "account": "123456789012",
    "region": "us-west-2",
    "detail": {"AutoScalingGroupName": "shop-prod-v001", "EC2InstanceId": "i-1", "Origin": "EC2"},
}


def crowd(count: int = 1, **groups: object) -> Crowd:
    """They have waited for eleven minutes, and events are heard from now on."""
    made = Crowd()
    made.join(count, **groups)  # type: ignore[arg-type]  # as `Crowd.join` says
    made.clock.drain(661)
    made.hear(lambda: (0.0,))
    made.looks.clear()
    made.swept.clear()
    return made


TERMINATED = EVENT | {
    "detail-type": "EC2 Instance State-change Notification",
    "source": "aws.ec2",
    "detail": {"instance-id": "i-0a1", "state": "terminated"},
}
STACK = "arn:aws:cloudformation:us-west-2:123456789012:stack/shop-queues/5a0c"
CHANGED = EVENT | {
    "detail-type": "CloudFormation Stack Status Change",
    "source": "aws.cloudformation",
    "detail": {"stack-id": STACK, "status-details": {"status": "UPDATE_COMPLETE"}},
}


@pytest.mark.parametrize(
    ("event", "cluster"),
    [(TERMINATED, "instance/i-0a1"), (CHANGED, "stack/shop-queues")],
    ids=["ec2", "cloudformation"],
)
def test_an_event_of_another_source_names_what_its_operations_are_listed_by(event: Any, cluster: str) -> None:
    assert happened(event) == Happened("123456789012", "us-west-2", cluster)


@pytest.mark.parametrize(
    ("name", "slow"), [("terminateInstances", {"shutdown": 700.0}), ("executeCloudFormationChangeSet", {"boot": 700.0})]
)
def test_who_waits_for_an_instance_or_a_stack_is_looked_at_when_it_has_come_about(name: str, slow: Any) -> None:
    scenario = scenarios.one(name)
    world = replace(scenario, manners=replace(scenario.manners, **slow)).world()
    world.hear(lambda: (0.0,))
    operation = world.submit(name, scenario.request)
    world.clock.drain(702)
    assert not world.over(operation)

    cluster = world.control(operation).cluster.split("/", 2)[2]
    account = accounts.find(world.table, "prod")
    Nudges().tell(world.hub, [Happened(account.id if account else "", "us-east-1", cluster)])
    world.clock.drain(SOON)

    assert world.over(operation)


def test_an_event_says_where_what_happened() -> None:
    assert happened(EVENT) == Happened("123456789012", "us-west-2", "shop-prod")


@pytest.mark.parametrize("operations", [(), ("b", "a")])
def test_messages_name_operations_for_the_sweep_to_read(operations: tuple[str, ...]) -> None:
    bodies = [{"body": message(one)} for one in (operations, ("c",))]

    assert nudged_in(bodies) == {*operations, "c"}


def test_a_wait_is_over_three_seconds_after_the_event_instead_of_a_minute() -> None:
    world = crowd()
    world.serve("prod", GROUP)

    world.told_of(GROUP)
    world.clock.drain(SOON)

    assert world.open() == 0


def test_events_of_two_seconds_share_one_look_and_those_after_it_get_another() -> None:
    world = crowd()
    for _ in range(30):
        world.told_of(GROUP, instances=5)
        world.clock.drain(0.25)
    world.clock.drain(SOON)

    times = [swept.at for swept in world.swept if swept.nudged]
    assert min(later - one for one, later in pairwise(times)) >= nudges.TOGETHER
    assert len(times) == 4


@pytest.mark.parametrize("name", ["prod-v0001", "unheard-of"])
def test_what_nobody_waits_for_wakes_no_sweep(name: str) -> None:
    world = crowd(2)
    world.table.write(Update(control_key(world.operation), {"status": Status.SUCCEEDED}))
    calls = world.faults.counts.get("sweeper.after", 0)

    world.told_of(name)
    world.clock.drain(EVENT_LAG + 0.1)

    assert world.faults.counts["table.listed"] == 1
    assert world.faults.counts.get("sweeper.after", 0) == calls


def test_events_of_an_account_that_was_not_opted_in_read_one_list_of_accounts() -> None:
    world = crowd()
    before = world.faults.calls

    Nudges().tell(world.hub, [Happened("999999999999", "us-east-1", cluster_of(GROUP))])

    assert world.faults.calls - before == 1


def test_events_that_cannot_be_followed_are_lost_and_the_wait_is_not() -> None:
    world = crowd()
    world.serve("prod", GROUP)
    world.faults.models.append(lambda call: KINDS["before"] if call.where == "nudges" else None)

    world.told_of(GROUP)
    world.clock.drain(SOON)
    unheard = world.open()
    world.clock.drain(61)

    assert (unheard, world.open()) == (1, 0)


def test_what_a_process_could_not_ask_for_it_asks_for_at_the_next_event() -> None:
    world, ours = crowd(), Nudges()
    world.serve("prod", GROUP)
    world.faults.models.append(lambda call: KINDS["before"] if call.name == "sweeper.after" else None)
    event = [Happened("id of prod", "us-east-1", cluster_of(GROUP))]
    with pytest.raises(Exception, match="rehearsed"):
        ours.tell(world.hub, event)
    world.faults.lift()

    ours.tell(world.hub, event)
    world.clock.drain(SOON)

    assert world.open() == 0


def test_what_moves_is_looked_at_like_a_young_wait_for_a_minute() -> None:
    world = crowd()

    world.told_of(GROUP)
    world.clock.drain(180)

    (times,) = world.looks.values()
    assert [round(later - one) for one, later in pairwise(times)][:12] == [5] * 12
    assert len(times) < 13 + 10


def test_a_young_wait_costs_no_write_when_it_is_nudged() -> None:
    world = Crowd()
    world.join(1)
    world.hear(lambda: (0.0,))
    world.clock.drain(6)
    before = world.table.peek(open_key(world.operation, "Healthy"))

    world.told_of(GROUP)
    world.clock.drain(SOON)

    assert world.table.peek(open_key(world.operation, "Healthy")) == before


def storm(world: Crowd, groups: int, seconds: float) -> None:
    """500 events a second about so many groups, ten at a time as they come from their queue."""
    events = [Happened("id of prod", "us-east-1", cluster_of(f"prod-v{n:04}")) for n in range(groups)]
    for n in range(round(seconds * 50)):
        world.nudges.tell(world.hub, [events[(10 * n + m) % groups] for m in range(10)])
        world.clock.drain(0.02)


def test_a_storm_of_ten_thousand_events_takes_no_more_than_the_sweep_may_take() -> None:
    world = crowd(100, lifecycle="InService", balanced=True)
    began, bucket = world.clock.now, BUCKETS["elasticloadbalancing reads"]

    storm(world, 100, 20)

    reads = sum(swept.calls[HEALTH] for swept in world.swept)
    assert reads <= HALF * (bucket.size + bucket.refill * (world.clock.now - began))
    # One message for ten operations, each at most once in two seconds.
    assert sum(swept.nudged for swept in world.swept) <= 100


def test_under_a_storm_every_wait_still_has_its_turn() -> None:
    world = crowd(100, lifecycle="InService", balanced=True)
    world.join(1, account="test")
    began = world.clock.now

    storm(world, 20, 90)

    assert len(world.looks) == 101
    assert max(times[0] for times in world.looks.values()) - began <= 85


def wait(name: str, account: str = "prod", kind: str = "check") -> Row:
    return Row(f"op#{name}", "wait#Healthy", 0.0, account, "us-east-1", "Grow", kind)


def test_early_are_the_checks_of_those_nudged_that_are_owed_no_look() -> None:
    rows = [wait("a"), wait("b"), wait("c"), wait("d", kind="hold"), wait("e", "test")]
    [owed] = early([wait("b")], [], ["b"], 1.0)  # a lane as any other

    found = early(rows, [owed], ["a", "b", "d", "e", "gone"], 9.0)

    assert [(lane.name, [turn.row for turn in lane.turns]) for lane in found] == [
        ("prod/us-east-1", [rows[0]]),
        ("test/us-east-1", [rows[4]]),
    ]
    assert all(lane.early for lane in found)


def test_without_a_nudge_nothing_is_early() -> None:
    assert early([wait("a")], list[Lane](), (), 9.0) == []


def test_where_a_round_has_to_stop_nobody_is_looked_at_early() -> None:
    world = crowd(2, lifecycle="InService", balanced=True)
    owed, nudged = [row["id"] for row in world.table.rows() if row["sk"] == "control"]
    world.table.write(Update(open_key(owed, "Healthy"), {"deadline": world.clock.now - 1}))
    world.join(1, account="test")
    elsewhere = world.operation
    world.clock.drain(0.1)
    world.looks.clear()
    world.clock.now += 6  # by now that one is owed a look, and by its end the first place's family may be asked again
    world.faults.watch(lambda call: setattr(world.clock, "now", world.clock.now + 60 * (call.name == "groups.found")))
    with pytest.raises(Throttled):
        world.hub.brakes.tap("prod/us-east-1", "elasticloadbalancing reads").call(_throttled)

    world.sweep([nudged])

    assert world.looks.keys() == {elsewhere}


def _throttled() -> None:
    raise Throttled("rehearsed: rate exceeded")


def test_a_sweep_that_was_nudged_for_what_is_over_does_nothing_more() -> None:
    world = crowd()

    world.sweep(["gone"])

    assert world.looks == {}
    assert json.loads(message(["gone"])) == {"nudged": ["gone"]}
