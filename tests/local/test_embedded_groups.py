"""Auto Scaling and load balancing with the manners of AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.seed import Seeded, seed
from tests.local.conftest import REGION, Embedded, eventually

Json = dict[str, Any]


@pytest.fixture(scope="session")
def cloud(aws: Embedded) -> Seeded:
    seeded = seed(aws.endpoint, (REGION,))

    assert seed(aws.endpoint, (REGION,)) == seeded
    return seeded[REGION]


class Group:
    """One group of the seeded cloud, at capacity 0 until it is told otherwise."""

    def __init__(self, aws: Embedded, cloud: Seeded, name: str) -> None:
        self.name, self.cloud = name, cloud
        self.groups, self.balancers = aws.client("autoscaling"), aws.client("elbv2")
        self.classic, self.ec2 = aws.client("elb"), aws.client("ec2")

    def create(self, image: str = "shop-1.0", type_: str = "m5.large", **given: Any) -> None:
        content = {"ImageId": self.cloud.images[image], "InstanceType": type_, "KeyName": self.cloud.key_pair}
        self.ec2.create_launch_template(LaunchTemplateName=self.name, LaunchTemplateData=content)
        self.groups.create_auto_scaling_group(**self.wanted(**given))

    def wanted(self, **given: Any) -> Json:
        return {
            "AutoScalingGroupName": self.name,
            "MinSize": 0,
            "MaxSize": 4,
            "DesiredCapacity": 0,
            "LaunchTemplate": {"LaunchTemplateName": self.name, "Version": "1"},
            "VPCZoneIdentifier": ",".join(self.cloud.subnets["internal"]),
            "TargetGroupARNs": [self.cloud.target_group],
            "LoadBalancerNames": [self.cloud.classic_load_balancer],
            "Tags": [{"Key": "windlass:operation", "Value": "op", "PropagateAtLaunch": True}],
        } | given

    def resize(self, desired: int) -> None:
        self.groups.set_desired_capacity(AutoScalingGroupName=self.name, DesiredCapacity=desired)

    def suspend(self, process: str) -> None:
        self.groups.suspend_processes(AutoScalingGroupName=self.name, ScalingProcesses=[process])

    def resume(self) -> None:
        self.groups.resume_processes(AutoScalingGroupName=self.name)

    def described(self) -> Json:
        found: list[Json] = self.groups.describe_auto_scaling_groups(AutoScalingGroupNames=[self.name])[
            "AutoScalingGroups"
        ]
        return found[0] if found else {}

    def states(self) -> list[str]:
        return [instance["LifecycleState"] for instance in self.described().get("Instances", [])]

    def ids(self) -> list[str]:
        return sorted(instance["InstanceId"] for instance in self.described().get("Instances", []))

    def healthy(self, count: int) -> bool:
        return [state for _, state in sorted(self.targets().items())] == ["healthy"] * count

    def targets(self) -> dict[str, str]:
        health = self.balancers.describe_target_health(TargetGroupArn=self.cloud.target_group)
        return {t["Target"]["Id"]: t["TargetHealth"]["State"] for t in health["TargetHealthDescriptions"]}

    def classic_states(self) -> dict[str, str]:
        states = self.classic.describe_instance_health(LoadBalancerName=self.cloud.classic_load_balancer)
        return {state["InstanceId"]: state["State"] for state in states["InstanceStates"]}

    def activities(self) -> list[Json]:
        found: list[Json] = self.groups.describe_scaling_activities(AutoScalingGroupName=self.name)["Activities"]
        return found

    def error(self, call: str, **given: Any) -> str:
        with pytest.raises(ClientError) as refused:
            getattr(self.groups, call)(**({"AutoScalingGroupName": self.name} | given))
        return f"{refused.value.response['Error']['Code']}: {refused.value.response['Error']['Message']}"


@pytest.fixture
def group(aws: Embedded, cloud: Seeded, request: pytest.FixtureRequest) -> Iterator[Group]:
    group = Group(aws, cloud, request.node.name.replace("_", "-")[:100])
    yield group
    if group.described():
        group.groups.delete_auto_scaling_group(AutoScalingGroupName=group.name, ForceDelete=True)
    assert eventually(lambda: not group.described())
    assert group.targets() == {}
    assert group.classic_states() == {}


def test_instances_come_up_spread_over_zones_registered_and_tagged(group: Group) -> None:
    group.create(DesiredCapacity=3)

    assert eventually(lambda: group.healthy(3))
    assert group.states() == ["InService"] * 3
    assert eventually(lambda: set(group.classic_states().values()) == {"InService"})
    instances = group.ec2.describe_instances(InstanceIds=group.ids())["Reservations"]
    zones = {i["Placement"]["AvailabilityZone"] for r in instances for i in r["Instances"]}
    tags = {tag["Key"]: tag["Value"] for tag in instances[0]["Instances"][0]["Tags"]}
    assert zones == {"us-east-1a", "us-east-1b", "us-east-1c"}
    assert tags["aws:autoscaling:groupName"] == group.name
    assert tags["windlass:operation"] == "op"
    assert {a["StatusCode"] for a in group.activities()} == {"Successful"}


def test_a_bad_image_is_in_service_and_never_healthy(group: Group) -> None:
    group.create("shop-bad", DesiredCapacity=1)

    assert eventually(lambda: list(group.targets().values()) == ["unhealthy"])
    assert group.states() == ["InService"]
    assert list(group.classic_states().values()) == ["OutOfService"]


def test_with_elb_health_checks_a_sick_instance_is_replaced(group: Group) -> None:
    group.create("shop-bad", DesiredCapacity=1, HealthCheckType="ELB", HealthCheckGracePeriod=0)
    first = eventually(group.ids)

    assert eventually(lambda: group.ids() and not set(group.ids()) & set(first))
    assert any("health check" in activity["Cause"] for activity in group.activities())


def test_suspended_processes_are_honoured(group: Group) -> None:
    group.create()
    group.suspend("Launch")
    group.resize(1)
    group.suspend("AddToLoadBalancer")
    group.groups.resume_processes(AutoScalingGroupName=group.name, ScalingProcesses=["Launch"])
    assert eventually(lambda: group.states() == ["InService"])
    kept_out = group.ids()

    group.resume()
    group.resize(2)

    assert eventually(lambda: group.healthy(1))
    assert not set(group.targets()) & set(kept_out)
    group.suspend("Terminate")
    group.resize(0)
    assert len(group.ids()) == 2


def test_what_was_deregistered_by_hand_stays_out(group: Group) -> None:
    group.create(DesiredCapacity=1)
    assert eventually(lambda: group.healthy(1))

    target = [{"Id": group.ids()[0]}]
    for _ in range(2):
        group.balancers.deregister_targets(TargetGroupArn=group.cloud.target_group, Targets=target)
    group.resize(2)

    assert eventually(lambda: group.healthy(1))
    assert target[0]["Id"] not in group.targets()


def test_a_lost_instance_is_replaced_and_leaves_no_target(group: Group) -> None:
    group.create(DesiredCapacity=1)
    assert eventually(lambda: group.healthy(1))
    lost = group.ids()

    group.ec2.terminate_instances(InstanceIds=lost)

    assert eventually(lambda: group.healthy(1) and group.ids() != lost)


def test_terminating_a_member_can_shrink_the_group(group: Group) -> None:
    group.create(DesiredCapacity=2)
    assert eventually(lambda: group.states() == ["InService"] * 2)

    group.groups.terminate_instance_in_auto_scaling_group(
        InstanceId=group.ids()[0], ShouldDecrementDesiredCapacity=True
    )

    assert group.described()["DesiredCapacity"] == 1
    assert eventually(lambda: group.states() == ["InService"])


def test_lacking_capacity_shows_as_a_failed_activity(group: Group, aws: Embedded) -> None:
    aws.control("PUT", "capacity", {"short": ["m5.metal"]})
    group.create(type_="m5.metal", DesiredCapacity=1)

    failed = eventually(lambda: [a for a in group.activities() if a["StatusCode"] == "Failed"])
    aws.control("PUT", "capacity", {"short": []})

    assert "We currently do not have sufficient m5.metal capacity" in failed[0]["StatusMessage"]
    assert eventually(lambda: group.states() == ["InService"])


def test_deletion_takes_its_time(group: Group) -> None:
    group.create(DesiredCapacity=1)
    assert eventually(group.states)

    refused = group.error("delete_auto_scaling_group")
    group.groups.delete_auto_scaling_group(AutoScalingGroupName=group.name, ForceDelete=True)

    assert refused.startswith("ResourceInUse: You cannot delete an AutoScalingGroup while there are instances")
    assert group.described()["Status"] == "Delete in progress"
    assert group.error("create_auto_scaling_group", **group.wanted()).startswith("AlreadyExists: ")
    assert eventually(lambda: not group.described())


@pytest.mark.parametrize(
    ("call", "given", "expected"),
    [
        ("set_desired_capacity", {"DesiredCapacity": 1}, "AutoScalingGroup name not found - AutoScalingGroup 'none'"),
        ("update_auto_scaling_group", {"MaxSize": 1}, "AutoScalingGroup name not found"),
        ("suspend_processes", {}, "AutoScalingGroup name not found"),
        ("delete_auto_scaling_group", {}, "AutoScalingGroup name not found"),
        ("describe_scaling_activities", {}, "AutoScalingGroup name not found"),
        ("put_scaling_policy", {"PolicyName": "p"}, "AutoScalingGroup name not found"),
        ("enable_metrics_collection", {"Granularity": "1Minute"}, "AutoScalingGroup name not found"),
    ],
)
def test_an_unknown_group_is_a_validation_error(group: Group, call: str, given: Json, expected: str) -> None:
    assert group.error(call, **given, AutoScalingGroupName="none").startswith(f"ValidationError: {expected}")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"LaunchTemplate": {"LaunchTemplateId": "lt-0"}}, "You must use a valid fully-formed launch template."),
        ({"TargetGroupARNs": ["arn:aws:none"]}, "Provided Target Groups may not be valid."),
        ({"LoadBalancerNames": ["none"]}, "Provided Load Balancers may not be valid."),
        ({"VPCZoneIdentifier": "subnet-1"}, "The subnet ID 'subnet-1' does not exist"),
        ({"DesiredCapacity": 9}, "Desired capacity:9 must be between the specified min size:0 and max size:4"),
    ],
)
def test_a_group_that_cannot_be_is_refused_as_aws_refuses_it(group: Group, given: Json, expected: str) -> None:
    group.ec2.create_launch_template(
        LaunchTemplateName=group.name, LaunchTemplateData={"ImageId": group.cloud.images["shop-1.0"]}
    )

    assert group.error("create_auto_scaling_group", **group.wanted(**given)).startswith(f"ValidationError: {expected}")


def test_actions_and_policies_of_two_groups_may_share_a_name(group: Group, aws: Embedded) -> None:
    group.create()
    other = Group(aws, group.cloud, f"{group.name}-2")
    other.create()
    for one in (group, other):
        one.groups.put_scheduled_update_group_action(
            AutoScalingGroupName=one.name, ScheduledActionName="nightly", Recurrence="0 1 * * *", MinSize=0
        )
        one.groups.put_scaling_policy(
            AutoScalingGroupName=one.name, PolicyName="up", AdjustmentType="ChangeInCapacity", ScalingAdjustment=1
        )

    other.groups.delete_auto_scaling_group(AutoScalingGroupName=other.name, ForceDelete=True)

    assert eventually(lambda: not other.described())
    actions = group.groups.describe_scheduled_actions()["ScheduledUpdateGroupActions"]
    policies = group.groups.describe_policies()["ScalingPolicies"]
    assert [action["AutoScalingGroupName"] for action in actions] == [group.name]
    assert [policy["AutoScalingGroupName"] for policy in policies] == [group.name]


def test_a_client_token_makes_a_launch_template_once(aws: Embedded, cloud: Seeded) -> None:
    ec2 = aws.client("ec2")
    wanted: Json = {
        "LaunchTemplateName": "once",
        "ClientToken": "op-CreateLaunchTemplate",
        "LaunchTemplateData": {"ImageId": cloud.images["shop-1.0"]},
    }

    one, two = (ec2.create_launch_template(**wanted)["LaunchTemplate"]["LaunchTemplateId"] for _ in range(2))

    assert one == two
    for changed, code in (
        ({"LaunchTemplateName": "twice"}, "IdempotentParameterMismatch"),
        ({"ClientToken": "another"}, "InvalidLaunchTemplateName.AlreadyExistsException"),
    ):
        with pytest.raises(ClientError) as refused:
            ec2.create_launch_template(**(wanted | changed))
        assert refused.value.response["Error"]["Code"] == code


def test_the_seeded_images_have_dates(aws: Embedded, cloud: Seeded) -> None:
    images = aws.client("ec2").describe_images(ImageIds=list(cloud.images.values()))["Images"]

    newest = max(images, key=lambda image: image["CreationDate"])
    assert newest["Name"] == "shop-1.1"


def test_events_tell_of_launches_and_terminations_with_their_group(aws: Embedded, group: Group) -> None:
    events, sqs = aws.client("events"), aws.client("sqs")
    url = sqs.create_queue(QueueName="moved")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    detail = {"AutoScalingGroupName": [group.name]}
    events.put_rule(Name="moved", EventPattern=json.dumps({"source": ["aws.autoscaling"], "detail": detail}))
    events.put_targets(Rule="moved", Targets=[{"Id": "queue", "Arn": arn}])
    heard: list[Json] = []

    def told(*kinds: str) -> bool:
        found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages", [])
        heard.extend(json.loads(message["Body"]) for message in found)
        return {f"EC2 Instance {kind}" for kind in kinds} <= {event["detail-type"] for event in heard}

    group.create()
    group.resize(1)
    assert eventually(lambda: told("Launch Successful"))
    group.resize(0)
    assert eventually(lambda: told("Launch Successful", "Terminate Successful"))
    assert {(event["account"], event["region"]) for event in heard} == {("123456789012", REGION)}
    assert all(event["detail"]["EC2InstanceId"].startswith("i-") for event in heard)
