"""`python -m rehearsal sweep`: arguments, all cores, progress, the table of survivors, the history of one trial."""

import argparse
import logging
import multiprocessing
import textwrap
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from rehearsal import scenarios
from rehearsal.arguments import FAILED, Parser
from rehearsal.clock import iso
from rehearsal.sweep import (
    FIRSTS,
    OUTLIVES,
    SECONDS,
    SINGLES,
    WITH_SIGNALS,
    Report,
    Survivor,
    doubles,
    judged,
    kinds_of,
    shown,
    singles,
)
from rehearsal.trials import Fault, Golden, Run, Scenario, Trial, golden_of, run
from rehearsal.verdicts import problems
from rehearsal.world import NeverEnds

P = TypeVar("P")
R = TypeVar("R")

LONGEST_LAG = 900.0
"""Seconds: a read of AWS is never known to lag so long."""
SHOWN = 20
"""Survivors of one scenario told in full; the others are counted."""


AT_A_TIME = 200
"""Doubles that one process makes before it tells of them."""


@dataclass(frozen=True)
class Single:
    """All the trials that begin at one call."""

    scenario: str
    lag: float
    number: int
    kinds: tuple[str, ...]
    together: tuple[str, ...] = WITH_SIGNALS
    """In which ways the call goes wrong before which a signal comes."""

    def swept(self) -> Report:
        scenario, golden = _golden(self.scenario, self.lag)
        return singles(scenario, golden, golden.call(self.number), self.kinds, together=self.together)


@dataclass(frozen=True)
class Double:
    """Some trials with two faults."""

    scenario: str
    lag: float
    trials: tuple[tuple[Trial, str], ...]
    """Each with where it strikes."""
    alone: Report
    """What planning them told already."""

    def swept(self) -> Report:
        scenario, golden = _golden(self.scenario, self.lag)
        report = Report(scenario.name)
        report.add(self.alone)
        for trial, where in self.trials:
            report.add(judged(scenario, golden, trial, where))
        return report


@dataclass(frozen=True)
class Plan:
    """Which doubles of a scenario are tried is known when each first fault was played alone."""

    scenario: str
    lag: float
    kinds: tuple[str, ...]
    whole: bool

    def made(self) -> list[Double]:
        scenario, golden = _golden(self.scenario, self.lag)
        firsts = [Fault(call.number, kind) for kind in FIRSTS for call in golden.calls]
        found = doubles(scenario, golden, self.kinds, firsts, whole=self.whole)
        trials, nothing = tuple(found.trials.items()), Report(self.scenario)
        some = [trials[at : at + AT_A_TIME] for at in range(0, len(trials), AT_A_TIME)] or [()]
        return [
            Double(self.scenario, self.lag, trials, nothing if number else found.alone)
            for number, trials in enumerate(some)
        ]


Part = Single | Double
"""What one process does at a time."""


@lru_cache(maxsize=32)
def _golden(name: str, lag: float) -> tuple[Scenario, Golden]:
    scenario = scenarios.lagging(scenarios.one(name), lag)
    return scenario, golden_of(scenario)


def sweep(arguments: Sequence[str], console: Console | None = None) -> int:
    """Sweep; 0 where nothing survived, 1 where something did, 2 for bad input."""
    parser = _parser()
    given = parser.parse_args(arguments)
    console = console or Console()
    logging.disable(logging.CRITICAL)
    if given.trial and len(given.operation) > 1:
        parser.error("--trial is one run: name the operation")
    if given.trial and (given.doubles or given.kinds):
        parser.error("--trial names its own faults: leave out --doubles and --kinds")
    if given.trial:
        return _told(console, scenarios.lagging(given.operation[0], given.lag), given.trial, given.lag)
    began = time.monotonic()
    parts = (_doubles if given.doubles else _singles)(given, console)
    reports = _swept(console, parts, given.processes)
    show(console, reports, given.lag, time.monotonic() - began)
    return FAILED if any(report.survivors for report in reports) else 0


def _singles(given: argparse.Namespace, console: Console) -> list[Part]:
    parts: list[Part] = []
    for one in given.operation:
        daily = OUTLIVES if one.name == one.operation else ()
        together = WITH_SIGNALS if given.whole or len(given.operation) == 1 else daily
        calls, kinds = _golden(one.name, given.lag)[1].calls, given.kinds or SINGLES
        parts += [Single(one.name, given.lag, call.number, kinds, together) for call in calls]
    return parts


