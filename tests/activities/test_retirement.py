"""A server group goes out of traffic first, which can be taken back to the last instance; then it is gone."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.activities import launch_templates, load_balancers, retirement, traffic
from lambdas.activities.plans import DestroyPlan
from lambdas.cloud import Alarm, Cloud, Group
from lambdas.errors import Rejected, RollBack
from lambdas.requests.destroy_server_group import DestroyServerGroup
from rehearsal.fake_cloud import differences, seeds
from rehearsal.fake_cloud.place import ALWAYS, CONFIGURATION, Configuration, Watching
from statemachines.create_server_group import CREATE_SERVER_GROUP
from statemachines.destroy_server_group import DESTROY_SERVER_GROUP
from tests.activities.walk import SOURCE, TARGETS, World, back, forward, order

REVERSIBLE = 3


@pytest.fixture
def world() -> World:
    return World()


def planned(world: World, group: str = SOURCE) -> DestroyPlan:
    request = DestroyServerGroup(account="prod", region="us-east-1", server_group_name=group)
    plan: DestroyPlan = world.plan(DESTROY_SERVER_GROUP, request)
    return plan


def registered(cloud: Cloud) -> set[str]:
    return {one.instance for one in cloud.load_balancers.target_health(TARGETS)}


def found(world: World) -> Group:
    return world.cloud.groups.find(SOURCE)


def test_it_goes_with_its_template_and_leaves_nothing(world: World) -> None:
    plan = planned(world)

    said = forward(DESTROY_SERVER_GROUP, plan, world.cloud)
    world.drain()

    assert retirement.still_there(plan, world.cloud) is None
    assert not world.place.groups.things
    assert not world.place.templates.things
    assert registered(world.cloud) == set()
    assert said == [
        "suspended Launch, AddToLoadBalancer of shop-prod-v001",
        "took 2 instances out of shop-web",
        "took 2 instances out of shop-classic",
        "deleting Auto Scaling group shop-prod-v001",
        "no alarms to delete",
        "deleted launch template shop-prod-v001",
    ]


@given(st.integers(0, REVERSIBLE), st.booleans())
def test_before_the_pivot_everything_can_be_put_back(steps: int, suspended: bool) -> None:
    world = World()
    if suspended:
        world.cloud.groups.suspend(SOURCE, ["Launch"])
    before = world.fake.snapshot()
    plan = planned(world)
    forward(DESTROY_SERVER_GROUP, plan, world.cloud, steps=steps)

    for _ in range(2):
        back(DESTROY_SERVER_GROUP, plan, world.cloud)

    assert differences(before, world.fake.snapshot()) == []


def test_what_was_not_registered_is_not_put_back(world: World) -> None:
    first, second = (one.id for one in found(world).instances)
    world.cloud.load_balancers.deregister(TARGETS, (first,))
    plan = planned(world)

    forward(DESTROY_SERVER_GROUP, plan, world.cloud, steps=REVERSIBLE)
    back(DESTROY_SERVER_GROUP, plan, world.cloud)

    assert registered(world.cloud) == {second}


@pytest.mark.parametrize("lifecycle", ["Terminating:Wait", "Detaching", "EnteringStandby", "Standby"])
def test_instances_that_have_gone_since_are_passed_over(world: World, lifecycle: str) -> None:
    plan = planned(world)
    forward(DESTROY_SERVER_GROUP, plan, world.cloud, steps=REVERSIBLE)
    first, second = found(world).instances
    world.place.group_is(SOURCE, instances=(first, replace(second, lifecycle=lifecycle)))

    load_balancers.put_back_into_target_groups(plan, world.cloud)

    assert registered(world.cloud) == {first.id}


def test_a_target_group_that_has_gone_since_is_told(world: World) -> None:
    plan = planned(world)
    del world.place.target_groups[TARGETS]

    assert load_balancers.take_out_of_target_groups(plan, world.cloud) == "nothing to take out"
    assert load_balancers.put_back_into_target_groups(plan, world.cloud) == "nothing to put back"
    assert world.cloud.findings == ["shop-web is gone: could not put 2 instances into shop-web"]


def test_an_absent_group_is_success(world: World) -> None:
    plan = planned(world, "shop-v404")

    forward(DESTROY_SERVER_GROUP, plan, world.cloud)
    back(DESTROY_SERVER_GROUP, plan, world.cloud, steps=REVERSIBLE)

    traffic.left_out(plan, world.cloud)

    assert plan.skipped == "server group shop-v404 is not there"
    assert retirement.still_there(plan, world.cloud) is None
    assert world.fake.deeds == []


def test_a_group_on_its_way_out_is_only_waited_for(world: World) -> None:
    world.place.group_is(SOURCE, deleting=True)
    plan = planned(world)

    said = forward(DESTROY_SERVER_GROUP, plan, world.cloud)

    assert said[0] == "server group shop-prod-v001 is being deleted already"
    assert retirement.still_there(plan, world.cloud) == "shop-prod-v001 is being deleted; 2 instances left"


def test_a_group_that_vanishes_meanwhile_is_success(world: World) -> None:
    plan = planned(world)
    world.place.forget_group(SOURCE)

    forward(DESTROY_SERVER_GROUP, plan, world.cloud)

    assert retirement.still_there(plan, world.cloud) is None


def test_another_group_of_that_name_is_not_deleted(world: World) -> None:
    world.place.group_is(SOURCE, arn="arn:first")
    plan = planned(world)
    world.place.group_is(SOURCE, arn="arn:second")

    with pytest.raises(Rejected, match="shop-prod-v001 is another server group than the one planned for"):
        retirement.delete(plan, world.cloud)
    assert not found(world).deleting
    assert retirement.still_there(plan, world.cloud) is None


# What is left after the way back.


def test_nothing_is_left_of_what_was_put_back(world: World) -> None:
    plan = planned(world)
    forward(DESTROY_SERVER_GROUP, plan, world.cloud, steps=REVERSIBLE)
    back(DESTROY_SERVER_GROUP, plan, world.cloud)

    traffic.left_out(plan, world.cloud)


@pytest.mark.parametrize(
    ("step", "left"),
    [
        (0, "Launch, AddToLoadBalancer of shop-prod-v001 are suspended, as this operation left them"),
        (1, "shop-prod-v001 is out of shop-web, as this operation took it out"),
        (2, "shop-prod-v001 is out of shop-classic, as this operation took it out"),
    ],
)
def test_each_step_that_lands_once_more_is_found(world: World, step: int, left: str) -> None:
    plan = planned(world)
    list(DESTROY_SERVER_GROUP.changes)[step].do(plan, world.cloud)

    with pytest.raises(RollBack, match=left):
        traffic.left_out(plan, world.cloud)


def test_a_part_that_somebody_took_away_is_his(world: World) -> None:
    plan = planned(world)
    first, _ = (one.id for one in found(world).instances)
    world.cloud.groups.suspend(SOURCE, ["Launch"])
    world.cloud.load_balancers.deregister(TARGETS, (first,))

    traffic.left_out(plan, world.cloud)


def test_instances_that_somebody_put_on_standby_are_not_out_by_our_doing(world: World) -> None:
    plan = planned(world)
    load_balancers.take_out_of_target_groups(plan, world.cloud)
    idle = tuple(replace(one, lifecycle="Standby") for one in found(world).instances)
    world.place.group_is(SOURCE, instances=idle)

    traffic.left_out(plan, world.cloud)


def test_nothing_is_out_of_a_load_balancer_that_is_gone(world: World) -> None:
    plan = planned(world)
    del world.place.target_groups[TARGETS]

    traffic.left_out(plan, world.cloud)


@pytest.mark.parametrize("now", [{"deleting": True}, {"arn": "arn:another"}])
def test_of_a_group_that_goes_or_is_another_nothing_is_left(world: World, now: dict[str, object]) -> None:
    world.place.group_is(SOURCE, arn="arn:one")
    plan = planned(world)
    forward(DESTROY_SERVER_GROUP, plan, world.cloud, steps=REVERSIBLE)
    world.place.group_is(SOURCE, **now)

    traffic.left_out(plan, world.cloud)


# What goes with it.


def test_alarms_that_windlass_made_go_and_others_stay(world: World) -> None:
    world.furnish()
    ours = Alarm("shop-prod-v001-ours", "up", "{}", operation="earlier")
    world.place.alarms.put(ours.name, Watching(ours, SOURCE), ALWAYS)
    plan = planned(world)

    forward(DESTROY_SERVER_GROUP, plan, world.cloud)

    assert plan.alarms == ("shop-prod-v001-ours",)
    assert sorted(world.place.alarms.things) == ["low", "shop-prod-v001-high"]


def test_what_windlass_created_is_gone_without_a_trace(world: World) -> None:
    world.furnish()
    before = world.fake.snapshot()
    source = {"account": "prod", "region": "us-east-1", "asgName": SOURCE}
    created = world.plan(CREATE_SERVER_GROUP, order(source=source))
    forward(CREATE_SERVER_GROUP, created, world.cloud)

    forward(DESTROY_SERVER_GROUP, planned(world, created.group), world.cloud)
    world.drain()

    assert differences(before, world.fake.snapshot()) == []


def test_a_template_that_another_group_uses_stays(world: World) -> None:
    seeds.neighbour(world.place, "shop-prod-v002")
    world.place.group_is("shop-prod-v002", launch_template=SOURCE)
    plan = planned(world)

    said = forward(DESTROY_SERVER_GROUP, plan, world.cloud)

    assert said[-1] == "launch template shop-prod-v001 stays: shop-prod-v002 uses it"
    assert world.place.templates.get(SOURCE) is not None


@pytest.mark.parametrize("used", [False, True])
def test_a_launch_configuration_of_the_groups_own_goes_with_it_unless_another_group_uses_it(
    world: World, *, used: bool
) -> None:
    name = f"{SOURCE}-12312025235959"
    world.place.shelf(CONFIGURATION).put(name, Configuration(world.place.templates.things[SOURCE].settings), ALWAYS)
    world.place.group_is(SOURCE, launch_template=None, launch_configuration=name)
    if used:
        seeds.neighbour(world.place, "shop-prod-v002")
        world.place.group_is("shop-prod-v002", launch_template=None, launch_configuration=name)

    said = forward(DESTROY_SERVER_GROUP, planned(world), world.cloud)

    assert (said[-1], world.place.shelf(CONFIGURATION).get(name) is not None) == (
        (f"launch configuration {name} stays: shop-prod-v002 uses it", True)
        if used
        else (f"deleted launch configuration {name}", False)
    )


@pytest.mark.parametrize(
    ("template", "belongs"),
    [
        ("shop-prod-v001", True),
        ("shop-prod-v001-1633024823", True),  # Clouddriver's
        ("shop-prod-v0011", False),
        ("shop-prod-v001-blue-v000", False),
        ("base", False),
    ],
)
def test_only_a_template_of_the_groups_own_goes_with_it(template: str, belongs: bool) -> None:
    assert launch_templates.belongs_to(template, SOURCE) is belongs
