"""An execution that was ended from outside: the cloud is clean and the guards are free all the same."""

import pytest

from lambdas.engine.guards import read
from lambdas.rows import Status
from rehearsal.fake_cloud import differences
from rehearsal.scenarios import CREATES, DESTROYS, RESIZES
from rehearsal.sweep import Golden, Scenario, golden_of
from rehearsal.world import World

SCENARIOS = (CREATES, RESIZES, DESTROYS)


def aborted(scenario: Scenario, number: int, *, lost: bool = False) -> tuple[World, str]:
    """A run whose execution is stopped just before that call; `lost`: nobody is told of it by an event."""
    world = scenario.world()
    if lost:
        world.machines.on_status.clear()
    operation = world.submit(scenario.operation, scenario.request)
    world.faults.before(number, lambda: world.machines.stop(operation, "Stopped", "somebody pressed the button"))
    world.run(operation)
    world.clock.drain(1200)
    return world, operation


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
def test_an_aborted_execution_is_put_back_before_the_pivot_and_finished_after_it(scenario: Scenario) -> None:
    golden = golden_of(scenario)

    for call in golden.calls:
        if call.state in golden.path and call.state not in ("Succeeded", ""):
            world, operation = aborted(scenario, call.number)
            as_expected(golden, world, operation, str(call))


def test_an_abort_that_no_event_told_of_is_found_by_the_sweep() -> None:
    golden = golden_of(CREATES)
    numbers = {call.state: call.number for call in golden.calls}

    for state in ("CreateEmptyGroup", "InstancesHealthy"):
        world, operation = aborted(CREATES, numbers[state], lost=True)
        as_expected(golden, world, operation, state)


def as_expected(golden: Golden, world: World, operation: str, where: str) -> None:
    control, cloud = world.control(operation), world.cloud.snapshot()
    if control.status is Status.SUCCEEDED:
        assert differences(golden.after, cloud) == [], where
    else:
        assert control.status in (Status.ROLLED_BACK, Status.NOT_STARTED), f"{where}: {control}"
        assert differences(golden.before, cloud) == [], where
    for guard in control.guards:
        assert read(world.plain, guard).owner is None, where