def _doubles(given: argparse.Namespace, console: Console) -> list[Part]:
    plans = [Plan(one.name, given.lag, given.kinds or SECONDS, given.whole) for one in given.operation]
    parts: list[Part] = []
    with _progress(console) as progress:
        task = progress.add_task("planning", total=len(plans))
        for made in _each(Plan.made, plans, given.processes):
            parts += made
            progress.update(task, advance=1, description=f"planned {made[0].scenario}")
    return parts


def _progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, transient=True)


def _swept(console: Console, parts: Sequence[Part], processes: int) -> list[Report]:
    reports = {part.scenario: Report(part.scenario, len(_golden(part.scenario, part.lag)[1].calls)) for part in parts}
    with _progress(console) as progress:
        task = progress.add_task("sweeping", total=len(parts))
        for report in _each(_sweep_of, parts, processes):
            told = sum(len(one.survivors) for one in reports.values())
            _tell(console, report.survivors[: max(SHOWN - told, 0)], parts[0].lag)
            reports[report.scenario].add(report)
            progress.update(task, advance=1, description=f"{report.scenario}, {_runs(reports.values())} runs")
    return list(reports.values())


def _tell(console: Console, survivors: Iterable[Survivor], lag: float) -> None:
    """Each as soon as it is found, with what replays it: a sweep of doubles takes hours."""
    for survivor in survivors:
        console.print(f"SURVIVOR {survivor}\n  {command(survivor, lag)}", markup=False, soft_wrap=True)


def _sweep_of(part: Part) -> Report:
    return part.swept()


def _each(do: Callable[[P], R], parts: Sequence[P], processes: int) -> Iterator[R]:
    """Do it with each of them, in any order."""
    if processes == 1:
        yield from map(do, parts)
        return
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        yield from pool.imap_unordered(do, parts)


def _runs(reports: Iterable[Report]) -> int:
    return sum(report.tried.total() for report in reports)


def show(console: Console, reports: Sequence[Report], lag: float, seconds: float) -> None:
    """The tables, and what was not tried."""
    title = f"the fault sweep, reads {lag:g} s old"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("operation", no_wrap=True)
    for column in ("calls", "runs", "done", "put back", "person", "untried", "survivors"):
        table.add_column(column, justify="right", no_wrap=True)
    for one in reports:
        put_back = one.ends["ROLLED_BACK"] + one.ends["NOT_STARTED"]
        ends = (one.ends["SUCCEEDED"], put_back, one.ends["NEEDS_ATTENTION"])
        numbers = (one.calls, one.tried.total(), *ends, one.skipped.total(), len(one.survivors))
        table.add_row(one.scenario, *map(str, numbers))
    console.print(table)
    console.print(_by_fault(reports))
    total = Report("all")
    for one in reports:
        total.add(one)
    for reason, count in total.skipped.items():
        console.print(f"not tried, {count} times: {reason}", markup=False, soft_wrap=True)
    if len(total.survivors) > SHOWN:
        console.print(f"and {len(total.survivors) - SHOWN} survivors more")
    runs = total.tried.total()
    console.print(f"{runs} runs in {seconds:.0f} s, {runs / seconds:.0f} a second; {len(total.survivors)} survivors")


