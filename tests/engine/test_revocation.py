"""Forced release at every moment: the thing is the heir's, and the revoked operation never acts on it again."""

import logging
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from lambdas.engine import guards, revocation, signals
from lambdas.engine.revocation import FORCED_RELEASE, TooSoon
from lambdas.engine.signals import NotNow
from lambdas.errors import NotFound, Rejected, Transient, WindlassError
from lambdas.requests import guard
from lambdas.rows import Guard, Mark, Status, guard_key, item_of, step_key
from lambdas.table import Put
from rehearsal.fake_cloud import differences
from rehearsal.faults import KINDS, Call, Killed, Model
from rehearsal.scenarios import ACCOUNT, DESTROYS, NEIGHBOUR, OURS, REGION, RESIZES, WHERE
from rehearsal.world import CALLER, World
from tests.engine.doubles import impatient, kept, refusing

THING = guard(ACCOUNT, REGION, NEIGHBOUR)
OWN_STATES = ("Plan", "Resize", "AllHealthy", "UndoResize", "NothingLeft")
"""Those of the owner, a resize; the heir, a resumption of processes, has others."""
REFUSED = (refusing("Resize", "groups.resize", Rejected),)
STUCK_UNDO = (*REFUSED, refusing("UndoResize", "groups.find", Rejected), refusing("UndoResize", "groups.resize"))
EXHAUSTED = (refusing("Resize", "groups.resize", Transient),)
Moment = Callable[[], tuple[World, str, str]]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def contested(*faults: Model, world: World | None = None) -> tuple[World, str, str]:
    """A resize that has a group, and another operation that waits for it."""
    world = world or RESIZES.world()
    world.faults.models.extend(faults)
    owner = world.submit(RESIZES.operation, RESIZES.request, key="owner")
    heir = world.submit("resumeAsgProcesses", {**WHERE, "serverGroupName": NEIGHBOUR, "processes": ["Launch"]}, key="h")
    return world, owner, heir


def waiting() -> tuple[World, str, str]:
    world, owner, heir = contested()
    world.run(owner, until=lambda: world.control(owner).step == "AllHealthy")
    return world, owner, heir


def held() -> tuple[World, str, str]:
    world, owner, heir = contested(*EXHAUSTED, world=impatient(RESIZES))
    world.run(owner, until=lambda: world.held(owner))
    world.faults.lift()
    return world, owner, heir


def between_attempts() -> tuple[World, str, str]:
    world, owner, heir = contested(*EXHAUSTED)
    world.run(owner, until=lambda: world.control(owner).attempt > 3 and not world.control(owner).live)
    world.faults.lift()
    return world, owner, heir


def held_undo() -> tuple[World, str, str]:
    world, owner, heir = contested(*STUCK_UNDO)
    world.run(owner, until=lambda: world.control(owner).step == "HoldUndo")
    world.faults.lift()
    return world, owner, heir


def nothing_left() -> tuple[World, str, str]:
    world, owner, heir = contested(*REFUSED)
    world.run(owner, until=lambda: world.control(owner).step == "NothingLeft")
    world.faults.lift()
    return world, owner, heir


def paused() -> tuple[World, str, str]:
    world, owner, heir = contested()
    world.signal(owner, "pause")
    world.run(owner, until=lambda: world.held(owner))
    return world, owner, heir


def dead() -> tuple[World, str, str]:
    """Its execution was ended from outside, and nobody knows yet."""
    world, owner, heir = waiting()
    world.machines.stop(owner)
    return world, owner, heir


def revoke(world: World, owner: str, key: str = THING) -> str:
    """`accepted`, or why not now."""
    try:
        revocation.revoke(world.hub, world.sagas, key, owner, CALLER, "it is stuck")
    except NotNow as refused:
        return str(refused)
    return "accepted"


MOMENTS = (waiting, held, between_attempts, held_undo, nothing_left, paused, dead)


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_revoked_operation_stops_and_calls_a_person_and_the_heir_goes_on(moment: Moment) -> None:
    world, owner, heir = moment()
    acted = acts_of_owner(world)

    assert revoke(world, owner) == "accepted"

    assert guards.read(world.plain, THING).owner == heir
    assert world.control(owner).mark is Mark.REVOKED
    assert [world.run(owner).end, world.run(heir).end] == ["NEEDS_ATTENTION", "SUCCEEDED"]
    assert (world.control(owner).error or "").startswith(f"Revoked: its guard was taken by force by {CALLER.principal}")
    assert acted == []
    world.clock.drain(1200)
    assert [*kept(world, owner), *kept(world, heir)] == []


def acts_of_owner(world: World) -> list[Call]:
    """What the owner changes in the cloud from now on."""
    acted: list[Call] = []
    world.faults.watch(lambda call: acted.append(call) if of_owner(call) else None)
    return acted


def of_owner(call: Call) -> bool:
    ours = ("table", "machines", "sweeper")
    return call.where in OWN_STATES and call.port not in ours and not call.reads


