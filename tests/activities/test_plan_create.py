"""The plan of a new server group resolves everything once, and says in words what it cannot resolve."""

import base64
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from lambdas.activities.plans import Copy, CreatePlan
from lambdas.activities.server_groups import results
from lambdas.cloud import OPERATION_TAG, BlockDevice, Capacity, Image, SecurityGroup, Subnet, TargetGroup
from lambdas.engine.tasks import plan_json
from lambdas.errors import Rejected
from rehearsal.fake_cloud import seeds
from saga import Reservation
from statemachines.create_server_group import CREATE_SERVER_GROUP, reserved
from tests.activities.walk import SOURCE, TARGETS, World, order

SAME = {"account": "prod", "region": "us-east-1", "asgName": SOURCE}


@pytest.fixture
def world() -> World:
    return World()


def planned(world: World, **changes: Any) -> CreatePlan:
    plan: CreatePlan = world.plan(CREATE_SERVER_GROUP, order(**changes))
    return plan


def refusal(world: World, **changes: Any) -> str:
    with pytest.raises(Rejected) as caught:
        planned(world, **changes)
    return str(caught.value)


def test_everything_is_resolved(world: World) -> None:
    plan = planned(world)

    assert plan.group == "shop-prod-v002"
    assert plan.launch.image == seeds.GOOD_IMAGE
    assert plan.launch.security_groups == (seeds.WEB,)
    assert plan.settings.subnets == tuple(seeds.subnet("internal", zone) for zone in "abc")
    assert plan.settings.target_groups == (TARGETS,)
    assert plan.settings.load_balancers == (seeds.CLASSIC,)
    assert plan.capacity == Capacity(1, 2, 3)
    assert plan.healthy_within == timedelta(minutes=30)
    assert plan.launch.imds_v2


def test_it_is_tagged_with_the_operation_and_spinnakers_words(world: World) -> None:
    plan = planned(world, tags={"team": "shop", "spinnaker:stack": "own"}, freeFormDetails="blue")

    expected = {
        OPERATION_TAG: "op1",
        "spinnaker:application": "shop",
        "spinnaker:details": "blue",
        "spinnaker:stack": "own",
        "team": "shop",
    }
    assert dict(plan.settings.tags) == expected
    assert plan.launch.tags == plan.settings.tags == tuple(sorted(expected.items()))


# Names.


def test_a_group_that_somebody_else_made_counts(world: World) -> None:
    seeds.neighbour(world.place, "shop-prod-v041")

    assert planned(world).group == "shop-prod-v042"


def test_a_number_that_is_reserved_counts_before_its_group_is_there(world: World) -> None:
    world.fake.names.sequences["prod/us-east-1/shop-prod"] = 7

    assert planned(world).group == "shop-prod-v008"


def test_groups_of_other_clusters_do_not_count(world: World) -> None:
    seeds.neighbour(world.place, "shop-prod-blue-v041")

    assert planned(world).group == "shop-prod-v002"


def test_the_first_of_a_cluster_is_v000(world: World) -> None:
    plan = planned(world, stack="test")

    assert plan.group == "shop-test-v000"
    assert plan.ancestor is None


def test_the_name_is_reserved_with_its_number(world: World) -> None:
    assert reserved(planned(world)) == Reservation(
        guard="prod/us-east-1/serverGroup/shop-prod-v002", cluster="prod/us-east-1/shop-prod", sequence=2
    )


def test_a_number_may_be_asked_for(world: World) -> None:
    plan = planned(world, sequence=17)

    assert plan.group == "shop-prod-v017"
    assert reserved(plan).sequence is None  # stored, a low number would hand out later ones a second time


def test_a_name_without_number_uses_none_up(world: World) -> None:
    plan = planned(world, ignoreSequence=True)

    assert plan.group == "shop-prod"
    assert reserved(plan).sequence is None


@pytest.mark.parametrize("asked", [{"sequence": 1}, {"stack": "test", "ignoreSequence": True}])
def test_a_name_that_exists_is_refused(world: World, asked: dict[str, Any]) -> None:
    seeds.neighbour(world.place, "shop-test")

    assert "exists already in us-east-1; ask for another number or destroy it" in refusal(world, **asked)


