"""One operation on one cloud, run once with its faults and signals; and the run in which nothing goes wrong."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from lambdas.engine import intake, signals
from lambdas.engine.holds import PARK
from lambdas.engine.tasks import AnySaga
from lambdas.errors import NotInTime, Paused, Transient, WindlassError
from lambdas.hub import Json
from lambdas.rows import Mark, Status, control_key, open_key
from rehearsal.conduct import Conduct, Invariant, one_group, under_test
from rehearsal.fake_cloud import Manners, Snapshot
from rehearsal.faults import KINDS, Call, Effect, Faults, Killed, Kind
from rehearsal.world import CALLER, TERMS, NeverEnds, World

QUIESCENCE = 1200.0
"""Seconds after the end in which all that is late has landed and the late look has looked."""

BRISK = Manners(boot=3, health=3, drain=4, shutdown=2, deletion=8, relaunch=5, hook=1)
"""Quick enough that a golden run has few looks at the same thing: each look is several calls to sweep."""

PAUSE = 4000.0
"""Seconds after which a paused operation is resumed, or cancelled."""

MINUTE_LATE, MINUTES_LATE = 120.0, 600.0
"""Seconds: about when the way back begins, since the cloud settles for 90; well before the late look after 900."""

OUTAGE = 600.0
"""Seconds for which a whole service fails."""

UNDECIDED = 22 * 3600.0
"""Seconds of the day within which somebody has to decide, and nobody does: minute after minute nothing happens."""

MOST_HOLDS = 3
"""So often a person decides; then it is held for ever."""


def twice(faults: Faults, call: Call, effect: Effect) -> Any:
    """The SDK asks again because the first answer was lost: it happens twice, and the second answer counts."""
    with suppress(WindlassError):
        effect()
    return effect()


def outage(faults: Faults, call: Call, effect: Effect) -> Any:
    """The whole service fails for ten minutes."""
    until = faults.clock.now + OUTAGE
    before = KINDS["before"]
    faults.models.append(lambda other: before if other.port == call.port and faults.clock.now < until else None)
    return before(faults, call, effect)


def minute_late(faults: Faults, call: Call, effect: Effect) -> Any:
    """An error now; it happens about when the way back begins: reads a minute old do not show it to the undo."""
    faults.lands_later(effect, MINUTE_LATE)
    raise Transient(f"rehearsed: {call} takes effect a minute later")


def minutes_late(faults: Faults, call: Call, effect: Effect) -> Any:
    """An error now; it happens ten minutes later, when everything has been put back and found clean."""
    faults.lands_later(effect, MINUTES_LATE)
    raise Transient(f"rehearsed: {call} takes effect minutes later")


LIFTED: dict[str, Kind] = {
    **KINDS,
    "twice": twice,
    "outage": outage,
    "minute_late": minute_late,
    "minutes_late": minutes_late,
}
FOR_GOOD = "reject_for_good"
"""As `reject`, but nobody lifts it and nobody decides."""
LANDS = {"minute_late": MINUTE_LATE, "minutes_late": MINUTES_LATE}
"""After how many seconds what is late lands, where that can be after an undo."""
FAULTS: dict[str, Kind] = {**LIFTED, FOR_GOOD: KINDS["reject"]}
"""How a call goes wrong, by name."""

CANCEL, PAUSED, PAUSE_CANCEL, ABORT = "cancel", "pause", "pause_cancel", "abort"
SIGNALS = (CANCEL, PAUSED, PAUSE_CANCEL, ABORT)
"""What is sent just before a call: a cancel; a pause, and later a resume, or a cancel first; a stop from outside."""


@dataclass(frozen=True)
class Fault:
    """One call of a run, and how it goes wrong, or what is sent just before it."""

    number: int
    kind: str

    def __str__(self) -> str:
        return f"{self.number}:{self.kind}"

    @classmethod
    def parse(cls, text: str) -> "Fault":
        """The inverse of `str`. Raises ValueError."""
        number, _, kind = text.partition(":")
        if not (number.isascii() and number.isdecimal() and int(number)) or kind not in (*FAULTS, *SIGNALS):
            raise ValueError(f"{text!r} is no fault; write NUMBER:KIND with one of {', '.join((*FAULTS, *SIGNALS))}")
        return cls(int(number), kind)


Trial = tuple[Fault, ...]


@dataclass(frozen=True)
class Occupied:
    """Another operation that was paused in its middle before the one under test is posted."""

    operation: str
    request: Json
    step: str
    """The last that it began."""


@dataclass(frozen=True)
class Scenario:
    """One operation on one cloud."""

    name: str
    operation: str
    request: Json
    prepare: Callable[[World], object]
    """Makes the cloud as it is before."""
    sagas: tuple[AnySaga, ...] | None = None
    """None: all that are registered."""
    manners: Manners = BRISK
    invariants: tuple[Invariant, ...] = ()
    finish_within: timedelta = TERMS.finish_within
    hurried: bool = False
    """Its deadline is shorter than what a fault may take: rolling back is right too, acting late is not."""
    quiescence: float = QUIESCENCE
    ends: Status = Status.SUCCEEDED
    """How the run in which nothing goes wrong ends."""
    cure: Callable[[World], object] | None = None
    """What a person does who is asked, before he decides to retry; he is asked in the run without faults too."""
    decider: intake.Caller = CALLER
    """Who is asked: where nobody else will do, somebody else."""
    makes: Callable[..., World] = World
    occupied: Occupied | None = None

    def world(self, *, recorded: bool = False) -> World:
        world = self.makes(self.sagas, manners=self.manners, recorded=recorded)
        self.prepare(world)
        world.clock.drain(self.manners.lag)  # what was there before can be seen
        return world

    def occupy(self, world: World) -> tuple[str, ...]:
        """The operations that are at work before: their ids."""
        if (by := self.occupied) is None:
            return ()
        operation = world.submit(by.operation, by.request, key="occupying")
        world.faults.watch(lambda call: world.signal(operation, "pause") if call.where == by.step else None)
        world.run(operation, until=lambda: world.held(operation))
        return (operation,)

    def saga(self, world: World) -> AnySaga:
        return next(one for one in world.sagas.values() if one.operation == self.operation)

    @property
    def terms(self) -> intake.Terms:
        return intake.Terms(TERMS.door, None, self.finish_within)


@dataclass(frozen=True)
class Golden:
    """The run in which nothing goes wrong: what the others are measured by."""

    before: Snapshot
    done: Snapshot
    """As it said that it is done."""
    after: Snapshot
    calls: tuple[Call, ...]
    path: tuple[str, ...]
    pivot: int | None
    """Position of the pivot among the states of the saga."""
    order: tuple[str, ...]
    """Names of the saga's steps and waits."""
    waits: tuple[str, ...]
    accepted: int
    """Number of the call that writes the operation's row."""
    end: Status = Status.SUCCEEDED
    helds: int = 0
    """How often a person is asked."""
    late: str = "ROLL_BACK"
    """What the request wants done when a wait's time is over."""

    def call(self, number: int) -> Call:
        """The call of that number; the first of a run need not be the first."""
        return self.calls[number - self.calls[0].number]

    def of(self, call: Call) -> str:
        """The state that the call belongs to: its own, or the one a sweep looks after."""
        return call.where if call.where in (*self.order, "Plan") else call.state

    def can_be_put_back(self, state: str) -> bool:
        return self.pivot is None or state not in self.order or self.order.index(state) < self.pivot


