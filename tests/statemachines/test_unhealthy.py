"""Health as the caller means it: how long it has to last, and what becomes of a group that is not healthy in time."""

import pytest

from lambdas.cloud import Group
from lambdas.engine import tokens
from lambdas.rows import Status
from rehearsal.fake_cloud import differences, seeds
from rehearsal.scenarios import ACCOUNT, CREATE, CREATES, ENABLES, NEW, REGION, RESIZES, WHERE
from rehearsal.trials import Scenario
from rehearsal.world import World
from tests.engine.doubles import kept, not_put_back, refusing
from tests.statemachines.test_create_server_group import STORY, WAY_BACK

UNTIL_HEALTHY = STORY[: STORY.index("Finish")]
TARGETS = seeds.target_group(REGION)


def created(world: World, **fields: object) -> str:
    return world.submit("createServerGroup", CREATE | fields)


def when_healthy(world: World, operation: str) -> float:
    """Let time pass until the wait's check has passed once; answers when."""
    world.run(operation, until=lambda: clear(world, operation) is not None)
    return world.clock.now


def clear(world: World, operation: str) -> float | None:
    opened = tokens.find(world.plain, operation, "InstancesHealthy")
    return None if opened is None else opened.clear


# For how long it has to stay so.


def test_a_group_that_stays_healthy_for_so_long_is_believed() -> None:
    world = CREATES.world()
    operation = created(world, health={"stableFor": 90})
    since = when_healthy(world, operation)

    result = world.run(operation)

    assert result.path == STORY
    assert 90 <= (result.control.closed or 0) - since < 100


def test_a_group_that_falls_sick_meanwhile_has_to_begin_anew() -> None:
    world = CREATES.world()
    operation = created(world, health={"stableFor": 90})
    since = when_healthy(world, operation)
    world.clock.drain(60)
    balancers = world.cloud.cloud(ACCOUNT, REGION).load_balancers
    instances = [one.id for one in world.cloud.cloud(ACCOUNT, REGION).groups.find(NEW).instances]

    balancers.deregister(TARGETS, instances)
    world.run(operation, until=lambda: clear(world, operation) is None)
    balancers.register(TARGETS, instances)
    result = world.run(operation)

    assert result.path == STORY
    assert (result.control.closed or 0) - since >= 60 + 90


def test_a_group_that_is_healthy_too_late_to_prove_it_is_not_in_time() -> None:
    world = CREATES.world()
    place = world.cloud.place(ACCOUNT, REGION)
    operation = created(world, image=seeds.BAD_IMAGE, healthyWithin=600, health={"stableFor": 300})
    world.clock.at(450, place.never_healthy.clear)

    result = world.run(operation)

    assert result.path == [*UNTIL_HEALTHY, "Hold", "Back", *WAY_BACK]
    assert result.control.error == ("NotInTime: not within 600 s: it is as asked, and has to stay so for 300 s")


# What becomes of it.


def parked(scenario: Scenario, request: dict[str, object]) -> tuple[World, str]:
    world = scenario.world()
    operation = world.submit(scenario.operation, scenario.request | request | {"onUnhealthy": "PARK"})
    world.run(operation, until=lambda: world.held(operation))
    return world, operation


def test_a_parked_group_stays_as_it_is_until_a_person_decides() -> None:
    world, operation = parked(CREATES, {"image": seeds.BAD_IMAGE, "healthyWithin": 600})
    world.clock.drain(3600)
    opened = tokens.find(world.plain, operation, "Hold")

    assert world.result(operation).path == [*UNTIL_HEALTHY, "Hold"]
    assert opened is not None
    assert (opened.held, opened.late) == ("InstancesHealthy", "PARK")
    assert (opened.reason or "").startswith("NotInTime: not within 600 s: 0 of 2 instances healthy")
    assert world.cloud.cloud(ACCOUNT, REGION).groups.find(NEW).capacity.desired == 2


def test_a_parked_group_that_was_healed_is_retried_with_its_time_anew() -> None:
    world, operation = parked(CREATES, {"image": seeds.BAD_IMAGE, "healthyWithin": 600})
    world.cloud.place(ACCOUNT, REGION).never_healthy.clear()

    world.signal(operation, "decide", "retry")

    assert world.run(operation).path == [*UNTIL_HEALTHY, "Hold", "Again", *STORY[STORY.index("InstancesHealthy") :]]


def test_a_parked_group_is_put_back_when_a_person_says_so() -> None:
    world, operation = parked(CREATES, {"image": seeds.BAD_IMAGE, "healthyWithin": 600})
    world.signal(operation, "decide", "rollback")

    result = world.run(operation)

    assert result.path == [*UNTIL_HEALTHY, "Hold", "Back", *WAY_BACK]
    assert result.control.status is Status.ROLLED_BACK