def test_the_result_is_what_orca_reads(world: World) -> None:
    found = results(planned(world))

    assert found["serverGroupNames"] == ["us-east-1:shop-prod-v002"]
    assert found["serverGroupNameByRegion"] == {"us-east-1": "shop-prod-v002"}
    assert found["ancestorServerGroupNameByRegion"] == {"us-east-1": "shop-prod-v001"}
    assert found["deployments"] == [
        {
            "cloudProvider": "aws",
            "account": "prod",
            "location": "us-east-1",
            "serverGroupName": "shop-prod-v002",
            "capacity": {"min": 1, "max": 3, "desired": 2},
            "metadata": {},
        }
    ]


# Images.


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("shop-1.0.0-x86_64-20260101", seeds.GOOD_IMAGE),
        (f"ssm:{seeds.PARAMETER}", seeds.GOOD_IMAGE),
        ({"parameter": seeds.PARAMETER}, seeds.GOOD_IMAGE),
        ({"owner": seeds.OWNER, "pattern": "shop-*"}, seeds.NEWER_IMAGE),
    ],
)
def test_an_image_is_found_in_every_way(world: World, image: Any, expected: str) -> None:
    assert planned(world, image=image).launch.image == expected


def test_of_several_images_of_a_name_the_accounts_own_newest_is_taken(world: World) -> None:
    for number, (owner, created) in enumerate((("prod", "2026-01"), ("prod", "2026-02"), ("stranger", "2026-03"))):
        world.place.images[f"ami-{number}"] = Image(f"ami-{number}", "mine", owner, created)

    assert planned(world, image="mine").launch.image == "ami-1"


def test_an_image_of_several_strangers_is_ambiguous(world: World) -> None:
    for owner in ("one", "other"):
        world.place.images[f"ami-{owner}"] = Image(f"ami-{owner}", "base", owner, "2026-01")

    assert refusal(world, image="base") == (
        "images named base belong to one and other; name an id, or owner and pattern"
    )


@pytest.mark.parametrize(
    ("image", "sentence"),
    [
        ("ami-0", "image ami-0 does not exist in us-east-1 of account prod, or may not be launched there; name one"),
        ("nothing", "no image is named nothing in us-east-1 of account prod"),
        ("ssm:/none", "parameter /none does not exist in us-east-1 of account prod"),
        ({"owner": "self", "pattern": "x*"}, "no image of owner self matches x* in us-east-1 of account prod"),
    ],
)
def test_an_unknown_image_is_refused(world: World, image: Any, sentence: str) -> None:
    assert refusal(world, image=image).startswith(sentence)


# Network.


def test_a_purpose_is_one_subnet_in_each_zone_asked_for(world: World) -> None:
    twin = Subnet("subnet-zzz", "us-east-1a", seeds.VPC, (("immutable_metadata", '{"purpose":"internal"}'),))
    world.place.subnets[twin.id] = twin

    assert planned(world, zones=["us-east-1a"]).settings.subnets == (seeds.subnet("internal", "a"),)


def test_subnets_for_load_balancers_are_passed_over(world: World) -> None:
    said = (("immutable_metadata", '{"purpose":"internal","target":"elb"}'),)
    world.place.subnets["subnet-000"] = Subnet("subnet-000", "us-east-1a", seeds.VPC, said)
    world.place.subnets["subnet-001"] = Subnet(
        "subnet-001", "us-east-1a", seeds.VPC, (("immutable_metadata", "[oops"),)
    )

    assert planned(world, zones=["us-east-1a"]).settings.subnets == (seeds.subnet("internal", "a"),)


def test_tags_find_all_subnets_that_have_them(world: World) -> None:
    for number in "12":
        tags = (("tier", "web"), ("number", number))
        world.place.subnets[f"subnet-{number}"] = Subnet(f"subnet-{number}", "us-east-1a", seeds.VPC, tags)

    plan = planned(world, subnetType=None, subnetTags={"tier": "web"})

    assert plan.settings.subnets == ("subnet-1", "subnet-2")


