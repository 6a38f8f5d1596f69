"""What groups start from: what AWS and the fake cloud alike do with template versions and launch configurations."""

import json
from typing import Any

import pytest

from lambdas.cloud import BlockDevice, LaunchSettings
from lambdas.cloud.launching import LaunchChange, Launching, Start, TemplateVersions
from lambdas.errors import AlreadyExists, Conflict, NotFound, Rejected, Transient
from tests.contract import worlds
from tests.contract.recording import Recorder, seeding
from tests.contract.worlds import USER_DATA, AwsWorld, World, group_settings, launch_settings, make_group

GROUP = "shop-prod-v001"
MARK = "windlass:operation op1"
BIGGER = LaunchChange(instance_type="t3.large")
POLICY = json.dumps(
    {"InstancesDistribution": {"OnDemandBaseCapacity": 1}, "Overrides": [{"InstanceType": "m5.large"}]},
    sort_keys=True,
    separators=(",", ":"),
)
FULL: dict[str, Any] = {
    "key_pair": "shop",
    "instance_profile": "shop",
    "block_devices": (BlockDevice("/dev/sdb", size_gib=10), BlockDevice("/dev/sdc", virtual_name="ephemeral0")),
    "spot_price": "0.5",
    "monitoring": True,
    "public_ip": True,
    "ipv6": True,
    "imds_v2": False,
    "credit_specification": "unlimited",
    "tags": (("team", "shop"),),
    "volume_tags": (("backup", "daily"),),
    "kernel": "aki-1",
    "ramdisk": "ari-1",
    "enclave": True,
    "placement": (("GroupName", "near"), ("PartitionNumber", "2"), ("Tenancy", "dedicated")),
    "licenses": ("arn:aws:license-manager:us-east-1:1:license-configuration:lic-1",),
    "capacity_reservation": (("CapacityReservationPreference", "open"),),
}


@pytest.fixture
def versions(world: World) -> TemplateVersions:
    return world.cloud.of(TemplateVersions)


@pytest.fixture
def launching(world: World) -> Launching:
    return world.cloud.of(Launching)


def templated(world: World, **settings: Any) -> LaunchSettings:
    """A launch template of the group's name; its settings."""
    made = launch_settings(world.region, **settings)
    world.cloud.launch_templates.create(GROUP, made, USER_DATA, (), "token")
    return made


def test_a_version_tells_its_settings_and_no_user_data(world: World, versions: TemplateVersions) -> None:
    settings = templated(world, **FULL)

    for version in ("1", "$Default", "$Latest"):
        found = versions.find(GROUP, version)
        assert (found.number, found.settings, found.mark) == (1, settings, "")


def test_a_new_version_differs_from_its_source_only_where_it_is_said(world: World, versions: TemplateVersions) -> None:
    settings = templated(world, **FULL)

    number = versions.create(GROUP, 1, BIGGER, None, MARK, "token-2")

    found = versions.find(GROUP, str(number))
    assert (number, found.mark) == (2, MARK)
    assert found.settings == LaunchSettings(**{**vars(settings), "instance_type": "t3.large"})


def test_every_setting_can_be_changed_and_what_may_be_absent_taken_away(
    world: World, versions: TemplateVersions
) -> None:
    templated(world, **FULL)
    other: dict[str, Any] = {
        "key_pair": "other",
        "instance_profile": "arn:aws:iam::123456789012:instance-profile/other",
        "monitoring": False,
        "public_ip": False,
        "ipv6": False,
        "imds_v2": True,
        "kernel": "aki-2",
        "ramdisk": "ari-2",
        "enclave": False,
        "ebs_optimized": True,
    }

    number = versions.create(
        GROUP, 1, LaunchChange(**other, block_devices=(), spot_price="", credit_specification=""), None, MARK, "token-2"
    )

    found = vars(versions.find(GROUP, str(number)).settings)
    assert {name: found[name] for name in other} == other
    assert (found["block_devices"], found["spot_price"], found["credit_specification"]) == ((), None, None)


