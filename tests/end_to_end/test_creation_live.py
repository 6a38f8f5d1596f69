"""createServerGroup as deployed: everything that a request can say, dry runs, disabled starts, many at once."""

import base64
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from local.client import Answer, Json
from tests.end_to_end.live import HOME, Live, creation, plays, told

pytestmark = pytest.mark.xdist_group("embedded")

SECRET = "echo s3cr3t-of-the-test > /etc/motd"
USER_DATA = base64.b64encode(f"#!/bin/sh\n{SECRET}\n".encode()).decode()
HOOK_ROLE = "arn:aws:iam::123456789012:role/hooks"
HOOK_QUEUE = f"arn:aws:sqs:{HOME}:123456789012:hooks"
DEVICES = [
    {"deviceName": "/dev/sda1", "size": 20, "volumeType": "gp3", "iops": 4000, "throughput": 250, "encrypted": True},
    {"deviceName": "/dev/sdb", "size": 50, "volumeType": "io2", "iops": 500, "deleteOnTermination": False},
    {"deviceName": "/dev/sdc", "virtualName": "ephemeral0"},
]
COMPLETE: Json = creation(
    "whole",
    freeFormDetails="blue",
    sequence=7,
    image={"owner": "self", "pattern": "shop-1.*"},
    instanceType="t3.medium",
    unlimitedCpuCredits=True,
    capacity={"min": 1, "desired": 2, "max": 3},
    zones=["us-east-1a", "us-east-1b"],
    securityGroups=["shop", "nf-datacenter"],
    associatePublicIpAddress=True,
    keyPair="shop-key",
    iamRole="BaseInstanceProfile",
    userData=USER_DATA,
    blockDevices=DEVICES,
    spotPrice="0.25",
    instanceMonitoring=True,
    ebsOptimized=True,
    targetGroups=["shop-tg"],
    loadBalancers=["shop-elb"],
    healthCheckType="ELB",
    healthCheckGracePeriod=123,
    cooldown=45,
    terminationPolicies=["OldestInstance", "Default"],
    suspendedProcesses=["AZRebalance", "ScheduledActions"],
    capacityRebalance=True,
    lifecycleHooks=[
        {
            "name": "drain",
            "lifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING",
            "roleARN": HOOK_ROLE,
            "notificationTargetARN": HOOK_QUEUE,
            "notificationMetadata": "all of it",
            "heartbeatTimeout": 60,
            "defaultResult": "CONTINUE",
        }
    ],
    enabledMetrics=["GroupMinSize", "GroupInServiceInstances"],
    tags={"team": "crew", "cost": "42"},
    source={"account": "test", "region": HOME, "asgName": "whole-prod-v000"},
)
GROUP = "whole-prod-blue-v007"


def complete(live: Live) -> Json:
    _source(live, live.standing("whole"))
    return live.run("createServerGroup", COMPLETE)


def _source(live: Live, group: str) -> None:
    """A server group that scales, by a policy with an alarm and by the clock."""
    scaling = live.aws("autoscaling")
    scaling.put_scaling_policy(
        AutoScalingGroupName=group,
        PolicyName=f"{group}-up",
        PolicyType="StepScaling",
        AdjustmentType="ChangeInCapacity",
        StepAdjustments=[{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 2}],
    )
    (policy,) = scaling.describe_policies(AutoScalingGroupName=group)["ScalingPolicies"]
    live.aws("cloudwatch").put_metric_alarm(
        AlarmName=f"{group}-busy",
        AlarmActions=[policy["PolicyARN"]],
        Namespace="AWS/EC2",
        MetricName="CPUUtilization",
        Dimensions=[{"Name": "AutoScalingGroupName", "Value": group}],
        Statistic="Average",
        Period=60,
        EvaluationPeriods=3,
        Threshold=70,
        ComparisonOperator="GreaterThanThreshold",
    )
    scaling.put_scheduled_update_group_action(
        AutoScalingGroupName=group, ScheduledActionName="night", Recurrence="0 22 * * *", MinSize=0, DesiredCapacity=0
    )


