"""Scaling policies and scheduled actions on EC2 Auto Scaling, their alarms on CloudWatch."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from lambdas.aws import specifications
from lambdas.cloud import OPERATION_TAG, Alarm, ScalingPolicy, ScheduledAction
from lambdas.error_codes import translating
from lambdas.errors import NotFound, Transient

if TYPE_CHECKING:
    from mypy_boto3_autoscaling import AutoScalingClient
    from mypy_boto3_autoscaling.type_defs import ScalingPolicyTypeDef
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import MetricAlarmTypeDef

POLICY = [
    "PolicyType",
    "AdjustmentType",
    "MinAdjustmentMagnitude",
    "ScalingAdjustment",
    "Cooldown",
    "MetricAggregationType",
    "StepAdjustments",
    "EstimatedInstanceWarmup",
    "TargetTrackingConfiguration",
    "Enabled",
    "PredictiveScalingConfiguration",
]
"""PutScalingPolicy's fields; without MinAdjustmentStep, which MinAdjustmentMagnitude has replaced."""
SCHEDULE = ["StartTime", "EndTime", "Recurrence", "MinSize", "MaxSize", "DesiredCapacity", "TimeZone"]
ALARM = [
    "AlarmDescription",
    "ActionsEnabled",
    "MetricName",
    "Namespace",
    "Statistic",
    "ExtendedStatistic",
    "Dimensions",
    "Period",
    "Unit",
    "EvaluationPeriods",
    "DatapointsToAlarm",
    "Threshold",
    "ComparisonOperator",
    "TreatMissingData",
    "EvaluateLowSampleCountPercentile",
    "Metrics",
    "ThresholdMetricId",
]
TRACKING = "TargetTrackingScaling"
"""For a policy of this type Auto Scaling makes the alarms itself."""
LONGEST_DESCRIPTION = 1024
ALARMS_OF_A_PAGE = 100
"""Names that one DescribeAlarms takes."""
MARK = re.compile(rf"\s*\b{OPERATION_TAG}=(\S+)$")
"""Ends the description of an alarm that an operation made: DescribeAlarms answers no tags."""


