"""The fake cloud has the manners of a real one: it refuses, takes its time, and shows things late."""

import base64
from dataclasses import replace

import pytest

from lambdas.cloud import (
    OPERATION_TAG,
    Alarm,
    Capacity,
    Cloud,
    GroupSettings,
    LaunchSettings,
    LifecycleHook,
    ScalingPolicy,
    Tags,
)
from lambdas.errors import AlreadyExists, Conflict, NotFound, Rejected
from rehearsal.clock import Clock
from rehearsal.fake_cloud import PROMPT, FakeCloud, Manners, differences, seeds

NAME = "shop-prod-v001"
TARGETS = seeds.target_group("us-east-1")
LAUNCH = LaunchSettings(seeds.GOOD_IMAGE, "m5.large", (seeds.WEB,))
TAGS: Tags = ((OPERATION_TAG, "op1"),)
SETTINGS = GroupSettings((seeds.subnet("internal", "a"),), (), (TARGETS,), (seeds.CLASSIC,), tags=TAGS)
MANNERS = Manners(boot=40, health=20, shutdown=30, deletion=60, relaunch=60)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def fake(clock: Clock) -> FakeCloud:
    fake = FakeCloud(clock, MANNERS)
    fake.seed()
    return fake


@pytest.fixture
def cloud(fake: FakeCloud) -> Cloud:
    return fake.cloud("prod", "us-east-1", "op1")


def group(
    cloud: Cloud, *, launch: LaunchSettings = LAUNCH, settings: GroupSettings = SETTINGS, name: str = NAME
) -> None:
    cloud.launch_templates.create(name, launch, None, TAGS, "token")
    cloud.groups.create(name, name, settings)


def sized(cloud: Cloud, desired: int, **made: object) -> None:
    group(cloud, **made)  # type: ignore[arg-type]
    cloud.groups.resize(NAME, Capacity(desired, desired, desired))


def lives(cloud: Cloud) -> list[str]:
    return [one.lifecycle for one in cloud.groups.find(NAME).instances]


def test_a_group_launches_as_many_instances_as_it_should_have(cloud: Cloud, clock: Clock) -> None:
    sized(cloud, 3)

    assert lives(cloud) == ["Pending"] * 3
    clock.drain(40)
    assert lives(cloud) == ["InService"] * 3
    assert [one.status for one in cloud.groups.activities(NAME)] == ["Successful", "InProgress"]


def test_instances_are_registered_in_service_and_healthy_a_little_later(cloud: Cloud, clock: Clock) -> None:
    sized(cloud, 2)

    assert cloud.load_balancers.target_health(TARGETS) == ()
    clock.drain(40)
    assert [one.healthy for one in cloud.load_balancers.target_health(TARGETS)] == [False, False]
    assert [one.healthy for one in cloud.load_balancers.classic_health(seeds.CLASSIC)] == [False, False]
    clock.drain(20)
    assert all(one.healthy for one in cloud.load_balancers.target_health(TARGETS))


def test_a_group_that_must_not_add_to_load_balancers_does_not_even_when_resumed(cloud: Cloud, clock: Clock) -> None:
    group(cloud)
    cloud.groups.suspend(NAME, ["AddToLoadBalancer"])
    cloud.groups.resize(NAME, Capacity(2, 2, 2))
    clock.drain(100)

    cloud.groups.resume(NAME, ["AddToLoadBalancer"])
    clock.drain(100)

    assert lives(cloud) == ["InService"] * 2
    assert cloud.load_balancers.target_health(TARGETS) == ()


def test_a_group_that_must_not_launch_launches_once_it_may(cloud: Cloud, clock: Clock) -> None:
    group(cloud)
    cloud.groups.suspend(NAME, ["Launch"])
    cloud.groups.resize(NAME, Capacity(1, 1, 1))
    clock.drain(1000)
    assert lives(cloud) == []

    cloud.groups.resume(NAME, ["Launch"])

    assert lives(cloud) == ["Pending"]


def test_a_smaller_group_deregisters_at_once_and_terminates_later(cloud: Cloud, clock: Clock) -> None:
    sized(cloud, 3)
    clock.drain(100)

    cloud.groups.resize(NAME, Capacity(1, 1, 1))

    assert sorted(lives(cloud)) == ["InService", "Terminating", "Terminating"]
    assert len(cloud.load_balancers.target_health(TARGETS)) == 1
    clock.drain(30)
    assert lives(cloud) == ["InService"]


def test_a_launch_hook_holds_instances_until_it_is_completed(cloud: Cloud, clock: Clock) -> None:
    group(cloud)
    cloud.groups.put_hook(NAME, LifecycleHook("warm", "autoscaling:EC2_INSTANCE_LAUNCHING"))
    cloud.groups.resize(NAME, Capacity(1, 1, 1))

    clock.drain(40)
    assert lives(cloud) == ["Pending:Wait"]
    clock.drain(5)
    assert lives(cloud) == ["InService"]