@plays([complete])
def test_a_launch_template_has_everything_that_was_asked_for(played: Json, live: Live) -> None:
    assert played["status"] == "SUCCEEDED", told(played)
    ec2 = live.aws("ec2")
    name = live.group(GROUP)["LaunchTemplate"]["LaunchTemplateName"]
    data = ec2.describe_launch_template_versions(LaunchTemplateName=name)["LaunchTemplateVersions"][0][
        "LaunchTemplateData"
    ]
    groups = ec2.describe_security_groups(GroupIds=data["NetworkInterfaces"][0]["Groups"])["SecurityGroups"]

    assert data["ImageId"] == live.image("shop-1.1")
    assert data["InstanceType"] == "t3.medium"
    assert data["CreditSpecification"] == {"CpuCredits": "unlimited"}
    assert data["KeyName"] == "shop-key"
    assert data["IamInstanceProfile"] == {"Name": "BaseInstanceProfile"}
    assert data["UserData"] == USER_DATA
    assert data["Monitoring"] == {"Enabled": True}
    assert data["EbsOptimized"] is True
    assert data["MetadataOptions"]["HttpTokens"] == "required"
    assert data["InstanceMarketOptions"]["MarketType"] == "spot"
    assert data["InstanceMarketOptions"]["SpotOptions"]["MaxPrice"] == "0.25"
    assert data["NetworkInterfaces"][0]["AssociatePublicIpAddress"] is True
    assert {one["GroupName"] for one in groups} == {"shop", "nf-datacenter"}
    root, second, third = data["BlockDeviceMappings"]
    assert (root["DeviceName"], second["DeviceName"], third["DeviceName"]) == ("/dev/sda1", "/dev/sdb", "/dev/sdc")
    assert root["Ebs"] == {
        "VolumeSize": 20, "VolumeType": "gp3", "Iops": 4000, "Throughput": 250, "Encrypted": True,
        "DeleteOnTermination": True,
    }  # fmt: skip
    assert second["Ebs"] == {"VolumeSize": 50, "VolumeType": "io2", "Iops": 500, "DeleteOnTermination": False}
    assert third["VirtualName"] == "ephemeral0"
    tagged = {one["ResourceType"]: one["Tags"] for one in data["TagSpecifications"]}
    assert {"Key": "team", "Value": "crew"} in tagged["instance"]
    assert tagged["volume"] == tagged["instance"]


@plays([complete])
def test_a_group_has_everything_that_was_asked_for(played: Json, live: Live) -> None:
    group, scaling = live.group(GROUP), live.aws("autoscaling")
    tags = {one["Key"]: (one["Value"], one["PropagateAtLaunch"]) for one in group["Tags"]}
    (hook,) = scaling.describe_lifecycle_hooks(AutoScalingGroupName=GROUP)["LifecycleHooks"]

    assert (group["MinSize"], group["DesiredCapacity"], group["MaxSize"]) == (1, 2, 3)
    assert sorted(group["AvailabilityZones"]) == ["us-east-1a", "us-east-1b"]
    assert sorted(group["VPCZoneIdentifier"].split(",")) == sorted(live.subnets()[:2])
    assert group["TargetGroupARNs"] == [live.target_group()]
    assert group["LoadBalancerNames"] == ["shop-elb"]
    assert (group["HealthCheckType"], group["HealthCheckGracePeriod"]) == ("ELB", 123)
    assert group["DefaultCooldown"] == 45
    assert group["TerminationPolicies"] == ["OldestInstance", "Default"]
    assert group["CapacityRebalance"] is True
    assert {one["ProcessName"] for one in group["SuspendedProcesses"]} == {"AZRebalance", "ScheduledActions"}
    assert {one["Metric"] for one in group["EnabledMetrics"]} == {"GroupMinSize", "GroupInServiceInstances"}
    assert tags == {
        "team": ("crew", True),
        "cost": ("42", True),
        "spinnaker:application": ("whole", True),
        "spinnaker:stack": ("prod", True),
        "spinnaker:details": ("blue", True),
        "windlass:operation": (played["id"], True),
    }
    assert (
        hook.items()
        >= {
            "LifecycleHookName": "drain",
            "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING",
            "RoleARN": HOOK_ROLE,
            "NotificationTargetARN": HOOK_QUEUE,
            "NotificationMetadata": "all of it",
            "HeartbeatTimeout": 60,
            "DefaultResult": "CONTINUE",
        }.items()
    )
    assert [one["LifecycleState"] for one in group["Instances"]] == ["InService", "InService"]
    assert {live.targets(live.target_group())[one["InstanceId"]] for one in group["Instances"]} == {"healthy"}


