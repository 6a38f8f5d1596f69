"""Requests about scaling policies and alarms: Clouddriver's names and codes, and sentences of our own."""

from typing import Any

from lambdas.requests.delete_alarm import DeleteAlarm
from lambdas.requests.delete_scaling_policy import DeleteScalingPolicy
from lambdas.requests.of_things import guards_of_thing
from lambdas.requests.upsert_alarm import UpsertAlarm
from lambdas.requests.upsert_scaling_policy import UpsertScalingPolicy, guards_of_policy
from tests.requests.test_group_part_requests import CONTEXT, codes, read, wrong

GROUP = {"serverGroupName": "shop-v001", "region": "us-east-1"}
ALARM: dict[str, Any] = {
    "region": "us-east-1",
    "metricName": "CPUUtilization",
    "namespace": "AWS/EC2",
    "statistic": "Average",
    "comparisonOperator": "GreaterThanThreshold",
    "threshold": "80",
    "evaluationPeriods": "2",
}
SIMPLE = {"scalingAdjustment": "1"}
TRACKING = {"targetValue": 50, "predefinedMetricSpecification": {"predefinedMetricType": "ASGAverageCPUUtilization"}}


# upsertScalingPolicy


def test_a_simple_policy_is_read_with_clouddrivers_defaults() -> None:
    (found,) = read(UpsertScalingPolicy, asgName="shop-v001", region="us-east-1", simple=SIMPLE, **CONTEXT)

    assert (found.server_group_name, found.name) == ("shop-v001", None)
    assert {name: value for name, value in found.specification.items() if value is not None} == {
        "PolicyType": "SimpleScaling",
        "AdjustmentType": "ChangeInCapacity",
        "ScalingAdjustment": 1,
        "Cooldown": 600,
    }
    assert UpsertScalingPolicy.clouddriver_names == {"upsertScalingPolicy", "upsertScalingPolicyDescription"}


def test_steps_and_their_alarm_are_read() -> None:
    adjustments = [{"scalingAdjustment": 2, "metricIntervalLowerBound": "0"}]

    (found,) = read(
        UpsertScalingPolicy,
        **GROUP,
        name="up",
        adjustmentType="PercentChangeInCapacity",
        minAdjustmentMagnitude="3",
        step={"stepAdjustments": adjustments, "estimatedInstanceWarmup": 60},
        alarm=ALARM | {"name": "hot", "dimensions": [{"name": "AutoScalingGroupName", "value": "shop-v001"}]},
    )

    assert found.specification == {
        "PolicyType": "StepScaling",
        "AdjustmentType": "PercentChangeInCapacity",
        "MinAdjustmentMagnitude": 3,
        "EstimatedInstanceWarmup": 60,
        "MetricAggregationType": "Average",
        "StepAdjustments": [{"ScalingAdjustment": 2, "MetricIntervalLowerBound": 0.0}],
    }
    assert found.alarm.specification["Dimensions"] == [{"Name": "AutoScalingGroupName", "Value": "shop-v001"}]
    assert guards_of_policy(found) == ("test/us-east-1/serverGroup/shop-v001", "test/us-east-1/alarm/hot")


def test_a_tracked_target_is_in_auto_scalings_words_and_has_no_alarm_of_its_own() -> None:
    (found,) = read(
        UpsertScalingPolicy, **GROUP, targetTrackingConfiguration=TRACKING, estimatedInstanceWarmup=300, alarm=ALARM
    )

    assert found.alarm is None
    assert found.specification == {
        "PolicyType": "TargetTrackingScaling",
        "EstimatedInstanceWarmup": 300,
        "TargetTrackingConfiguration": {
            "TargetValue": 50.0,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"},
            "DisableScaleIn": False,
        },
    }


def test_a_policy_without_its_fields_is_clouddrivers_codes() -> None:
    kind = "upsertScalingPolicyDescription"
    assert codes(UpsertScalingPolicy, minAdjustmentMagnitude=1) == (
        f"{kind}.regions.not.configured",
        f"{kind}.serverGroupName.not.nullable",
        f"{kind}.minAdjustmentMagnitude.requires.adjustmentType.percentChangeInCapacity",
        f"{kind}.must.be.simplePolicy.or.stepPolicy.or.targetTrackingPolicy",
    )
    assert codes(UpsertScalingPolicy, **GROUP, simple=SIMPLE, targetTrackingConfiguration=TRACKING) == (
        f"{kind}.must.only.specify.simple.step.targetTrackingConfiguration",
        f"{kind}.targetTracking.requires.estimatedInstanceWarmup",
    )


