"""What a server group has about it, changed over HTTP on the deployed stack: one operation of each noun."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from local.client import Json
from tests.end_to_end.live import HOME, Live, plays

pytestmark = pytest.mark.xdist_group("embedded")

WHERE = {"account": "test", "region": HOME}
ALARM = {
    "metricName": "CPUUtilization",
    "namespace": "AWS/EC2",
    "statistic": "Average",
    "comparisonOperator": "GreaterThanThreshold",
    "threshold": 80,
    "evaluationPeriods": 2,
}


def furnished(live: Live) -> dict[str, Json]:
    """Each operation on one group that nobody else touches, one after the other; then the views by operation."""
    group = live.standing("parts")
    of = {**WHERE, "serverGroupName": group}
    old = live.aws("ec2").create_launch_template(
        LaunchTemplateName="parts-old", LaunchTemplateData={"ImageId": live.image("shop-1.0")}
    )["LaunchTemplate"]["LaunchTemplateId"]
    steps = {"stepAdjustments": [{"scalingAdjustment": 1, "metricIntervalLowerBound": 0}]}
    bodies: dict[str, Json] = {
        "suspendAsgProcesses": of | {"processes": ["AZRebalance"]},
        "upsertServerGroupTags": of | {"tags": {"team": "parts"}},
        "modifyAsg": of | {"cooldown": 77, "enabledMetrics": ["GroupMinSize"]},
        "upsertAsgScheduledActions": of | {"scheduledActions": [{"recurrence": "0 6 * * *", "minSize": 1}]},
        "upsertAsgLifecycleHook": of | {"name": "drain", "heartbeatTimeout": 60},
        "upsertScalingPolicy": of | {"name": "up", "step": steps, "alarm": ALARM | {"name": "parts-hot"}},
        "upsertAlarm": {**WHERE, "name": "parts-cold", **ALARM},
        "deleteLaunchTemplate": {**WHERE, "launchTemplateId": old},
    }
    with ThreadPoolExecutor(len(bodies)) as callers:
        return dict(zip(bodies, callers.map(live.run, bodies, bodies.values()), strict=True))


@plays([furnished])
def test_each_part_is_there_afterwards(played: dict[str, Json], live: Live) -> None:
    assert {name: view["status"] for name, view in played.items()} == dict.fromkeys(played, "SUCCEEDED")
    scaling, watch = live.aws("autoscaling"), live.aws("cloudwatch")
    group = live.group(name := "parts-prod-v000")
    assert [one["ProcessName"] for one in group["SuspendedProcesses"]] == ["AZRebalance"]
    assert {one["Key"]: one["Value"] for one in group["Tags"]}["team"] == "parts"
    assert (group["DefaultCooldown"], [one["Metric"] for one in group["EnabledMetrics"]]) == (77, ["GroupMinSize"])
    (action,) = scaling.describe_scheduled_actions(AutoScalingGroupName=name)["ScheduledUpdateGroupActions"]
    assert (action["Recurrence"], action["MinSize"]) == ("0 6 * * *", 1)
    (hook,) = scaling.describe_lifecycle_hooks(AutoScalingGroupName=name)["LifecycleHooks"]
    assert (hook["LifecycleHookName"], hook["HeartbeatTimeout"]) == ("drain", 60)
    (policy,) = scaling.describe_policies(AutoScalingGroupName=name)["ScalingPolicies"]
    alarms = {one["AlarmName"]: one for one in watch.describe_alarms(AlarmNamePrefix="parts-")["MetricAlarms"]}
    assert alarms["parts-hot"]["AlarmActions"] == [policy["PolicyARN"]]
    assert alarms["parts-cold"]["Threshold"] == 80
    assert not live.cloud("parts").keys() & {"launch template parts-old"}