def test_instances_of_a_bad_image_run_and_never_become_healthy(cloud: Cloud, clock: Clock) -> None:
    sized(cloud, 2, launch=replace(LAUNCH, image=seeds.BAD_IMAGE))

    clock.drain(1000)

    assert lives(cloud) == ["InService"] * 2
    assert not any(one.healthy for one in cloud.load_balancers.target_health(TARGETS))


def test_elb_checks_replace_what_is_not_healthy_after_the_grace_period(cloud: Cloud, clock: Clock) -> None:
    settings = replace(SETTINGS, health_check_type="ELB", health_check_grace=300)
    sized(cloud, 1, launch=replace(LAUNCH, image=seeds.BAD_IMAGE), settings=settings)
    clock.drain(100)
    first = cloud.groups.find(NAME).instances

    clock.drain(300)

    assert first[0].id not in {one.id for one in cloud.groups.find(NAME).instances}
    assert len(cloud.load_balancers.target_health(TARGETS)) == 1


def test_without_a_load_balancer_a_bad_image_fails_the_status_check(cloud: Cloud, clock: Clock) -> None:
    alone = replace(SETTINGS, target_groups=(), load_balancers=())
    sized(cloud, 1, launch=replace(LAUNCH, image=seeds.BAD_IMAGE), settings=alone)

    clock.drain(50)

    assert not cloud.groups.find(NAME).instances[0].in_service


def test_no_capacity_fails_the_activity_in_aws_s_words_and_passes(fake: FakeCloud, cloud: Cloud, clock: Clock) -> None:
    fake.place("prod", "us-east-1").has_no_capacity(seconds=90)
    sized(cloud, 1)

    assert cloud.groups.activities(NAME)[0].status == "Failed"
    assert "We currently do not have sufficient m5.large capacity" in cloud.groups.activities(NAME)[0].message
    clock.drain(300)
    assert lives(cloud) == ["InService"]


def test_a_deleted_group_is_there_for_a_while_and_keeps_its_name(cloud: Cloud, clock: Clock) -> None:
    sized(cloud, 2)
    clock.drain(100)

    cloud.groups.delete(NAME)
    clock.drain(30)
    cloud.groups.delete(NAME)

    assert cloud.groups.find(NAME).deleting
    assert cloud.load_balancers.target_health(TARGETS) == ()
    with pytest.raises(AlreadyExists, match="pending delete"):
        cloud.groups.create(NAME, NAME, SETTINGS)
    with pytest.raises(Conflict):
        cloud.groups.resize(NAME, Capacity(1, 1, 1))
    clock.drain(30)
    with pytest.raises(NotFound):
        cloud.groups.find(NAME)
    cloud.groups.create(NAME, NAME, SETTINGS)
    clock.drain(60)
    assert not cloud.groups.find(NAME).deleting


def test_alarms_outlive_their_group(cloud: Cloud, clock: Clock) -> None:
    group(cloud)
    cloud.scaling.put_policy(NAME, ScalingPolicy("up", "{}"))
    cloud.scaling.put_alarm(NAME, Alarm("busy", "up", "{}"), "op1")
    assert [one.name for one in cloud.scaling.alarms(NAME)] == ["busy"]

    cloud.groups.delete(NAME)
    clock.drain(60)

    assert cloud.scaling.alarms(NAME) == ()
    assert cloud.scaling.policies(NAME) == ()
    assert cloud.scaling.alarms_made_by("op1", "busy") == ("busy",)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        (replace(SETTINGS, subnets=()), "at least one"),
        (replace(SETTINGS, subnets=("subnet-absent",)), "subnet subnet-absent"),
        (replace(SETTINGS, zones=("us-east-1z",)), "zone us-east-1z"),
        (replace(SETTINGS, target_groups=("arn:absent",)), "target group arn:absent"),
        (replace(SETTINGS, load_balancers=("absent",)), "load balancer absent"),
    ],
)
def test_a_group_cannot_be_made_where_something_is_missing(cloud: Cloud, changed: GroupSettings, sentence: str) -> None:
    with pytest.raises(Rejected, match=sentence):
        group(cloud, settings=changed)


@pytest.mark.parametrize(
    "launch", [replace(LAUNCH, image="ami-absent"), replace(LAUNCH, security_groups=("sg-absent",))]
)
def test_a_group_cannot_be_made_of_a_template_that_cannot_launch(cloud: Cloud, launch: LaunchSettings) -> None:
    with pytest.raises(Rejected, match="absent does not exist"):
        group(cloud, launch=launch)


def test_a_group_needs_its_launch_template(cloud: Cloud) -> None:
    with pytest.raises(NotFound, match="absent"):
        cloud.groups.create(NAME, "absent", SETTINGS)


def test_names_of_groups_and_templates_are_taken_once(cloud: Cloud) -> None:
    group(cloud)

    with pytest.raises(AlreadyExists):
        cloud.groups.create(NAME, NAME, SETTINGS)
    with pytest.raises(AlreadyExists):
        cloud.launch_templates.create(NAME, LAUNCH, None, TAGS, "another token")


