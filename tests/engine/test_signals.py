"""Every signal at every moment of createServerGroup: the end it leads to, and a clean cloud."""

from collections.abc import Callable

import pytest

from lambdas.errors import Rejected, Transient
from lambdas.rows import Status
from rehearsal.fake_cloud import differences
from rehearsal.faults import Call, Effect, Faults, Model
from rehearsal.scenarios import CREATES
from rehearsal.sweep import Golden, golden_of
from rehearsal.world import World


@pytest.fixture(scope="module")
def golden() -> Golden:
    return golden_of(CREATES)


def first_calls(golden: Golden) -> dict[str, int]:
    """The first call after each state of the operation was entered."""
    numbers: dict[str, int] = {}
    for call in golden.calls:
        numbers.setdefault(call.state, call.number)
    return {state: number for state, number in numbers.items() if state in golden.path}


STATES = (
    "Plan",
    "CreateLaunchTemplate",
    "CreateEmptyGroup",
    "SuspendProcesses",
    "AddLifecycleHooks",
    "CopyScalingPolicies",
    "CopyAlarms",
    "CopyScheduledActions",
    "EnableMetrics",
    "ScaleUp",
    "InstancesHealthy",
    "Finish",
)


def signalled(number: int, signal: Callable[[World, str], object]) -> tuple[World, str]:
    """A run in which just before that call the signal is sent."""
    world = CREATES.world()
    names: list[str] = []
    world.faults.before(number, lambda: signal(world, names[0] if names else _first(world)))
    names.append(world.submit(CREATES.operation, CREATES.request))
    world.run(names[0])
    world.clock.drain(1200)
    return world, names[0]


def _first(world: World) -> str:
    return next(iter(world.machines.executions))


def test_the_table_of_states_is_the_machine(golden: Golden) -> None:
    assert set(STATES) == {state for state in golden.path if state in first_calls(golden)}


@pytest.mark.parametrize("state", STATES)
def test_a_cancel_wins_at_every_state_and_cleans_up(golden: Golden, state: str) -> None:
    answers: list[str] = []

    world, operation = signalled(
        first_calls(golden)[state], lambda world, name: answers.append(world.signal(name, "cancel"))
    )

    assert answers == ["accepted"]
    assert world.control(operation).status in (Status.ROLLED_BACK, Status.NOT_STARTED)
    assert differences(golden.before, world.cloud.snapshot()) == []


def test_a_cancel_at_every_single_call_is_either_refused_or_wins(golden: Golden) -> None:
    for call in golden.calls:
        if not call.state:
            continue
        answers: list[str] = []
        world, operation = signalled(call.number, lambda world, name: answers.append(world.signal(name, "cancel")))  # noqa: B023 - called within the round
        succeeded = world.control(operation).status is Status.SUCCEEDED

        assert succeeded == (answers != ["accepted"]), f"{call}: {answers} {world.control(operation)}"
        wanted = golden.after if succeeded else golden.before
        assert differences(wanted, world.cloud.snapshot()) == [], str(call)


@pytest.mark.parametrize("state", STATES)
def test_a_pause_at_every_state_is_survived_and_starts_nothing_until_resumed(golden: Golden, state: str) -> None:
    def pause(world: World, name: str) -> None:
        assert world.signal(name, "pause") == "accepted"
        world.clock.at(4000, lambda: world.signal(name, "resume"))

    world, operation = signalled(first_calls(golden)[state], pause)

    assert world.control(operation).status is Status.SUCCEEDED
    assert differences(golden.after, world.cloud.snapshot()) == []


@pytest.mark.parametrize("state", STATES)
def test_a_paused_operation_can_be_cancelled(golden: Golden, state: str) -> None:
    def pause(world: World, name: str) -> None:
        world.signal(name, "pause")
        world.clock.at(600, lambda: world.over(name) or world.signal(name, "cancel"))

    world, operation = signalled(first_calls(golden)[state], pause)

    done_before = state == "Finish"  # a pause keeps the next state from starting; the end is not one
    ends = (Status.SUCCEEDED,) if done_before else (Status.ROLLED_BACK, Status.NOT_STARTED)
    assert world.control(operation).status in ends
    assert differences(golden.after if done_before else golden.before, world.cloud.snapshot()) == []


