"""Preemption at every moment of the holder: it is put back, whoever preempts comes next, and all can read why."""

import logging
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from lambdas.engine import acts, guards, intake, locks, signals
from lambdas.engine.intake import Caller
from lambdas.engine.preemption import PREEMPTED, PREEMPTS, CannotPreempt
from lambdas.errors import Rejected, Transient, WindlassError
from lambdas.hub import Json
from lambdas.requests import guard
from lambdas.rows import Guard, Mark, Status, control_key, guard_key, item_of, step_key
from lambdas.table import Put, Update
from rehearsal.fake_cloud import differences
from rehearsal.faults import KINDS, Killed, Model
from rehearsal.scenarios import ACCOUNT, CREATES, DESTROYS, NEIGHBOUR, OURS, REGION, RESIZES, WHERE
from rehearsal.world import CALLER, TERMS, World
from tests.engine.doubles import impatient, kept, refusing

ONCALL = Caller("role/console", "alice")
THING = guard(ACCOUNT, REGION, NEIGHBOUR)
DISABLE: Json = {**WHERE, "serverGroupName": NEIGHBOUR, "preempt": True, "preemptReason": "it serves errors"}
RESUME: Json = {**WHERE, "serverGroupName": NEIGHBOUR, "processes": ["Launch"]}


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def resizing(world: World, step: str = "AllHealthy") -> str:
    """An operation that has the group, as it has come to that state."""
    holder = world.submit(RESIZES.operation, RESIZES.request, key="holder")
    world.run(holder, until=lambda: world.control(holder).step == step)
    return holder


def waiting() -> tuple[World, str]:
    world = RESIZES.world()
    return world, resizing(world)


def not_begun() -> tuple[World, str]:
    world = RESIZES.world()
    return world, world.submit(RESIZES.operation, RESIZES.request, key="holder")


def held() -> tuple[World, str]:
    world = impatient(RESIZES)
    world.faults.models.append(refusing("Resize", "groups.resize", Transient))
    holder = resizing(world, "Hold")
    world.faults.lift()
    return world, holder


def between_attempts() -> tuple[World, str]:
    world = RESIZES.world()
    world.faults.models.append(refusing("Resize", "groups.resize", Transient))
    holder = world.submit(RESIZES.operation, RESIZES.request, key="holder")
    world.run(holder, until=lambda: world.control(holder).attempt > 3 and not world.control(holder).live)
    world.faults.lift()
    return world, holder


def paused() -> tuple[World, str]:
    world = RESIZES.world()
    holder = world.submit(RESIZES.operation, RESIZES.request, key="holder")
    world.signal(holder, "pause")
    world.run(holder, until=lambda: world.held(holder))
    return world, holder


def being_put_back() -> tuple[World, str]:
    world = RESIZES.world()
    world.faults.models.append(refusing("Resize", "groups.resize", Rejected))
    holder = resizing(world, "NothingLeft")
    world.faults.lift()
    return world, holder


def dead() -> tuple[World, str]:
    """Its execution was ended from outside, and nobody knows yet."""
    world, holder = waiting()
    world.machines.stop(holder)
    return world, holder


MOMENTS = (waiting, not_begun, held, between_attempts, paused, being_put_back, dead)


def preempt(world: World, request: Json = DISABLE, *, key: str = "urgent") -> str:
    """Submit once; a refusal is raised."""
    saga = next(one for one in world.sagas.values() if one.operation == "disableServerGroup")
    submission = intake.Submission(saga, saga.request_type.model_validate(request))
    urgent = intake.accept(world.plain, [submission], caller=ONCALL, terms=TERMS, key=key).id
    signals.wake_holders(world.plain, world.sagas, urgent)
    return urgent