@plays([complete])
def test_a_group_scales_as_its_source_does(played: Json, live: Live) -> None:
    scaling, (alarm,) = (
        live.aws("autoscaling"),
        live.aws("cloudwatch").describe_alarms(AlarmNamePrefix=GROUP)["MetricAlarms"],
    )
    (policy,) = scaling.describe_policies(AutoScalingGroupName=GROUP)["ScalingPolicies"]
    (action,) = scaling.describe_scheduled_actions(AutoScalingGroupName=GROUP)["ScheduledUpdateGroupActions"]

    assert (policy["PolicyName"], policy["PolicyType"]) == (f"{GROUP}-up", "StepScaling")
    assert policy["StepAdjustments"] == [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 2}]
    assert alarm["AlarmActions"] == [policy["PolicyARN"]]
    assert alarm["Dimensions"] == [{"Name": "AutoScalingGroupName", "Value": GROUP}]
    assert (alarm["MetricName"], alarm["Period"], alarm["EvaluationPeriods"], alarm["Threshold"]) == (
        "CPUUtilization", 60, 3, 70.0,
    )  # fmt: skip
    assert (action["ScheduledActionName"], action["Recurrence"]) == ("night", "0 22 * * *")
    assert (action["MinSize"], action["DesiredCapacity"]) == (0, 0)


@plays([complete])
def test_user_data_is_in_no_history_no_answer_and_no_log(played: Json, live: Live) -> None:
    told = {
        "history": json.dumps(live.history(played["id"]), default=str),
        "operation": json.dumps(played),
        "task": json.dumps(live.task(played["id"])),
        "logs": "\n".join(path.read_text() for path in live.logs.rglob("*.log")),
    }

    assert played["id"] in told["logs"], sorted(live.logs.rglob("*"))
    for where, text in told.items():
        assert USER_DATA not in text, where
        assert SECRET not in text, where


@plays([complete])
def test_it_is_measured_once_and_every_line_of_it_is_found_by_whom_it_belongs_to(played: Json, live: Live) -> None:
    texts = (path.read_text() for path in live.logs.rglob("*.log"))
    found = [line[line.index("{") :] for text in texts for line in text.splitlines() if f'"{played["id"]}"' in line]
    told = [json.loads(line) for line in found if line.endswith("}")]

    (end,) = (one for one in told if "Ends" in one)
    done = [one for one in told if one.get("message") == "done"]
    assert (end["Operation"], end["End"], end["OurFault"]) == ("createServerGroup", "SUCCEEDED", 0)
    assert {one["step"] for one in done} >= {"Plan", "ScaleUp", "Finish"}
    assert {one["caller"] for one in done} == {played["caller"]}
    assert {one["attempt"] for one in done if one["step"] == "ScaleUp"} == {1}
    assert [one["caller"] for one in told if one.get("message") == "accepted"] == [played["caller"]]


@contextmanager
def _watched(live: Live, target_group: str) -> Iterator[set[str]]:
    """Every target that is ever seen in the group."""
    seen: set[str] = set()
    done = threading.Event()

    def look() -> None:
        while not done.wait(0.2):
            seen.update(live.targets(target_group))

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield seen
    finally:
        done.set()
        looking.join()


