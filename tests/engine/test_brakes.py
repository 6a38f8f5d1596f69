"""One budget and one breaker for each account, Region and family of calls, shared by all processes."""

import logging
import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas import cloud as ports
from lambdas.brakes import FIRST, LEASE, LONGEST, OWN, SHARED, YIELDS, Brakes, Tap
from lambdas.cloud.records import Records
from lambdas.errors import NotFound, Throttled, Transient
from lambdas.families import BUCKETS, CHANGES, SERVICES, family_of
from lambdas.rows import brake_key
from lambdas.table import Key, Write
from rehearsal.clock import Clock
from rehearsal.faults import KINDS, READS
from rehearsal.memory_table import MemoryTable
from rehearsal.processes import Process
from rehearsal.scenarios import CREATES, RESIZES
from rehearsal.trials import run

PLACE, FAMILY = "prod/us-east-1", "ec2 changes"
MOST, RATE = SHARED * BUCKETS[FAMILY].size, SHARED * BUCKETS[FAMILY].refill


class Counting(MemoryTable):
    """Counts its writes, those that are refused included."""

    writes = 0

    def write(self, *writes: Write) -> None:
        self.writes += 1
        super().write(*writes)


class Hub:
    """Processes that share a table, and a cloud that counts what reaches it."""

    def __init__(self) -> None:
        self.clock, self.calls = Clock(), 0
        self.table = Counting(self.clock)
        self.throttles = False

    def process(self, **how: Any) -> Brakes:
        return Brakes(self.table, lambda: self.clock.now, chance=lambda: 1.0, **how)

    def tap(self, **how: Any) -> Tap:
        return self.process(**how).tap(PLACE, FAMILY)

    def ask(self) -> str:
        """What AWS does with a call."""
        self.calls += 1
        if self.throttles:
            raise Throttled("rate exceeded")
        return "answer"

    def tries(self, tap: Tap, times: int = 1) -> int:
        """How many of so many calls reach AWS."""
        before = self.calls
        for _ in range(times):
            try:
                tap._brakes.begin(PLACE)
                tap.call(self.ask)
            except Throttled:
                continue
        return self.calls - before

    def row(self) -> Mapping[str, Any]:
        return self.table.peek(brake_key(PLACE, FAMILY))

    @property
    def writes(self) -> int:
        return self.table.writes


def test_a_process_that_calls_little_writes_nothing() -> None:
    hub = Hub()
    tap = hub.tap()

    assert (hub.tries(tap, OWN), hub.writes) == (OWN, 0)


def test_whoever_calls_more_pays_one_write_for_several_calls() -> None:
    hub = Hub()
    tap = hub.tap()
    hub.tries(tap, OWN)
    lease = int(tap._lease_of)

    assert (hub.tries(tap, 3 * lease), hub.writes) == (3 * lease, 3)


@pytest.mark.parametrize("family", BUCKETS)
@given(
    pauses=st.lists(st.floats(min_value=0, max_value=20), max_size=20), processes=st.integers(min_value=1, max_value=4)
)
def test_all_processes_together_take_half_of_the_bucket_and_their_own_few(
    family: str, pauses: list[float], processes: int
) -> None:
    hub, bucket = Hub(), BUCKETS[family]
    taps = [hub.process().tap(PLACE, family) for _ in range(processes)]
    began = hub.clock.now

    for pause in [0.0, *pauses]:
        hub.clock.now += pause
        for tap in taps:
            hub.tries(tap, 30)

        passed = hub.clock.now - began
        own = processes * (OWN + passed / 12)
        assert hub.calls <= SHARED * (bucket.size + bucket.refill * passed) + own + 1


def test_what_is_there_is_used() -> None:
    hub = Hub()
    tap = hub.tap()
    began = hub.clock.now

    for _ in range(600):
        hub.clock.now += 0.5
        hub.tries(tap, 2)

    assert hub.calls >= 0.9 * RATE * (hub.clock.now - began)


def test_a_spent_budget_is_told_and_costs_no_further_look_until_tokens_are_back() -> None:
    hub = Hub()
    tap = hub.tap()
    hub.tries(tap, 100)
    with pytest.raises(Throttled, match="the budget of ec2 changes in prod/us-east-1 is spent until 20"):
        tap.begin()
    calls, writes = hub.calls, hub.writes

    assert hub.tries(tap, 50) == 0
    assert hub.writes == writes
    assert calls <= MOST + OWN