@dataclass
class Run:
    """One run with its faults, and how it ended."""

    world: World
    operation: str
    before: Snapshot
    at_end: Snapshot
    helds: int
    trial: Trial
    calls: tuple[Call, ...]
    answers: dict[str, str] = field(default_factory=dict)
    """What the caller heard of each signal: `accepted`, or why not."""
    pivoted: bool = False
    """When the execution was aborted."""
    broken: list[str] = field(default_factory=list)
    """Invariants that did not hold."""
    others: tuple[str, ...] = ()
    """Operations that were at work before."""

    @property
    def parties(self) -> tuple[str, ...]:
        return (self.operation, *self.others)

    @property
    def cancelled(self) -> bool:
        """Accepted, or durable although nobody heard of it."""
        marked = self.world.control(self.operation).mark is Mark.CANCELLED
        return marked or self.answers.get(CANCEL) == "accepted"


def golden_of(scenario: Scenario) -> Golden:
    """Run once without faults. Raises AssertionError where even that does not succeed."""
    one = run(scenario, ())
    result = one.world.result(one.operation)
    if result.control.status is not scenario.ends:
        raise AssertionError(f"{scenario.name} without faults: {result.end}, {result.control.error}, {result.path}")
    saga = scenario.saga(one.world)
    return Golden(
        one.before,
        one.at_end,
        one.world.cloud.snapshot(),
        one.calls,
        tuple(result.path),
        next((n for n, step in enumerate(saga.steps) if getattr(step, "pivot", False)), None),
        tuple(step.name for step in saga.steps),
        tuple(wait.name for wait in saga.waits),
        next((call.number for call in one.calls if call.name == "table.write"), 0),
        scenario.ends,
        one.helds,
        scenario.request.get("onUnhealthy", "ROLL_BACK"),
    )


