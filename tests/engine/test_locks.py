"""Human locks: a person has the thing, operations wait for it and say for whom, and its time runs out by itself."""

import logging
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from lambdas.engine import guards, locks, revocation, tokens
from lambdas.engine.intake import Caller
from lambdas.engine.signals import NotNow
from lambdas.errors import Conflict, WindlassError
from lambdas.requests import guard, key
from lambdas.rows import guard_key
from lambdas.table import Refused
from rehearsal.faults import KINDS, Killed
from rehearsal.scenarios import ACCOUNT, CREATES, NEIGHBOUR, NEW, REGION, RESIZES
from rehearsal.sweep import Scenario
from rehearsal.world import CALLER, World
from tests.engine.doubles import kept

ALICE, BOB = Caller("role/console", "alice"), Caller("role/console", "bob")
THING, CLUSTER = guard(ACCOUNT, REGION, NEIGHBOUR), key(ACCOUNT, REGION, "cluster", "shop-prod")
REASON = "peak hour"
WORDS = f"is locked by alice via role/console: {REASON}"


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def locked(scenario: Scenario, thing: str, until: float | None = None) -> tuple[World, str]:
    """An operation posted while Alice has the thing, five minutes later."""
    world = scenario.world()
    locks.lock(world.hub, thing, ALICE, REASON, until)
    operation = world.submit(scenario.operation, scenario.request)
    world.clock.drain(300)
    return world, operation


def waits_for(world: World, operation: str) -> str:
    opened = tokens.find(world.plain, operation, "Guard")
    return (opened and opened.reason) or ""


def holds_for(world: World, operation: str) -> str:
    opened = tokens.find(world.plain, operation, "Hold")
    return (opened and opened.reason) or ""


def test_an_operation_waits_for_a_lock_and_says_whose_it_is() -> None:
    world, operation = locked(RESIZES, THING)

    assert waits_for(world, operation) == f"{THING} {WORDS}; this operation is next"
    assert world.control(operation).started is None

    locks.unlock(world.hub, THING, ALICE)

    assert world.run(operation).end == "SUCCEEDED"
    assert kept_nothing(world, operation)


def kept_nothing(world: World, operation: str) -> bool:
    stands = guards.read(world.plain, THING)
    return not list(kept(world, operation)) and stands.accepted is None and stands.roll is None


def test_it_goes_on_at_once_when_the_lock_is_taken_off() -> None:
    world, operation = locked(RESIZES, THING)
    locks.unlock(world.hub, THING, ALICE)

    world.clock.drain(1)

    assert world.control(operation).started is not None


def test_whoever_owns_the_thing_already_finishes_and_then_the_person_has_it() -> None:
    world = RESIZES.world()
    first = world.submit(RESIZES.operation, RESIZES.request, key="first")
    second = world.submit(RESIZES.operation, RESIZES.request, key="second")
    world.run(first, until=lambda: world.control(first).step == "AllHealthy")
    locks.lock(world.hub, THING, ALICE, REASON)
    world.run(first, until=lambda: "locked" in waits_for(world, second))
    assert waits_for(world, second).startswith(f"{THING} is guarded by operation {first}; then {THING} {WORDS}")

    assert world.run(first).end == "SUCCEEDED"
    world.clock.drain(300)

    stands = guards.read(world.plain, THING)
    assert (stands.owner, stands.queue, stands.accepted) == (None, (second,), stands.locked_at)
    locks.unlock(world.hub, THING, ALICE)
    assert world.run(second).end == "SUCCEEDED"


def test_a_lock_is_over_when_its_time_is() -> None:
    world = RESIZES.world()
    until = world.clock.now + 1800
    locks.lock(world.hub, THING, ALICE, REASON, until)
    operation = world.submit(RESIZES.operation, RESIZES.request)
    world.clock.drain(1750)
    assert waits_for(world, operation).startswith(f"{THING} {WORDS} (until 20")

    assert world.run(operation).end == "SUCCEEDED"

    assert until <= (world.control(operation).started or 0) <= until + 61
    assert guards.read(world.plain, THING).locked_by is None


