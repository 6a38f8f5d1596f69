"""Scaling policies and the alarms that set them off: moto knows of no tie between the two."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.autoscaling.responses import AutoScalingResponse
from moto.cloudwatch.models import cloudwatch_backends
from moto.core.responses import ActionResult

from local.patches import replace

ACTIONS = ("alarm_actions", "ok_actions", "insufficient_data_actions")
Answers = Callable[[AutoScalingResponse], ActionResult]


def install() -> None:
    replace(
        AutoScalingResponse,
        put_scaling_policy=telling_arn(AutoScalingResponse.put_scaling_policy),
        describe_policies=telling_alarms(AutoScalingResponse.describe_policies),
    )


def telling_arn(put: Answers) -> Answers:
    """moto misspells what PutScalingPolicy answers."""

    def answered(response: AutoScalingResponse) -> ActionResult:
        made: Any = put(response).result
        return ActionResult({"PolicyARN": made.get("PolicyArn") or made["PolicyARN"]})

    return answered


def telling_alarms(describe: Answers) -> Answers:
    """A policy is described with the alarms that set it off."""

    def answered(response: AutoScalingResponse) -> ActionResult:
        answer = describe(response)
        found: Any = answer.result
        for policy in found["ScalingPolicies"]:
            policy.alarms = [
                {"AlarmName": alarm.name, "AlarmARN": alarm.alarm_arn}
                for alarm in _alarms(response.autoscaling_backend)
                if any(policy.arn in (getattr(alarm, name) or ()) for name in ACTIONS)
            ]
        return answer

    return answered


def forget(backend: Any, arn: str) -> None:
    """Alarms stay when a policy goes, and set it off no more.

    https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DeletePolicy.html
    """
    for alarm in _alarms(backend):
        for name in ACTIONS:
            setattr(alarm, name, [one for one in getattr(alarm, name) or () if one != arn])


def _alarms(backend: Any) -> list[Any]:
    return list(cloudwatch_backends[backend.account_id][backend.region_name].alarms.values())