def test_tokens_of_a_process_that_died_flow_back_by_themselves() -> None:
    hub = Hub()
    hub.tries(hub.tap(), 100)
    other = hub.tap()
    other._own_from = math.inf
    assert hub.tries(other) == 0

    hub.clock.now += MOST / RATE

    assert hub.tries(other, LEASE) == LEASE


def test_a_lease_that_is_not_used_in_time_is_gone() -> None:
    hub = Hub()
    tap = hub.tap()
    hub.tries(tap, OWN + 1)

    hub.clock.now += 11
    tap._own_from = math.inf
    hub.tries(tap)

    assert hub.writes == 2


def test_the_sweep_leaves_a_part_to_those_who_act() -> None:
    hub = Hub()
    sweeping = hub.process(yields=YIELDS)
    tap = sweeping.tap(PLACE, FAMILY)
    while not sweeping.spent(PLACE):
        hub.tries(tap)
    acting = hub.tap()
    acting._own_from = math.inf

    assert hub.tries(acting) == 1


def test_whoever_may_use_a_part_stops_earlier() -> None:
    hub = Hub()
    brakes = hub.process()
    tap = brakes.tap(PLACE, FAMILY)
    while not brakes.spent(PLACE, 0.5):
        tap.call(hub.ask)

    assert hub.calls <= 0.5 * MOST + OWN
    assert not brakes.spent(PLACE)


def test_what_was_begun_is_finished_and_paid_back_before_anything_else_begins() -> None:
    hub = Hub()
    brakes = hub.process()
    tap = brakes.tap(PLACE, FAMILY)
    hub.tries(tap, 100)

    before = hub.calls
    for _ in range(6):
        tap.call(hub.ask)

    assert hub.calls == before + 6
    hub.clock.now += 6 / RATE
    assert brakes.spent(PLACE)
    hub.clock.now += (tap._lease_of + 1) / RATE
    assert not brakes.spent(PLACE)


def test_of_other_places_and_families_nothing_is_spent() -> None:
    hub = Hub()
    brakes = hub.process()
    hub.tries(brakes.tap(PLACE, FAMILY), 100)

    assert (brakes.spent(PLACE), brakes.spent("prod/us-east-2"), brakes.spent("prod/us-east")) == (True, False, False)
    assert hub.tries(hub.process().tap(PLACE, "ec2 reads")) == 1


def throttled() -> tuple[Hub, Tap]:
    """A hub one of whose processes has met a throttle."""
    hub = Hub()
    hub.throttles = True
    tap = hub.tap()
    hub.tries(tap)
    return hub, tap


def test_while_aws_throttles_nobody_who_knows_asks() -> None:
    hub, tap = throttled()

    assert hub.tries(tap, 100) == 0
    with pytest.raises(Throttled, match="AWS throttles ec2 changes in prod/us-east-1: nobody asks before 20"):
        tap.call(hub.ask)


def test_another_process_learns_it_from_the_row_or_from_its_own_first_throttle() -> None:
    hub, _ = throttled()
    spent, fresh = hub.tap(), hub.tap()
    spent._own_from = math.inf

    assert (hub.tries(spent, 10), hub.tries(fresh, 10)) == (0, 1)


def test_one_probe_goes_at_a_time_and_at_growing_intervals() -> None:
    hub, first = throttled()
    taps = [first, *(hub.tap() for _ in range(9))]
    for tap in taps[1:]:
        hub.tries(tap)
    probes: list[float] = []
    began, hub.calls = hub.clock.now, 0

    for _ in range(3000):
        hub.clock.now += 0.1
        if sum(hub.tries(tap) for tap in taps):
            probes.append(hub.clock.now - began)

    gaps = [later - one for one, later in pairwise(probes)]
    assert hub.calls == len(probes)
    assert gaps == sorted(gaps, key=round)
    assert gaps[0] == pytest.approx(2 * FIRST, abs=0.2)
    assert gaps[-1] == pytest.approx(LONGEST, abs=0.2)


def test_the_first_success_closes_it_for_all() -> None:
    hub, tap = throttled()
    other = hub.tap()
    hub.tries(other)
    hub.throttles = False
    hub.clock.now += FIRST

    assert hub.tries(tap) == 1
    assert {"again", "trips"}.isdisjoint(hub.row())
    hub.clock.now += LONGEST
    assert hub.tries(other) == 1


@pytest.mark.parametrize("error", [NotFound("there is none"), Transient("an outage")])
def test_only_an_answer_closes_it(error: Exception) -> None:
    hub, tap = throttled()
    hub.clock.now += FIRST

    def fails() -> None:
        raise error

    with pytest.raises(type(error)):
        tap.call(fails)

    assert ("again" in hub.row()) is isinstance(error, Transient)