def test_the_journal_says_who_took_it_and_why() -> None:
    world, owner, _ = waiting()

    revoke(world, owner)

    told = world.table.peek(step_key(owner, FORCED_RELEASE))["did"]
    assert told == f"{THING} was taken by force by {CALLER.principal}: it is stuck"


def test_a_person_is_told_what_is_left() -> None:
    world, owner, _ = waiting()
    revoke(world, owner)

    world.run(owner)

    assert f"{NEIGHBOUR} has" in (world.control(owner).error or "") + str(world.table.peek(step_key(owner, "GiveUp")))


def test_one_that_has_not_begun_was_not_started() -> None:
    world = RESIZES.world()
    world.machines.start = lambda *given: None  # type: ignore[method-assign, assignment]
    world, owner, heir = contested(world=world)
    del world.machines.start

    assert revoke(world, owner) == "accepted"

    assert [world.run(owner).end, world.run(heir).end] == ["NOT_STARTED", "SUCCEEDED"]


@pytest.mark.parametrize("faults", [(), REFUSED, STUCK_UNDO], ids=["forward", "back", "stuck"])
def test_at_every_single_call_it_is_refused_or_the_owner_acts_no_more(faults: tuple[Model, ...]) -> None:
    answers = set()

    for number in range(1, calls_until_over(faults) + 1):
        force = Force()
        world = RESIZES.world()
        world.faults.before(number, lambda: force(world))  # noqa: B023  called within the round
        world, owner, heir = contested(*faults, world=world)
        world.run(owner, until=lambda: bool(force.answer) or world.held(owner))  # noqa: B023
        answers.add(force.answer.partition(" of ")[0])
        if force.answer != "accepted":
            continue

        assert world.run(heir).end == "SUCCEEDED", number
        assert world.run(owner).end in ("NEEDS_ATTENTION", "NOT_STARTED"), number
        assert [*kept(world, owner), *kept(world, heir)] == [], number
        assert force.acted == [], number

    assert {"accepted", "an attempt"} <= answers


class Force:
    """Takes the guard of the operation that was started first."""

    def __init__(self) -> None:
        self.answer = ""
        self.acted: list[Call] = []
        """What the owner changed in the cloud after that."""

    def __call__(self, world: World) -> None:
        if world.machines.executions:
            self.answer = revoke(world, next(iter(world.machines.executions)))
        if self.answer == "accepted":
            self.acted = acts_of_owner(world)


def calls_until_over(faults: tuple[Model, ...]) -> int:
    world, owner, _ = contested(*faults)
    world.run(owner, until=lambda: world.held(owner))
    return world.faults.calls


@pytest.mark.parametrize("moment", [waiting, held, held_undo])
def test_whoever_releases_may_die_at_any_call_and_it_was_done_or_never_asked(moment: Moment) -> None:
    for number in range(1, calls_of(moment) + 1):
        for kind in ("before", "after", "kill_before", "kill_after"):
            world, owner, heir = moment()
            world.faults.at(world.faults.calls + number, kind)
            with world.faults.invocation("api"), suppress(WindlassError, Killed):
                revoke(world, owner)
            done = guards.read(world.plain, THING).owner == heir

            assert done == (world.control(owner).mark is Mark.REVOKED), f"{kind} at call {number}"
            assert done == bool(world.table.peek(step_key(owner, FORCED_RELEASE))), f"{kind} at call {number}"
            if not done:
                assert revoke(world, owner) == "accepted"
            assert [world.run(owner).end, world.run(heir).end] == ["NEEDS_ATTENTION", "SUCCEEDED"]
            assert [*kept(world, owner), *kept(world, heir)] == [], f"{kind} at call {number}"


def calls_of(moment: Moment) -> int:
    world, owner, _ = moment()
    before = world.faults.calls
    with world.faults.invocation("api"):
        revoke(world, owner)
    return world.faults.calls - before


def test_while_an_attempt_may_be_alive_it_is_refused_with_the_moment_when_it_becomes_possible() -> None:
    world, owner, heir = contested()
    world.faults.models.append(killed_once("Resize", "groups.resize"))
    world.run(owner, until=lambda: bool(world.control(owner).live) and world.control(owner).step == "Resize")
    world.signal(owner, "pause")
    until = max((world.control(owner).live or {}).values())

    with pytest.raises(TooSoon, match="may be alive until") as refused:
        revocation.revoke(world.hub, world.sagas, THING, owner, CALLER, "stuck")
    assert refused.value.until == until
    world.clock.drain(until - world.clock.now - 0.5)
    assert "may be alive until" in revoke(world, owner)
    assert world.control(owner).mark is Mark.PAUSED
    world.clock.drain(0.5)

    assert revoke(world, owner) == "accepted"
    assert [world.run(owner).end, world.run(heir).end] == ["NEEDS_ATTENTION", "SUCCEEDED"]