def test_security_groups_are_changed_with_and_without_an_interface(world: World, versions: TemplateVersions) -> None:
    templated(world, public_ip=True)
    groups = (world.region.security_group, "sg-00000000000000001")

    wired = versions.create(GROUP, 1, LaunchChange(security_groups=groups), None, MARK, "token-2")

    found = versions.find(GROUP, str(wired)).settings
    assert (found.security_groups, found.public_ip) == (groups, True)


def test_an_address_asked_for_later_takes_the_security_groups_along(world: World, versions: TemplateVersions) -> None:
    templated(world)

    number = versions.create(GROUP, 1, LaunchChange(public_ip=True), None, MARK, "token-2")

    found = versions.find(GROUP, str(number)).settings
    assert (found.security_groups, found.public_ip) == ((world.region.security_group,), True)


def test_the_same_token_again_is_the_same_version(world: World, versions: TemplateVersions) -> None:
    templated(world)

    numbers = [versions.create(GROUP, 1, BIGGER, None, MARK, "token-2") for _ in range(2)]

    assert numbers == [2, 2]
    with pytest.raises(AlreadyExists):
        versions.create(GROUP, 1, LaunchChange(instance_type="t3.small"), None, MARK, "token-2")


def test_versions_are_found_by_their_mark(world: World, versions: TemplateVersions) -> None:
    templated(world)
    for number, mark in ((2, MARK), (3, "somebody else"), (4, MARK)):
        assert versions.create(GROUP, 1, BIGGER, None, mark, f"token-{number}") == number

    assert versions.marked(GROUP, MARK, 1) == (2, 4)
    assert versions.marked(GROUP, MARK, 2) == (4,)
    assert versions.marked("none", MARK, 1) == ()


def test_what_is_not_there_is_not_found(world: World, versions: TemplateVersions) -> None:
    templated(world)

    for template, version in ((GROUP, "7"), ("none", "1")):
        with pytest.raises(NotFound):
            versions.find(template, version)
        with pytest.raises(NotFound):
            versions.create(template, int(version), BIGGER, None, MARK, "token-2")
        with pytest.raises(NotFound):
            versions.delete(template, 7)


def test_a_deleted_version_is_gone_and_its_number_is_not_given_again(world: World, versions: TemplateVersions) -> None:
    templated(world)
    versions.delete(GROUP, versions.create(GROUP, 1, BIGGER, None, MARK, "token-2"))

    with pytest.raises(NotFound):
        versions.find(GROUP, "2")
    assert versions.create(GROUP, 1, BIGGER, None, MARK, "token-3") == 3


def test_the_default_version_stays(world: World, versions: TemplateVersions) -> None:
    templated(world)

    with pytest.raises(Rejected):
        versions.delete(GROUP, 1)


def test_user_data_is_kept_or_replaced(world: World, versions: TemplateVersions, request: Any) -> None:
    templated(world)

    versions.create(GROUP, 1, BIGGER, None, MARK, "token-2")
    versions.create(GROUP, 1, LaunchChange(user_data="userData"), "eA==", MARK, "token-3")

    if isinstance(world, AwsWorld):
        recorder: Recorder = request.getfixturevalue("recorder")
        given = [one["LaunchTemplateData"] for name, one in recorder.given if name == "CreateLaunchTemplateVersion"]
        assert [one["UserData"] for one in given] == [USER_DATA, "eA=="]


def start(world: World, group: str = GROUP) -> Start:
    return Start.of(world.cloud.groups.find(group))


def test_a_group_starts_from_a_version_within_a_policy_or_not(
    world: World, versions: TemplateVersions, launching: Launching
) -> None:
    make_group(world)
    before = start(world)
    versions.create(GROUP, 1, BIGGER, None, MARK, "token-2")

    for wanted in (Start(GROUP, "2"), Start(GROUP, "2", POLICY), before):
        launching.use(GROUP, wanted)
        assert start(world) == wanted


def test_a_resize_leaves_what_a_group_starts_from(world: World, launching: Launching) -> None:
    make_group(world)
    launching.use(GROUP, Start(GROUP, "1", POLICY))

    world.cloud.groups.resize(GROUP, world.cloud.groups.find(GROUP).capacity)

    assert start(world) == Start(GROUP, "1", POLICY)