def test_a_parked_group_that_nobody_decides_about_is_put_back_after_a_day() -> None:
    world, operation = parked(CREATES, {"image": seeds.BAD_IMAGE, "healthyWithin": 600})

    result = world.run(operation)

    assert result.control.status is Status.ROLLED_BACK
    assert 23 * 3600 < result.took < 25 * 3600


def test_a_resize_and_an_enable_are_parked_too() -> None:
    grows = {"healthyWithin": 600}
    for scenario, state in ((RESIZES, "AllHealthy"), (ENABLES, "InTraffic")):
        world = scenario.world()
        world.cloud.place(ACCOUNT, REGION).never_healthy.add(seeds.GOOD_IMAGE)
        before = world.cloud.snapshot()
        operation = world.submit(scenario.operation, scenario.request | grows | {"onUnhealthy": "PARK"})
        world.run(operation, until=lambda world=world, operation=operation: world.held(operation))  # type: ignore[misc]

        world.signal(operation, "decide", "rollback")
        result = world.run(operation)

        assert result.path[result.path.index(state) : result.path.index("Back") + 1] == [state, "Hold", "Back"]
        assert differences(before, world.cloud.snapshot()) == []


# Kept, out of traffic.

ASIDE = ["Hold", "Kept", "StandDown", "LeaveLoadBalancers", "LeaveTargetGroups"]


def late(**fields: object) -> tuple[World, str]:
    world = CREATES.world()
    sick = {"image": seeds.BAD_IMAGE, "healthyWithin": 600, "onUnhealthy": "KEEP_DISABLED"}
    return world, created(world, **sick | fields)


def test_a_group_that_is_kept_is_out_of_traffic_and_a_person_is_called() -> None:
    world, operation = late()

    result = world.run(operation)

    assert result.path == [*UNTIL_HEALTHY, *ASIDE, "GiveUp", "NeedsAttention"]
    assert result.control.status is Status.NEEDS_ATTENTION
    assert (result.control.error or "").startswith("NotInTime: not within 600 s: 0 of 2 instances healthy")
    assert result.executions[-1].cause is not None
    assert result.executions[-1].cause.endswith("; it is kept, out of the way")
    assert disabled(world)
    assert list(kept(world, operation)) == []


def disabled(world: World) -> bool:
    cloud = world.cloud.cloud(ACCOUNT, REGION)
    group = cloud.groups.find(NEW)
    seen = {one.instance for one in cloud.load_balancers.target_health(TARGETS)}
    return len(group.instances) == 2 and "AddToLoadBalancer" in group.suspended and seen.isdisjoint(ids(group))


def ids(group: Group) -> set[str]:
    return {one.id for one in group.instances}


def test_a_group_that_is_kept_can_be_destroyed_afterwards() -> None:
    world, operation = late()
    world.run(operation)

    destroy = world.submit("destroyServerGroup", {**WHERE, "serverGroupName": NEW}, key="destroy")

    assert world.run(destroy).control.status is Status.SUCCEEDED


@pytest.mark.parametrize("state", [*ASIDE[2:], "GiveUp"])
def test_a_cancel_puts_back_what_was_to_be_kept(state: str) -> None:
    world, operation = late()
    before = world.cloud.snapshot()
    signalled: list[str] = []

    def cancel(where: str) -> None:
        if where == state and not signalled:
            signalled.append(world.signal(operation, "cancel"))

    world.faults.watch(lambda call: cancel(call.where))
    result = world.run(operation)

    assert signalled == ["accepted"]
    assert result.control.status is Status.ROLLED_BACK
    assert result.path[-1] == "RolledBack"
    assert not_put_back(world, operation, before) == []


def test_what_refuses_to_leave_is_held_and_tried_again() -> None:
    world, operation = late()
    world.faults.models.append(refusing("LeaveTargetGroups", "load_balancers.deregister"))
    world.run(operation, until=lambda: world.held(operation) and world.result(operation).path[-1] == "HoldUndo")
    world.faults.lift()

    world.signal(operation, "decide", "retry")
    result = world.run(operation)

    assert result.path[-5:] == ["HoldUndo", "UndoAgain", "LeaveTargetGroups", "GiveUp", "NeedsAttention"]
    assert disabled(world)


def test_a_cancel_of_what_is_held_on_its_way_aside_puts_it_back() -> None:
    world, operation = late()
    before = world.cloud.snapshot()
    world.faults.models.append(refusing("LeaveTargetGroups", "load_balancers.deregister"))
    world.run(operation, until=lambda: world.held(operation) and world.result(operation).path[-1] == "HoldUndo")
    world.faults.lift()

    assert world.signal(operation, "cancel") == "accepted"
    world.run(operation)

    assert not_put_back(world, operation, before) == []


def test_a_pause_does_not_keep_a_sick_group_in_traffic() -> None:
    world, operation = late()
    world.run(operation, until=lambda: "InstancesHealthy" in world.result(operation).path)
    world.signal(operation, "pause")

    result = world.run(operation)

    assert result.control.status is Status.NEEDS_ATTENTION
    assert disabled(world)
