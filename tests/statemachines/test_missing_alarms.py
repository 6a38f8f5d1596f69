"""An alarm that is to hold an operation and does not exist is refused when it is planned, whatever the operation."""

import pytest

from lambdas.rows import Status
from rehearsal import scenarios
from rehearsal.fake_cloud import differences
from rehearsal.trials import Scenario


@pytest.mark.parametrize("scenario", scenarios.named("plain"), ids=lambda one: one.name)
def test_an_alarm_that_does_not_exist_is_refused_before_anything_is_changed(scenario: Scenario) -> None:
    world = scenario.world()
    before = world.cloud.snapshot()

    result = world.run(world.submit(scenario.operation, scenario.request | {"holdOnAlarms": ["nowhere"]}))

    assert result.control.status is Status.ROLLED_BACK
    assert "holdOnAlarms: alarm nowhere does not exist" in str(result.control.error)
    assert differences(before, world.cloud.snapshot()) == []
