"""Fault models: what they do to calls, and what Windlass makes of each."""

import logging
from collections.abc import Iterator
from itertools import pairwise

import pytest

from lambdas.errors import Throttled, Transient
from lambdas.rows import Status
from rehearsal import scenarios
from rehearsal.clock import Clock
from rehearsal.fake_cloud import FakeCloud, Manners
from rehearsal.faults import Faults, Killed
from rehearsal.models import MODELS, NotAModel, parse
from rehearsal.models.calibrated import MIX
from rehearsal.models.model import BY_CALL, SERVICES, service_of
from rehearsal.runs import NEVER, Rehearsal
from rehearsal.trials import Scenario
from rehearsal.world import World


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """The sweep of the hub logs what it survives; here it survives much."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def struck(text: str, calls: int, *, seed: int = 1, severity: float = 1.0, apart: float = 0.0) -> list[str]:
    """What became of so many calls, `apart` seconds from each other."""
    clock = Clock()
    faults = Faults(clock)
    parse(text).strike(seed, severity, clock, faults, FakeCloud(clock))
    return [_called(clock, faults, apart) for _ in range(calls)]


def _called(clock: Clock, faults: Faults, apart: float) -> str:
    clock.drain(apart)
    try:
        with faults.invocation("Here"):
            faults.call("groups.find", lambda: "done")
    except (Killed, Transient, Throttled, KeyError) as error:
        return type(error).__name__
    return "done"


def test_independent_faults_strike_as_often_as_they_say() -> None:
    assert struck("independent:0.04", 20_000).count("Transient") == pytest.approx(800, rel=0.1)
    assert struck("independent:0.04", 20_000, severity=3).count("Transient") == pytest.approx(2400, rel=0.1)


def test_a_process_dies_at_a_call_as_often_as_it_says() -> None:
    assert struck("kills:0.1", 5_000).count("Killed") == pytest.approx(500, rel=0.15)


def test_bad_spells_take_their_share_of_the_time_and_come_in_bursts() -> None:
    calls = struck("bursts:0.05:60", 40_000, apart=1.0)

    failed = calls.count("Transient")
    runs = sum(one != other for one, other in pairwise(calls)) / 2
    assert failed / len(calls) == pytest.approx(0.05 * 0.9, rel=0.35)
    assert failed / runs > 4  # independent ones of that share would come one by one


def test_an_outage_lasts_as_long_as_it_says_and_is_of_one_service() -> None:
    calls = struck("outage:autoscaling:600", 200, apart=10.0)

    assert calls.count("Transient") == 60
    assert struck("outage:ec2:600", 200, apart=10.0).count("Transient") == 0


def test_a_drained_bucket_throttles_until_the_others_are_calm() -> None:
    calls = struck("throttling:0.2:60", 20_000, apart=1.0)

    assert 0.1 < calls.count("Throttled") / len(calls) < 0.35


def test_the_same_seed_is_the_same_run_in_a_world_used_before() -> None:
    used, fresh = (Rehearsal(scenarios.CREATES, parse("calibrated"), severity=5) for _ in range(2))
    for seed in range(20):
        used.run(seed)

    assert used.run(77) == fresh.run(77)


def test_another_seed_is_another_jitter() -> None:
    rehearsal = Rehearsal(scenarios.CREATES, parse("none"))

    assert len({_took(rehearsal.world, seed) for seed in range(5)}) == 5
    assert _took(rehearsal.world, 3) == _took(rehearsal.world, 3)


def _took(world: World, seed: int) -> float:
    """Seconds of a run whose 40th call fails, which is retried after a delay that is drawn."""
    world.again(seed)
    world.faults.at(40, "before")
    return world.run(world.submit(scenarios.CREATES.operation, scenarios.CREATES.request)).took


def test_a_world_begun_again_has_no_faults() -> None:
    world = Rehearsal(scenarios.CREATES, parse("none")).world
    model = parse("+".join(("doubles:0.9", "messages:0.9", "independent:0.9", "bad-release:60", "signals")))
    model.strike(1, 1.0, world.clock, world.faults, world.cloud, world)

    world.again(1)
    result = world.run(world.submit(scenarios.CREATES.operation, scenarios.CREATES.request))

    assert result.end == Status.SUCCEEDED
    assert world.faults.struck == []
    assert world.doubled() is None
    assert world.delivery() == (0.0,)


def test_sharing_rows_changes_no_run() -> None:
    model = parse("independent:0.1+hangs:0.01+doubles:0.1+messages:0.1")
    shared, copied = (Rehearsal(scenarios.CREATES, model) for _ in range(2))
    copied.world = World(manners=scenarios.CREATES.manners, recorded=False, paced=True)
    scenarios.CREATES.prepare(copied.world)
    copied.world.keep()

    for seed in range(1, 15):
        assert shared.run(seed) == copied.run(seed)


CURED = (
    "none",
    "independent:0.05",
    "lost-answers:0.05",
    "kills:0.02",
    "late:0.02",
    "hangs:0.02",
    "bursts:0.05",
    "throttling:0.05",
    "outage:autoscaling:3600",
    "outage:dynamodb:600",
    "outage:states:1200",
    "outage:sqs:1200",
    "outage:events:1200+nudges",
    "bad-release:5400",
    "no-capacity:600",
    "doubles:0.3",
    "messages:0.3",
    "nudges:0.8+messages:0.3",
    "lag:60",
    "calibrated",
    "calibrated+lag:10",
)


@pytest.mark.parametrize("text", CURED)
def test_what_passes_does_not_fail_an_operation(text: str) -> None:
    rehearsal = Rehearsal(scenarios.CREATES, parse(text))

    outcomes = [rehearsal.run(seed) for seed in range(8)]

    assert [(one.seed, one.wrong) for one in outcomes if one.wrong] == []
    assert {one.end for one in outcomes} == {Status.SUCCEEDED}


@pytest.mark.parametrize(
    "scenario", [scenarios.CREATES, scenarios.RESIZES, scenarios.DESTROYS], ids=lambda one: one.name
)
def test_events_lost_doubled_late_and_reordered_leave_no_operation_and_no_guard_open(scenario: Scenario) -> None:
    rehearsal = Rehearsal(scenario, parse("nudges:0.9+messages:0.6"))

    outcomes = [rehearsal.run(seed) for seed in range(30)]

    assert [(one.seed, one.wrong) for one in outcomes if one.wrong] == []


@pytest.mark.parametrize(("text", "ends"), [("refusal", {"ROLLED_BACK"}), ("signals", {"ROLLED_BACK", "SUCCEEDED"})])
def test_what_is_final_is_put_back(text: str, ends: set[str]) -> None:
    rehearsal = Rehearsal(scenarios.CREATES, parse(text))

    outcomes = [rehearsal.run(seed) for seed in range(12)]

    assert [one.wrong for one in outcomes if one.wrong] == []
    assert {one.end for one in outcomes} <= {*ends, "NOT_STARTED"}
    assert "ROLLED_BACK" in {one.end for one in outcomes}


@pytest.mark.parametrize("text", ["outage:autoscaling:3600", "bad-release:5400"])
def test_by_clouddrivers_door_they_end_in_time_and_leave_nothing(text: str) -> None:
    rehearsal = Rehearsal(scenarios.CREATES, parse(text), door="clouddriver")

    outcomes = [rehearsal.run(seed) for seed in range(8)]

    assert [(one.seed, one.wrong) for one in outcomes if one.wrong] == []


def test_a_failure_is_told() -> None:
    rehearsal = Rehearsal(scenarios.CREATES, parse("outage:autoscaling:86400"), severity=3)

    outcome = rehearsal.run(1)

    assert outcome.end != Status.SUCCEEDED
    assert outcome.end == NEVER or outcome.wrong.startswith("ended")


def test_lag_is_a_manner_of_the_cloud() -> None:
    assert parse("lag:7").manners(Manners(), 1.0).lag == 7
    assert parse("lag:7").manners(Manners(), 100.0).lag == 60


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "there is no fault model ''"),
        ("calibrated+typhoon", "there is no fault model 'typhoon'; the models are none, calibrated, independent"),
        ("independent", "independent is written independent:PROBABILITY, not independent"),
        ("independent:much", "independent: probability is a number, not 'much'"),
        ("independent:1.5", "probability from 0 to below 1"),
        ("outage:mail:60", "there is no service 'mail'; the services are all, autoscaling"),
        ("outage:ec2:-1", "seconds is a number from 0"),
        ("bursts:0.1:60:7", "bursts is written bursts[:SHARE][:SPELL]"),
        ("bursts:nan", "probability"),
    ],
)
def test_what_is_no_model_is_said_in_one_sentence(text: str, said: str) -> None:
    with pytest.raises(NotAModel) as refused:
        parse(text)

    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_every_call_belongs_to_a_service() -> None:
    clock = Clock()
    world = World(manners=scenarios.CREATES.manners)
    scenarios.CREATES.prepare(world)
    trace = world.faults.trace = []
    world.run(world.submit(scenarios.CREATES.operation, scenarios.CREATES.request))

    assert clock.now < world.clock.now
    assert {service_of(call.name) for call in trace} <= {*SERVICES.values(), *BY_CALL.values()}


def test_the_calibrated_mix_is_written_in_models_that_have_names_and_reasons() -> None:
    assert {one.text.partition(":")[0] for one in MIX} <= MODELS.keys()
    assert all(len(one.why) > 20 for one in MIX)
