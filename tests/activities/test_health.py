"""Health as the caller means it: whose word counts, and of how many instances."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.activities import capacity, health, traffic
from lambdas.activities.plans import CreatePlan, HealthRule
from lambdas.cloud import Capacity, Group
from lambdas.errors import Rejected
from lambdas.requests.enable_server_group import EnableServerGroup
from lambdas.requests.resize_server_group import ResizeServerGroup
from rehearsal.fake_cloud import seeds
from statemachines.create_server_group import CREATE_SERVER_GROUP
from statemachines.enable_server_group import ENABLE_SERVER_GROUP
from statemachines.resize_server_group import RESIZE_SERVER_GROUP
from tests.activities.walk import SOURCE, TARGETS, World, forward, order

GROUP = "shop-prod-v002"


@pytest.fixture
def world() -> World:
    return World()


def made(world: World, **fields: Any) -> CreatePlan:
    plan: CreatePlan = world.plan(CREATE_SERVER_GROUP, order(**fields))
    forward(CREATE_SERVER_GROUP, plan, world.cloud)
    return plan


def found(world: World) -> Group:
    return world.cloud.groups.find(GROUP)


@pytest.mark.parametrize(
    ("percentage", "wanted", "needed"),
    [(100, 3, 3), (50, 3, 2), (49, 3, 1), (10, 3, 1), (1, 1, 1), (0, 3, 0), (50, 0, 0), (75, 2, 2), (74, 2, 1)],
)
def test_a_percentage_is_rounded_as_orca_rounds_it(percentage: int, wanted: int, needed: int) -> None:
    assert HealthRule(percentage=percentage).needed(wanted) == needed


@given(st.integers(0, 100), st.integers(0, 5000))
def test_a_percentage_asks_for_no_more_than_all_and_never_for_none_by_rounding(percentage: int, wanted: int) -> None:
    needed = HealthRule(percentage=percentage).needed(wanted)

    assert abs(needed - percentage * wanted / 100) <= 0.5 or needed == 1
    assert needed <= wanted
    assert (needed == 0) == (percentage == 0 or wanted == 0)


def test_a_part_of_the_instances_is_enough_where_the_caller_says_so(world: World) -> None:
    plan = made(world, capacity={"min": 3, "desired": 3, "max": 3}, health={"percentage": 50})
    first, second, _ = (one.id for one in found(world).instances)

    world.cloud.load_balancers.deregister(TARGETS, [first])
    assert capacity.unhealthy(plan, world.cloud) is None
    world.cloud.load_balancers.deregister(TARGETS, [second])
    said = capacity.unhealthy(plan, world.cloud)

    assert said == f"1 of 2 instances healthy (50 % of 3); {min(first, second)}: not registered in shop-web"


@pytest.mark.parametrize(
    ("said", "healthy"),
    [
        ({"providers": ["asg"]}, True),
        ({"providers": ["asg", "elb"]}, True),
        ({"ignore": ["targetGroup"]}, True),
        ({"providers": []}, True),
        ({"providers": ["targetGroup"]}, False),
        ({"ignore": ["elb"]}, False),
        ({}, False),
    ],
)
def test_only_the_word_of_those_who_count_counts(world: World, said: dict[str, Any], healthy: bool) -> None:
    plan = made(world, health=said)
    world.cloud.load_balancers.deregister(TARGETS, [one.id for one in found(world).instances])

    assert (capacity.unhealthy(plan, world.cloud) is None) == healthy


def test_what_auto_scaling_calls_sick_counts_where_its_word_does_not(world: World) -> None:
    plan = made(world, health={"ignore": ["asg"]})
    instances = tuple(replace(one, healthy=False) for one in found(world).instances)
    world.place.group_is(GROUP, instances=instances)

    assert capacity.unhealthy(plan, world.cloud) is None
    assert capacity.unhealthy(replace(plan, health=None), world.cloud) == "0 of 2 instances healthy"


def test_where_nobody_judges_there_must_be_so_many_instances(world: World) -> None:
    plan = made(world, health={"providers": []})
    world.place.group_is(GROUP, instances=found(world).instances[:1])

    assert capacity.unhealthy(plan, world.cloud) == "1 of 2 instances healthy"


def test_instances_on_their_way_out_are_not_counted(world: World) -> None:
    plan = made(world, health={"ignore": ["asg"]})
    first, second = found(world).instances
    world.place.group_is(GROUP, instances=(replace(first, lifecycle="Terminating:Wait"), second))

    assert capacity.unhealthy(plan, world.cloud) == "1 of 2 instances healthy"


def test_a_plan_keeps_what_the_caller_said_and_nothing_where_he_said_nothing(world: World) -> None:
    said = {"providers": ["elb", "asg"], "percentage": 50, "stableFor": 30}

    plan = world.plan(CREATE_SERVER_GROUP, order(health=said, onUnhealthy="KEEP_DISABLED"))

    assert plan.health == HealthRule(("asg", "elb"), 50, timedelta(seconds=30), "KEEP_DISABLED")
    assert world.plan(CREATE_SERVER_GROUP, order()).health is None
    assert world.plan(CREATE_SERVER_GROUP, order(onUnhealthy="PARK")).health == HealthRule(on_unhealthy="PARK")


def resize(**fields: Any) -> ResizeServerGroup:
    body = {"account": "prod", "region": "us-east-1", "serverGroupName": SOURCE, "capacity": {"desired": 3}}
    return ResizeServerGroup.of_windlass(body | fields)


def enable(group: str = SOURCE, **fields: Any) -> EnableServerGroup:
    return EnableServerGroup.of_windlass({"account": "prod", "region": "us-east-1", "serverGroupName": group, **fields})


def test_a_resize_and_an_enable_are_judged_by_the_same_rule(world: World) -> None:
    rule = HealthRule(("asg",))
    resized = world.plan(RESIZE_SERVER_GROUP, resize(health={"providers": ["asg"]}))
    enabled = world.plan(ENABLE_SERVER_GROUP, enable(health={"providers": ["asg"]}))
    capacity.resize(resized, world.cloud)
    world.cloud.load_balancers.deregister(TARGETS, [one.id for one in world.cloud.groups.find(SOURCE).instances])

    assert (resized.health, enabled.health) == (rule, rule)
    assert capacity.unready(resized, world.cloud) is None
    assert traffic.not_in_traffic(enabled, world.cloud) is None
    assert traffic.not_in_traffic(replace(enabled, health=None), world.cloud) is not None


@pytest.mark.parametrize("said", [{"providers": ["targetGroup"]}, {"ignore": ["asg"]}])
def test_a_group_that_nobody_can_judge_is_refused_when_planned(world: World, said: dict[str, Any]) -> None:
    seeds.neighbour(world.place, "alone-v001", Capacity(1, 1, 1), balanced=False)

    with pytest.raises(
        Rejected, match=r"health: server group alone-v001 has nothing that targetGroup.* could judge it by"
    ):
        world.plan(ENABLE_SERVER_GROUP, enable("alone-v001", health=said))


def test_no_load_balancer_judges_what_is_kept_from_it(world: World) -> None:
    world.cloud.groups.suspend(SOURCE, ["AddToLoadBalancer"])
    group = world.cloud.groups.find(SOURCE)

    said = health.shortfall(group, 2, world.cloud, HealthRule(("targetGroup",)))

    assert str(said).startswith("0 of 2 instances healthy; ")
    assert str(said).endswith(": the process AddToLoadBalancer is suspended")
    assert health.shortfall(group, 2, world.cloud, HealthRule(("asg", "targetGroup"))) is None