def test_our_own_door_says_what_contradicts_itself() -> None:
    body = {"serverGroupName": "shop-v001", "simple": {"scalingAdjustment": 1}}
    assert wrong(UpsertScalingPolicy, serverGroupName="shop-v001") == (
        "give exactly one of simple, step and targetTrackingConfiguration",
    )
    assert wrong(UpsertScalingPolicy, **body, minAdjustmentMagnitude=1) == (
        "minAdjustmentMagnitude: only with the adjustmentType PercentChangeInCapacity",
    )
    assert wrong(
        UpsertScalingPolicy,
        serverGroupName="shop-v001",
        targetTrackingConfiguration={"targetValue": 1},
        alarm={name: value for name, value in ALARM.items() if name != "region"},
    ) == ("targetTrackingConfiguration: give either predefinedMetricSpecification or customizedMetricSpecification",)


# deleteScalingPolicy


def test_a_policy_to_delete_is_read_by_either_name_of_its_group() -> None:
    (found,) = read(DeleteScalingPolicy, asgName="shop-v001", region="us-east-1", policyName="up", **CONTEXT)

    assert (found.server_group_name, found.policy_name) == ("shop-v001", "up")
    assert DeleteScalingPolicy.clouddriver_names == {"deleteScalingPolicy", "deleteScalingPolicyDescription"}


def test_a_policy_to_delete_without_a_name_is_clouddrivers_codes() -> None:
    kind = "deleteScalingPolicyDescription"
    assert codes(DeleteScalingPolicy) == (
        f"{kind}.regions.not.configured",
        f"{kind}.serverGroupName.not.nullable",
        f"{kind}.policyName.not.nullable",
    )
    assert wrong(DeleteScalingPolicy, serverGroupName="shop-v001") == ("policyName: is required",)


# upsertAlarm


def test_an_alarm_is_read_with_the_dimension_of_its_group_and_a_name_of_its_own() -> None:
    once, again, other = (
        read(UpsertAlarm, **ALARM | more, asgName="shop-v001", **CONTEXT)[0] for more in ({}, {}, {"threshold": 70})
    )

    assert once.specification["Dimensions"] == [{"Name": "AutoScalingGroupName", "Value": "shop-v001"}]
    assert (once.threshold, once.period, once.actions_enabled) == (80.0, 300, True)
    assert once.name == again.name != other.name
    assert once.name.startswith("shop-v001-alarm-")
    assert guards_of_thing(once) == (f"test/us-east-1/alarm/{once.name}",)
    assert UpsertAlarm.clouddriver_names == {"upsertAlarmDescription"}


def test_an_alarm_without_its_fields_is_clouddrivers_codes_and_a_threshold_of_0_is_one() -> None:
    kind = "upsertAlarmDescription"
    fields = ("metricName", "namespace", "comparisonOperator", "evaluationPeriods", "threshold", "statistic")

    assert codes(UpsertAlarm) == (
        f"{kind}.regions.not.configured",
        *(f"{kind}.{field}.not.nullable" for field in fields),
    )
    assert read(UpsertAlarm, **ALARM | {"threshold": 0})[0].threshold == 0


def test_our_own_door_refuses_a_dimension_twice_and_a_period_that_is_none() -> None:
    body = ALARM | {"threshold": 80, "evaluationPeriods": 2, "name": "hot", "serverGroupName": "shop-v001"}
    dimensions = [{"name": "AutoScalingGroupName", "value": "shop-v001"}]

    assert wrong(UpsertAlarm, **body, dimensions=dimensions, period=45) == (
        "period: 45 is neither 10, 20 or 30 nor a multiple of 60",
        "dimensions: AutoScalingGroupName is there already; leave it out, or serverGroupName",
    )


# deleteAlarm


def test_each_alarm_to_delete_is_a_request() -> None:
    found = read(DeleteAlarm, names=["hot", "cold", "hot"], region="us-east-1", **CONTEXT)

    assert [one.name for one in found] == ["hot", "cold"]
    assert DeleteAlarm.clouddriver_names == {"deleteAlarmDescription"}


def test_no_alarm_to_delete_is_clouddrivers_codes() -> None:
    kind = "deleteAlarmDescription"
    assert codes(DeleteAlarm) == (f"{kind}.regions.not.configured", f"{kind}.names.not.nullable")
    assert wrong(DeleteAlarm) == ("name: is required",)
