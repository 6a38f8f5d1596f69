"""The way back, while more goes wrong on it: the cloud is as before, the guards are free, nothing is open."""

import logging
from collections.abc import Callable, Iterator

import pytest

from rehearsal.faults import KINDS, Call
from rehearsal.scenarios import CREATES, RESIZES, deploy_cloud_formation
from rehearsal.scenarios import execute_cloud_formation_change_set as execution
from rehearsal.sweep import Scenario, golden_of, singles
from rehearsal.world import World
from tests.engine.doubles import Spoiler, lagging, landed_late, not_put_back, refusing, spoiled, traced

CLOUD = ("groups", "launch_templates", "load_balancers", "scaling")
CHANGES = ("create", "delete", "delete_alarms", "put_alarm", "put_policy", "resize", "suspend", "put_hook")
REFUSED = {
    "createServerGroup": ("ScaleUp", "groups.resize"),
    "resizeServerGroup": ("Resize", "groups.resize"),
}


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """The sweep logs what it survives; here it survives much."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def refused(scenario: Scenario) -> Spoiler:
    """The cloud refuses a late step, so that there is much to put back."""
    return lambda world: world.faults.models.append(refusing(*REFUSED[scenario.operation]))


def at(number: int, kind: str) -> Spoiler:
    return lambda world: world.faults.at(number, kind)


def way_back(scenario: Scenario) -> list[Call]:
    """Each different call after the refusal, once: the looks of the sweep repeat themselves."""
    calls = traced(scenario, refused(scenario))
    begun = next(one.number for one in calls if (one.where, one.name) == REFUSED[scenario.operation])
    different = {(one.where, one.state, one.name): one for one in reversed(calls) if one.number > begun}
    return sorted(different.values(), key=lambda one: one.number)


@pytest.mark.parametrize("scenario", [CREATES, RESIZES], ids=lambda one: one.name)
@pytest.mark.parametrize("kind", ["before", "after", "kill_before", "kill_after", "late", "hang", "throttle", "bug"])
def test_whatever_goes_wrong_on_the_way_back_it_arrives(scenario: Scenario, kind: str) -> None:
    for call in way_back(scenario):
        world, operation, before = spoiled(scenario, refused(scenario), at(call.number, kind))

        assert not_put_back(world, operation, before) == [], f"{kind} at {call} in {call.state}"


@pytest.mark.parametrize("scenario", [deploy_cloud_formation.FAILS, execution.FAILS], ids=lambda one: one.name)
def test_a_pivot_that_the_cloud_has_put_back_is_put_back_whatever_goes_wrong_then(scenario: Scenario) -> None:
    """Over the pivot, and where its execution is stopped there: all that a recovery does goes the same way."""
    golden = golden_of(scenario)
    waiting = [one for one in golden.calls if golden.of(one) == "StackUpdated"]
    kinds = ("abort", "kill_after", "late", "cancel")

    reports = [singles(scenario, golden, one, kinds, together=()) for one in waiting[-6:]]

    assert sum(report.tried.total() for report in reports) == 6 * len(kinds)
    assert [str(one) for report in reports for one in report.survivors] == []


@pytest.mark.parametrize("kind", ["kill_after", "late"])
def test_reads_that_lag_a_minute_behind_hide_nothing_from_the_way_back(kind: str) -> None:
    scenario = lagging(CREATES, 60)
    changes = [one for one in traced(scenario, refused(scenario)) if is_change(one)]

    for call in changes:
        world, operation, before = spoiled(scenario, refused(scenario), at(call.number, kind))

        assert not_put_back(world, operation, before) == [], f"{kind} at {call}"


def is_change(call: Call) -> bool:
    return call.port in CLOUD and call.name.partition(".")[2] in CHANGES


def test_what_lands_minutes_after_a_cancel_is_found_and_put_back() -> None:
    for call in [one for one in traced(CREATES) if is_change(one)]:
        world, operation, before = spoiled(CREATES, at(call.number, "hang"), landing_after(600), cancelled_after(5))
        world.clock.drain(1800)

        assert not_put_back(world, operation, before) == [], f"{call}"


def landing_after(seconds: float) -> Spoiler:
    def spoil(world: World) -> None:
        world.faults.late = seconds

    return spoil


def cancelled_after(seconds: float) -> Spoiler:
    def cancel(world: World) -> None:
        world.signal(next(iter(world.machines.executions)), "cancel")

    return lambda world: world.clock.at(seconds, lambda: cancel(world))


def test_a_late_look_that_cannot_see_looks_again_and_reopens_nothing() -> None:
    world, operation, before = spoiled(CREATES, refused(CREATES), blind_sweeps(from_=600, until=2400))
    world.clock.drain(3600)

    assert world.control(operation).recoveries == 0
    assert world.control(operation).due is None
    assert not_put_back(world, operation, before) == []


def blind_sweeps(*, from_: float, until: float) -> Spoiler:
    def spoil(world: World) -> None:
        begun = world.clock.now
        blind: Callable[[Call], bool] = lambda call: call.where == "sweep" and call.name == "groups.find"  # noqa: E731
        world.faults.models.append(
            lambda call: KINDS["before"] if blind(call) and from_ < world.clock.now - begun < until else None
        )

    return spoil


def test_what_the_late_look_puts_back_does_not_hide_why_it_was_rolled_back() -> None:
    world = CREATES.world()
    before = world.cloud.snapshot()
    refused(CREATES)(world)
    operation = world.submit(CREATES.operation, CREATES.request)
    world.run(operation)
    landed_late(world, operation)

    world.clock.drain(3600)

    row = world.control(operation)
    assert row.recoveries == 1
    assert (row.error or "").startswith("Rejected: rehearsed")
    assert not_put_back(world, operation, before) == []
