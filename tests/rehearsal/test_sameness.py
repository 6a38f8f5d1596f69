"""Of doubles that are taken for the same one is played; here the others are, too, and they end the same."""

from random import Random

import pytest

from rehearsal import scenarios
from rehearsal.sweep import SECONDS, Doubles, doubles, judged
from rehearsal.trials import Fault, Golden, Scenario, Trial, golden_of, run
from rehearsal.world import NeverEnds

PAIRS = 40
"""Of each operation: which, the seed says."""
SCENARIOS = (scenarios.RESUMES, scenarios.RESIZES, scenarios.DESTROYS, scenarios.lagging(scenarios.RESUMES, 60))


def planned(scenario: Scenario, golden: Golden) -> Doubles:
    firsts = [Fault(call.number, kind) for kind in ("reject", "cancel") for call in golden.calls]
    return doubles(scenario, golden, SECONDS, firsts)


def outcome(scenario: Scenario, golden: Golden, trial: Trial) -> object:
    """How it ended, how often a person was asked, which states came after the second fault, and what was wrong."""
    try:
        one = run(scenario, trial)
    except NeverEnds:
        return "never ends"
    report = judged(scenario, golden, trial, "")
    wrong = [survivor.problems for survivor in report.survivors]
    return one.world.control(one.operation).status, one.helds, one.world.result(one.operation).path, wrong


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: f"{one.name}-{one.manners.lag:g}")
def test_what_is_taken_for_the_same_ends_the_same(scenario: Scenario) -> None:
    golden = golden_of(scenario)
    same = planned(scenario, golden).same

    assert len(same) > 1000
    for trial in Random(scenario.name).sample(sorted(same, key=str), PAIRS):
        assert outcome(scenario, golden, trial) == outcome(scenario, golden, same[trial]), (trial, same[trial])