@pytest.mark.parametrize("moment", MOMENTS)
def test_the_holder_is_put_back_and_whoever_preempts_comes_next(moment: Callable[[], tuple[World, str]]) -> None:
    world, holder = moment()
    queued = world.submit("resumeAsgProcesses", RESUME, key="queued")

    urgent = preempt(world)

    assert guards.read(world.plain, THING).queue == (urgent, queued)
    world.run(holder)
    assert guards.read(world.plain, THING).last == urgent
    assert world.control(holder).status in (Status.ROLLED_BACK, Status.NOT_STARTED)
    assert [world.run(one).end for one in (urgent, queued)] == ["SUCCEEDED", "SUCCEEDED"]
    world.clock.drain(1200)
    assert [line for one in (holder, urgent, queued) for line in kept(world, one)] == []


@pytest.mark.parametrize("moment", MOMENTS)
def test_the_cloud_is_as_if_the_holder_had_never_been(moment: Callable[[], tuple[World, str]]) -> None:
    alone = RESIZES.world()
    alone.run(alone.submit("disableServerGroup", {**WHERE, "serverGroupName": NEIGHBOUR}))
    world, holder = moment()

    urgent = preempt(world)
    world.run(holder)
    world.run(urgent)

    for one in (alone, world):
        one.clock.drain(2400)
    assert list(differences(alone.cloud.snapshot(), world.cloud.snapshot())) == []


def test_everybody_reads_who_preempted_whom_and_why() -> None:
    world, holder = waiting()

    urgent = preempt(world)

    assert world.table.peek(step_key(holder, PREEMPTED))["did"] == (
        f"preempted by operation {urgent} (disableServerGroup) of alice via role/console: it serves errors"
    )
    assert world.table.peek(step_key(urgent, PREEMPTS))["did"] == f"preempts operation {holder}: it serves errors"
    (act,) = acts.read(world.plain, guard_key(THING).pk)
    parties = f"operation {holder} (resizeServerGroup) by operation {urgent} (disableServerGroup)"
    assert (act.by, act.did) == ("alice via role/console", f"preempted {parties}: it serves errors")
    world.run(holder)
    error = world.control(holder).error or ""
    assert error.startswith(f"Cancelled: cancelled by alice via role/console: preempted by operation {urgent}: it")


def test_twice_is_once() -> None:
    world, _ = waiting()

    urgent = [preempt(world) for _ in range(2)]

    assert urgent[0] == urgent[1]
    assert guards.read(world.plain, THING).queue == (urgent[0],)
    assert len(acts.read(world.plain, guard_key(THING).pk)) == 1


def test_what_nobody_has_is_just_taken() -> None:
    world = RESIZES.world()

    urgent = preempt(world)

    assert guards.read(world.plain, THING).owner == urgent
    assert dict(world.table.peek(step_key(urgent, PREEMPTS))) == {}
    assert world.run(urgent).end == "SUCCEEDED"


def test_of_two_who_preempt_the_last_comes_first() -> None:
    world, holder = waiting()

    first, second = preempt(world, key="first"), preempt(world, key="second")

    assert guards.read(world.plain, THING).queue == (second, first)
    assert [world.run(one).end for one in (holder, second, first)] == ["ROLLED_BACK", "SUCCEEDED", "SUCCEEDED"]


def refused(world: World) -> str:
    before = world.table.rows()
    with pytest.raises(CannotPreempt) as told:
        preempt(world)
    assert world.table.rows() == before
    return str(told.value)


def test_past_its_pivot_the_holder_finishes() -> None:
    world = DESTROYS.world()
    holder = world.submit(DESTROYS.operation, DESTROYS.request, key="holder")
    world.run(holder, until=lambda: world.control(holder).pivoted)
    before = world.table.rows()

    with pytest.raises(CannotPreempt) as told:
        preempt(world, {**DISABLE, "serverGroupName": OURS})

    thing = guard(ACCOUNT, REGION, OURS)
    assert str(told.value) == (
        f"operation {holder}, which has {thing}, is past the point of no return; it will finish: wait for it"
    )
    assert world.table.rows() == before
    assert world.run(holder).end == "SUCCEEDED"