def killed_once(where: str, name: str) -> Model:
    return lambda call: KINDS["kill_before"] if (call.where, call.name) == (where, name) else None


def test_twice_is_once_and_never_takes_it_from_the_heir() -> None:
    world, owner, heir = waiting()
    revoke(world, owner)
    stands, journal = guards.read(world.plain, THING), world.table.peek(step_key(owner, FORCED_RELEASE))

    assert revoke(world, owner) == "accepted"
    world.run(owner)
    assert revoke(world, owner) == "accepted"

    assert (stands.owner, world.table.peek(step_key(owner, FORCED_RELEASE))) == (heir, journal)
    assert world.run(heir).end == "SUCCEEDED"


def test_what_the_operation_does_not_have_cannot_be_taken_from_it() -> None:
    world, owner, heir = waiting()

    assert revoke(world, heir) == f"operation {heir} does not have {THING}: operation {owner} has it"
    assert revoke(world, owner, "prod/us-east-1/serverGroup/nobody-s").endswith("it is free")
    with pytest.raises(NotFound):
        revoke(world, "nope")
    assert [world.run(owner).end, world.run(heir).end] == ["SUCCEEDED", "SUCCEEDED"]


def test_an_owner_that_is_over_has_no_guard_any_more() -> None:
    world, owner, heir = waiting()
    world.run(owner)

    assert revoke(world, owner) == f"operation {owner} is over: SUCCEEDED; it has no guard any more"
    assert (world.run(owner).end, world.run(heir).end) == ("SUCCEEDED", "SUCCEEDED")


def test_a_guard_that_its_owner_kept_beyond_its_end_can_still_be_taken() -> None:
    world, owner, _ = waiting()
    world.run(owner)
    world.clock.drain(600)
    stands = guards.read(world.plain, THING)
    world.table.write(Put(guard_key(THING), item_of(Guard(THING, stands.version + 1, owner))))

    assert revoke(world, owner) == "accepted"
    assert guards.read(world.plain, THING).owner is None
    assert (world.control(owner).status, world.control(owner).mark) == (Status.SUCCEEDED, None)


def test_what_nobody_waits_for_is_free_afterwards_and_the_cloud_stays_as_it_was_left() -> None:
    world = RESIZES.world()
    owner = world.submit(RESIZES.operation, RESIZES.request)
    world.run(owner, until=lambda: world.control(owner).step == "AllHealthy")
    left = world.cloud.snapshot()

    revoke(world, owner)
    world.run(owner)

    assert guards.read(world.plain, THING).owner is None
    assert differences(left, world.cloud.snapshot()) == []


@pytest.mark.parametrize("decision", ["retry", "rollback", "abandon"])
def test_a_revoked_operation_is_not_decided_any_more(decision: str) -> None:
    world, owner, _ = held()
    revoke(world, owner)

    told = world.signal(owner, "decide", decision)

    assert told.endswith(("it stops by itself", "is over: NEEDS_ATTENTION"))


def test_a_way_back_decided_at_the_same_moment_does_not_take_a_revocation_back() -> None:
    calls = calls_of_a_rollback()

    for number in range(1, calls + 1):
        world, owner, key = held_before_its_pivot()
        world.faults.before(world.faults.calls + number, lambda: revoke(world, owner, key))  # noqa: B023  within the round
        with world.faults.invocation("api"), suppress(NotNow):
            signals.decide(world.hub, world.sagas, owner, "rollback", CALLER)

        if world.control(owner).mark is Mark.REVOKED:
            assert world.run(owner).end == "NEEDS_ATTENTION", f"call {number}"
        assert world.control(owner).mark is not Mark.CANCELLED or guards.read(world.plain, key).owner == owner


def held_before_its_pivot() -> tuple[World, str, str]:
    world = impatient(DESTROYS)
    world.faults.models.append(refusing("SuspendProcesses", "groups.suspend", Transient))
    owner = world.submit(DESTROYS.operation, DESTROYS.request)
    world.run(owner, until=lambda: world.held(owner))
    world.faults.lift()
    return world, owner, guard(ACCOUNT, REGION, OURS)


def calls_of_a_rollback() -> int:
    world, owner, _ = held_before_its_pivot()
    before = world.faults.calls
    with world.faults.invocation("api"):
        signals.decide(world.hub, world.sagas, owner, "rollback", CALLER)
    return world.faults.calls - before


def test_one_whose_finish_was_lost_is_revoked_all_the_same() -> None:
    world, owner, heir = waiting()
    world.faults.models.append(lambda call: KINDS["before"] if call.where == "Finish" else None)
    world.run(owner, until=lambda: "Succeeded" in world.result(owner).path)
    world.faults.lift()

    assert revoke(world, owner) == "accepted"

    assert [world.run(owner).end, world.run(heir).end] == ["NEEDS_ATTENTION", "SUCCEEDED"]
    assert "a person is needed: Revoked: " in str(world.table.peek(step_key(owner, "PutBack"))["did"])
