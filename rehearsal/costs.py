"""What each operation costs, from rehearsals: fault-free, and what all but one in a hundred cost under `calibrated`.

`python -m rehearsal costs` writes docs/costs.md. Prices and what they stand for are in `rehearsal/prices.py`.
"""

import multiprocessing
from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from lambdas.engine.rhythm import looks_by
from rehearsal import scenarios
from rehearsal.arguments import Parser
from rehearsal.crew import SWIFT, quiet
from rehearsal.faults import CLOUD_SECONDS
from rehearsal.memory_table import Units
from rehearsal.models import parse
from rehearsal.models.model import of_the_cloud
from rehearsal.prices import (
    GIGABYTE_SECOND,
    IDLE_MONTH,
    INVOCATION,
    KEY_MONTH,
    LOG_BYTES,
    LOG_GIGABYTE,
    MILLION,
    QUEUE_MESSAGE,
    READ_UNIT,
    SWEEP_MEMORY,
    SWEEP_MONTH,
    WRITE_UNIT,
    Use,
)
from rehearsal.runs import Outcome, Rehearsal
from rehearsal.scenarios import CREATE, CREATES, furnished
from rehearsal.trials import Scenario
from rehearsal.world import World

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "costs.md"
RUNS = 400
SHARE = 0.99
CREATION, CHECK = 0.0008, 3e-6
"""Dollars that a createServerGroup, and one look of a wait, may cost at most."""
WATCHED = (120.0, 720.0)
"""Seconds after the request, between which nothing happens but that operations wait."""
TOGETHER = 10
"""Operations that wait at the same time in a hub of some size: one sweep looks after all that is due."""


@dataclass(frozen=True)
class Price:
    """Of one run."""

    transitions: float
    invocations: float
    working: float
    """Seconds of functions."""
    reads: float
    writes: float
    calls: float
    """Of the cloud."""
    dollars: float


def costs(arguments: Sequence[str]) -> int:
    """Write the page; 1 where a limit is not kept."""
    parser = Parser("costs", "Rehearse every operation and write docs/costs.md.", "")
    parser.add_argument("--runs", type=int, default=RUNS, metavar="N", help=f"of each operation ({RUNS})")
    parser.add_processes()
    given = parser.parse_args(arguments)
    quiet()
    plain = scenarios.named(scenarios.PLAIN)
    parts = [(one.name, given.runs) for one in plain]
    with Progress(console=Console(), transient=True) as progress:
        task = progress.add_task("rehearsing", total=len(parts))
        rows = {}
        with multiprocessing.get_context("fork").Pool(given.processes) as pool:
            for name, calm, rough in pool.imap_unordered(_priced, parts):
                rows[name] = (calm, rough)
                progress.update(task, advance=1, description=name)
    checks = check(1), check(TOGETHER)
    PAGE.write_text(page({one.name: rows[one.name] for one in plain}, checks, given.runs))
    kept = rows[CREATES.name][0].dollars <= CREATION and sum(checks[1].values()) <= CHECK
    print(f"wrote {PAGE.relative_to(ROOT)}" + ("" if kept else f"; dearer than {CREATION} or {CHECK} a check"))
    return 0 if kept else 1


def fault_free(scenario: Scenario) -> Price:
    """Of the run in which nothing goes wrong."""
    return price(Rehearsal(scenario, parse("none"), metered=1).run(0))


def rough(scenario: Scenario, runs: int) -> Price:
    """What all but one in a hundred runs under `calibrated` stay below, figure by figure."""
    rehearsal = Rehearsal(scenario, parse("calibrated"), metered=1)
    prices = [price(rehearsal.run(seed)) for seed in range(runs)]
    figures = zip(*(astuple(one) for one in prices), strict=True)
    return Price(*(sorted(figure)[min(int(SHARE * runs), runs - 1)] for figure in figures))


def per_check(operations: int) -> float:
    """Dollars of one look of a wait, where so many wait at the same time."""
    return sum(check(operations).values())