def test_a_group_may_be_placed_by_zones_alone(world: World) -> None:
    plan = planned(world, subnetType=None, zones=["us-east-1a"], securityGroups=[seeds.WEB])

    assert (plan.settings.subnets, plan.settings.zones) == ((), ("us-east-1a",))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"subnetType": "nowhere"},
            "no subnet in us-east-1 of account prod has purpose nowhere (tag immutable_metadata)",
        ),
        (
            {"subnetType": None, "subnetTags": {"a": "b"}, "zones": ["us-east-1a"]},
            "no subnet in zones us-east-1a of us-east-1 of account prod has tags a=b; correct it, or tag the subnets",
        ),
        (
            {"subnetType": None, "subnetIds": ["subnet-0"]},
            "subnet subnet-0 does not exist in us-east-1 of account prod",
        ),
        (
            {"subnetType": None, "subnetIds": [seeds.subnet("internal", "a")], "zones": ["us-east-1b"]},
            "subnet subnet-0123456789abcdea is in us-east-1a, which is not among the zones asked for",
        ),
        (
            {"subnetType": None, "zones": ["us-east-1z"]},
            "zone us-east-1z does not exist in us-east-1 of account prod; it",
        ),
        ({"securityGroups": ["none"]}, "security group none does not exist in VPC vpc-0123456789abcdef0"),
        (
            {"subnetType": None, "zones": ["us-east-1a"]},
            "security group shop-web is ambiguous in us-east-1 of account prod "
            "(sg-0123456789abcdef0, sg-0fedcba9876543210); name its id",
        ),
        ({"targetGroups": ["none"]}, "target group none does not exist in us-east-1 of account prod"),
        ({"loadBalancers": ["none"]}, "classic load balancer none does not exist in us-east-1 of account prod"),
    ],
)
def test_what_is_unknown_is_refused_by_name(world: World, changes: dict[str, Any], sentence: str) -> None:
    assert refusal(world, **changes).startswith(sentence)


def test_subnets_of_two_vpcs_are_refused(world: World) -> None:
    world.place.subnets["subnet-9"] = Subnet("subnet-9", "us-east-1a", seeds.OTHER_VPC)

    said = refusal(world, subnetType=None, subnetIds=["subnet-9", seeds.subnet("internal", "a")])

    assert said.startswith("the subnets are in different VPCs (vpc-0123456789abcdef0, vpc-0fedcba9876543210)")


def test_a_target_group_of_another_vpc_is_refused(world: World) -> None:
    world.place.target_groups["arn:other"] = TargetGroup("arn:other", "other", seeds.OTHER_VPC)

    assert "target group other is in VPC vpc-0fedcba9876543210" in refusal(world, targetGroups=["other"])


def test_security_groups_are_found_by_name_or_id_once(world: World) -> None:
    world.place.security_groups["sg-2"] = SecurityGroup("sg-2", "extra", seeds.VPC)

    plan = planned(world, securityGroups=["shop-web", seeds.WEB, "extra"])

    assert plan.launch.security_groups == (seeds.WEB, "sg-2")


# The rest.


def test_user_data_is_in_the_plan_by_reference_only(world: World) -> None:
    text = base64.b64encode(b"password=hunter2").decode()

    plan = planned(world, userData=text)

    assert plan.launch.user_data == "userData"
    assert text not in json.dumps(plan_json(CREATE_SERVER_GROUP, plan))
    assert plan.user_data_digest is not None
    assert len(plan.user_data_digest) == 64


def test_the_role_may_name_the_application(world: World) -> None:
    assert planned(world, iamRole="{{application}}-profile").launch.instance_profile == "shop-profile"


def test_hooks_without_a_name_get_the_same_one_each_time(world: World) -> None:
    hooks = [{"lifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING"}] * 2

    names = [hook.name for hook in planned(world, lifecycleHooks=hooks).hooks]

    assert names == ["shop-prod-v002-hook-0", "shop-prod-v002-hook-1"]


def test_starting_disabled_suspends_what_would_bring_traffic(world: World) -> None:
    plan = planned(world, startDisabled=True, suspendedProcesses=["AZRebalance"])

    assert plan.suspended == ("AZRebalance", "AddToLoadBalancer")


def test_the_default_termination_policy_comes_last(world: World) -> None:
    plan = planned(world, terminationPolicies=["Default", "OldestInstance"])

    assert plan.settings.termination_policies == ("OldestInstance", "Default")


def test_what_is_copied_is_planned_with_its_new_names(world: World) -> None:
    world.furnish()

    plan = planned(world, source=SAME)

    assert plan.policies == (Copy("shop-prod-v001-cpu", "shop-prod-v002-cpu"), Copy("up", "up"))
    assert plan.alarms == (Copy("low", "shop-prod-v002-low"), Copy("shop-prod-v001-high", "shop-prod-v002-high"))
    assert plan.scheduled_actions == (Copy("nightly", "nightly"),)