def disabled(live: Live) -> tuple[Json, set[str]]:
    vpc = live.aws("elbv2").describe_target_groups(Names=["shop-tg"])["TargetGroups"][0]["VpcId"]
    made = live.aws("elbv2").create_target_group(Name="shunned-tg", Protocol="HTTP", Port=80, VpcId=vpc)
    with _watched(live, made["TargetGroups"][0]["TargetGroupArn"]) as seen:
        body = creation("disabled", startDisabled=True, targetGroups=["shunned-tg"])
        return live.run("createServerGroup", body), seen


@plays([disabled])
def test_a_group_that_starts_disabled_never_takes_traffic(played: tuple[Json, set[str]], live: Live) -> None:
    ended, seen = played
    group = live.group("disabled-prod-v000")

    assert ended["status"] == "SUCCEEDED", told(ended)
    assert [one["LifecycleState"] for one in group["Instances"]] == ["InService"]
    assert [one["ProcessName"] for one in group["SuspendedProcesses"]] == ["AddToLoadBalancer"]
    assert seen == set()


def twenty_times(live: Live) -> tuple[set[str], Json, str]:
    """One body with one clientRequestId: at once, and again when it is over."""
    body: dict[str, Any] = {
        "credentials": "test",
        "application": "twenty",
        "stack": "prod",
        "amiName": "shop-1.0",
        "instanceType": "m5.large",
        "subnetType": "internal",
        "availabilityZones": {HOME: []},
        "capacity": {"min": 0, "desired": 0, "max": 1},
    }

    def submit(_: int = 0) -> Answer:
        return live.ask("POST", "/aws/ops/createServerGroup?clientRequestId=once", body)

    with ThreadPoolExecutor(20) as callers:
        ids = {one.json["id"] for one in callers.map(submit, range(20))}
    ended = live.ended(next(iter(ids)))
    return ids, ended, submit().json["id"]


@plays([twenty_times])
def test_twenty_posts_of_one_request_are_one_operation(played: tuple[set[str], Json, str], live: Live) -> None:
    ids, ended, again = played

    assert ids == {ended["id"]}
    assert ended["status"] == "SUCCEEDED", told(ended)
    assert again == ended["id"]
    assert live.groups("twenty") == ["twenty-prod-v000"]


def two_at_once(live: Live) -> list[Json]:
    body = creation("couple", capacity={"min": 0, "desired": 0, "max": 1})
    with ThreadPoolExecutor(2) as callers:
        ids = list(callers.map(lambda _: live.submit("createServerGroup", body), range(2)))
    return [live.ended(one) for one in ids]


@plays([two_at_once])
def test_two_creations_in_one_cluster_take_consecutive_numbers(played: list[Json], live: Live) -> None:
    assert [one["status"] for one in played] == ["SUCCEEDED", "SUCCEEDED"]
    assert live.groups("couple") == ["couple-prod-v000", "couple-prod-v001"]


@plays([twenty_times])  # any: what matters is that nothing runs
def test_a_dry_run_answers_the_plan_and_writes_nothing(scene: object, quiet: Live) -> None:
    def operations() -> set[str]:
        return {row["pk"] for row in quiet.rows.all() if row["sk"] == "control"}

    before = operations()

    got = quiet.ask("POST", "/operations/createServerGroup?dryRun=true", creation("dry", userData=USER_DATA))

    assert got.status == 200, got.text
    assert got.json["plan"]["group"] == "dry-prod-v000"
    assert got.json["plan"]["launch"]["image"] == quiet.image("shop-1.0")
    assert "autoscaling:CreateAutoScalingGroup" in got.json["actions"]
    assert [one["name"] for one in got.json["steps"]] == [
        *("Plan", "CreateLaunchTemplate", "CreateEmptyGroup", "ScaleUp", "InstancesHealthy", "Finish", "Succeeded"),
    ]
    assert [one["name"] for one in got.json["undo"]] == [
        "UndoCopyAlarms", "UndoCreateEmptyGroup", "UndoCreateLaunchTemplate",
    ]  # fmt: skip
    assert SECRET not in got.text
    assert USER_DATA not in got.text
    assert operations() == before
    assert "dry-prod" not in json.dumps(quiet.rows.all())
    assert not quiet.cloud("dry")
