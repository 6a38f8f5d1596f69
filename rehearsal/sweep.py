"""The fault sweep: every call that an operation makes goes wrong in every way, one run for each, and each is judged.

A run is judged by the end expected of its fault, by the cloud at that end and again after everything late has landed,
by what is left in the table, and by invariants after every call.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from lambdas.engine.tasks import AnySaga
from lambdas.hub import Json
from lambdas.rows import Status
from rehearsal.fake_cloud import Manners, Snapshot, differences
from rehearsal.faults import LASTING, Call
from rehearsal.world import NeverEnds, Result, World

CLOUD = ("groups", "launch_templates", "images", "network", "load_balancers", "scaling")
"""Ports whose refusal is AWS's word on the operation; the hub's own table and machines fail, they do not refuse."""

REFUSALS = ("reject", "reject_once")

QUIESCENCE = 1200.0
"""Seconds after the end in which all that is late has landed and the late look has looked."""

BRISK = Manners(boot=3, health=3, shutdown=2, deletion=8, relaunch=5, hook=1)
"""Quick enough that a golden run has few looks at the same thing: each look is several calls to sweep."""

ENDS = {
    Status.SUCCEEDED: ("Succeeded",),
    Status.ROLLED_BACK: ("RolledBack",),
    Status.NOT_STARTED: ("RolledBack",),
    Status.NEEDS_ATTENTION: ("NeedsAttention",),
}
"""In which state the machine of an operation so closed may end."""

Invariant = Callable[[World], str | None]
"""What must never be so, in words; None while all is well."""


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

    def world(self) -> World:
        world = World(self.sagas, manners=self.manners, recorded=False)
        self.prepare(world)
        world.clock.drain(self.manners.lag)  # what was there before can be seen
        return world

    def saga(self, world: World) -> AnySaga:
        return next(one for one in world.sagas.values() if one.operation == self.operation)


@dataclass(frozen=True)
class Fault:
    """One call of a run, and how it goes wrong."""

    number: int
    kind: str


@dataclass(frozen=True)
class Golden:
    """The run in which nothing goes wrong: what the others are measured by."""

    before: Snapshot
    after: Snapshot
    calls: tuple[Call, ...]
    path: tuple[str, ...]
    pivot: int | None
    """Position of the pivot among the states of the saga."""
    order: tuple[str, ...]
    """Names of the saga's steps and waits."""
    waits: tuple[str, ...]

    def of(self, call: Call) -> str:
        """The state that the call belongs to: its own, or the one a sweep looks after."""
        return call.where if call.where in (*self.order, "Plan") else call.state

    def can_be_put_back(self, state: str) -> bool:
        return self.pivot is None or state not in self.order or self.order.index(state) < self.pivot


@dataclass
class Run:
    """One run with its faults, and how it ended."""

    world: World
    before: Snapshot
    result: Result
    at_end: Snapshot
    helds: int
    broken: list[str]
    """Invariants that did not hold."""


@dataclass(frozen=True)
class Survivor:
    """A fault that Windlass did not master."""

    scenario: str
    faults: tuple[Fault, ...]
    where: str
    problems: tuple[str, ...]
    path: tuple[str, ...]

    def __str__(self) -> str:
        kinds = ", ".join(f"{fault.kind} at {fault.number}" for fault in self.faults)
        return f"{self.scenario}: {kinds} ({self.where}): {'; '.join(self.problems)}; {' '.join(self.path)}"


@dataclass
class Report:
    """What a sweep of one scenario found."""

    scenario: str
    calls: int = 0
    tried: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    survivors: list[Survivor] = field(default_factory=list)

    def __str__(self) -> str:
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(self.tried.items()))
        return f"{self.scenario}: {self.calls} calls; {kinds}; {len(self.survivors)} survivors"


def sweep(scenario: Scenario, kinds: Iterable[str], chosen: Callable[[Call], bool] = lambda call: True) -> Report:
    """Every chosen call, every kind that makes sense for it, one run each."""
    golden = golden_of(scenario)
    report = Report(scenario.name, len(golden.calls))
    for call in filter(chosen, golden.calls):
        for kind in kinds:
            if kind in (*REFUSALS, *LASTING) and not of_the_cloud(call):
                continue
            fault = Fault(call.number, kind)
            end, problems, path = judged(scenario, golden, call, fault)
            report.tried[kind] += 1
            report.ends[end] += 1
            if problems:
                report.survivors.append(Survivor(scenario.name, (fault,), str(call), problems, path))
    return report


def of_the_cloud(call: Call) -> bool:
    return call.port in CLOUD


def changes_or_asks(call: Call) -> bool:
    """All but reads of the table: to die around one of those is to die around its neighbours."""
    return call.name not in ("table.get", "table.of", "table.due", "table.listed")