class Scaling:
    """`lambdas.cloud.Scaling`."""

    def __init__(
        self,
        autoscaling: "AutoScalingClient",
        cloudwatch: "CloudWatchClient",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._autoscaling = autoscaling
        self._cloudwatch = cloudwatch
        self._now = now

    def policies(self, group: str) -> tuple[ScalingPolicy, ...]:
        return tuple(
            ScalingPolicy(one["PolicyName"], specifications.written(one, POLICY)) for one in self._policies(group)
        )

    def put_policy(self, group: str, policy: ScalingPolicy) -> None:
        with translating("autoscaling", f"group {group}, scaling policy {policy.name}"):
            self._autoscaling.put_scaling_policy(
                AutoScalingGroupName=group, PolicyName=policy.name, **specifications.read(policy.specification)
            )

    def scheduled_actions(self, group: str) -> tuple[ScheduledAction, ...]:
        pages = self._autoscaling.get_paginator("describe_scheduled_actions")
        try:
            with translating("autoscaling", f"group {group}"):
                return tuple(
                    ScheduledAction(one["ScheduledActionName"], specifications.written(one, SCHEDULE))
                    for page in pages.paginate(AutoScalingGroupName=group)
                    for one in page["ScheduledUpdateGroupActions"]
                )
        except NotFound:
            return ()

    def put_scheduled_action(self, group: str, action: ScheduledAction) -> None:
        """Auto Scaling refuses a start in the past: what recurs starts with its next turn, what does not is over."""
        parameters = specifications.read(action.specification)
        if "StartTime" in parameters and datetime.fromisoformat(parameters["StartTime"]) <= self._now():
            if "Recurrence" not in parameters:
                return
            del parameters["StartTime"]
        with translating("autoscaling", f"group {group}, scheduled action {action.name}"):
            self._autoscaling.put_scheduled_update_group_action(
                AutoScalingGroupName=group, ScheduledActionName=action.name, **parameters
            )

    def alarms(self, group: str) -> tuple[Alarm, ...]:
        own = [policy for policy in self._policies(group) if policy.get("PolicyType") != TRACKING]
        return tuple(
            _alarm(alarm, policy["PolicyName"])
            for policy in own
            for alarm in self._described(ActionPrefix=policy["PolicyARN"])
            if _actions(alarm) == [policy["PolicyARN"]]
        )

    def alarms_made_by(self, operation: str, prefix: str) -> tuple[str, ...]:
        found = self._described(**({"AlarmNamePrefix": prefix} if prefix else {}))
        return tuple(alarm["AlarmName"] for alarm in found if _operation(alarm) == operation)

    def alarm_states(self, names: Sequence[str]) -> dict[str, str]:
        """https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html"""
        pages = self._cloudwatch.get_paginator("describe_alarms")
        found: dict[str, str] = {}
        for first in range(0, len(names), ALARMS_OF_A_PAGE):
            some = list(names[first : first + ALARMS_OF_A_PAGE])
            with translating("cloudwatch", "alarms"):
                for page in pages.paginate(AlarmNames=some, AlarmTypes=["MetricAlarm", "CompositeAlarm"]):
                    for alarm in (*page.get("MetricAlarms", ()), *page.get("CompositeAlarms", ())):
                        found[alarm["AlarmName"]] = alarm["StateValue"]
        return found

    def put_alarm(self, group: str, alarm: Alarm, operation: str) -> None:
        parameters = specifications.read(alarm.specification)
        parameters["AlarmDescription"] = _marked(parameters.get("AlarmDescription", ""), operation)
        policy = self._policy_arn(group, alarm.policy)
        with translating("cloudwatch", f"alarm {alarm.name}"):
            self._cloudwatch.put_metric_alarm(AlarmName=alarm.name, AlarmActions=[policy], **parameters)

    def delete_alarms(self, names: Sequence[str]) -> None:
        """One absent name fails the call for all, so only those there are named.

        https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DeleteAlarms.html
        """
        present = [alarm["AlarmName"] for alarm in self._described(AlarmNames=list(names))] if names else []
        if not present:
            return
        try:
            with translating("cloudwatch", f"alarms {', '.join(present)}"):
                self._cloudwatch.delete_alarms(AlarmNames=present)
        except NotFound as error:
            raise Transient(f"{error}; another has gone in the meantime") from None

    def _policies(self, group: str, *names: str) -> "list[ScalingPolicyTypeDef]":
        pages = self._autoscaling.get_paginator("describe_policies")
        wanted: Any = {"PolicyNames": list(names)} if names else {}
        try:
            with translating("autoscaling", f"group {group}"):
                return [
                    policy
                    for page in pages.paginate(AutoScalingGroupName=group, **wanted)
                    for policy in page["ScalingPolicies"]
                ]
        except NotFound:
            return []

    def _policy_arn(self, group: str, name: str) -> str:
        found = self._policies(group, name)
        if not found:
            raise NotFound(f"group {group}: there is no scaling policy {name}")
        return found[0]["PolicyARN"]

    def _described(self, **wanted: Any) -> "list[MetricAlarmTypeDef]":
        pages = self._cloudwatch.get_paginator("describe_alarms")
        with translating("cloudwatch", "alarms"):
            return [alarm for page in pages.paginate(**wanted) for alarm in page["MetricAlarms"]]


def _alarm(alarm: "MetricAlarmTypeDef", policy: str) -> Alarm:
    unmarked = {**alarm, "AlarmDescription": MARK.sub("", alarm.get("AlarmDescription", ""))}
    return Alarm(alarm["AlarmName"], policy, specifications.written(unmarked, ALARM), _operation(alarm))


def _actions(alarm: "MetricAlarmTypeDef") -> list[str]:
    """Everything the alarm sets off, in whatever state."""
    return [*alarm.get("AlarmActions", ()), *alarm.get("OKActions", ()), *alarm.get("InsufficientDataActions", ())]


def _operation(alarm: "MetricAlarmTypeDef") -> str | None:
    found = MARK.search(alarm.get("AlarmDescription", ""))
    return found[1] if found else None


def _marked(description: str, operation: str) -> str:
    mark = f"{OPERATION_TAG}={operation}"
    room = LONGEST_DESCRIPTION - len(mark) - 1
    return f"{MARK.sub('', description)[:room]} {mark}".strip()
