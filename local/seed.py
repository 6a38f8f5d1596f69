"""A small cloud to work in: network, images and load balancers of an application called `shop`, in three Regions."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from local.clients import Clients
from local.settings import ACCOUNT
from local.tags import CREATED, NEVER_HEALTHY

REGIONS = ("us-east-1", "us-west-1", "us-west-2")
PURPOSES = ("internal", "external")
SECURITY_GROUPS = ("nf-datacenter", "shop")
IMAGES = {
    "shop-1.0": {CREATED: "2026-01-01T00:00:00.000Z"},
    "shop-1.1": {CREATED: "2026-02-01T00:00:00.000Z"},
    "shop-bad": {CREATED: "2026-01-15T00:00:00.000Z", NEVER_HEALTHY: "true"},
}
IMAGE_PARAMETER = "/shop/image"
BALANCER, TARGET_GROUP, CLASSIC = "shop-alb", "shop-tg", "shop-elb"
INSTANCE_PROFILE, KEY_PAIR = "BaseInstanceProfile", "shop-key"


@dataclass(frozen=True)
class Seeded:
    """Identities of what one Region holds."""

    vpc: str
    zones: tuple[str, ...]
    subnets: dict[str, tuple[str, ...]]
    """By purpose, one for each zone."""
    security_groups: dict[str, str]
    images: dict[str, str]
    image_parameter: str
    load_balancer: str
    target_group: str
    classic_load_balancer: str
    instance_profile: str
    key_pair: str


def seed(endpoint: str, regions: tuple[str, ...] = REGIONS, account: str = ACCOUNT) -> dict[str, Seeded]:
    """Make what is not there yet in that account. What is there already stays as it is."""
    clients = Clients(endpoint).within(account)
    _instance_profile(clients)
    return {region: _Region(clients, region).seeded() for region in regions}


def _instance_profile(clients: Clients) -> None:
    iam = clients.get("iam", REGIONS[0])
    trusted = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [trusted]})
    try:
        iam.create_role(RoleName=INSTANCE_PROFILE, AssumeRolePolicyDocument=policy)
        iam.create_instance_profile(InstanceProfileName=INSTANCE_PROFILE)
        iam.add_role_to_instance_profile(InstanceProfileName=INSTANCE_PROFILE, RoleName=INSTANCE_PROFILE)
    except ClientError as error:
        _unless_there(error)


def _unless_there(error: ClientError) -> None:
    code = error.response["Error"]["Code"]
    if not any(word in code for word in ("Exists", "Duplicate", "AlreadyExist")):
        raise error


class _Region:
    def __init__(self, clients: Clients, region: str) -> None:
        self._ec2: Any = clients.get("ec2", region)
        self._elbv2: Any = clients.get("elbv2", region)
        self._elb: Any = clients.get("elb", region)
        self._ssm: Any = clients.get("ssm", region)

    def seeded(self) -> Seeded:
        vpc, zones = self._vpc(), self._zones()
        subnets = {purpose: self._subnets(vpc, zones, purpose) for purpose in PURPOSES}
        groups = {name: self._security_group(vpc, name) for name in SECURITY_GROUPS}
        images = {name: self._image(name, tags) for name, tags in IMAGES.items()}
        self._ssm.put_parameter(Name=IMAGE_PARAMETER, Type="String", Value=images["shop-1.1"], Overwrite=True)
        target_group = self._target_group(vpc)
        balancer = self._balancer(subnets["external"], groups["shop"], target_group)
        self._classic(subnets["external"], groups["shop"])
        self._key_pair()
        return Seeded(
            vpc=vpc,
            zones=zones,
            subnets=subnets,
            security_groups=groups,
            images=images,
            image_parameter=IMAGE_PARAMETER,
            load_balancer=balancer,
            target_group=target_group,
            classic_load_balancer=CLASSIC,
            instance_profile=INSTANCE_PROFILE,
            key_pair=KEY_PAIR,
        )

    def _vpc(self) -> str:
        named = [{"Name": "tag:Name", "Values": ["main"]}]
        found = self._ec2.describe_vpcs(Filters=named)["Vpcs"]
        vpc = found[0] if found else self._ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]
        self._tag(vpc["VpcId"], {"Name": "main"})
        return str(vpc["VpcId"])

    def _zones(self) -> tuple[str, ...]:
        zones = self._ec2.describe_availability_zones()["AvailabilityZones"]
        return tuple(sorted(zone["ZoneName"] for zone in zones)[:3])

    def _subnets(self, vpc: str, zones: tuple[str, ...], purpose: str) -> tuple[str, ...]:
        metadata = json.dumps({"purpose": purpose, "target": "ec2"}, separators=(",", ":"))
        filters = [
            {"Name": "vpc-id", "Values": [vpc]},
            {"Name": "tag:immutable_metadata", "Values": [metadata]},
        ]
        found = self._ec2.describe_subnets(Filters=filters)["Subnets"]
        if found:
            return tuple(subnet["SubnetId"] for subnet in sorted(found, key=lambda one: one["AvailabilityZone"]))
        first = 10 * (1 + PURPOSES.index(purpose))
        made = []
        for number, zone in enumerate(zones):
            block = f"10.0.{first + number}.0/24"
            subnet = self._ec2.create_subnet(VpcId=vpc, AvailabilityZone=zone, CidrBlock=block)["Subnet"]["SubnetId"]
            self._tag(subnet, {"Name": f"main.{purpose}.{zone}", "immutable_metadata": metadata})
            made.append(subnet)
        return tuple(made)

    def _security_group(self, vpc: str, name: str) -> str:
        filters = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": [name]}]
        found = self._ec2.describe_security_groups(Filters=filters)["SecurityGroups"]
        if found:
            return str(found[0]["GroupId"])
        return str(self._ec2.create_security_group(VpcId=vpc, GroupName=name, Description=name)["GroupId"])

    def _image(self, name: str, tags: dict[str, str]) -> str:
        found = self._ec2.describe_images(Filters=[{"Name": "name", "Values": [name]}])["Images"]
        if found:
            return str(found[0]["ImageId"])
        image = self._ec2.register_image(Name=name, Description=f"image {name}", RootDeviceName="/dev/sda1")["ImageId"]
        self._tag(image, {"Name": name, "appversion": name, **tags})
        return str(image)

    def _target_group(self, vpc: str) -> str:
        try:
            found = self._elbv2.describe_target_groups(Names=[TARGET_GROUP])["TargetGroups"]
        except ClientError:
            found = self._elbv2.create_target_group(Name=TARGET_GROUP, Protocol="HTTP", Port=80, VpcId=vpc)[
                "TargetGroups"
            ]
        return str(found[0]["TargetGroupArn"])

    def _balancer(self, subnets: tuple[str, ...], group: str, target_group: str) -> str:
        try:
            return str(self._elbv2.describe_load_balancers(Names=[BALANCER])["LoadBalancers"][0]["LoadBalancerArn"])
        except ClientError:
            made = self._elbv2.create_load_balancer(Name=BALANCER, Subnets=list(subnets), SecurityGroups=[group])
        arn = str(made["LoadBalancers"][0]["LoadBalancerArn"])
        forward = {"Type": "forward", "TargetGroupArn": target_group}
        self._elbv2.create_listener(LoadBalancerArn=arn, Protocol="HTTP", Port=80, DefaultActions=[forward])
        return arn

    def _classic(self, subnets: tuple[str, ...], group: str) -> None:
        listener = {"Protocol": "HTTP", "LoadBalancerPort": 80, "InstanceProtocol": "HTTP", "InstancePort": 80}
        try:
            self._elb.create_load_balancer(
                LoadBalancerName=CLASSIC, Listeners=[listener], Subnets=list(subnets), SecurityGroups=[group]
            )
        except ClientError as error:
            _unless_there(error)

    def _key_pair(self) -> None:
        try:
            self._ec2.create_key_pair(KeyName=KEY_PAIR)
        except ClientError as error:
            _unless_there(error)

    def _tag(self, resource: str, tags: dict[str, str]) -> None:
        self._ec2.create_tags(Resources=[resource], Tags=[{"Key": key, "Value": tags[key]} for key in tags])
