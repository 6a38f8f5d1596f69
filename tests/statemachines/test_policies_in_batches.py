"""A scaling policy and its alarm, as two operations of one batch: what the first made, the second sets off."""

import json

from lambdas.engine import intake
from lambdas.engine.tasks import stored_plan
from lambdas.rows import Status
from rehearsal import scenarios
from rehearsal.world import CALLER, TERMS
from statemachines.upsert_alarm import UPSERT_ALARM
from statemachines.upsert_scaling_policy import UPSERT_SCALING_POLICY


def test_an_alarm_sets_off_the_policy_that_its_batch_has_just_made() -> None:
    policy, alarm = scenarios.one("upsertScalingPolicy"), scenarios.one("upsertAlarm")
    world = policy.world()
    batch = [
        intake.Submission(UPSERT_SCALING_POLICY, UPSERT_SCALING_POLICY.request_type.model_validate(policy.request)),
        intake.Submission(UPSERT_ALARM, UPSERT_ALARM.request_type.model_validate(alarm.request)),
    ]

    accepted = intake.accept(world.plain, batch, caller=CALLER, terms=TERMS, key="batch")
    result = world.run(f"{accepted.id}-1")

    assert result.control.status is Status.SUCCEEDED, result.control.error
    planned = json.loads((stored_plan(world.plain, result.id) or {})["after"])
    assert [one for one in planned["AlarmActions"] if ":scalingPolicy:" in one]