def run(
    scenario: Scenario,
    trial: Sequence[Fault],
    *,
    recorded: bool = False,
    began: Callable[[World], object] = lambda world: None,
) -> Run:
    """One run. What holds is let go on when the fault is lifted: a person decides to retry.

    Whoever wants to look on is told of the world when it has `began`.
    """
    world = scenario.world(recorded=recorded)
    before = world.cloud.snapshot()
    others = scenario.occupy(world)
    began(world)
    trace = world.faults.trace = list[Call]()
    one = Run(world, "", before, {}, 0, tuple(trial), (), others=others)
    _watch(scenario, one)
    for fault in trial:
        if fault.kind in SIGNALS:
            world.faults.before(fault.number, lambda kind=fault.kind: _send(one, kind))  # type: ignore[misc]
        else:
            world.faults.at(fault.number, FAULTS[fault.kind])
    one.operation = world.submit(scenario.operation, scenario.request, terms=scenario.terms)
    _to_its_end(scenario, one)
    one.at_end, one.calls = world.cloud.snapshot(), tuple(trace)
    world.clock.drain(scenario.quiescence)
    if not all(map(world.over, one.parties)):
        _to_its_end(scenario, one)
        world.clock.drain(scenario.quiescence)
    if any(fault.kind in SIGNALS or len(trial) > 1 for fault in trial):
        one.calls = (*one.calls, *(call for call in trace[len(one.calls) :] if _matters(call)))
    return one


def _matters(call: Call) -> bool:
    """After the end the sweep looks each minute; only its look at what it finds is of interest."""
    return call.where != "sweep" or call.name not in ("table.get", "table.due", "table.write")


def _to_its_end(scenario: Scenario, one: Run) -> None:
    """That of all who are at work; what holds is decided by a person."""
    for operation in one.parties:
        _one_to_its_end(scenario, one, operation)


def _one_to_its_end(scenario: Scenario, one: Run, operation: str) -> None:
    world = one.world

    def held() -> list[str]:
        return [party for party in one.parties if _held(world, party)]

    world.run(operation, until=lambda: bool(held()))
    if any(fault.kind == FOR_GOOD for fault in one.trial) and not world.over(operation):
        world.fall_silent(UNDECIDED)
        world.run(operation)
    while not world.over(operation) and one.helds < MOST_HOLDS:
        one.helds += 1
        if world.faults.struck:  # what has not come about yet is not what he is asked about
            world.faults.lift()
        if scenario.cure is not None:
            scenario.cure(world)
        for party in held():
            world.signal(party, "decide", "retry", by=scenario.decider)
        world.run(operation, until=lambda: bool(held()))
    if not world.over(operation):
        raise NeverEnds(f"held again and again in {world.result(operation).path}")


def _held(world: World, operation: str) -> bool:
    """Whether a person is asked: not who paused it, nor where the request has said what then."""
    hold, undo = (world.table.peek(open_key(operation, state)) for state in ("Hold", "HoldUndo"))
    goes_back = hold.get("late") != PARK and not world.table.peek(control_key(operation)).get("pivoted")
    return _asks(undo) or (_asks(hold) and not (goes_back and _because(hold, NotInTime)))


def _asks(hold: Mapping[str, Any]) -> bool:
    return bool(hold) and "decision" not in hold and not _because(hold, Paused)


def _because(hold: Mapping[str, Any], error: type[WindlassError]) -> bool:
    return str(hold.get("reason")).startswith(error.__name__)


def _watch(scenario: Scenario, one: Run) -> None:
    world = one.world
    conduct = Conduct(world, scenario.saga(world), one.others)

    def look() -> None:
        for invariant in (one_group, *scenario.invariants):
            if broken := invariant(world):
                one.broken.append(broken)

    world.cloud.watch(look)
    world.faults.watch(lambda call: one.broken.extend(conduct.wrong(call)))


def _send(one: Run, kind: str, tries: int = 400) -> None:
    """Send the signal as a caller does: again, until it is answered."""
    operation = one.operation or under_test(one.world, one.others)
    row = one.world.table.peek(control_key(operation))
    if not row:
        one.answers[kind] = "there is no such operation yet"
    elif kind == ABORT:
        one.pivoted = bool(row.get("pivoted"))
        one.answers[kind] = "over" if Status(row["status"]).over else "accepted"
        one.world.machines.stop(operation, "Stopped", "somebody pressed the button")
    else:
        _post(one, operation, kind, tries)


def _post(one: Run, operation: str, kind: str, tries: int) -> None:
    world = one.world
    try:
        with world.faults.invocation("api"):
            _SENT[kind](world.hub, world.sagas, operation, CALLER, "rehearsed")
    except signals.NotNow as refused:
        one.answers[kind] = str(refused)
    except (Killed, WindlassError, KeyError):
        if tries:
            world.clock.at(2, lambda: _send(one, kind, tries - 1))
    else:
        one.answers[kind] = "accepted"
        if kind == PAUSED:
            world.clock.at(PAUSE, lambda: world.signal(operation, "resume"))
        if kind == PAUSE_CANCEL:
            world.clock.at(PAUSE, lambda: _send(one, CANCEL))
            world.clock.at(2 * PAUSE, lambda: world.signal(operation, "resume"))


_SENT = {CANCEL: signals.cancel, PAUSED: signals.pause, PAUSE_CANCEL: signals.pause}