def test_copying_may_be_left_out(world: World) -> None:
    world.furnish()

    plan = planned(world, source=SAME, copySourceScalingPoliciesAndActions=False)

    assert (plan.policies, plan.alarms, plan.scheduled_actions) == ((), (), ())


def test_the_capacity_may_come_from_the_source(world: World) -> None:
    assert planned(world, capacity=None, source={**SAME, "useSourceCapacity": True}).capacity == Capacity(1, 2, 3)


def test_a_source_that_is_gone_is_refused_unless_optional(world: World) -> None:
    gone = {**SAME, "asgName": "shop-prod-v000"}

    assert refusal(world, source=gone).startswith("source shop-prod-v000 does not exist in us-east-1")
    assert planned(world, source={**gone, "optional": True}).source is None


def test_planning_twice_makes_the_same_plan(world: World) -> None:
    assert planned(world) == planned(world)


def test_what_only_a_launch_template_can_say_is_planned_in_ec2s_words(world: World) -> None:
    launch = planned(
        world,
        kernelId="aki-1",
        ramdiskId="ari-1",
        associateIPv6Address=True,
        enableEnclave=True,
        placement={"tenancy": "host", "hostResourceGroupArn": "arn:hosts", "partitionNumber": 2},
        licenseSpecifications=[{"arn": "arn:license"}],
        capacityReservation={"preference": "open", "id": "cr-1"},
        blockDeviceTags={"backup": "daily"},
    ).launch

    assert (launch.kernel, launch.ramdisk, launch.ipv6, launch.enclave) == ("aki-1", "ari-1", True, True)
    assert launch.placement == (("HostResourceGroupArn", "arn:hosts"), ("PartitionNumber", "2"), ("Tenancy", "host"))
    assert launch.licenses == ("arn:license",)
    assert launch.capacity_reservation == (("CapacityReservationId", "cr-1"), ("CapacityReservationPreference", "open"))
    assert launch.volume_tags == (("backup", "daily"),)


def test_a_mixed_instances_policy_has_the_price_and_the_types_in_their_order(world: World) -> None:
    plan = planned(
        world,
        onDemandPercentageAboveBaseCapacity=20,
        spotAllocationStrategy="capacity-optimized",
        spotPrice="0.5",
        launchTemplateOverridesForInstanceType=[
            {"instanceType": "m5.large"},
            {"instanceType": "m5.xlarge", "weightedCapacity": "2", "priority": 1},
        ],
    )

    assert plan.launch.spot_price is None
    assert json.loads(plan.settings.mixed or "") == {
        "InstancesDistribution": {
            "OnDemandPercentageAboveBaseCapacity": 20,
            "SpotAllocationStrategy": "capacity-optimized",
            "SpotMaxPrice": "0.5",
        },
        "Overrides": [{"InstanceType": "m5.xlarge", "WeightedCapacity": "2"}, {"InstanceType": "m5.large"}],
    }


def test_the_sources_volumes_are_taken_over_where_that_is_asked_for(world: World) -> None:
    template = world.place.templates.get(SOURCE)
    assert template is not None
    volumes = (BlockDevice("/dev/sdb", size_gib=10),)
    world.place.templates.put(SOURCE, replace(template, settings=replace(template.settings, block_devices=volumes)), 0)
    own = [{"deviceName": "/dev/sdc", "size": 1}]

    taken = planned(world, source=SAME, copySourceCustomBlockDeviceMappings=True)
    left = planned(world, source=SAME)
    said = planned(world, source=SAME, copySourceCustomBlockDeviceMappings=True, blockDevices=own)

    assert (taken.launch.block_devices, left.launch.block_devices) == (volumes, ())
    assert [one.device for one in said.launch.block_devices] == ["/dev/sdc"]


def test_subnets_that_the_source_was_given_by_id_are_taken_over(world: World) -> None:
    group = world.place.groups.get(SOURCE)
    assert group is not None
    tags = (("SPINNAKER_SUBNET_ID_OVERRIDE", seeds.subnet("external", "a")),)
    world.place.group_is(SOURCE, settings=replace(group.settings, tags=tags))

    taken = planned(world, source=SAME, copySourceSubnetIdOverrides=True)

    assert taken.settings.subnets == (seeds.subnet("external", "a"),)
    assert tags[0] in taken.settings.tags
    assert planned(world, source=SAME).settings.subnets == tuple(seeds.subnet("internal", zone) for zone in "abc")