def test_a_version_that_is_not_there_yet_is_waited_for(world: World, launching: Launching) -> None:
    make_group(world)

    for wanted in (Start(GROUP, "7"), Start(configuration="none")):
        with pytest.raises(Transient):
            launching.use(GROUP, wanted)


def test_a_group_that_is_not_there_or_leaves_starts_from_nothing_else(world: World, launching: Launching) -> None:
    make_group(world)

    with pytest.raises(NotFound):
        launching.use("none", Start(GROUP, "1"))
    world.begin_deletion(GROUP)
    with pytest.raises(Conflict):
        launching.use(GROUP, Start(GROUP, "1"))


def test_a_group_is_created_with_a_policy(world: World) -> None:
    templated(world)

    world.cloud.groups.create(GROUP, GROUP, group_settings(world.region, mixed=POLICY))

    assert start(world) == Start(GROUP, "1", POLICY)


def test_a_launch_configuration_is_made_from_another(world: World, launching: Launching) -> None:
    world.configure("old")
    change = LaunchChange(
        instance_type="t3.large",
        security_groups=(world.region.security_group,),
        block_devices=(BlockDevice("/dev/sdb", size_gib=10),),
        monitoring=False,
        ebs_optimized=True,
        key_pair="other",
        spot_price="0.5",
    )

    launching.configure("new", "old", change, None)

    found = launching.configuration("new")
    assert (found.image, found.instance_type) == (world.region.image, "t3.large")
    assert {name: getattr(found, name) for name in change.said()} == change.said()


def test_launch_configurations_that_are_there_or_not(world: World, launching: Launching) -> None:
    world.configure("old")
    launching.configure("new", "old", BIGGER, None)

    with pytest.raises(AlreadyExists):
        launching.configure("new", "old", BIGGER, None)
    with pytest.raises(NotFound):
        launching.configure("newer", "none", BIGGER, None)
    launching.unconfigure("new")
    for absent in (launching.configuration, launching.unconfigure):
        with pytest.raises(NotFound):
            absent("new")


def test_a_group_starts_from_a_launch_configuration_and_back(world: World, launching: Launching) -> None:
    make_group(world)
    world.configure("old")
    before = start(world)

    launching.use(GROUP, Start(configuration="old"))

    assert start(world) == Start(configuration="old")
    with pytest.raises(Conflict):
        launching.unconfigure("old")
    launching.use(GROUP, before)
    assert start(world) == before


@pytest.mark.usefixtures("aws")
def test_what_windlass_does_not_know_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    world = worlds.of_aws(monkeypatch)
    data = {"ImageId": world.region.image, "InstanceType": "t3.micro", "HibernationOptions": {"Configured": True}}
    seeding("ec2").create_launch_template(LaunchTemplateName=GROUP, LaunchTemplateData=data)

    world.cloud.of(TemplateVersions).create(GROUP, 1, BIGGER, None, MARK, "token-2")

    answer = seeding("ec2").describe_launch_template_versions(LaunchTemplateName=GROUP, Versions=["2"])
    assert answer["LaunchTemplateVersions"][0]["LaunchTemplateData"]["HibernationOptions"] == {"Configured": True}


def test_user_data_is_read_where_it_is(world: World, versions: TemplateVersions, launching: Launching) -> None:
    templated(world)
    world.configure("old")
    launching.configure("new", "old", LaunchChange(user_data="userData"), USER_DATA)

    assert versions.user_data(GROUP, 1) == USER_DATA
    assert launching.user_data("new") == USER_DATA
    assert launching.user_data("old") == ""
    with pytest.raises(NotFound):
        versions.user_data(GROUP, 7)
    with pytest.raises(NotFound):
        launching.user_data("none")


def test_spot_instances_need_no_highest_price(world: World, versions: TemplateVersions) -> None:
    templated(world, spot_price="")

    assert versions.find(GROUP, "1").settings.spot_price == ""
