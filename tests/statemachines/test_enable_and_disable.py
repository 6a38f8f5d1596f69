"""enableServerGroup and disableServerGroup as a whole: the states they enter, there and back."""

from dataclasses import replace

from lambdas.errors import Rejected
from lambdas.rows import Status
from rehearsal.fake_cloud import differences
from rehearsal.scenarios import DISABLES, ENABLES, NEIGHBOUR, WHERE
from rehearsal.trials import BRISK, Scenario
from rehearsal.world import World

OUT = ["SuspendProcesses", "TakeOutOfLoadBalancers", "TakeOutOfTargetGroups", "OutOfTraffic"]
IN = ["ResumeProcesses", "PutIntoLoadBalancers", "PutIntoTargetGroups", "InTraffic"]
SLOW = replace(BRISK, health=100, drain=300)
BEGIN, END = ["Guard", "Plan", "Recovering"], ["Finish", "Succeeded"]
BACK = ["NothingLeft", "PutBack", "RolledBack"]


def run(scenario: Scenario, world: World, **fields: object) -> str:
    return world.submit(scenario.operation, scenario.request | fields, key=str(fields))


def test_a_group_is_taken_out_of_traffic_and_its_connections_are_waited_for() -> None:
    world = DISABLES.world()

    result = world.run(run(DISABLES, world))

    assert result.path == [*BEGIN, *OUT, *END]
    assert result.took >= world.cloud.manners.drain


def test_a_group_is_put_into_traffic_and_its_health_is_waited_for() -> None:
    world = ENABLES.world()

    result = world.run(run(ENABLES, world))

    assert result.path == [*BEGIN, *IN, *END]
    assert result.took >= world.cloud.manners.health


def test_out_and_in_again_is_as_before() -> None:
    world = DISABLES.world()
    before = world.cloud.snapshot()

    world.run(run(DISABLES, world))
    world.run(run(ENABLES, world, healthyWithin=600))

    assert differences(before, world.cloud.snapshot()) == []


def test_a_load_balancer_that_refuses_leads_back_and_says_why() -> None:
    world = DISABLES.world()
    before = world.cloud.snapshot()
    world.faults.on(lambda name: name == "load_balancers.deregister", lambda _: _refused)

    result = world.run(run(DISABLES, world))

    undos = ["UndoTakeOutOfTargetGroups", "UndoTakeOutOfLoadBalancers", "UndoSuspendProcesses"]
    assert result.path == [*BEGIN, *OUT[:3], *undos, *BACK]
    assert differences(before, world.cloud.snapshot()) == []


def test_what_does_not_drain_in_time_is_put_back() -> None:
    world = replace(DISABLES, manners=SLOW).world()
    before = world.cloud.snapshot()

    result = world.run(run(DISABLES, world, drainedWithin=60))

    assert result.control.status is Status.ROLLED_BACK
    assert "2 instances drain from shop-web" in (result.control.error or "")
    assert differences(before, world.cloud.snapshot()) == []


def test_what_does_not_become_healthy_in_time_is_taken_out_again() -> None:
    world = replace(ENABLES, manners=SLOW).world()
    before = world.cloud.snapshot()

    result = world.run(run(ENABLES, world, healthyWithin=60))

    undos = ["UndoPutIntoTargetGroups", "UndoPutIntoLoadBalancers", "UndoResumeProcesses"]
    assert result.path == [*BEGIN, *IN, "Hold", "Back", *undos, *BACK]
    assert differences(before, world.cloud.snapshot(), converged=False) == []


def test_a_sibling_is_enabled_at_once_while_another_drains() -> None:
    world = DISABLES.world()
    first = run(DISABLES, world)
    world.run(first, until=lambda: "OutOfTraffic" in world.result(first).path)

    second = world.submit("enableServerGroup", {**WHERE, "serverGroupName": NEIGHBOUR}, key="second")
    world.run(second, until=lambda: world.control(second).started is not None)

    assert (world.control(second).started or 0) - world.control(second).accepted < 5


def _refused(*_: object) -> None:
    raise Rejected("not today")
