"""Processes that were suspended are resumed, and exactly these are suspended again where it comes to an undo."""

from collections.abc import Sequence
from typing import Any

import pytest

from lambdas.activities import processes
from lambdas.activities.plans import ResumePlan
from lambdas.errors import Rejected, RollBack
from lambdas.requests.resume_asg_processes import ResumeAsgProcesses
from rehearsal.fake_cloud.place import ALWAYS
from statemachines.resume_asg_processes import RESUME_ASG_PROCESSES
from tests.activities.walk import SOURCE, World, back, forward

SUSPENDED = ("Launch", "Terminate")


@pytest.fixture
def world() -> World:
    made = World()
    made.cloud.groups.suspend(SOURCE, SUSPENDED)
    return made


def planned(world: World, asked: Sequence[str] = ("AZRebalance", *SUSPENDED), **fields: Any) -> ResumePlan:
    body = {"account": "prod", "region": "us-east-1", "serverGroupName": SOURCE, "processes": list(asked)}
    plan: ResumePlan = world.plan(RESUME_ASG_PROCESSES, ResumeAsgProcesses.of_windlass(body | fields))
    return plan


def suspended(world: World) -> list[str]:
    return sorted(world.cloud.groups.find(SOURCE).suspended)


def test_only_what_was_suspended_is_resumed_and_suspended_again(world: World) -> None:
    plan = planned(world)

    assert forward(RESUME_ASG_PROCESSES, plan, world.cloud) == ["resumed Launch, Terminate of shop-prod-v001"]
    assert suspended(world) == []
    for _ in range(2):
        assert back(RESUME_ASG_PROCESSES, plan, world.cloud) == ["suspended Launch, Terminate of shop-prod-v001"]
    assert suspended(world) == ["Launch", "Terminate"]


def test_where_none_is_suspended_nothing_is_changed(world: World) -> None:
    plan = planned(world, ["AZRebalance"])

    assert forward(RESUME_ASG_PROCESSES, plan, world.cloud) == ["no process to resume"]
    assert back(RESUME_ASG_PROCESSES, plan, world.cloud) == ["no process to suspend"]
    processes.left_behind(plan, world.cloud)
    assert suspended(world) == ["Launch", "Terminate"]


def test_an_absent_group_is_refused_at_our_own_door_and_skipped_at_clouddrivers(world: World) -> None:
    with pytest.raises(Rejected, match="server group shop-v404 does not exist in us-east-1; name one that does"):
        planned(world, serverGroupName="shop-v404")

    plan = planned(world, serverGroupName="shop-v404", tolerant=True)

    assert forward(RESUME_ASG_PROCESSES, plan, world.cloud) == ["server group shop-v404 is not there"]


def test_a_group_that_vanishes_meanwhile_is_left_in_peace(world: World) -> None:
    plan = planned(world)
    world.place.groups.take(SOURCE, ALWAYS)

    assert forward(RESUME_ASG_PROCESSES, plan, world.cloud) == ["server group shop-prod-v001 is not there"]
    assert back(RESUME_ASG_PROCESSES, plan, world.cloud) == ["server group shop-prod-v001 is not there"]
    processes.left_behind(plan, world.cloud)


# What is left after the way back.


def test_processes_that_are_resumed_once_more_are_found(world: World) -> None:
    plan = planned(world)
    processes.left_behind(plan, world.cloud)

    processes.resume(plan, world.cloud)

    with pytest.raises(RollBack, match="Launch, Terminate of shop-prod-v001 run, as this operation resumed them"):
        processes.left_behind(plan, world.cloud)


def test_one_of_them_that_somebody_resumed_is_his(world: World) -> None:
    plan = planned(world)

    world.cloud.groups.resume(SOURCE, ["Launch"])

    processes.left_behind(plan, world.cloud)


def test_a_group_on_its_way_out_is_no_matter(world: World) -> None:
    plan = planned(world)
    processes.resume(plan, world.cloud)
    world.place.group_is(SOURCE, deleting=True)

    processes.left_behind(plan, world.cloud)