def check(operations: int) -> dict[str, float]:
    """What that is paid for: what ten minutes of sweeps cost, by looks.

    All of it is charged, the sweeps' own work too; only the rule's sweeps would have been made without anybody waiting.
    """
    world = World(seed=0, manners=replace(SWIFT, boot=7200), paced=True, shared=True)
    furnished(world)
    for number in range(operations):
        world.submit(CREATES.operation, CREATE | {"stack": f"s{number}"}, key=str(number))
    world.clock.drain(WATCHED[0])
    began, world.table.units = _spent(world), Units()
    world.clock.drain(WATCHED[1] - WATCHED[0])
    invocations, working, messages = (now - then for now, then in zip(_spent(world), began, strict=True))
    units = world.table.units
    looks = operations * (looks_by(WATCHED[1]) - looks_by(WATCHED[0]))
    paid = {
        "the sweep's time": working * SWEEP_MEMORY * GIGABYTE_SECOND,
        "its invocation and log": invocations * (INVOCATION + LOG_BYTES / 1e9 * LOG_GIGABYTE),
        "writes": units.writes * WRITE_UNIT,
        "reads": units.reads * READ_UNIT,
        "its message": messages * QUEUE_MESSAGE,
    }
    return {what: dollars / looks for what, dollars in paid.items()}


def _spent(world: World) -> tuple[float, float, float]:
    """Invocations, seconds of functions, messages."""
    return world.invoked, world.faults.spent, world.faults.counts.get("sweeper.after", 0)


def price(one: Outcome) -> Price:
    reads, writes = one.units or (0, 0)
    use = Use(
        transitions=one.transitions,
        invocations=one.invocations,
        working=one.working,
        reads=reads,
        writes=writes,
        messages=one.calls.get("sweeper.after", 0),
    )
    calls = sum(count for name, count in one.calls.items() if of_the_cloud(name))
    return Price(one.transitions, one.invocations, one.working, reads, writes, calls, use.total)


def _priced(part: tuple[str, int]) -> tuple[str, Price, Price]:
    name, runs = part
    scenario = replace(scenarios.one(name), manners=SWIFT)
    return name, fault_free(scenario), rough(scenario, runs)


def page(rows: dict[str, tuple[Price, Price]], checks: tuple[dict[str, float], dict[str, float]], runs: int) -> str:
    """Markdown; `checks` is what a look costs alone, and among others, by what is paid for."""
    alone, together = checks
    head = HEAD.format(
        runs=runs,
        alone=sum(alone.values()),
        parts=", ".join(f"{what} ${dollars * MILLION:.2f}" for what, dollars in alone.items()),
        call=CLOUD_SECONDS,
        asking=CLOUD_SECONDS * SWEEP_MEMORY * GIGABYTE_SECOND * MILLION,
        memory=SWEEP_MEMORY,
        limit=CHECK * MILLION,
        together=sum(together.values()),
        many=TOGETHER,
        idle=IDLE_MONTH,
        key=KEY_MONTH,
        sweep=SWEEP_MONTH,
    )
    return head + "".join(f"{_row(name, *both)}\n" for name, both in rows.items())


HEAD = """# What operations cost

<!-- Generated by `python -m rehearsal costs`. -->

List prices in us-east-1 (`rehearsal/prices.py`, each with its source), for the plain scenario of each operation: Step
Functions, Lambda, DynamoDB, API Gateway with three looks of the caller, logs, keys, traces, queue, push and audit; the
sweeps meanwhile are charged to the operation as if they were for it alone. What the operation makes is not in it. *p99*
is what 99 % of {runs} runs under the faults of `calibrated` stay below, figure by figure.

* One look of a wait: ${together:.7f} where {many} operations wait at the same time, since one sweep looks after all
  that is due; ${alone:.7f} where one waits alone.
* A million looks alone: {parts}.
  The ${limit:.0f} that a million may cost are not to be had alone: one call of Auto Scaling, at {call:g} s and
  {memory:g} GB, is ${asking:.2f} of them, message and invocation more than the rest. Three operations that wait at the
  same time stay below. To look less often would cost less by as much, and see the end later by as much.
* A month in which nothing is asked for: ${idle:.2f} (the key ${key:.2f}, the wait sweep ${sweep:.2f}).

| operation | transitions | invocations | table units | cloud calls | dollars | p99: dollars | cloud calls |
|---|---:|---:|---:|---:|---:|---:|---:|
"""


def _row(name: str, calm: Price, rough: Price) -> str:
    units = f"{calm.reads:g} read, {calm.writes:g} written"
    free = f"{calm.transitions:g} | {calm.invocations:g} | {units} | {calm.calls:g} | {calm.dollars:.6f}"
    return f"| `{name}` | {free} | {rough.dollars:.6f} | {rough.calls:g} |"
