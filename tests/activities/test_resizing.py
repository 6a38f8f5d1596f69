"""A resize restores what it wrote and nothing else, and is over when the instances are what was asked for."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.activities import capacity
from lambdas.activities.plans import ResizePlan
from lambdas.cloud import Capacity
from lambdas.errors import Conflict, Rejected, RollBack
from lambdas.requests.resize_server_group import ResizeServerGroup
from rehearsal.fake_cloud.place import ALWAYS
from statemachines.resize_server_group import RESIZE_SERVER_GROUP
from tests.activities.walk import SOURCE, World, size

BEFORE = Capacity(1, 2, 3)


@pytest.fixture
def world() -> World:
    return World()


def request(group: str = SOURCE, **fields: Any) -> ResizeServerGroup:
    body = {"account": "prod", "region": "us-east-1", "serverGroupName": group, "capacity": {"desired": 3}}
    return ResizeServerGroup.of_windlass(body | fields)


def planned(world: World, **fields: Any) -> ResizePlan:
    plan: ResizePlan = world.plan(RESIZE_SERVER_GROUP, request(**fields))
    return plan


@pytest.mark.parametrize(
    ("asked", "target"),
    [
        ({"min": 0, "desired": 0, "max": 0}, Capacity(0, 0, 0)),
        ({"desired": 3}, Capacity(1, 3, 3)),
        ({"max": 1}, Capacity(1, 1, 1)),
        ({"min": 3}, Capacity(3, 3, 3)),
        ({"min": 2, "max": 9}, Capacity(2, 2, 9)),
    ],
)
def test_what_is_not_asked_for_stays_as_far_as_the_bounds_allow(
    world: World, asked: dict[str, int], target: Capacity
) -> None:
    plan = planned(world, capacity=asked)

    assert (plan.before, plan.target) == (BEFORE, target)


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"max": 0}, "server group shop-prod-v001 would have min 1 above max 0; give both"),
        ({"desired": 9}, "server group shop-prod-v001: desired 9 is not within 1 to 3; give these too"),
    ],
)
def test_what_does_not_fit_the_rest_is_refused(world: World, asked: dict[str, int], sentence: str) -> None:
    with pytest.raises(Rejected, match=sentence):
        planned(world, capacity=asked)


def test_it_is_resized_and_restored(world: World) -> None:
    plan = planned(world, capacity={"min": 4, "desired": 5, "max": 6})

    assert capacity.resize(plan, world.cloud) == "resized shop-prod-v001 from 1/2/3 to 4/5/6"
    assert size(world.place, SOURCE) == Capacity(4, 5, 6)
    assert capacity.restore(plan, world.cloud) == "resized shop-prod-v001 back to 1/2/3"
    assert size(world.place, SOURCE) == BEFORE


@given(st.booleans(), st.integers(1, 3))
def test_restoring_twice_is_once_and_accepts_that_nothing_was_done(done: bool, times: int) -> None:
    world = World()
    plan = planned(world)
    if done:
        capacity.resize(plan, world.cloud)

    for _ in range(times):
        capacity.restore(plan, world.cloud)

    assert size(world.place, SOURCE) == BEFORE
    assert world.cloud.findings == []


def test_what_somebody_changed_since_stays_and_is_told(world: World) -> None:
    plan = planned(world)
    capacity.resize(plan, world.cloud)
    world.cloud.groups.resize(SOURCE, Capacity(1, 1, 9))

    capacity.restore(plan, world.cloud)

    assert size(world.place, SOURCE) == Capacity(1, 1, 9)
    assert world.cloud.findings == [
        "server group shop-prod-v001 has 1/1/9, not 1/3/3 as this operation set it: left as it is"
    ]


# Absent, or on its way out.


def test_an_absent_group_is_refused_at_our_own_door(world: World) -> None:
    with pytest.raises(Rejected, match="server group shop-v404 does not exist in us-east-1; name one that does"):
        planned(world, group="shop-v404")


def test_a_group_on_its_way_out_is_a_conflict_at_our_own_door(world: World) -> None:
    world.place.group_is(SOURCE, deleting=True)

    with pytest.raises(Conflict, match="is being deleted"):
        planned(world)


@pytest.mark.parametrize(
    ("fields", "deleting", "why"),
    [
        ({"group": "shop-v404"}, False, "server group shop-v404 is not there"),
        ({}, True, "shop-prod-v001 is being deleted"),
        ({"capacity": {}}, False, "no capacity is given"),
    ],
)
def test_at_clouddrivers_door_there_is_nothing_to_do(
    world: World, fields: dict[str, Any], deleting: bool, why: str
) -> None:
    world.place.group_is(SOURCE, deleting=deleting)
    plan = planned(world, tolerant=True, **fields)

    assert capacity.resize(plan, world.cloud) == f"skipped: {why}"
    assert capacity.unready(plan, world.cloud) is None
    assert capacity.restore(plan, world.cloud) == f"skipped: {why}"
    capacity.left_behind(plan, world.cloud)
    assert world.fake.deeds == []


@pytest.mark.parametrize("tolerant", [True, False])
def test_a_group_that_vanishes_meanwhile(world: World, tolerant: bool) -> None:
    plan = planned(world, tolerant=tolerant)
    world.place.groups.take(SOURCE, ALWAYS)

    if tolerant:
        assert capacity.resize(plan, world.cloud) == "skipped: server group shop-prod-v001 is not there"
    else:
        with pytest.raises(Rejected, match="has gone since"):
            capacity.resize(plan, world.cloud)
    assert capacity.restore(plan, world.cloud) == "server group shop-prod-v001 is not there"


def test_a_group_on_its_way_out_is_not_restored(world: World) -> None:
    plan = planned(world)
    capacity.resize(plan, world.cloud)
    world.place.group_is(SOURCE, deleting=True)

    assert "is being deleted: left as it is" in capacity.restore(plan, world.cloud)


# What is left after the way back.


def test_the_capacity_asked_for_is_found_after_the_way_back_and_the_one_from_before_is_not(world: World) -> None:
    plan = planned(world)
    capacity.left_behind(plan, world.cloud)

    capacity.resize(plan, world.cloud)

    with pytest.raises(RollBack, match="server group shop-prod-v001 has 1/3/3, as this operation set it"):
        capacity.left_behind(plan, world.cloud)


def test_a_capacity_that_somebody_else_set_is_his(world: World) -> None:
    plan = planned(world)

    world.cloud.groups.resize(SOURCE, Capacity(1, 3, 9))

    capacity.left_behind(plan, world.cloud)


def test_a_resize_to_what_was_there_leaves_nothing(world: World) -> None:
    plan = planned(world, capacity={"desired": 2})
    assert plan.target == plan.before

    capacity.left_behind(plan, world.cloud)


@pytest.mark.parametrize("deleting", [True, False])
def test_of_a_group_that_goes_or_has_gone_nothing_is_left(world: World, deleting: bool) -> None:
    plan = planned(world)
    capacity.resize(plan, world.cloud)
    if deleting:
        world.place.group_is(SOURCE, deleting=True)
    else:
        world.place.groups.take(SOURCE, ALWAYS)

    capacity.left_behind(plan, world.cloud)


# Expectations.


def test_a_capacity_other_than_expected_is_refused(world: World) -> None:
    with pytest.raises(Rejected, match="has max 3, not 5 as expected; look again, then resize"):
        planned(world, expected={"max": 5})


def test_what_was_expected_is_looked_at_again_by_the_step(world: World) -> None:
    plan = planned(world, expected={"min": 1})
    world.cloud.groups.resize(SOURCE, Capacity(2, 2, 2))

    with pytest.raises(Rejected, match="has 2/2/2, not 1/2/3 as planned"):
        capacity.resize(plan, world.cloud)


def test_what_nothing_was_expected_of_may_move_meanwhile(world: World) -> None:
    plan = planned(world, expected={"min": 1, "max": 3})
    world.cloud.groups.resize(SOURCE, Capacity(1, 3, 3))

    capacity.resize(plan, world.cloud)

    assert world.cloud.groups.find(SOURCE).capacity == plan.target


def test_a_second_attempt_meets_its_own_work(world: World) -> None:
    plan = planned(world, expected={"min": 1})

    assert capacity.resize(plan, world.cloud) == capacity.resize(plan, world.cloud)


# Ready.


def test_it_is_over_when_the_instances_are_healthy(world: World) -> None:
    plan = planned(world)
    capacity.resize(plan, world.cloud)

    assert capacity.unready(plan, world.cloud) is None


def test_a_read_from_before_the_resize_does_not_count(world: World) -> None:
    plan = planned(world, capacity={"desired": 3})

    assert capacity.unready(plan, world.cloud) == f"2 of 3 instances healthy; {SOURCE} has 1/2/3, not 1/3/3"


def test_bounds_that_somebody_else_set_are_no_scaling_in(world: World) -> None:
    plan = planned(world)
    world.cloud.groups.resize(SOURCE, Capacity(0, 1, 9))

    assert capacity.unready(plan, world.cloud) == f"1 of 3 instances healthy; {SOURCE} has 0/1/9, not 1/3/3"


def test_an_autoscaler_may_go_back_to_the_old_size_within_the_new_bounds(world: World) -> None:
    plan = planned(world, capacity={"min": 0, "desired": 3, "max": 5})
    capacity.resize(plan, world.cloud)
    world.cloud.groups.resize(SOURCE, Capacity(0, BEFORE.desired, 5))

    assert capacity.unready(plan, world.cloud) is None


def test_surplus_instances_have_to_go_first(world: World) -> None:
    world.cloud.groups.suspend(SOURCE, ["Terminate"])
    plan = planned(world, capacity={"desired": 1})
    capacity.resize(plan, world.cloud)

    assert capacity.unready(plan, world.cloud) == "2 instances, 1 wanted; the process Terminate is suspended"


def test_instances_in_standby_are_no_surplus(world: World) -> None:
    plan = planned(world, capacity={"desired": 1})
    capacity.resize(plan, world.cloud)
    found = world.cloud.groups.find(SOURCE)
    idle = replace(found.instances[0], id="i-idle", lifecycle="Standby")
    world.place.group_is(SOURCE, instances=(*found.instances, idle))

    assert capacity.unready(plan, world.cloud) is None


def test_a_suspended_launch_is_told(world: World) -> None:
    world.cloud.groups.suspend(SOURCE, ["Launch"])
    plan = planned(world)
    capacity.resize(plan, world.cloud)

    assert capacity.unready(plan, world.cloud) == "2 of 3 instances healthy; the process Launch is suspended"


def test_a_caller_who_does_not_wait_for_health_does_not_wait(world: World) -> None:
    assert capacity.unready(planned(world, waitFor="created"), world.cloud) is None
