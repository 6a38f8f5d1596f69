"""Scheduled actions that go: what Auto Scaling and the fake cloud alike do and refuse."""

import pytest

from lambdas.cloud import ScheduledAction
from lambdas.cloud.schedules import Schedules
from lambdas.errors import Conflict, NotFound
from tests.contract.worlds import World, make_group

NIGHT = ScheduledAction("night", '{"MinSize":1,"Recurrence":"0 2 * * *"}')
NOON = ScheduledAction("noon", '{"MinSize":2,"Recurrence":"0 12 * * *"}')


@pytest.fixture
def schedules(world: World) -> Schedules:
    return world.cloud.of(Schedules)


def test_one_goes_and_the_others_stay(world: World, schedules: Schedules) -> None:
    group = make_group(world)
    for action in (NIGHT, NOON):
        world.cloud.scaling.put_scheduled_action(group, action)

    schedules.delete(group, "night")

    assert world.cloud.scaling.scheduled_actions(group) == (NOON,)


def test_what_is_gone_is_not_found(world: World, schedules: Schedules) -> None:
    group = make_group(world)
    for where in (group, "shop-v404"):
        with pytest.raises(NotFound):
            schedules.delete(where, "night")


def test_a_group_being_deleted_keeps_them(world: World, schedules: Schedules) -> None:
    group = make_group(world)
    world.cloud.scaling.put_scheduled_action(group, NIGHT)
    world.begin_deletion(group)

    with pytest.raises(Conflict):
        schedules.delete(group, "night")