def refusing(error: type[Exception], where: str, name: str) -> Model:
    """Whatever that state asks of that port is refused, until the fault is lifted."""

    def kind(faults: Faults, call: Call, effect: Effect) -> None:
        raise error(f"rehearsed: {call}")

    return lambda call: kind if (call.where, call.name) == (where, name) else None


def held(*faults: Model) -> tuple[World, str]:
    """A run up to its hold."""
    world = CREATES.world()
    world.faults.models.extend(faults)
    operation = world.submit(CREATES.operation, CREATES.request)
    world.run(operation, until=lambda: world.held(operation))
    assert world.held(operation)
    return world, operation


EXHAUSTED = ("ScaleUp", "groups.resize")


@pytest.mark.parametrize(
    ("decision", "end"),
    [
        ("retry", Status.SUCCEEDED),
        ("rollback", Status.ROLLED_BACK),
        ("abandon", Status.NEEDS_ATTENTION),
    ],
)
def test_whoever_decides_of_a_held_step_is_obeyed(golden: Golden, decision: str, end: Status) -> None:
    world, operation = held(refusing(Transient, *EXHAUSTED))
    world.faults.lift()

    assert world.signal(operation, "decide", decision) == "accepted"
    world.run(operation)

    assert world.control(operation).status is end
    if end is not Status.NEEDS_ATTENTION:
        wanted = golden.after if end is Status.SUCCEEDED else golden.before
        assert differences(wanted, world.cloud.snapshot()) == []


def test_a_hold_that_nobody_decides_is_put_back_in_the_end(golden: Golden) -> None:
    world, operation = held(refusing(Transient, *EXHAUSTED))

    world.run(operation)

    assert world.control(operation).status is Status.ROLLED_BACK
    assert differences(golden.before, world.cloud.snapshot()) == []


def test_a_held_operation_can_be_cancelled(golden: Golden) -> None:
    world, operation = held(refusing(Transient, *EXHAUSTED))

    assert world.signal(operation, "cancel") == "accepted"
    world.run(operation)

    assert world.control(operation).status is Status.ROLLED_BACK
    assert differences(golden.before, world.cloud.snapshot()) == []


REFUSED_STEP = ("ScaleUp", "groups.resize")
REFUSED_UNDO = ("UndoCreateEmptyGroup", "groups.delete")


@pytest.mark.parametrize(
    ("decision", "end"),
    [
        ("retry", Status.ROLLED_BACK),
        ("skip", Status.NEEDS_ATTENTION),
        ("abandon", Status.NEEDS_ATTENTION),
    ],
)
def test_whoever_decides_of_a_held_undo_is_obeyed(golden: Golden, decision: str, end: Status) -> None:
    world, operation = held(refusing(Rejected, *REFUSED_STEP), refusing(Rejected, *REFUSED_UNDO))
    if decision == "retry":
        world.faults.lift()

    assert world.signal(operation, "decide", decision) == "accepted"
    world.run(operation)

    assert world.control(operation).status is end
    assert (differences(golden.before, world.cloud.snapshot()) == []) == (end is Status.ROLLED_BACK)


def test_a_roll_back_is_no_answer_to_a_held_undo() -> None:
    world, operation = held(refusing(Rejected, *REFUSED_STEP), refusing(Rejected, *REFUSED_UNDO))

    assert world.signal(operation, "decide", "rollback") == (
        f"'rollback' cannot be decided of operation {operation} in HoldUndo; possible: retry, skip, abandon"
    )


def test_signals_after_the_end_say_that_it_is_over() -> None:
    world = CREATES.world()
    operation = world.submit(CREATES.operation, CREATES.request)
    world.run(operation)

    for signal in ("cancel", "pause", "resume", "decide"):
        assert world.signal(operation, signal, "retry") == f"operation {operation} is over: SUCCEEDED"