def test_after_a_throttle_the_budget_begins_from_nothing() -> None:
    hub, tap = throttled()
    hub.throttles = False
    hub.clock.now += FIRST
    hub.tries(tap)

    assert hub.tries(tap, 30) <= RATE * FIRST


def test_whoever_hears_of_a_throttle_calls_nothing_unasked_for_a_minute() -> None:
    hub, tap = throttled()
    hub.throttles = False
    told = hub.tap()
    told._own_from = math.inf
    hub.tries(told)
    hub.clock.now += LONGEST
    hub.tries(tap)

    for one in (tap, told):
        one._leased = 0.0
        before = hub.writes
        hub.tries(one)
        assert hub.writes > before


def test_a_probe_that_dies_is_followed_by_another() -> None:
    hub, dead = throttled()
    other = hub.tap()
    hub.tries(other)
    hub.clock.now += FIRST

    def dies() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        dead.call(dies)
    hub.throttles = False

    assert hub.tries(other) == 0
    hub.clock.now += 2 * FIRST
    assert hub.tries(other) == 1


class Gone(Counting):
    """A table that cannot be reached."""

    def get(self, key: Key) -> None:
        raise Transient("the table does not answer")

    def write(self, *writes: Write) -> None:
        raise Throttled("the table is throttled")


def test_without_the_table_calls_go_on_and_the_log_says_so(caplog: pytest.LogCaptureFixture) -> None:
    hub = Hub()
    hub.table = Gone(hub.clock)
    tap = hub.tap()

    with caplog.at_level(logging.WARNING, "windlass.brakes"):
        assert hub.tries(tap, 100) == 100

    said = "the brake of ec2 changes in prod/us-east-1 has no row to share, its calls go on without: Throttled"
    assert said in caplog.text


def test_without_the_table_a_process_that_is_throttled_still_probes_at_intervals() -> None:
    hub = Hub()
    hub.table, hub.throttles = Gone(hub.clock), True
    tap = hub.tap()
    for _ in range(600):
        hub.clock.now += 0.1
        hub.tries(tap)
    asked, hub.throttles = hub.calls, False

    hub.clock.now += LONGEST

    assert asked < 10
    assert hub.tries(tap, 20) == 20


def calls_of_ports() -> list[str]:
    kinds: dict[str, Any] = {
        "groups": ports.Groups,
        "scaling": ports.Scaling,
        "launch_templates": ports.LaunchTemplates,
        "images": ports.Images,
        "instances": ports.Instances,
        "network": ports.Network,
        "load_balancers": ports.LoadBalancers,
    }
    assert kinds.keys() == SERVICES.keys()
    return [f"{name}.{method}" for name, kind in kinds.items() for method in vars(kind) if not method.startswith("_")]


def test_every_call_of_a_cloud_has_a_family() -> None:
    calls = calls_of_ports()
    declared = [f"{Records.noun}.{name}" for name, act in vars(Records).items() if hasattr(act, "changing")]

    assert {family_of(call) for call in (*calls, *declared)} | {"states reads"} == set(BUCKETS)
    assert {call for call in calls if call.partition(".")[2] not in READS} == CHANGES


def test_functions_and_sweep_meet_the_same_breaker() -> None:
    world = CREATES.world()
    looks = ("groups.find", "groups.found")
    waits = ("InstancesHealthy", "sweep")
    world.faults.models.append(lambda call: KINDS["throttle"] if call.name in looks and call.where in waits else None)
    operation = world.submit(CREATES.operation, CREATES.request)
    world.clock.drain(60)

    known = {name for name, pool in world.workers.pools.items() if any(knows(one) for one in pool)}

    assert known == {"${EngineFunction}", "sweep"}
    assert world.table.peek(brake_key(PLACE, "autoscaling reads"))["trips"] > 1
    world.faults.lift()
    assert world.run(operation).end == "SUCCEEDED"


def knows(process: Process) -> bool:
    """Whether it has heard that reads of Auto Scaling are throttled."""
    return process.brakes.tap(PLACE, "autoscaling reads").throttled


def test_an_operation_that_goes_well_costs_the_table_nothing_more() -> None:
    for scenario in (CREATES, RESIZES):
        rows = run(scenario, ()).world.table.rows()

        assert [row["sk"] for row in rows if row["pk"].startswith("brake#")] == []