def _by_fault(reports: Sequence[Report]) -> Table:
    """Each fault with how often it was tried on each operation, and how often it survived."""
    table = Table(title="faults tried", title_justify="left", box=None, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("fault", no_wrap=True)
    for one in reports:
        table.add_column(one.scenario.replace("ServerGroup", "…"), justify="right")
    for kind in sorted(set[str]().union(*(one.tried for one in reports))):
        table.add_row(kind, *(_cell(one, kind) for one in reports))
    return table


def _cell(report: Report, kind: str) -> str:
    survived = sum(kinds_of(one.trial) == kind for one in report.survivors)
    return f"{report.tried[kind]}" + (f" [bold red]({survived} survived)[/]" if survived else "")


def command(survivor: Survivor, lag: float) -> str:
    """What replays it, with its whole history."""
    lagging = f" --lag {lag:g}" if lag else ""
    return f"python -m rehearsal sweep {scenarios.spelled(survivor.scenario)}{lagging} --trial {shown(survivor.trial)}"


def _told(console: Console, scenario: Scenario, trial: Trial, lag: float) -> int:
    """One trial: what was called, what went wrong, which states were entered, and the verdict."""
    try:
        one = run(scenario, trial, recorded=True)
    except NeverEnds as never:
        console.print(f"never ends: {never}", markup=False, soft_wrap=True)
        return FAILED
    for line in _history(one):
        console.print(line, markup=False, soft_wrap=True)
    found = list(problems(scenario, _golden(scenario.name, lag)[1], one))
    control = one.world.control(one.operation)
    console.print(f"{control.status}: {control.error or 'done as asked'}; signals answered: {one.answers or 'none'}")
    for problem in found or ["no problem found"]:
        console.print(f"  {problem}", markup=False, soft_wrap=True)
    return FAILED if found else 0


def _history(one: Run) -> Iterator[str]:
    wrong = {call.number: how for call, how in one.world.faults.struck}
    yield "calls:"
    for call in one.calls:
        yield f"  {call}, operation in {call.state or 'no state yet'}{_how(wrong.get(call.number))}"
    for execution in one.world.executions(one.operation):
        yield f"execution {execution.name}:"
        for event in execution.history or ():
            details = " ".join(str(value) for key, value in event.items() if key.endswith("EventDetails"))
            yield f"  {iso(event['timestamp'])} {event['type']} {details}"
    yield "journal:"
    for row in one.world.table.rows():
        if row["pk"] == f"op#{one.operation}" and row["sk"].startswith("step#"):
            yield f"  {row['name']}: {row.get('did') or row.get('error')}"


def _how(kind: str | None) -> str:
    return f"  <-- {kind}" if kind else ""


EXAMPLES = """
examples:
  python -m rehearsal sweep
  python -m rehearsal sweep createServerGroup --kinds after,kill_after
  python -m rehearsal sweep resizeServerGroup --doubles --lag 60
  python -m rehearsal sweep destroyServerGroup --trial 12:after,40:kill_before

exit codes: 0 nothing survived, 1 something did, 2 bad input"""


def _parser() -> Parser:
    description = "Let every call of every operation go wrong in every way, one run for each, and judge each run."
    listed = ", ".join(("all", "plain", *scenarios.names(), "MODULE:NAME of other packages"))
    known = textwrap.fill(f"operations, also as patterns: {listed}", 100, subsequent_indent="  ")
    kinds = textwrap.fill(f"kinds of faults: {', '.join((*SINGLES, *SECONDS[-1:]))}", 100, subsequent_indent="  ")
    parser = Parser("sweep", description, f"{known}\n{kinds}\n{EXAMPLES}")
    parser.add_argument("operation", nargs="?", type=_operation, default=scenarios.ALL, help="all by default")
    parser.add_argument("--kinds", type=_kinds, default=(), metavar="KIND,…", help="only these; all by default")
    parser.add_argument("--doubles", action="store_true", help="a first fault leads back, a second strikes on the way")
    parser.add_argument(
        "--whole",
        action="store_true",
        help="of all scenarios each signal together with each fault of the same call; of doubles also those whose "
        "second fault strikes in a moment that is the same as one tried before, but for the time",
    )
    parser.add_argument("--lag", type=_lag, default=0.0, metavar="SECONDS", help="how old a read may be")
    parser.add_argument("--trial", type=_trial, default=(), metavar="NUMBER:KIND,…", help="one run, with its history")
    parser.add_processes()
    return parser


def _operation(text: str) -> tuple[Scenario, ...]:
    try:
        return scenarios.named(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _kinds(text: str) -> tuple[str, ...]:
    kinds, known = tuple(text.split(",")), dict.fromkeys((*SINGLES, *SECONDS))
    for kind in kinds:
        if kind not in known:
            raise argparse.ArgumentTypeError(f"there is no kind of fault {kind!r}; the kinds are {', '.join(known)}")
    return kinds


def _lag(text: str) -> float:
    try:
        lag = float(text)
    except ValueError:
        lag = -1.0
    if not 0 <= lag <= LONGEST_LAG:
        raise argparse.ArgumentTypeError(f"a lag is a number of seconds from 0 to {LONGEST_LAG:g}, not {text!r}")
    return lag


def _trial(text: str) -> Trial:
    try:
        return tuple(Fault.parse(one) for one in text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
