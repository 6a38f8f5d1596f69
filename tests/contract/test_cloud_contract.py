"""Every method of every port, on the adapters to AWS and on the fake cloud: what one refuses, the other refuses."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from lambdas.activities.health import shortfall
from lambdas.activities.plans import HealthRule
from lambdas.cloud import (
    OPERATION_TAG,
    Alarm,
    BlockDevice,
    Capacity,
    GroupSettings,
    LaunchSettings,
    LifecycleHook,
    ScalingPolicy,
    ScheduledAction,
)
from lambdas.errors import AlreadyExists, Conflict, NotFound, Rejected
from tests.contract import worlds
from tests.contract.recording import Recorder
from tests.contract.worlds import USER_DATA, World, group_settings, launch_settings, make_group

GROUP = "shop-prod-v001"
MINE = (("owner", "me"), (OPERATION_TAG, "op1"))
LAUNCHING = "autoscaling:EC2_INSTANCE_LAUNCHING"
STEP = ScalingPolicy(
    "shop-up",
    json.dumps(
        {
            "AdjustmentType": "ChangeInCapacity",
            "PolicyType": "StepScaling",
            "StepAdjustments": [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}],
        },
        sort_keys=True,
        separators=(",", ":"),
    ),
)
BUSY = Alarm(
    "shop-prod-v001-busy",
    "shop-up",
    json.dumps(
        {
            "ActionsEnabled": True,
            "AlarmDescription": "too busy",
            "ComparisonOperator": "GreaterThanThreshold",
            "Dimensions": [{"Name": "AutoScalingGroupName", "Value": GROUP}],
            "EvaluationPeriods": 2,
            "MetricName": "CPUUtilization",
            "Namespace": "AWS/EC2",
            "Period": 60,
            "Statistic": "Average",
            "Threshold": 80.0,
        },
        sort_keys=True,
        separators=(",", ":"),
    ),
)
NIGHTLY = ScheduledAction("night", '{"DesiredCapacity":1,"MaxSize":2,"MinSize":0,"Recurrence":"0 22 * * *"}')


# Images


def test_images_are_found_by_id_and_unknown_ids_are_no_error(world: World) -> None:
    found = world.cloud.images.by_ids([world.region.image, "ami-00000000000000000", "nonsense"])

    assert [(image.id, image.name, image.owner) for image in found] == [
        (world.region.image, world.region.image_name, world.region.image_owner)
    ]
    assert found[0].created
    assert found[0].architecture == "x86_64"
    assert world.cloud.images.by_ids([]) == ()


def test_images_are_found_by_pattern_and_owner(world: World) -> None:
    images, region = world.cloud.images, world.region

    assert [image.id for image in images.by_name("shop-1.0.*")] == [region.image]
    assert [image.id for image in images.by_name("shop-?.0.*", [region.image_owner])] == [region.image]
    assert images.by_name("shop-1.0.*", ["999999999999"]) == ()
    assert images.by_name("shop-9*") == ()


def test_a_parameter_is_read_or_not_found(world: World) -> None:
    assert world.cloud.images.parameter(world.region.parameter) == world.region.image
    with pytest.raises(NotFound):
        world.cloud.images.parameter("/images/none")


# Instances


def test_a_console_is_text_and_an_unknown_instance_has_none(world: World) -> None:
    make_group(world, desired=1)
    (instance,) = world.cloud.groups.find(GROUP).instances

    assert " " in world.cloud.instances.console(instance.id)  # not in base64
    for unknown in ("i-00000000000000000", "nonsense"):
        with pytest.raises(NotFound):
            world.cloud.instances.console(unknown)


# Network


def test_zones_are_named_within_the_region(world: World) -> None:
    zones = world.cloud.network.zones()

    assert {"us-east-1a", "us-east-1b"} <= set(zones)
    assert list(zones) == sorted(zones)


def test_subnets_are_found_by_id_with_zone_and_purpose(world: World) -> None:
    found = world.cloud.network.subnets([*world.region.subnets, "subnet-00000000000000000"])

    assert {subnet.id: subnet.zone for subnet in found} == dict(
        zip(world.region.subnets, ("us-east-1a", "us-east-1b"), strict=True)
    )
    assert {dict(subnet.tags)["immutable_metadata"] for subnet in found} == {world.region.purpose}
    assert len({subnet.vpc for subnet in found}) == 1


def test_all_subnets_are_listed_where_none_is_named(world: World) -> None:
    assert set(world.region.subnets) <= {subnet.id for subnet in world.cloud.network.subnets()}


def test_security_groups_are_found_by_name_and_by_id(world: World) -> None:
    network, region = world.cloud.network, world.region

    by_name = network.security_groups([region.security_group_name, "none"])
    by_id = network.security_groups([region.security_group, "sg-00000000000000000"])
    both = network.security_groups([region.security_group, region.security_group_name])

    assert region.security_group in {group.id for group in by_name}
    assert {group.name for group in by_name} == {region.security_group_name}
    assert [(group.id, group.name) for group in by_id] == [(region.security_group, region.security_group_name)]
    assert {group.id for group in both} == {group.id for group in by_name}
    assert len(both) == len(by_name)
    assert network.security_groups([]) == ()


def test_a_security_groups_name_is_no_pattern(world: World) -> None:
    assert world.cloud.network.security_groups(["shop-*"]) == ()


# Load balancers


def test_target_groups_are_found_by_name_and_by_arn(world: World) -> None:
    balancers, region = world.cloud.load_balancers, world.region
    absent = region.target_group.replace("shop-web", "none")

    found = balancers.target_groups([region.target_group_name, "none", region.target_group, absent])

    assert [(group.arn, group.name) for group in found] == [(region.target_group, region.target_group_name)]
    assert found[0].vpc
    assert balancers.target_groups([]) == ()
    assert balancers.target_groups(["none"]) == ()


def test_classic_load_balancers_are_found_by_name(world: World) -> None:
    balancers, region = world.cloud.load_balancers, world.region

    assert balancers.classic([region.classic, "none", region.classic]) == (region.classic,)
    assert balancers.classic([]) == ()
    assert balancers.classic(["none"]) == ()


def test_targets_are_registered_once_and_taken_out_as_often_as_one_likes(world: World) -> None:
    make_group(world, desired=2)
    first, second = [one.id for one in world.cloud.groups.find(GROUP).instances]
    balancers, arn = world.cloud.load_balancers, world.region.target_group

    balancers.register(arn, [first])
    balancers.register(arn, [first, second])
    assert {(one.instance, one.healthy, one.reason) for one in balancers.target_health(arn)} == {
        (first, True, ""),
        (second, True, ""),
    }

    balancers.deregister(arn, [first, "i-00000000000000000"])
    balancers.deregister(arn, [first])
    balancers.deregister(arn, [])
    balancers.register(arn, [])
    assert {one.instance for one in balancers.target_health(arn) if one.healthy} == {second}
    assert balancers.draining(arn) == ()


def test_a_classic_load_balancer_takes_and_gives_back_instances(world: World) -> None:
    make_group(world, desired=2)
    first, second = [one.id for one in world.cloud.groups.find(GROUP).instances]
    balancers, name = world.cloud.load_balancers, world.region.classic

    balancers.register_classic(name, [first])
    balancers.register_classic(name, [first, second])
    assert {(one.instance, one.healthy) for one in balancers.classic_health(name)} == {(first, True), (second, True)}

    balancers.deregister_classic(name, [first, "i-00000000000000000"])
    balancers.deregister_classic(name, [first])
    balancers.deregister_classic(name, [])
    balancers.register_classic(name, [])
    assert {one.instance for one in balancers.classic_health(name)} == {second}
    assert balancers.draining_classic(name) == ()


@pytest.mark.parametrize("call", ["target_health", "draining", "register", "deregister"])
def test_an_absent_target_group_is_not_found(world: World, call: str) -> None:
    absent = world.region.target_group.replace("shop-web", "none")
    instances = () if call in ("target_health", "draining") else (["i-00000000000000000"],)

    with pytest.raises(NotFound):
        getattr(world.cloud.load_balancers, call)(absent, *instances)


@pytest.mark.parametrize("call", ["classic_health", "draining_classic", "register_classic", "deregister_classic"])
def test_an_absent_classic_load_balancer_is_not_found(world: World, call: str) -> None:
    instances = () if call in ("classic_health", "draining_classic") else (["i-00000000000000000"],)

    with pytest.raises(NotFound):
        getattr(world.cloud.load_balancers, call)("none", *instances)


# Launch templates

FULL = {
    "key_pair": "ops",
    "instance_profile": "shop-role",
    "block_devices": (
        BlockDevice("/dev/sda1", size_gib=40, volume_type="gp3", iops=3000, throughput_mib=125, encrypted=True),
        BlockDevice("/dev/sdb", virtual_name="ephemeral0"),
    ),
    "spot_price": "0.05",
    "monitoring": True,
    "ebs_optimized": True,
    "public_ip": True,
    "credit_specification": "unlimited",
    "tags": MINE,
}


def test_a_launch_template_is_found_with_its_tags_and_deleted_once(world: World) -> None:
    templates = world.cloud.launch_templates
    templates.create(GROUP, launch_settings(world.region, **FULL), USER_DATA, MINE, "token")

    found = templates.find(GROUP)
    assert (found.name, found.tags, found.operation) == (GROUP, MINE, "op1")
    assert found.id.startswith("lt-")

    templates.delete(GROUP)
    with pytest.raises(NotFound):
        templates.find(GROUP)
    with pytest.raises(NotFound):
        templates.delete(GROUP)


def test_a_launch_templates_name_is_taken_by_another_creation(world: World) -> None:
    templates = world.cloud.launch_templates
    templates.create(GROUP, launch_settings(world.region), None, MINE, "token")

    with pytest.raises(AlreadyExists):
        templates.create(GROUP, launch_settings(world.region), None, MINE, "another token")


def test_the_same_creation_of_a_launch_template_again_is_the_same(world: World) -> None:
    def create() -> None:
        world.cloud.launch_templates.create(GROUP, launch_settings(world.region), None, MINE, "token")

    create()
    if world.honours_client_tokens:
        create()
    else:
        with pytest.raises(AlreadyExists):
            create()

    assert world.cloud.launch_templates.made_by("op1") == (GROUP,)


def test_launch_templates_are_listed_by_their_operation(world: World) -> None:
    templates = world.cloud.launch_templates
    for name, operation in (("shop-prod-v001", "op1"), ("shop-prod-v002", "op2"), ("shop-prod-v003", "op1")):
        templates.create(name, launch_settings(world.region), None, ((OPERATION_TAG, operation),), name)

    assert set(templates.made_by("op1")) == {"shop-prod-v001", "shop-prod-v003"}
    assert templates.made_by("op9") == ()


def test_a_template_tells_the_image_of_each_of_its_versions(world: World) -> None:
    world.cloud.launch_templates.create(GROUP, launch_settings(world.region), None, (), "token")

    for version in ("1", "$Default", "$Latest"):
        assert world.cloud.launch_templates.image(GROUP, version) == world.region.image
    for name, version in ((GROUP, "7"), ("none", "1")):
        with pytest.raises(NotFound):
            world.cloud.launch_templates.image(name, version)


# Server groups


def test_launch_configurations_tell_their_images(world: World) -> None:
    world.configure("old-shop")

    assert world.cloud.groups.configured(["old-shop", "none"]) == {"old-shop": world.region.image}
    assert world.cloud.groups.configured([]) == {}


def test_all_groups_are_read_with_their_instances(world: World) -> None:
    names = [f"shop-prod-v{number:03}" for number in range(1, 4)]
    for name in names:
        make_group(world, name, desired=1)

    found = {one.name: one for one in world.cloud.groups.all()}

    assert list(found) == names
    assert found[GROUP] == world.cloud.groups.find(GROUP)
    assert (found[GROUP].launch_template, found[GROUP].launch_template_version) == (GROUP, "1")
    assert len(found[GROUP].instances) == 1


def test_a_new_group_is_empty_and_as_asked_for(world: World) -> None:
    settings = group_settings(
        world.region,
        target_groups=(world.region.target_group,),
        load_balancers=(world.region.classic,),
        health_check_type="ELB",
        health_check_grace=120,
        cooldown=30,
        termination_policies=("OldestInstance", "Default"),
        capacity_rebalance=True,
        tags=MINE,
    )
    world.cloud.launch_templates.create(GROUP, launch_settings(world.region), None, MINE, "token")

    world.cloud.groups.create(GROUP, GROUP, settings)

    found = world.cloud.groups.find(GROUP)
    assert found.settings == settings
    assert (found.name, found.capacity, found.instances) == (GROUP, Capacity(0, 0, 0), ())
    assert (found.launch_template, found.launch_configuration) == (GROUP, None)
    assert (found.suspended, found.metrics, found.deleting, found.operation) == (frozenset(), frozenset(), False, "op1")
    assert found.arn


def test_a_group_without_subnets_lies_in_its_zones(world: World) -> None:
    make_group(world, subnets=(), zones=("us-east-1a",))

    found = world.cloud.groups.find(GROUP)
    assert (found.settings.subnets, found.settings.zones) == ((), ("us-east-1a",))


def test_a_groups_name_is_taken(world: World) -> None:
    make_group(world)

    with pytest.raises(AlreadyExists):
        world.cloud.groups.create(GROUP, GROUP, group_settings(world.region))


def test_a_group_needs_its_launch_template(world: World) -> None:
    with pytest.raises(NotFound):
        world.cloud.groups.create(GROUP, "none", group_settings(world.region))

    assert world.cloud.groups.names("") == ()


def test_a_group_needs_a_place(world: World) -> None:
    world.cloud.launch_templates.create(GROUP, launch_settings(world.region), None, MINE, "token")

    with pytest.raises(Rejected):
        world.cloud.groups.create(GROUP, GROUP, GroupSettings())


def test_a_group_grows_and_shrinks(world: World) -> None:
    make_group(world)

    world.cloud.groups.resize(GROUP, Capacity(1, 2, 3))
    grown = world.cloud.groups.find(GROUP)
    world.cloud.groups.resize(GROUP, Capacity(0, 1, 1))
    shrunk = world.cloud.groups.find(GROUP)

    assert world.cloud.groups.standing() == 1
    assert (grown.capacity, len(grown.instances)) == (Capacity(1, 2, 3), 2)
    assert all(instance.in_service for instance in grown.instances)
    assert (shrunk.capacity, len([one for one in shrunk.instances if one.in_service])) == (Capacity(0, 1, 1), 1)


def test_groups_are_named_by_prefix(world: World) -> None:
    for name in ("shop-prod-v001", "shop-prod-v002", "shop-prodigy-v001", "mail-v001"):
        make_group(world, name)

    assert set(world.cloud.groups.names("shop-prod-v")) == {"shop-prod-v001", "shop-prod-v002"}
    assert len(world.cloud.groups.names("")) == 4
    assert world.cloud.groups.names("none") == ()


def test_more_groups_than_a_page_are_all_named(world: World) -> None:
    world.cloud.launch_templates.create("one", launch_settings(world.region), None, (), "token")
    names = {f"shop-v{number:03}" for number in range(120)}
    for name in names:
        world.cloud.groups.create(name, "one", group_settings(world.region))

    assert set(world.cloud.groups.names("shop-")) == names


def test_groups_are_found_together_and_absent_ones_left_out(world: World) -> None:
    groups = world.cloud.groups
    for name in (GROUP, "shop-prod-v002"):
        make_group(world, name, desired=1)

    found = groups.found([GROUP, "none", "shop-prod-v002", GROUP])

    assert found == {name: groups.find(name) for name in (GROUP, "shop-prod-v002")}
    assert len(found[GROUP].instances) == 1
    assert groups.found([]) == {}


def test_a_group_being_deleted_is_found_with_the_others(world: World) -> None:
    make_group(world)
    world.begin_deletion(GROUP)

    assert world.cloud.groups.found([GROUP])[GROUP].deleting


def test_groups_are_found_in_pages_of_as_many_names_as_auto_scaling_takes(
    monkeypatch: pytest.MonkeyPatch, aws: Recorder
) -> None:
    here = worlds.of_aws(monkeypatch)
    make_group(here)

    found = here.cloud.groups.found([*(f"none-{n}" for n in range(119)), GROUP])

    pages = [given["AutoScalingGroupNames"] for name, given in aws.given if name == "DescribeAutoScalingGroups"]
    assert [len(page) for page in pages] == [50, 50, 20]
    assert set(found) == {GROUP}


def test_groups_are_listed_by_their_operation(world: World) -> None:
    make_group(world, "shop-v001", tags=MINE)
    make_group(world, "shop-v002", tags=((OPERATION_TAG, "op2"),))
    make_group(world, "shop-v003")

    assert world.cloud.groups.made_by("op1") == ("shop-v001",)
    assert world.cloud.groups.made_by("op9") == ()


def test_a_deleted_group_is_gone_or_going(world: World) -> None:
    make_group(world, desired=1)

    world.cloud.groups.delete(GROUP)

    try:
        assert world.cloud.groups.find(GROUP).deleting
    except NotFound:
        assert world.cloud.groups.names("shop") == ()


def test_a_group_being_deleted_is_seen_named_and_deleted_again(world: World) -> None:
    make_group(world, tags=MINE)
    world.begin_deletion(GROUP)

    world.cloud.groups.delete(GROUP)

    assert world.cloud.groups.find(GROUP).deleting
    assert world.cloud.groups.names("shop") == (GROUP,)
    assert world.cloud.groups.made_by("op1") == (GROUP,)


def test_the_name_of_a_group_being_deleted_is_taken(world: World) -> None:
    make_group(world)
    world.begin_deletion(GROUP)

    with pytest.raises(AlreadyExists):
        world.cloud.groups.create(GROUP, GROUP, group_settings(world.region))


CHANGES: dict[str, Callable[[World], None]] = {
    "resize": lambda world: world.cloud.groups.resize(GROUP, Capacity(0, 0, 1)),
    "suspend": lambda world: world.cloud.groups.suspend(GROUP, ["Launch"]),
    "resume": lambda world: world.cloud.groups.resume(GROUP, ["Launch"]),
    "enable_metrics": lambda world: world.cloud.groups.enable_metrics(GROUP, ["GroupMinSize"]),
    "put_hook": lambda world: world.cloud.groups.put_hook(GROUP, LifecycleHook("hook", LAUNCHING)),
    "put_policy": lambda world: world.cloud.scaling.put_policy(GROUP, STEP),
    "put_scheduled_action": lambda world: world.cloud.scaling.put_scheduled_action(GROUP, NIGHTLY),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_an_absent_group_cannot_be_changed(world: World, change: Callable[[World], None]) -> None:
    with pytest.raises(NotFound):
        change(world)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_group_being_deleted_cannot_be_changed(world: World, change: Callable[[World], None]) -> None:
    make_group(world)
    world.begin_deletion(GROUP)

    with pytest.raises(Conflict):
        change(world)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_made_twice_is_made_once(world: World, change: Callable[[World], None]) -> None:
    make_group(world)

    change(world)
    once = world.cloud.groups.find(GROUP), world.cloud.groups.hooks(GROUP), world.cloud.scaling.policies(GROUP)
    change(world)

    assert (
        world.cloud.groups.find(GROUP),
        world.cloud.groups.hooks(GROUP),
        world.cloud.scaling.policies(GROUP),
    ) == once


def test_an_absent_group_is_not_found_and_not_deleted(world: World) -> None:
    with pytest.raises(NotFound):
        world.cloud.groups.find(GROUP)
    with pytest.raises(NotFound):
        world.cloud.groups.delete(GROUP)


def test_what_hangs_on_an_absent_group_is_empty(world: World) -> None:
    assert world.cloud.groups.hooks(GROUP) == ()
    assert world.cloud.groups.activities(GROUP) == ()
    assert world.cloud.scaling.policies(GROUP) == ()
    assert world.cloud.scaling.scheduled_actions(GROUP) == ()
    assert world.cloud.scaling.alarms(GROUP) == ()


def test_processes_are_suspended_and_resumed_by_name(world: World) -> None:
    make_group(world)
    groups = world.cloud.groups

    groups.suspend(GROUP, ["Launch", "AddToLoadBalancer"])
    groups.suspend(GROUP, ["Terminate"])
    groups.resume(GROUP, ["Launch", "HealthCheck"])

    assert groups.find(GROUP).suspended == {"AddToLoadBalancer", "Terminate"}


def test_no_processes_are_none_and_not_all_of_them(world: World) -> None:
    make_group(world)
    groups = world.cloud.groups

    groups.suspend(GROUP, [])
    groups.enable_metrics(GROUP, [])
    assert (groups.find(GROUP).suspended, groups.find(GROUP).metrics) == (frozenset(), frozenset())

    groups.suspend(GROUP, ["Launch"])
    groups.resume(GROUP, [])
    assert groups.find(GROUP).suspended == {"Launch"}


def test_metrics_are_collected_by_name(world: World) -> None:
    make_group(world)

    world.cloud.groups.enable_metrics(GROUP, ["GroupMinSize", "GroupTotalInstances"])

    assert world.cloud.groups.find(GROUP).metrics == {"GroupMinSize", "GroupTotalInstances"}


def test_a_hook_is_put_and_put_again(world: World) -> None:
    make_group(world)
    hook = LifecycleHook("register", LAUNCHING, heartbeat=600, default_result="CONTINUE")

    world.cloud.groups.put_hook(GROUP, replace(hook, heartbeat=60))
    world.cloud.groups.put_hook(GROUP, hook)

    [found] = world.cloud.groups.hooks(GROUP)
    assert replace(found, role=None, target=None) == hook  # moto invents the two


def test_activities_are_read_newest_first(world: World) -> None:
    make_group(world, desired=1)

    assert len(world.cloud.groups.activities(GROUP)) <= 20


# Scaling


def test_a_policy_is_read_as_it_was_put(world: World) -> None:
    make_group(world)
    make_group(world, "shop-prod-v002")

    world.cloud.scaling.put_policy(GROUP, STEP)

    assert world.cloud.scaling.policies(GROUP) == (STEP,)
    assert world.cloud.scaling.policies("shop-prod-v002") == ()


def test_a_scheduled_action_is_read_as_it_was_put(world: World) -> None:
    make_group(world)

    world.cloud.scaling.put_scheduled_action(GROUP, NIGHTLY)

    assert world.cloud.scaling.scheduled_actions(GROUP) == (NIGHTLY,)


def test_an_alarm_is_read_as_it_was_put_and_knows_its_operation(world: World) -> None:
    make_group(world)
    world.cloud.scaling.put_policy(GROUP, STEP)

    world.cloud.scaling.put_alarm(GROUP, BUSY, "op1")
    world.cloud.scaling.put_alarm(GROUP, BUSY, "op1")

    assert world.cloud.scaling.alarms(GROUP) == (replace(BUSY, operation="op1"),)


def test_alarms_are_listed_by_prefix_and_operation(world: World) -> None:
    make_group(world)
    scaling = world.cloud.scaling
    scaling.put_policy(GROUP, STEP)
    for name, operation in (("shop-a", "op1"), ("shop-b", "op2"), ("mail-a", "op1"), ("shop-c", "op11")):
        scaling.put_alarm(GROUP, replace(BUSY, name=name), operation)

    assert scaling.alarms_made_by("op1", "shop-") == ("shop-a",)
    assert scaling.alarms_made_by("op9", "shop-") == ()


def test_states_are_told_of_the_alarms_that_exist(world: World) -> None:
    scaling = world.cloud.scaling
    make_group(world)
    scaling.put_policy(GROUP, STEP)
    scaling.put_alarm(GROUP, BUSY, "op1")

    told = scaling.alarm_states(["nobody's", BUSY.name, *(f"none-{n}" for n in range(120))])

    assert told.keys() == {BUSY.name}
    assert told[BUSY.name] in ("OK", "INSUFFICIENT_DATA")
    assert scaling.alarm_states([]) == {}


def test_an_alarm_needs_its_policy(world: World) -> None:
    make_group(world)

    with pytest.raises(NotFound):
        world.cloud.scaling.put_alarm(GROUP, BUSY, "op1")
    with pytest.raises(NotFound):
        world.cloud.scaling.put_alarm("none", BUSY, "op1")

    assert world.cloud.scaling.alarms_made_by("op1", "") == ()


def test_alarms_are_deleted_and_absent_ones_are_no_error(world: World) -> None:
    make_group(world)
    scaling = world.cloud.scaling
    scaling.put_policy(GROUP, STEP)
    scaling.put_alarm(GROUP, BUSY, "op1")

    scaling.delete_alarms([BUSY.name, "none"])
    scaling.delete_alarms([BUSY.name])
    scaling.delete_alarms([])

    assert scaling.alarms(GROUP) == ()


def test_launch_settings_of_every_kind_are_accepted(world: World) -> None:
    kinds = [LaunchSettings(world.region.image, "t3.micro"), launch_settings(world.region, **FULL)]
    kinds += [replace(kinds[1], public_ip=False, imds_v2=False, instance_profile="arn:aws:iam::1:instance-profile/x")]

    for number, settings in enumerate(kinds):
        world.cloud.launch_templates.create(f"shop-v00{number}", settings, USER_DATA, MINE, f"token-{number}")

    assert len(world.cloud.launch_templates.made_by("op1")) == 3


# Health, as the caller means it


@pytest.mark.parametrize(
    ("rule", "healthy"),
    [
        (HealthRule(("asg",)), True),
        (HealthRule(("asg", "elb")), True),
        (HealthRule(()), True),
        (HealthRule(("targetGroup",), percentage=50), True),
        (HealthRule(("targetGroup",)), False),
        (HealthRule(), False),
    ],
)
def test_health_is_judged_alike(world: World, rule: HealthRule, healthy: bool) -> None:
    region = world.region
    make_group(world, desired=2, target_groups=(region.target_group,), load_balancers=(region.classic,))
    group = world.cloud.groups.find(GROUP)
    first, second = (one.id for one in group.instances)
    world.cloud.load_balancers.register(region.target_group, [first, second])
    world.cloud.load_balancers.register_classic(region.classic, [first, second])
    world.cloud.load_balancers.deregister(region.target_group, [first])

    assert (shortfall(group, 2, world.cloud, rule) is None) == healthy
