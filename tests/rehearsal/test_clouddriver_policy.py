"""Clouddriver's way of deploying: what it masters, what it does not, and how often it fails under `calibrated`."""

import logging
from collections.abc import Iterator

import pytest

from rehearsal import scenarios
from rehearsal.clouddriver import FAILED, SUCCEEDED
from rehearsal.models import parse
from rehearsal.models.calibrated import FAILS, TOLERANCE
from rehearsal.runs import Deployments, Outcome

RUNS = 20_000
"""Of which a share that is 4 % scatters by 0.14 %."""


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def deployed(text: str, runs: int = 40) -> list[Outcome]:
    deployments = Deployments(scenarios.CREATES, parse(text))
    return [deployments.run(seed) for seed in range(runs)]


def ends(outcomes: list[Outcome]) -> set[str]:
    return {one.end for one in outcomes}


def test_without_faults_it_succeeds_and_leaves_only_what_was_asked_for() -> None:
    outcomes = deployed("none")

    assert ends(outcomes) == {SUCCEEDED}
    assert [one.orphans for one in outcomes if one.orphans] == []


def test_its_group_has_its_size_before_it_has_its_hooks() -> None:
    deployments = Deployments(scenarios.CREATES, parse("none"))

    deployments.run(1)

    did = [deed.did for deed in deployments.cloud.deeds if deed.name == scenarios.NEW]
    assert did.index("resized") < did.index("put hook on")


def test_the_sdk_masters_single_failures() -> None:
    assert ends(deployed("independent:0.02")) == {SUCCEEDED}


def test_local_retries_master_a_group_that_is_not_visible_for_some_seconds() -> None:
    assert ends(deployed("lag:3", 10)) == {SUCCEEDED}
    assert ends(deployed("lag:60", 10)) == {FAILED}


def test_an_hours_outage_leaves_groups_behind() -> None:
    outcomes = deployed("outage:autoscaling:3600")

    assert FAILED in ends(outcomes)
    assert any("group shop-prod-v002 was absent, is there" in line for one in outcomes for line in one.orphans)


def test_a_process_that_dies_is_never_heard_of_again() -> None:
    outcomes = [one for one in deployed("kills:0.1") if one.end == FAILED]

    assert {one.wrong for one in outcomes} <= {"the process died", "the process was redeployed"}
    assert any(one.orphans for one in outcomes)


def test_our_own_bug_fails_every_deployment() -> None:
    assert ends(deployed("bad-release:5400")) == {FAILED}


def test_the_same_seed_is_the_same_deployment() -> None:
    one, other = (Deployments(scenarios.CREATES, parse("calibrated"), severity=10) for _ in range(2))
    for seed in range(20):
        one.run(seed)

    assert one.run(77) == other.run(77)


def test_under_the_calibrated_mix_it_fails_four_in_a_hundred() -> None:
    failed = sum(one.end == FAILED for one in deployed("calibrated", RUNS))

    assert failed / RUNS == pytest.approx(FAILS, abs=TOLERANCE)