def test_another_application_s_operation_is_left_alone() -> None:
    world, holder = waiting()
    world.table.write(Update(control_key(holder), {"application": "mail"}))

    assert refused(world) == (
        f"{THING} is guarded by operation {holder} of application mail, not of shop: its owners can cancel it, or it "
        "can be taken by force"
    )


@pytest.mark.parametrize("owned", [False, True])
def test_a_person_is_not_preempted(owned: bool) -> None:
    world = RESIZES.world()
    if owned:
        resizing(world)
    locks.lock(world.plain, THING, ONCALL, "peak hour")

    assert refused(world).endswith("peak hour; no operation preempts a person: have the lock taken off")


def test_a_holder_without_a_record_is_taken_by_force_only() -> None:
    world = RESIZES.world()
    world.table.write(Put(guard_key(THING), item_of(Guard(THING, 1, owner="gone"))))

    assert refused(world) == "operation gone has it and has no record; take it by force"


def test_an_operation_of_a_batch_preempts_nobody() -> None:
    world, _ = waiting()
    saga = next(one for one in world.sagas.values() if one.operation == "disableServerGroup")
    submission = intake.Submission(saga, saga.request_type.model_validate(DISABLE))

    with pytest.raises(CannotPreempt, match="send it alone"):
        intake.accept(world.plain, [submission, submission], caller=ONCALL, terms=TERMS)


@pytest.mark.parametrize("kind", ["before", "after", "kill_before", "kill_after"])
def test_intake_may_die_at_any_call_and_there_is_no_preemption_without_a_preemptor(kind: str) -> None:
    number = 1
    while True:
        world, holder = waiting()
        world.faults.at(world.faults.calls + number, KINDS[kind])
        with world.faults.invocation("intake"), suppress(WindlassError, Killed):
            accept(world)
        if not world.faults.struck:
            break
        accepted = any(row["sk"] == "control" and row["pk"] != f"op#{holder}" for row in world.table.rows())
        assert (world.control(holder).mark is Mark.CANCELLED) == accepted, f"call {number}"
        urgent = accept(world)
        assert guards.read(world.plain, THING).queue == (urgent,), f"call {number}"
        assert [world.run(one).end for one in (holder, urgent)] == ["ROLLED_BACK", "SUCCEEDED"], f"call {number}"
        number += 1
    assert number > 6


def accept(world: World) -> str:
    saga = next(one for one in world.sagas.values() if one.operation == "disableServerGroup")
    submission = intake.Submission(saga, saga.request_type.model_validate(DISABLE))
    return intake.accept(world.hub, [submission], caller=CALLER, terms=TERMS, key="urgent").id


def test_a_holder_that_nobody_wakes_is_found_by_the_sweep() -> None:
    world, holder = waiting()

    urgent = accept(world)
    assert world.executions(holder)[0].path[-1] == "AllHealthy"
    world.clock.drain(60)

    assert world.executions(holder)[0].path[-1] == "UndoResize"
    assert world.run(urgent).end == "SUCCEEDED"


@pytest.mark.parametrize(
    ("stuck_in", "fault"),
    [
        ("CreateEmptyGroup", refusing("CreateEmptyGroup", "groups.create", Transient)),
        ("Hold", refusing("CreateEmptyGroup", "groups.create", Transient)),
        ("InstancesHealthy", refusing("sweep", "groups.found", Transient)),
    ],
)
def test_disable_of_a_sibling_begins_within_five_seconds_while_a_create_is_stuck(stuck_in: str, fault: Model) -> None:
    world = impatient(CREATES)
    stuck = world.submit(CREATES.operation, CREATES.request, key="stuck")
    world.faults.models.append(fault)
    world.run(stuck, until=lambda: world.control(stuck).step == stuck_in)
    world.clock.drain(600)
    assert world.control(stuck).status is Status.RUNNING

    disable = world.submit("disableServerGroup", {**WHERE, "serverGroupName": NEIGHBOUR}, key="sibling")
    world.clock.drain(5)

    row = world.control(disable)
    assert row.started is not None
    assert row.started - row.accepted < 5
    world.faults.lift()
    assert world.run(disable).end == "SUCCEEDED"
