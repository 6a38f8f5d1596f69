"""A new group that is kept out of traffic: suspended, taken out, and nobody else's touched."""

from dataclasses import replace

import pytest

from lambdas.activities.plans import CreatePlan
from statemachines.create_server_group import CREATE_SERVER_GROUP
from tests.activities.walk import TARGETS, World, forward, order

GROUP = "shop-prod-v002"
KEPT = {one.name: one.do for one in CREATE_SERVER_GROUP.kept}


@pytest.fixture
def world() -> World:
    return World()


def made(world: World) -> CreatePlan:
    plan: CreatePlan = world.plan(CREATE_SERVER_GROUP, order())
    forward(CREATE_SERVER_GROUP, plan, world.cloud)
    return plan


def kept(world: World, plan: CreatePlan) -> list[str]:
    return [do(plan, world.cloud) or "" for do in KEPT.values()]


def behind(world: World, instances: tuple[str, ...]) -> set[str]:
    balancers = world.cloud.load_balancers
    seen = (*balancers.target_health(TARGETS), *balancers.classic_health("shop-classic"))
    return {one.instance for one in seen}.intersection(instances)


def test_it_neither_grows_nor_shrinks_and_takes_no_traffic(world: World) -> None:
    plan = made(world)
    instances = tuple(one.id for one in world.cloud.groups.find(GROUP).instances)

    said = kept(world, plan)

    assert said == [
        "suspended Launch, Terminate, AddToLoadBalancer of shop-prod-v002",
        "took 2 instances out of shop-classic",
        "took 2 instances out of shop-web",
    ]
    found = world.cloud.groups.find(GROUP)
    assert found.suspended == {"Launch", "Terminate", "AddToLoadBalancer"}
    assert [one.id for one in found.instances] == list(instances)
    assert behind(world, instances) == set()


def test_twice_is_once(world: World) -> None:
    plan = made(world)
    kept(world, plan)
    before = world.fake.snapshot()

    kept(world, plan)

    assert world.fake.snapshot() == before
    assert world.cloud.findings == []


def test_what_somebody_deleted_meanwhile_is_not_there(world: World) -> None:
    plan = made(world)
    world.place.group_is(GROUP, deleting=True)

    assert kept(world, plan) == [f"server group {GROUP} is not there"] * 3


def test_a_strangers_group_of_that_name_is_left_alone(world: World) -> None:
    plan = made(world)
    found = world.cloud.groups.find(GROUP)
    world.place.group_is(GROUP, settings=replace(found.settings, tags=(("owner", "somebody else"),)))

    kept(world, plan)

    assert world.cloud.groups.find(GROUP).suspended == frozenset()
    assert behind(world, tuple(one.id for one in found.instances))
    assert set(world.cloud.findings) == {f"server group {GROUP} was not made by this operation: left alone"}


def test_a_load_balancer_that_is_gone_sends_none(world: World) -> None:
    plan = made(world)
    del world.place.target_groups[TARGETS]

    assert KEPT["LeaveTargetGroups"](plan, world.cloud) == "nothing to take out"
