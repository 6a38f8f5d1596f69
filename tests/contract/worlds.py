"""The same small Region twice: on moto behind our adapters, and as the fake cloud. What a test may ask of either."""

import base64
from dataclasses import dataclass
from typing import Any, Protocol

import pytest

from lambdas.aws.groups import Groups
from lambdas.aws.images import Images
from lambdas.aws.instances import Instances
from lambdas.aws.launch_templates import LaunchTemplates
from lambdas.aws.load_balancers import LoadBalancers
from lambdas.aws.network import Network
from lambdas.aws.scaling import Scaling
from lambdas.cloud import Capacity, Cloud, GroupSettings, LaunchSettings
from lambdas.clusters import TableClusters
from lambdas.nouns import actions_of, adapted
from rehearsal.clock import Clock
from rehearsal.fake_cloud import FakeCloud, Manners, seeds
from rehearsal.fake_cloud.place import ALWAYS, CONFIGURATION, Configuration, Place
from rehearsal.memory_table import MemoryTable
from tests.contract import honest_moto
from tests.contract.recording import REGION, Recorder, recorded, recorders, seeding

USER_DATA = base64.b64encode(b"#!/bin/sh\necho secret").decode()


@dataclass(frozen=True)
class Region:
    """What stands in it."""

    image: str
    image_name: str
    image_owner: str
    parameter: str
    subnets: tuple[str, ...]
    purpose: str
    security_group: str
    security_group_name: str
    target_group: str
    target_group_name: str
    classic: str


class World(Protocol):
    cloud: Cloud
    region: Region
    honours_client_tokens: bool
    """moto does not: the same creation again says that the name is taken."""

    def begin_deletion(self, group: str) -> None:
        """From now on the group is pending delete."""

    def configure(self, name: str) -> None:
        """Somebody makes a launch configuration of the Region's image."""


@dataclass
class AwsWorld:
    cloud: Cloud
    region: Region
    deleting: set[str]
    honours_client_tokens: bool = False

    def begin_deletion(self, group: str) -> None:
        honest_moto.backend().autoscaling_groups[group].status = "Delete in progress"
        self.deleting.add(group)

    def configure(self, name: str) -> None:
        seeding("autoscaling").create_launch_configuration(
            LaunchConfigurationName=name, ImageId=self.region.image, InstanceType="t3.micro"
        )


@dataclass
class FakeWorld:
    cloud: Cloud
    region: Region
    place: Place
    honours_client_tokens: bool = True

    def begin_deletion(self, group: str) -> None:
        self.cloud.groups.delete(group)

    def configure(self, name: str) -> None:
        settings = LaunchSettings(self.region.image, "t3.micro")
        self.place.shelf(CONFIGURATION).put(name, Configuration(settings), ALWAYS)


def of_aws(monkeypatch: pytest.MonkeyPatch) -> AwsWorld:
    deleting: set[str] = set()
    honest_moto.install(monkeypatch, deleting)
    cloud = Cloud(
        account="prod",
        region=REGION,
        groups=Groups(recorded("autoscaling")),
        launch_templates=LaunchTemplates(recorded("ec2")),
        images=Images(recorded("ec2"), recorded("ssm")),
        instances=Instances(recorded("ec2")),
        network=Network(recorded("ec2")),
        load_balancers=LoadBalancers(recorded("elbv2"), recorded("elb")),
        scaling=Scaling(recorded("autoscaling"), recorded("cloudwatch")),
        secrets=_NoSecrets(),
        names=_NoNames(),
        clusters=TableClusters(MemoryTable(), ("prod", REGION), "op1", lambda: 0.0, 0.0),
        operation="op1",
        more=adapted(_Recorded()).through(_Declared),
    )
    return AwsWorld(cloud, _seeded(), deleting)


def of_fake() -> FakeWorld:
    """Prompt but for deletion, which goes on after its answer."""
    fake = FakeCloud(Clock(), Manners(boot=0, health=0, drain=0, shutdown=0, deletion=60))
    place = fake.seed("prod", REGION)
    first = place.subnets[seeds.subnet("internal", "a")]
    region = Region(
        image=seeds.GOOD_IMAGE,
        image_name=place.images[seeds.GOOD_IMAGE].name,
        image_owner=seeds.OWNER,
        parameter=seeds.PARAMETER,
        subnets=tuple(seeds.subnet("internal", zone) for zone in "ab"),
        purpose=dict(first.tags)["immutable_metadata"],
        security_group=seeds.WEB,
        security_group_name="shop-web",
        target_group=seeds.target_group(REGION),
        target_group_name="shop-web",
        classic=seeds.CLASSIC,
    )
    return FakeWorld(fake.cloud("prod", REGION, "op1"), region, place)


