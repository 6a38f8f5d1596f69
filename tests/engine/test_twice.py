"""What comes twice, late, in another order or not at all changes nothing."""

import logging
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar

import pytest

from lambdas import entrypoint, projector
from lambdas.engine import tokens
from lambdas.errors import Transient, WindlassError
from lambdas.rows import Status, plan_key
from rehearsal.fake_cloud import differences
from rehearsal.faults import KINDS
from rehearsal.scenarios import CREATES, DESTROYS, RESIZES
from rehearsal.sweep import Golden, Scenario, golden_of
from rehearsal.world import World
from tests.engine.doubles import kept, refusing, spoiled

SCENARIOS = (CREATES, RESIZES, DESTROYS)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


class Twice(World):
    """Every Task's function is invoked twice, one after the other."""

    def _invoke(self, function: str, event: Any) -> Any:
        answer = super()._invoke(function, event)
        invoked(self, function, event)
        return answer


def invoked(world: World, function: str, event: Any) -> None:
    """The function's invocation that Step Functions does not know of."""
    enter = entrypoint.engine if function == "${EngineFunction}" else entrypoint.activity
    with world.faults.invocation(event["step"]), suppress(WindlassError):
        enter(world.hub, world.sagas, event)


def done_once(golden: Golden, world: World, operation: str) -> list[str]:
    row = world.control(operation)
    ended = [] if row.status is Status.SUCCEEDED else [f"ended {row.status}: {row.error}"]
    return [*ended, *differences(golden.after, world.cloud.snapshot()), *kept(world, operation)]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
def test_functions_invoked_twice_do_it_once(scenario: Scenario) -> None:
    world = made(Twice, scenario)

    operation = ended(world, scenario)

    assert done_once(golden_of(scenario), world, operation) == []


W = TypeVar("W", bound=World)


def made(kind: type[W], scenario: Scenario) -> W:
    world = kind(scenario.sagas, manners=scenario.manners, recorded=False)
    scenario.prepare(world)
    return world


def ended(world: World, scenario: Scenario) -> str:
    operation = world.submit(scenario.operation, scenario.request)
    world.run(operation)
    world.clock.drain(1200)
    return operation


def test_a_second_invocation_at_any_call_of_the_first_does_it_once() -> None:
    golden = golden_of(CREATES)

    for call in golden.calls:
        if call.where in golden.path:
            world = made(Noted, CREATES)
            world.faults.before(call.number, lambda world=world: invoked(world, *world.last))  # type: ignore[misc]
            operation = ended(world, CREATES)

            assert done_once(golden, world, operation) == [], str(call)


class Noted(World):
    """Remembers what it was asked last."""

    last: tuple[str, Any] = ("", None)

    def _invoke(self, function: str, event: Any) -> Any:
        self.last = (function, event)
        return super()._invoke(function, event)


def test_two_sweeps_at_once_are_as_good_as_one() -> None:
    golden = golden_of(CREATES)

    for call in golden.calls:
        if call.where == "sweep":
            world, operation, _ = spoiled(CREATES, lambda world: world.faults.before(call.number, world.sweep))  # noqa: B023

            assert done_once(golden, world, operation) == [], str(call)


def test_a_token_registered_before_another_is_answered_whichever_is_stored_last() -> None:
    world = CREATES.world()
    operation = world.submit(CREATES.operation, CREATES.request)
    world.run(operation, until=lambda: tokens.find(world.plain, operation, "InstancesHealthy") is not None)
    opened = tokens.find(world.plain, operation, "InstancesHealthy")
    assert opened is not None
    late = {
        "saga": "CreateServerGroup",
        "step": "InstancesHealthy",
        "operation": operation,
        "execution": operation,
        "plan": world.table.peek(plan_key(operation))["plan"],
        "token": "of an attempt that nobody waits for any more",
    }

    entrypoint.engine(world.plain, world.sagas, late)

    result = world.run(operation)
    assert result.control.status is Status.SUCCEEDED
    assert result.took < 120


def test_a_hold_registered_twice_keeps_the_decision_made_in_between() -> None:
    world = CREATES.world()
    world.faults.models.append(refusing("ScaleUp", "groups.resize", error=Transient))
    operation = world.submit(CREATES.operation, CREATES.request)
    world.run(operation, until=lambda: world.held(operation))
    opened = tokens.find(world.plain, operation, "Hold")
    assert opened is not None
    world.table.write(tokens.noted(opened, replace(opened, decision="abandon", by="somebody")))

    event = {
        "saga": "CreateServerGroup",
        "step": "Hold",
        "operation": operation,
        "execution": operation,
        "token": opened.token,
        "failed": {"error": "Exhausted", "cause": "again"},
    }
    entrypoint.engine(world.plain, world.sagas, event)
    world.run(operation)

    assert world.control(operation).status is Status.NEEDS_ATTENTION


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
def test_without_stream_and_events_the_sweep_does_it_all(scenario: Scenario) -> None:
    world, operation, _ = spoiled(
        scenario,
        lambda world: world.faults.models.append(
            lambda call: KINDS["kill_before"] if call.where == "projector" else None
        ),
    )

    assert done_once(golden_of(scenario), world, operation) == []


def test_the_heir_of_a_guard_is_woken_by_the_sweep_where_the_stream_is_dead() -> None:
    world = RESIZES.world()
    world.faults.models.append(lambda call: KINDS["kill_before"] if call.where == "projector" else None)
    first = world.submit(RESIZES.operation, RESIZES.request, key="first")
    second = world.submit(RESIZES.operation, RESIZES.request, key="second")

    world.run(second)

    rows = world.control(first), world.control(second)
    assert [row.status for row in rows] == [Status.SUCCEEDED, Status.SUCCEEDED]
    assert (rows[1].started or 0) >= (rows[0].closed or 0)
    assert [*kept(world, first), *kept(world, second)] == []


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
def test_indexes_and_streams_that_lag_make_it_later_and_not_different(scenario: Scenario) -> None:
    def lags(world: World) -> None:
        world.table.index_lag, world.table.stream_lag = 7, 90

    world, operation, _ = spoiled(scenario, lags)

    assert done_once(golden_of(scenario), world, operation) == []


def test_what_the_stream_tells_again_and_in_any_order_changes_nothing() -> None:
    world, operation, _ = spoiled(DESTROYS)
    before = world.table.rows()
    told = [item for item in before if item["sk"] in ("control", "guard")]

    for old, new in [*((None, item) for item in told), *((item, item) for item in reversed(told))]:
        projector.changed(world.plain, world.sagas, old, new)

    assert world.table.rows() == before
    assert len(world.executions(operation)) == 1
