"""An operation that has nothing to do with servers: what its stages are, and that AppConfig is left as it was found."""

from dataclasses import replace
from typing import Any

import pytest

from lambdas.rows import Status
from local.stage import ROOT
from rehearsal import scenarios
from rehearsal.sweep import sweep
from rehearsal.trials import CANCEL, Scenario

SAMPLE = ROOT / "samples" / "flag_rollout"
THIRD = ["DeployThird", "ThirdIsLive", "Finish", "Succeeded"]


@pytest.fixture
def rolls(monkeypatch: pytest.MonkeyPatch) -> Scenario:
    monkeypatch.syspath_prepend(SAMPLE)
    (scenario,) = scenarios.named("rollout.rehearsed:rollOutFlag")
    return scenario


def ran(scenario: Scenario, **request: Any) -> Any:
    world = replace(scenario, request=scenario.request | request).world()
    return world, world.run(world.submit(scenario.operation, scenario.request | request))


def labels(world: Any) -> set[str]:
    place = world.cloud.place("prod", "us-east-1")
    return {key.rpartition("-")[2] for key in place.shelf("version").things if "/off" not in key}


def test_it_goes_to_all_users_stage_by_stage(rolls: Scenario) -> None:
    world, result = ran(rolls, percentages=[10, 50, 100])

    stages = ["DeployFirst", "FirstIsLive", "DeploySecond", "SecondIsLive", *THIRD]
    assert result.path == ["Guard", "Plan", "Recovering", "Publish", *stages]
    assert labels(world) == {"10", "50", "100"}


def test_an_alarm_holds_it_between_two_stages(rolls: Scenario) -> None:
    world = rolls.world()
    states = world.cloud.place("prod", "us-east-1").states
    states["errors"] = "ALARM"
    world.clock.at(300, lambda: states.update(errors="OK"))

    result = world.run(world.submit("rollOutFlag", rolls.request | {"holdOnAlarms": ["errors"]}))

    assert result.control.status is Status.SUCCEEDED
    assert "Hold" in result.path
    assert result.took > 300


def test_a_flag_that_was_never_deployed_is_refused_before_anything_is_made(rolls: Scenario) -> None:
    world, result = ran(rolls, profileId="other1")

    assert result.control.status is Status.ROLLED_BACK
    assert "deploy a version of it that is off first" in result.control.error
    assert labels(world) == set()


def test_percentages_must_rise(rolls: Scenario) -> None:
    from rollout.roll_out_flag import RollOutFlag  # noqa: PLC0415  found on the sample's own path

    from lambdas.requests import Invalid  # noqa: PLC0415

    with pytest.raises(Invalid, match="percentages: must rise within 1 to 100, not 50, 10"):
        RollOutFlag.of_windlass(dict(rolls.request) | {"percentages": [50, 10]})


def test_whatever_call_of_appconfig_goes_wrong_the_flag_is_on_or_as_it_was(rolls: Scenario) -> None:
    """A slice; the whole is `PYTHONPATH=samples/flag_rollout python -m rehearsal sweep 'rollout.rehearsed:*'`."""
    report = sweep(rolls, ["after", "kill_after", "minutes_late", CANCEL], lambda call: call.name == "flags.deploy")

    assert report.tried.total() >= 12
    assert report.survivors == []