def test_a_lock_whose_time_was_changed_runs_as_it_was_said_last() -> None:
    world, operation = locked(RESIZES, THING)
    locks.lock(world.hub, THING, ALICE, "longer", world.clock.now + 600)
    locks.lock(world.hub, THING, ALICE, "much longer", world.clock.now + 7200)

    world.clock.drain(3600)

    assert "much longer" in waits_for(world, operation)
    assert world.run(operation).end == "SUCCEEDED"


def test_a_sweep_that_learned_of_an_earlier_time_takes_no_lock_off() -> None:
    world = RESIZES.world()
    locks.lock(world.hub, THING, ALICE, REASON, world.clock.now + 60)

    locks.expire(world.hub, THING)

    assert guards.read(world.plain, THING).locked_by == "alice via role/console"


def test_a_waiting_operation_can_be_cancelled_and_leaves_the_queue() -> None:
    world, operation = locked(RESIZES, THING)

    assert world.signal(operation, "cancel") == "accepted"

    assert world.run(operation).end == "NOT_STARTED"
    stands = guards.read(world.plain, THING)
    assert (stands.owner, stands.queue, stands.locked_by) == (None, (), "alice via role/console")


def test_what_is_taken_by_force_from_an_operation_is_the_person_s() -> None:
    world = RESIZES.world()
    first = world.submit(RESIZES.operation, RESIZES.request, key="first")
    second = world.submit(RESIZES.operation, RESIZES.request, key="second")
    world.run(first, until=lambda: world.control(first).step == "AllHealthy")

    locks.lock(world.hub, THING, ALICE, REASON)
    revocation.revoke(world.hub, world.sagas, THING, first, CALLER, "stuck")

    assert world.run(first).end == "NEEDS_ATTENTION"
    stands = guards.read(world.plain, THING)
    assert (stands.owner, stands.queue, stands.locked_by) == (None, (second,), "alice via role/console")


@pytest.mark.parametrize("scenario", [CREATES, RESIZES], ids=lambda one: one.name)
def test_a_locked_cluster_keeps_operations_from_beginning(scenario: Scenario) -> None:
    world, operation = locked(scenario, CLUSTER)
    assert holds_for(world, operation) == f"Paused: {CLUSTER} {WORDS}"
    assert world.control(operation).started is None

    locks.unlock(world.hub, CLUSTER, ALICE)

    assert world.run(operation).end == "SUCCEEDED"


@pytest.mark.parametrize("scenario", [CREATES, RESIZES], ids=lambda one: one.name)
def test_a_lock_of_a_whole_day_costs_no_retries_and_asks_nobody(scenario: Scenario) -> None:
    scenario = replace(scenario, finish_within=timedelta(days=3))
    world = scenario.world()
    locks.lock(world.hub, CLUSTER, ALICE, REASON, world.clock.now + 86_400)
    operation = world.submit(scenario.operation, scenario.request, terms=scenario.terms)

    result = world.run(operation)

    assert result.end == "SUCCEEDED"
    begun = (result.control.started or 0.0) - result.control.accepted
    assert 86_400 <= begun <= 86_400 + 121
    assert result.path.count("Hold") == 1
    assert world.control(operation).held == 0


def test_what_waits_for_a_locked_cluster_beyond_its_deadline_is_not_started_and_says_why() -> None:
    scenario = replace(CREATES, finish_within=timedelta(hours=1))
    world = scenario.world()
    locks.lock(world.hub, CLUSTER, ALICE, REASON)
    operation = world.submit(scenario.operation, scenario.request, terms=scenario.terms)

    result = world.run(operation)

    assert (result.end, result.path) == ("NOT_STARTED", ["Plan", "Hold", "Back", "PutBack", "RolledBack"])
    assert result.control.error == f"Paused: {CLUSTER} {WORDS}"


def test_what_waits_for_a_locked_cluster_can_be_cancelled_and_paused() -> None:
    world, operation = locked(CREATES, CLUSTER)
    assert world.signal(operation, "pause") == "accepted"
    locks.unlock(world.hub, CLUSTER, ALICE)
    world.clock.drain(300)
    assert world.control(operation).started is None
    locks.lock(world.hub, CLUSTER, BOB, "mine")
    assert world.signal(operation, "resume") == "accepted"
    world.clock.drain(300)
    assert holds_for(world, operation) == f"Paused: {CLUSTER} is locked by bob via role/console: mine"

    assert world.signal(operation, "cancel") == "accepted"

    assert world.run(operation).end == "NOT_STARTED"