def launch_settings(region: Region, **changes: Any) -> LaunchSettings:
    return LaunchSettings(
        image=region.image, instance_type="t3.micro", security_groups=(region.security_group,), **changes
    )


def group_settings(region: Region, **changes: Any) -> GroupSettings:
    return GroupSettings(**{"subnets": region.subnets} | changes)


def make_group(world: World, name: str = "shop-prod-v001", desired: int = 0, **settings: Any) -> str:
    """A group with its launch template of the same name; its instances run."""
    world.cloud.launch_templates.create(name, launch_settings(world.region), None, (), f"token-{name}")
    world.cloud.groups.create(name, name, group_settings(world.region, **settings))
    if desired:
        world.cloud.groups.resize(name, Capacity(desired, desired, desired))
    return name


def _seeded() -> Region:
    ec2, elbv2, elb = seeding("ec2"), seeding("elbv2"), seeding("elb")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    purpose = '{"purpose":"internal","target":"ec2"}'
    subnets = tuple(_subnet(vpc, purpose, n, zone) for n, zone in enumerate("ab"))
    group = ec2.create_security_group(GroupName="shop-web", Description="web", VpcId=vpc)["GroupId"]
    image = ec2.register_image(Name="shop-1.0.0", RootDeviceName="/dev/sda1")["ImageId"]
    seeding("ssm").put_parameter(Name="/images/shop/latest", Value=image, Type="String")
    target_group = elbv2.create_target_group(Name="shop-web", Protocol="HTTP", Port=80, VpcId=vpc)["TargetGroups"][0]
    # Only targets of a group that a load balancer uses are healthy in moto's eyes too.
    balancer = elbv2.create_load_balancer(Name="shop", Subnets=list(subnets))["LoadBalancers"][0]["LoadBalancerArn"]
    forward = [{"Type": "forward", "TargetGroupArn": target_group["TargetGroupArn"]}]
    elbv2.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=forward)
    listener = {"Protocol": "http", "LoadBalancerPort": 80, "InstancePort": 80}
    elb.create_load_balancer(LoadBalancerName="shop-classic", Listeners=[listener], Subnets=list(subnets))
    return Region(
        image=image,
        image_name="shop-1.0.0",
        image_owner="123456789012",
        parameter="/images/shop/latest",
        subnets=subnets,
        purpose=purpose,
        security_group=group,
        security_group_name="shop-web",
        target_group=target_group["TargetGroupArn"],
        target_group_name="shop-web",
        classic="shop-classic",
    )


def _subnet(vpc: str, purpose: str, number: int, zone: str) -> str:
    made = seeding("ec2").create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=REGION + zone)
    subnet = str(made["Subnet"]["SubnetId"])
    seeding("ec2").create_tags(Resources=[subnet], Tags=[{"Key": "immutable_metadata", "Value": purpose}])
    return subnet


class _Recorded(dict[str, Any]):
    """Recorded clients by service."""

    def __missing__(self, service: str) -> Any:
        self[service] = recorded(service)
        return self[service]


class _Declared:
    """A noun's port that makes no call but those its method declares."""

    def __init__(self, noun: str, port: Any) -> None:
        self._noun, self._port = noun, port

    def __getattr__(self, method: str) -> Any:
        declared = {action.partition(":")[2] for action in actions_of(f"{self._noun}.{method}")}

        def watched(*given: Any, **named: Any) -> Any:
            recorder = Recorder()
            recorders.append(recorder)
            try:
                return getattr(self._port, method)(*given, **named)
            finally:
                recorders.remove(recorder)
                assert {operation for _, operation in recorder.calls} <= declared

        return watched


class _NoSecrets:
    def text(self, reference: str) -> str:
        raise AssertionError(reference)


class _NoNames:
    def last(self, cluster: str) -> int | None:
        raise AssertionError(cluster)