def golden_of(scenario: Scenario) -> Golden:
    """Run once without faults. Raises AssertionError where even that does not succeed."""
    world = scenario.world()
    before, trace = world.cloud.snapshot(), list[Call]()
    world.faults.trace = trace
    operation = world.submit(scenario.operation, scenario.request)
    result = world.run(operation)
    calls = tuple(trace)
    world.clock.drain(QUIESCENCE)
    if result.control.status is not Status.SUCCEEDED:
        raise AssertionError(f"{scenario.name} without faults: {result.end}, {result.control.error}, {result.path}")
    saga = scenario.saga(world)
    order = tuple(one.name for one in saga.steps)
    waits = tuple(one.name for one in saga.waits)
    pivot = next((n for n, one in enumerate(saga.steps) if getattr(one, "pivot", False)), None)
    return Golden(before, world.cloud.snapshot(), calls, tuple(result.path), pivot, order, waits)


def run(scenario: Scenario, faults: Sequence[Fault]) -> Run:
    """One run. What holds is let go on when the fault is lifted: a person decides to retry."""
    world = scenario.world()
    before = world.cloud.snapshot()
    broken = _watched(scenario, world)
    for fault in faults:
        world.faults.at(fault.number, fault.kind)
    operation = world.submit(scenario.operation, scenario.request)
    result, helds = world.run(operation, until=lambda: world.held(operation)), 0
    while not world.over(operation) and helds < 3:
        helds += 1
        world.faults.lift()
        world.signal(operation, "decide", "retry")
        result = world.run(operation, until=lambda: world.held(operation))
    if not world.over(operation):
        raise NeverEnds(f"held again and again in {result.path}")
    at_end = world.cloud.snapshot()
    world.clock.drain(QUIESCENCE)
    return Run(world, before, world.result(operation), at_end, helds, broken)


def judged(
    scenario: Scenario, golden: Golden, call: Call, fault: Fault
) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """How the run with this fault ended, what is wrong with that, and its path."""
    try:
        one = run(scenario, [fault])
    except NeverEnds as never:
        return "none", (str(never),), ()
    return one.result.end, tuple(problems(golden, call, fault, one)), tuple(one.result.path)


def problems(golden: Golden, call: Call, fault: Fault, one: Run) -> Iterator[str]:
    """What is wrong with a run, by the end its fault should have."""
    end, helds = expected(golden, call, fault)
    if one.result.control.status is not end:
        yield f"ended {one.result.end} ({one.result.control.error}), not {end}"
    if one.helds != helds:
        yield f"held {one.helds} times, not {helds}"
    yield from _cloud_problems(golden, one)
    yield from _table_problems(one)
    yield from sorted(set(one.broken))


def expected(golden: Golden, call: Call, fault: Fault) -> tuple[Status, int]:
    """How a run with this fault ends, and how often it is held on the way."""
    state = golden.of(call)
    if fault.kind == "exhaust" and state in golden.waits and call.where == state:
        return Status.SUCCEEDED, 0  # Only the look at the wait's beginning is blind; those of the sweep see.
    if fault.kind not in (*REFUSALS, *LASTING):
        return Status.SUCCEEDED, 0
    goes_back = fault.kind in REFUSALS or state in golden.waits
    if goes_back and golden.can_be_put_back(state):
        return Status.ROLLED_BACK, 0
    return Status.SUCCEEDED, 1


def _cloud_problems(golden: Golden, one: Run) -> Iterator[str]:
    now, status = one.world.cloud.snapshot(), one.result.control.status
    if status is Status.SUCCEEDED:
        yield from (f"succeeded, but {line}" for line in differences(golden.after, now))
    if status in (Status.ROLLED_BACK, Status.NOT_STARTED):
        early = differences(one.before, one.at_end, converged=False)
        yield from (f"said too early that it is put back: {line}" for line in early)
        yield from (f"put back, but {line}" for line in differences(one.before, now))
    for what, times in Counter(one.world.cloud.created).items():
        if times > 1:
            yield f"{what} was created {times} times"


def _table_problems(one: Run) -> Iterator[str]:
    operation, status = one.result.id, one.result.control.status
    if not status.over:
        yield f"its row was opened again and is {status}"
    last = [execution.path[-1] for execution in one.result.executions][-1]
    if status in ENDS and last not in ENDS[status]:
        yield f"its row is {status}, its machine ended in {last}"
    for row in one.result.rows:
        if row["sk"] == "guard" and (row.get("owner") == operation or operation in row.get("queue", ())):
            yield f"guard {row['key']} is kept"
        if row["pk"] == f"op#{operation}" and row["sk"].startswith("wait#"):
            yield f"the row of the token of {row['state']} is kept"
    yield from (f"the stream lost its record of {lost}" for lost in one.world.stream.dead_letters)


def _watched(scenario: Scenario, world: World) -> list[str]:
    broken: list[str] = []

    def look() -> None:
        broken.extend(filter(None, (invariant(world) for invariant in scenario.invariants)))

    if scenario.invariants:
        world.cloud.watch(look)
    return broken