def test_a_cluster_locked_while_an_operation_is_paused_in_its_middle_does_not_keep_it() -> None:
    world = CREATES.world()
    operation = world.submit(CREATES.operation, CREATES.request)
    world.faults.watch(lambda call: world.signal(operation, "pause") if call.name == "groups.create" else None)
    world.run(operation, until=lambda: world.held(operation))
    locks.lock(world.hub, CLUSTER, ALICE, REASON)

    world.signal(operation, "resume")

    result = world.run(operation)
    assert result.end == "SUCCEEDED"
    assert result.path[4:8] == ["Needed", "SuspendProcesses", "Hold", "Again"]
    assert result.path.count("Hold") == 1


def test_a_locked_name_keeps_a_new_group_from_being_planned() -> None:
    world, operation = locked(CREATES, guard(ACCOUNT, REGION, NEW))
    assert f"Conflict: {guard(ACCOUNT, REGION, NEW)} {WORDS}" in str(world.table.of(f"op#{operation}", "step#Plan"))

    locks.unlock(world.hub, guard(ACCOUNT, REGION, NEW), ALICE)

    assert world.run(operation).end == "SUCCEEDED"


def test_a_locked_cluster_keeps_nothing_from_being_put_back() -> None:
    world = RESIZES.world()
    operation = world.submit(RESIZES.operation, RESIZES.request)
    world.run(operation, until=lambda: world.control(operation).step == "AllHealthy")
    locks.lock(world.hub, CLUSTER, ALICE, REASON)

    world.machines.stop(operation)

    assert world.run(operation).end == "ROLLED_BACK"
    assert "Guard" in world.executions(operation)[1].path


def test_what_is_locked_is_not_taken_by_a_name_s_reservation_nor_again() -> None:
    world = RESIZES.world()
    operation = world.submit(RESIZES.operation, RESIZES.request)
    world.run(operation)
    assert guards.taken_again(world.hub, THING, operation)
    locks.lock(world.hub, THING, ALICE, REASON)

    with pytest.raises(Conflict, match=WORDS):
        guards.taken(world.hub, THING, "other")
    with pytest.raises(Refused):
        guards.taken_again(world.hub, THING, operation)


def test_only_one_has_a_lock_and_anybody_may_take_it_off() -> None:
    world = RESIZES.world()
    locks.lock(world.hub, THING, ALICE, REASON)

    with pytest.raises(NotNow, match=f"{WORDS}; only one person can lock it"):
        locks.lock(world.hub, THING, BOB, "mine")

    locks.unlock(world.hub, THING, ALICE)
    locks.lock(world.hub, THING, BOB, "mine")
    assert guards.read(world.plain, THING).locked_by == "bob via role/console"


def test_twice_is_once() -> None:
    world = RESIZES.world()
    locks.unlock(world.hub, THING, ALICE)
    assert dict(world.table.peek(guard_key(THING))) == {}
    locks.lock(world.hub, THING, ALICE, REASON, 9e9)
    once = dict(world.table.peek(guard_key(THING)))
    world.clock.drain(5)

    locks.lock(world.hub, THING, ALICE, REASON, 9e9)

    assert dict(world.table.peek(guard_key(THING))) == once


@pytest.mark.parametrize("kind", ["before", "after", "kill_before", "kill_after"])
def test_whoever_locks_may_die_at_any_call_and_it_was_done_or_never_asked(kind: str) -> None:
    for number in (1, 2, 3):
        world, operation = locked(RESIZES, THING)
        world.faults.at(world.faults.calls + number, kind)
        with world.faults.invocation("api"), suppress(WindlassError, Killed):
            locks.unlock(world.hub, THING, ALICE)
        stands = guards.read(world.plain, THING)

        assert (stands.owner == operation) == (stands.locked_by is None), f"call {number}"
        locks.unlock(world.hub, THING, ALICE)
        assert world.run(operation).end == "SUCCEEDED"


def test_without_the_stream_the_sweep_finds_the_heir_of_a_lock() -> None:
    world, operation = locked(RESIZES, THING)
    world.faults.models.append(lambda call: KINDS["kill_before"] if call.where == "projector" else None)

    locks.unlock(world.hub, THING, ALICE)

    assert world.run(operation).end == "SUCCEEDED"
