"""What the acts need besides Windlass: two images, a load balancer with its target group, all in the default VPC."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from local.tags import NEVER_HEALTHY
from smoke.places import Place, Refused

NAME = "windlass-smoke"
"""Of the load balancer, its target group and the security group: what bears it was made by a smoke."""
GOOD = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-6.1-arm64"
BAD = "/aws/service/ami-amazon-linux-latest/al2023-ami-minimal-kernel-default-arm64"
"""Public parameters: https://docs.aws.amazon.com/linux/al2023/ug/ec2.html; the second image serves nothing."""
HEALTH = {"HealthCheckIntervalSeconds": 5, "HealthCheckTimeoutSeconds": 2, "HealthyThresholdCount": 2}


@dataclass(frozen=True)
class Sandbox:
    """Identities that requests name."""

    subnets: dict[str, str]
    """By their zones."""
    good: str
    """Image that serves HTTP, with the acts' user data."""
    bad: str
    """Image whose instances never pass a health check."""


@contextmanager
def sandbox(place: Place) -> Iterator[Sandbox]:
    """Made, and removed when the block ends, however it ends."""
    try:
        yield made(place)
    finally:
        removed(place)


def made(place: Place) -> Sandbox:
    """All that is not there yet. Refused where there is no default VPC."""
    ec2, balancing = place.client("ec2"), place.client("elbv2")
    vpc = _default_vpc(ec2, place.region)
    subnets = _subnets(ec2, vpc)
    good, bad = (place.client("ssm").get_parameter(Name=name)["Parameter"]["Value"] for name in (GOOD, BAD))
    # The user data that serves is not run on the embedded AWS; there a tag says which image is the bad one.
    ec2.create_tags(Resources=[bad], Tags=[{"Key": NEVER_HEALTHY, "Value": "true"}])
    group = _security_group(ec2, vpc)
    target = balancing.create_target_group(Name=NAME, Protocol="HTTP", Port=80, VpcId=vpc, **HEALTH)
    arn = target["TargetGroups"][0]["TargetGroupArn"]
    balancing.modify_target_group_attributes(
        TargetGroupArn=arn, Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "0"}]
    )
    balancer = balancing.create_load_balancer(
        Name=NAME, Subnets=[*subnets.values()], SecurityGroups=[group], Scheme="internal"
    )
    forward = {"Type": "forward", "TargetGroupArn": arn}
    whole = balancer["LoadBalancers"][0]["LoadBalancerArn"]
    balancing.create_listener(LoadBalancerArn=whole, Protocol="HTTP", Port=80, DefaultActions=[forward])
    balancing.get_waiter("load_balancer_available").wait(LoadBalancerArns=[whole])
    return Sandbox(subnets, good, bad)


def removed(place: Place) -> None:
    """Whatever a smoke made, this one or an earlier one; what is gone already is no error."""
    ec2, balancing = place.client("ec2"), place.client("elbv2")
    with suppress(ClientError):
        for one in balancing.describe_load_balancers(Names=[NAME])["LoadBalancers"]:
            balancing.delete_load_balancer(LoadBalancerArn=one["LoadBalancerArn"])
            with suppress(WaiterError):  # the security group tells, if it still has interfaces
                balancing.get_waiter("load_balancers_deleted").wait(LoadBalancerArns=[one["LoadBalancerArn"]])
    with suppress(ClientError):
        for one in balancing.describe_target_groups(Names=[NAME])["TargetGroups"]:
            balancing.delete_target_group(TargetGroupArn=one["TargetGroupArn"])
    bad = place.client("ssm").get_parameter(Name=BAD)["Parameter"]["Value"]
    ec2.delete_tags(Resources=[bad], Tags=[{"Key": NEVER_HEALTHY}])
    with suppress(ClientError):
        for one in _named(ec2):
            ec2.delete_security_group(GroupId=one)


def left(place: Place) -> list[str]:
    """What bears the smoke's name and is still there."""
    ec2, balancing = place.client("ec2"), place.client("elbv2")
    found = [f"security group {one}" for one in _named(ec2)]
    for what, describe, key in (
        ("load balancer", balancing.describe_load_balancers, "LoadBalancers"),
        ("target group", balancing.describe_target_groups, "TargetGroups"),
    ):
        with suppress(ClientError):  # by name: absent is an error
            found += [f"{what} {NAME}" for _ in describe(Names=[NAME])[key]]
    return found


def _default_vpc(ec2: Any, region: str) -> str:
    found = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
    if not found:
        raise Refused(f"{region} has no default VPC: make one with `aws ec2 create-default-vpc --region {region}`")
    return str(found[0]["VpcId"])


def _subnets(ec2: Any, vpc: str) -> dict[str, str]:
    """One in each of two zones: a load balancer wants two."""
    filters = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "default-for-az", "Values": ["true"]}]
    found = sorted(ec2.describe_subnets(Filters=filters)["Subnets"], key=lambda one: one["AvailabilityZone"])
    if len(found) < 2:
        raise Refused(f"{vpc} has {len(found)} default subnets, and two are needed: `aws ec2 create-default-subnet`")
    return {one["AvailabilityZone"]: one["SubnetId"] for one in found[:2]}


def _security_group(ec2: Any, vpc: str) -> str:
    made = str(ec2.create_security_group(GroupName=NAME, Description="Windlass smoke", VpcId=vpc)["GroupId"])
    itself = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "UserIdGroupPairs": [{"GroupId": made}]}
    ec2.authorize_security_group_ingress(GroupId=made, IpPermissions=[itself])
    return made


def _named(ec2: Any) -> list[str]:
    found = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": [NAME]}])["SecurityGroups"]
    return [str(one["GroupId"]) for one in found]
