"""What is measured of operations: each change once, however often it is told of."""

from collections.abc import Iterator
from typing import Any

import pytest

from lambdas import outcomes
from lambdas.rows import Control, Mark, Status
from lambdas.values import changed
from rehearsal.faults import KINDS
from rehearsal.scenarios import CREATES, RESIZES
from rehearsal.sweep import golden_of
from rehearsal.world import World
from saga.compiler import compile_saga


def told(world: World, metric: str) -> list[dict[str, Any]]:
    return [line for line in world.metrics if metric in line]


def created(**settings: Any) -> tuple[World, str]:
    world = CREATES.world(**settings)
    operation = world.submit(CREATES.operation, CREATES.request)
    return world, operation


def test_an_operation_that_goes_well_tells_its_end_its_beginning_and_the_time_in_each_state() -> None:
    world, operation = created()
    path = world.run(operation).path

    (end,) = told(world, "Ends")
    assert (end["Operation"], end["End"], end["OurFault"], end["operation"]) == (
        *("createServerGroup", "SUCCEEDED"),
        *(0.0, operation),
    )
    assert [one["BeganLate"] for one in told(world, "BeginTime")] == [0.0]
    states = compile_saga(world.sagas["CreateServerGroup"])["States"]
    tasks = [state for state in path if states[state]["Type"] == "Task" and state != "Finish"]
    assert [one["State"] for one in told(world, "StateTime")] == tasks
    assert told(world, "FailedAttempts") == told(world, "Broken") == told(world, "EndedFromOutside") == []


def test_an_end_that_is_asked_for_twice_and_told_of_three_times_is_one() -> None:
    world, operation = created()
    world.doubled = lambda: 0.5
    world.delivery = lambda: (0.0, 1.0, 30.0)
    world.run(operation)
    world.clock.drain(600)

    assert len(told(world, "Ends")) == len(told(world, "BeginTime")) == 1


def test_a_lost_answer_of_the_closing_write_counts_no_end_twice() -> None:
    golden = golden_of(RESIZES)
    writes = [call.number for call in golden.calls if call.state == "Finish" and call.name == "table.write"]
    for number in writes:
        world = RESIZES.world()
        world.faults.at(number, KINDS["after"])
        world.run(world.submit(RESIZES.operation, RESIZES.request))

        assert len(told(world, "Ends")) <= 1


def ended_outside(event_told: bool) -> Iterator[dict[str, Any]]:
    world, operation = created()
    if not event_told:
        world.machines.on_status.clear()
    number = next(call.number for call in golden_of(CREATES).calls if call.state == "ScaleUp")
    world.faults.before(number, lambda: world.machines.stop(operation, "Stopped", "somebody pressed the button"))
    world.run(operation)
    world.clock.drain(1200)
    yield from told(world, "EndedFromOutside")


@pytest.mark.parametrize("event_told", [True, False])
def test_an_execution_that_is_ended_from_outside_is_told_once_whoever_finds_out(event_told: bool) -> None:
    (line,) = ended_outside(event_told)

    assert (line["saga"], line["reason"], line["Hub"]) == (
        *("CreateServerGroup", "Stopped: somebody pressed the button"),
        "windlass",
    )


def test_an_attempt_that_fails_is_told_by_its_activity_and_its_error() -> None:
    world, operation = created()
    number = next(call.number for call in golden_of(CREATES).calls if call.name == "groups.create")
    world.faults.at(number, KINDS["throttle"])
    world.run(operation)

    lines = told(world, "FailedAttempts")
    assert {(one["Activity"], one["Error"], one["step"]) for one in lines} == {
        ("server_groups", "Throttled", "CreateEmptyGroup")
    }
    assert told(world, "Broken") == []


@pytest.mark.parametrize(
    ("status", "reason", "ours"),
    [
        (Status.SUCCEEDED, "", False),
        (Status.ROLLED_BACK, "RollBack: NotInTime: not within 600 s: 0 of 2 instances healthy", False),
        (Status.ROLLED_BACK, "Rejected: there is no image shop-9", False),
        (Status.ROLLED_BACK, "RollBack: rollback: arn:aws:iam::1:role/x: enough", False),
        (Status.ROLLED_BACK, "RollBack: Exhausted: Throttled: slow down", True),
        (Status.ROLLED_BACK, "RollBack: Exhausted: NoCapacity: no m5.large in us-east-1a", False),
        (Status.ROLLED_BACK, "RollBack: no retries are left: Exhausted: Broken: KeyError", True),
        (Status.ROLLED_BACK, "TIMED_OUT: the execution was ended from outside", True),
        (Status.ROLLED_BACK, "Exhausted: no attempt of ScaleUp reported an end within 2:00:00", True),
        (Status.NEEDS_ATTENTION, "Kept: NotInTime: not within 600 s", False),
        (Status.NEEDS_ATTENTION, "Abandoned: nobody decided: Exhausted: Broken: KeyError", True),
        (Status.NOT_STARTED, "Expired: operation x was not started in time", True),
        (Status.NOT_STARTED, "Rejected: operation y of the batch ended ROLLED_BACK", False),
    ],
)
def test_whose_fault_an_end_is_is_read_off_its_reason(status: Status, reason: str, ours: bool) -> None:
    assert outcomes.our_fault(row(), status, reason) is ours


def test_who_waited_for_another_s_guard_until_it_was_too_late_is_not_our_fault() -> None:
    waiting = changed(row(), step="Guard")

    assert not outcomes.our_fault(waiting, Status.NOT_STARTED, "Expired: operation x was not started in time")


@pytest.mark.parametrize(
    ("reason", "mark", "calls"),
    [
        ("Abandoned: nobody decided: Rejected: it is in use; group x is left", None, True),
        ("TIMED_OUT: the execution was ended from outside, after 5 recoveries", None, True),
        ("Abandoned: abandon: arn:aws:iam::1:role/x: I shall do it", None, False),
        ("Revoked: its guard was taken by force by x", Mark.REVOKED, False),
    ],
)
def test_a_person_is_called_for_what_nobody_has_decided_about(reason: str, mark: Mark | None, calls: bool) -> None:
    before = changed(row(), mark=mark)

    assert outcomes.calls_a_person(before, Status.NEEDS_ATTENTION, reason) is calls


def test_nobody_is_called_for_what_the_request_wanted_kept() -> None:
    assert not outcomes.calls_a_person(row(), Status.NEEDS_ATTENTION, "NotInTime: not within 600 s", kept=True)


def row() -> Control:
    return created()[0].control(created()[1])