def test_the_same_client_token_is_the_same_creation(fake: FakeCloud, cloud: Cloud) -> None:
    cloud.launch_templates.create(NAME, LAUNCH, None, TAGS, "token")
    cloud.launch_templates.create(NAME, LAUNCH, None, TAGS, "token")

    assert fake.created == [f"launch template {NAME}"]
    with pytest.raises(Rejected, match="token"):
        cloud.launch_templates.create(NAME, replace(LAUNCH, spot_price="1"), None, TAGS, "token")


@pytest.mark.parametrize(
    ("name", "user_data"),
    [("shop~prod", None), ("ab", None), (NAME, "not base64!"), (NAME, base64.b64encode(b"x" * 16385).decode())],
)
def test_ec2_refuses_what_no_template_can_be(cloud: Cloud, name: str, user_data: str | None) -> None:
    with pytest.raises(Rejected):
        cloud.launch_templates.create(name, LAUNCH, user_data, TAGS, "token")


def test_a_capacity_that_contradicts_itself_is_refused(cloud: Cloud) -> None:
    group(cloud)

    with pytest.raises(Rejected, match="between its minimum and maximum"):
        cloud.groups.resize(NAME, Capacity(2, 1, 3))


def test_only_processes_and_metrics_that_exist_are_taken(cloud: Cloud) -> None:
    group(cloud)

    with pytest.raises(Rejected, match="'Sleep' is no process"):
        cloud.groups.suspend(NAME, ["Launch", "Sleep"])
    with pytest.raises(Rejected, match="'GroupMood' is no metric"):
        cloud.groups.enable_metrics(NAME, ["GroupMood"])
    assert cloud.groups.find(NAME).suspended == frozenset()


def test_reads_that_lag_show_neither_the_new_nor_the_gone(clock: Clock) -> None:
    fake = FakeCloud(clock, replace(PROMPT, lag=30))
    fake.seed()
    cloud = fake.cloud("prod", "us-east-1", "op1")
    cloud.launch_templates.create(NAME, LAUNCH, None, TAGS, "token")

    with pytest.raises(NotFound):
        cloud.launch_templates.find(NAME)
    with pytest.raises(NotFound):
        cloud.groups.create(NAME, NAME, SETTINGS)
    clock.drain(30)
    assert cloud.launch_templates.made_by("op1") == (NAME,)

    cloud.launch_templates.delete(NAME)
    assert cloud.launch_templates.find(NAME).operation == "op1"
    clock.drain(30)
    assert cloud.launch_templates.made_by("op1") == ()


def test_two_regions_share_nothing(fake: FakeCloud, cloud: Cloud) -> None:
    group(cloud)

    assert fake.cloud("prod", "eu-west-1", "op2").groups.names("") == ()
    assert fake.cloud("test", "us-east-1", "op2").groups.names("") == ()


def test_differences_tell_resource_by_resource(fake: FakeCloud, cloud: Cloud, clock: Clock) -> None:
    fake.seed(neighbours=("shop-prod-v000",))
    before = fake.snapshot()
    cloud.groups.resize("shop-prod-v000", Capacity(1, 3, 3))
    cloud.launch_templates.create(NAME, LAUNCH, None, TAGS, "token")
    clock.drain(100)

    told = differences(before, fake.snapshot())

    assert f"prod/us-east-1 launch template {NAME} was absent, is there" in told
    assert "prod/us-east-1 group shop-prod-v000: capacity was 1/2/3, is 1/3/3" in told
    assert "prod/us-east-1 group shop-prod-v000: instances was InService, 2, is InService, 3" in told
    assert differences(before, before) == []


def test_what_is_put_back_leaves_no_difference(fake: FakeCloud, cloud: Cloud, clock: Clock) -> None:
    fake.seed(neighbours=("shop-prod-v000",))
    before = fake.snapshot()

    sized(cloud, 2)
    clock.drain(100)
    cloud.groups.delete(NAME)
    cloud.launch_templates.delete(NAME)
    clock.drain(100)

    assert differences(before, fake.snapshot()) == []


def test_watchers_see_every_moment_between_two_calls(fake: FakeCloud, cloud: Cloud, clock: Clock) -> None:
    seen: list[int] = []
    place = fake.place("prod", "us-east-1")
    fake.watch(lambda: seen.append(len(place.behind.get(TARGETS) or ())))
    sized(cloud, 2)
    clock.drain(40)
    cloud.groups.resize(NAME, Capacity(0, 0, 0))

    assert max(seen) == 2
    assert seen[-1] == 0


def test_deeds_say_who_did_what(fake: FakeCloud, cloud: Cloud) -> None:
    sized(cloud, 1)

    assert [(deed.did, deed.kind, deed.operation) for deed in fake.deeds] == [
        ("created", "launch template", "op1"),
        ("created", "group", "op1"),
        ("resized", "group", "op1"),
    ]
