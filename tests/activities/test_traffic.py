"""Into traffic and out of it: what is changed, what is put back exactly as it was, and what is found again."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.activities import traffic
from lambdas.activities.plans import TrafficPlan
from lambdas.cloud import Capacity, Group
from lambdas.errors import Rejected, RollBack
from lambdas.requests.disable_server_group import DisableServerGroup
from lambdas.requests.enable_server_group import EnableServerGroup
from rehearsal.fake_cloud import differences, seeds
from rehearsal.fake_cloud.manners import PROMPT
from statemachines.disable_server_group import DISABLE_SERVER_GROUP
from statemachines.enable_server_group import ENABLE_SERVER_GROUP
from tests.activities.walk import SOURCE, TARGETS, World, back, forward

BODY = {"account": "prod", "region": "us-east-1", "serverGroupName": SOURCE}


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def dark() -> World:
    """The group is disabled, as Clouddriver leaves one."""
    world = World()
    forward(DISABLE_SERVER_GROUP, to_disable(world), world.cloud)
    world.fake.deeds.clear()
    return world


def to_disable(world: World, **fields: Any) -> TrafficPlan:
    plan: TrafficPlan = world.plan(DISABLE_SERVER_GROUP, DisableServerGroup.of_windlass(BODY | fields))
    return plan


def to_enable(world: World, **fields: Any) -> TrafficPlan:
    plan: TrafficPlan = world.plan(ENABLE_SERVER_GROUP, EnableServerGroup.of_windlass(BODY | fields))
    return plan


def found(world: World) -> Group:
    return world.cloud.groups.find(SOURCE)


def instances(world: World) -> set[str]:
    return {one.id for one in found(world).instances}


def behind(world: World) -> tuple[set[str], set[str]]:
    """Registered with the target group, and with the classic load balancer."""
    balancers = world.cloud.load_balancers
    targets, classics = balancers.target_health(TARGETS), balancers.classic_health(seeds.CLASSIC)
    return {one.instance for one in targets}, {one.instance for one in classics}


def grown(world: World, desired: int) -> set[str]:
    """The instances that Auto Scaling launches when somebody scales the group up."""
    before = instances(world)
    world.cloud.groups.resize(SOURCE, Capacity(desired, desired, desired))
    world.drain()
    return instances(world) - before


def test_a_disabled_group_keeps_its_instances_and_takes_no_traffic(world: World) -> None:
    plan = to_disable(world)

    said = forward(DISABLE_SERVER_GROUP, plan, world.cloud)

    assert said == [
        "suspended Launch, Terminate, AddToLoadBalancer of shop-prod-v001",
        "took 2 instances out of shop-classic",
        "took 2 instances out of shop-web",
    ]
    assert len(instances(world)) == 2
    assert behind(world) == (set(), set())
    assert traffic.in_traffic_still(plan, world.cloud) is None


def test_an_enabled_group_takes_traffic_with_all_its_instances(dark: World) -> None:
    plan = to_enable(dark)

    said = forward(ENABLE_SERVER_GROUP, plan, dark.cloud)

    assert said == [
        "resumed Launch, Terminate, AddToLoadBalancer of shop-prod-v001",
        "put 2 instances into shop-classic",
        "put 2 instances into shop-web",
    ]
    assert behind(dark) == (instances(dark), instances(dark))
    assert found(dark).suspended == frozenset()
    assert traffic.not_in_traffic(plan, dark.cloud) is None


def test_only_what_is_not_so_yet_is_changed(world: World) -> None:
    one, _ = sorted(instances(world))
    world.cloud.groups.suspend(SOURCE, ["Launch"])
    world.cloud.load_balancers.deregister(TARGETS, [one])

    assert to_disable(world).processes == ("Terminate", "AddToLoadBalancer")
    assert to_enable(world).processes == ("Launch",)
    assert [len(each.instances) for each in to_disable(world).target_groups] == [1]
    assert [each.instances for each in to_enable(world).target_groups] == [(one,)]


@given(st.integers(0, 3), st.sampled_from([(), ("Launch",), ("AddToLoadBalancer", "HealthCheck")]), st.integers(0, 2))
def test_either_is_put_back_exactly_as_it_was(steps: int, suspended: tuple[str, ...], out: int) -> None:
    for saga, planned in ((DISABLE_SERVER_GROUP, to_disable), (ENABLE_SERVER_GROUP, to_enable)):
        world = World()
        world.cloud.groups.suspend(SOURCE, suspended)
        world.cloud.load_balancers.deregister(TARGETS, sorted(instances(world))[:out])
        before = world.fake.snapshot()
        plan = planned(world)
        forward(saga, plan, world.cloud, steps=steps)

        for _ in range(2):
            back(saga, plan, world.cloud)

        assert differences(before, world.fake.snapshot()) == []
        assert saga.left is not None
        if out == 0:  # else what one call takes away is what somebody had taken away
            saga.left(plan, world.cloud)


# A part of the group.


@pytest.mark.parametrize(
    ("desired", "out", "percentage", "chosen"),
    [(3, 0, 50, 2), (3, 0, 1, 1), (3, 0, 99, 3), (4, 1, 50, 1), (4, 3, 50, 0), (4, 2, 50, 0), (0, 0, 50, 0)],
)
def test_so_many_go_that_the_part_is_out_as_clouddriver_counts(
    world: World, desired: int, out: int, percentage: int, chosen: int
) -> None:
    grown(world, desired)
    for_long = sorted(instances(world))[:out]
    world.cloud.load_balancers.deregister(TARGETS, for_long)
    world.cloud.load_balancers.deregister_classic(seeds.CLASSIC, for_long)
    plan = to_disable(world, desiredPercentage=percentage)

    forward(DISABLE_SERVER_GROUP, plan, world.cloud)

    assert len(plan.chosen or ()) == chosen
    assert len(behind(world)[0]) == len(behind(world)[1]) == desired - out - chosen
    assert found(world).suspended == frozenset()
    assert traffic.results(plan) == {"instanceIdsToDisable": list(plan.chosen or ())}


def test_an_instance_behind_one_of_two_load_balancers_is_in_traffic(world: World) -> None:
    one, other = (each.id for each in found(world).instances)
    world.cloud.load_balancers.deregister(TARGETS, [one])
    plan = to_disable(world, desiredPercentage=50)

    forward(DISABLE_SERVER_GROUP, plan, world.cloud)

    assert plan.chosen == (one,)
    assert behind(world) == ({other}, {other})


def test_a_part_is_put_back_and_nothing_else_is_touched(world: World) -> None:
    before = world.fake.snapshot()
    plan = to_disable(world, desiredPercentage=50)
    forward(DISABLE_SERVER_GROUP, plan, world.cloud)
    assert traffic.in_traffic_still(plan, world.cloud) is None
    with pytest.raises(RollBack, match="shop-prod-v001 is out of shop-web"):
        traffic.left_out(plan, world.cloud)

    back(DISABLE_SERVER_GROUP, plan, world.cloud)

    assert differences(before, world.fake.snapshot()) == []
    traffic.left_out(plan, world.cloud)


def test_what_is_launched_beside_a_part_stays_in_traffic(world: World) -> None:
    plan = to_disable(world, desiredPercentage=100 - 1)
    (newcomer,) = grown(world, 3)

    forward(DISABLE_SERVER_GROUP, plan, world.cloud)

    assert behind(world) == ({newcomer}, {newcomer})


def test_all_of_it_has_no_result_object(world: World) -> None:
    assert traffic.results(to_disable(world, desiredPercentage=100)) is None


# Instances that Auto Scaling launches meanwhile.


def test_an_instance_launched_after_the_plan_goes_out_of_traffic_too_and_comes_back(world: World) -> None:
    plan = to_disable(world)
    (newcomer,) = grown(world, 3)
    assert newcomer in behind(world)[0]

    forward(DISABLE_SERVER_GROUP, plan, world.cloud)
    assert behind(world) == (set(), set())

    back(DISABLE_SERVER_GROUP, plan, world.cloud)
    assert behind(world) == (instances(world), instances(world))


def test_what_an_enabled_group_launches_is_taken_out_again_by_the_undo(dark: World) -> None:
    plan = to_enable(dark)
    dark.cloud.groups.resize(SOURCE, Capacity(3, 3, 3))
    forward(ENABLE_SERVER_GROUP, plan, dark.cloud)
    dark.drain()
    assert len(behind(dark)[0]) == 3

    back(ENABLE_SERVER_GROUP, plan, dark.cloud)

    assert behind(dark) == (set(), set())


def test_where_auto_scaling_registers_all_along_what_it_launches_is_its_own(world: World) -> None:
    one, _ = sorted(instances(world))
    world.cloud.load_balancers.deregister(TARGETS, [one])
    plan = to_enable(world)
    (newcomer,) = grown(world, 3)
    forward(ENABLE_SERVER_GROUP, plan, world.cloud)

    back(ENABLE_SERVER_GROUP, plan, world.cloud)

    assert one not in behind(world)[0]
    assert newcomer in behind(world)[0]


def test_instances_of_another_group_of_that_name_are_not_touched(world: World) -> None:
    plan = to_disable(world)
    world.place.group_is(SOURCE, arn="arn:another", instances=())
    grown(world, 2)

    forward(DISABLE_SERVER_GROUP, plan, world.cloud, steps=3)

    assert instances(world) <= behind(world)[0]


# What is not there.


def test_an_absent_group_is_out_of_traffic(world: World) -> None:
    plan = to_disable(world, serverGroupName="shop-v404")

    forward(DISABLE_SERVER_GROUP, plan, world.cloud)
    back(DISABLE_SERVER_GROUP, plan, world.cloud)
    traffic.left_out(plan, world.cloud)

    assert plan.skipped == "server group shop-v404 is not there"
    assert traffic.in_traffic_still(plan, world.cloud) is None
    assert world.fake.deeds == []


def test_an_absent_group_cannot_be_enabled_but_at_clouddrivers_door(world: World) -> None:
    with pytest.raises(Rejected, match="server group shop-v404 does not exist in us-east-1; name one that does"):
        to_enable(world, serverGroupName="shop-v404")

    plan = to_enable(world, serverGroupName="shop-v404", tolerant=True)

    forward(ENABLE_SERVER_GROUP, plan, world.cloud)
    traffic.left_in(plan, world.cloud)
    assert traffic.not_in_traffic(plan, world.cloud) is None
    assert world.fake.deeds == []


def test_a_group_on_its_way_out_is_left_in_peace(world: World) -> None:
    world.place.group_is(SOURCE, deleting=True)

    assert to_disable(world).skipped == "server group shop-prod-v001 is being deleted"
    assert to_enable(world, tolerant=True).skipped == "server group shop-prod-v001 is being deleted"
    with pytest.raises(Rejected, match="shop-prod-v001 is being deleted; name one that stays"):
        to_enable(world)


def test_a_group_that_vanishes_meanwhile_is_out_of_traffic(world: World) -> None:
    plan = to_disable(world)
    world.place.forget_group(SOURCE)

    forward(DISABLE_SERVER_GROUP, plan, world.cloud)
    back(DISABLE_SERVER_GROUP, plan, world.cloud)
    traffic.left_out(plan, world.cloud)

    assert traffic.in_traffic_still(plan, world.cloud) is None


def test_one_that_is_to_be_enabled_is_waited_for(dark: World) -> None:
    plan = to_enable(dark)
    dark.place.forget_group(SOURCE)

    forward(ENABLE_SERVER_GROUP, plan, dark.cloud)
    traffic.left_in(plan, dark.cloud)

    said = traffic.not_in_traffic(plan, dark.cloud)
    assert said == "server group shop-prod-v001 is not visible, or somebody deleted it"


def test_without_its_load_balancer_a_group_is_not_enabled(dark: World) -> None:
    plan = to_enable(dark)
    dark.place.classics.clear()

    with pytest.raises(Rejected, match="shop-classic is gone: shop-prod-v001 cannot take traffic from it"):
        forward(ENABLE_SERVER_GROUP, plan, dark.cloud)
    back(ENABLE_SERVER_GROUP, plan, dark.cloud)

    traffic.left_in(plan, dark.cloud)
    assert traffic.in_traffic_still(plan, dark.cloud) is None


# The waits.


def test_connections_that_have_not_ended_are_waited_for(world: World) -> None:
    world.place.manners = replace(PROMPT, drain=300)
    plan = to_disable(world)
    assert traffic.in_traffic_still(plan, world.cloud) == (
        "2 instances are in shop-web still; 2 instances are in shop-classic still"
    )

    forward(DISABLE_SERVER_GROUP, plan, world.cloud)
    assert traffic.in_traffic_still(plan, world.cloud) == (
        "2 instances drain from shop-web; 2 instances drain from shop-classic"
    )
    assert traffic.in_traffic_still(replace(plan, wait_for="deregistered"), world.cloud) is None

    world.drain()
    assert traffic.in_traffic_still(plan, world.cloud) is None


def test_what_goes_back_into_traffic_drains_no_more(world: World) -> None:
    world.place.manners = replace(PROMPT, drain=300)
    plan = to_disable(world)
    forward(DISABLE_SERVER_GROUP, plan, world.cloud)

    back(DISABLE_SERVER_GROUP, plan, world.cloud)

    assert "drain" not in (traffic.in_traffic_still(plan, world.cloud) or "")


def test_health_is_waited_for_behind_every_load_balancer(dark: World) -> None:
    dark.place.manners = replace(PROMPT, health=20)
    plan = to_enable(dark)
    said = traffic.not_in_traffic(plan, dark.cloud)
    assert said == "Launch, Terminate, AddToLoadBalancer of shop-prod-v001 are suspended"

    forward(ENABLE_SERVER_GROUP, plan, dark.cloud)
    assert "0 of 2 instances healthy; " in (traffic.not_in_traffic(plan, dark.cloud) or "")
    assert traffic.not_in_traffic(replace(plan, wait_for="registered"), dark.cloud) is None

    dark.drain()
    assert traffic.not_in_traffic(plan, dark.cloud) is None


# What is left after the way back.


@pytest.mark.parametrize(
    ("step", "left"),
    [
        (0, "Launch, Terminate, AddToLoadBalancer of shop-prod-v001 run, as this operation resumed them"),
        (1, "shop-prod-v001 is in shop-classic, as this operation put it in"),
        (2, "shop-prod-v001 is in shop-web, as this operation put it in"),
    ],
)
def test_what_is_put_in_once_more_is_found(dark: World, step: int, left: str) -> None:
    plan = to_enable(dark)
    traffic.left_in(plan, dark.cloud)

    list(ENABLE_SERVER_GROUP.changes)[step].do(plan, dark.cloud)

    with pytest.raises(RollBack, match=left):
        traffic.left_in(plan, dark.cloud)


def test_a_part_that_somebody_put_in_is_his(dark: World) -> None:
    plan = to_enable(dark)

    dark.cloud.groups.resume(SOURCE, ["Terminate"])
    dark.cloud.load_balancers.register(TARGETS, sorted(instances(dark))[:1])

    traffic.left_in(plan, dark.cloud)
