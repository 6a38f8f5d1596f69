"""`python -m rehearsal objectives`: what a rehearsal measured, against the objectives that a deployment promises."""

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from lambdas import metrics
from lambdas.hub import Json
from lambdas.objectives import DEFAULT, OTHERS, Objectives, Promise, parsed
from rehearsal.arguments import FAILED
from rehearsal.cloudwatch import Points, Series, points, series
from rehearsal.command import rehearsed_parser
from rehearsal.crew import PLAYED, quiet
from rehearsal.models import parse as model_of
from rehearsal.runs import Rehearsal

HUB = "windlass"
EXAMPLES = """
examples:
  python -m rehearsal objectives createServerGroup
  python -m rehearsal objectives createServerGroup --faults outage:autoscaling:10800 --runs 50
  python -m rehearsal objectives createServerGroup --file objectives.json

exit codes: 0 every objective is met, 1 one is not, 2 bad input"""


@dataclass(frozen=True)
class Kept:
    """How one promise was kept."""

    application: str
    promise: Promise
    all: int
    bad: int

    @property
    def percent(self) -> float:
        return 100.0 if not self.all else 100.0 * (self.all - self.bad) / self.all

    @property
    def met(self) -> bool:
        return self.percent >= self.promise.percent

    @property
    def spent(self) -> float:
        """The part of the budget that is spent, where these were all operations of 30 days."""
        return 0.0 if not self.all else self.bad / self.all / self.promise.budget


def objectives(arguments: Sequence[str], console: Console | None = None) -> int:
    """Rehearse, and compute each objective from what was measured: 0 where all are met."""
    given = _parser().parse_args(arguments)
    console = console or Console()
    quiet()
    known = given.file or DEFAULT
    kept = computed(measured(given.operation, given.faults, given.severity, given.door, given.seed, given.runs), known)
    console.print(_table(kept, f"{given.runs} x {given.operation} under {given.faults} x{given.severity:g}"))
    return 0 if all(one.met for one in kept) else FAILED


def measured(operation: str, faults: str, severity: float, door: str, seed: int, runs: int) -> list[Json]:
    """The lines that all runs measured."""
    rehearsal = Rehearsal(PLAYED[operation], model_of(faults), severity=severity, door=door)
    lines: list[Json] = []
    for number in range(seed, seed + runs):
        rehearsal.run(number)
        lines += rehearsal.world.metrics
    return lines


def computed(lines: Iterable[Json], known: Objectives) -> list[Kept]:
    """Each promise as its metric says: the same numbers as the alarms'."""
    told = list(points(lines))
    ever = (min((one.at for one in told), default=0.0), max((one.at for one in told), default=0.0) + 1)
    values = Points(told)
    return [
        Kept(application, promise, len(found), int(sum(found)))
        for application, objective in known.items()
        for promise in objective.promises()
        for found in [values.between(_series(application, promise), *ever)]
    ]


def _series(application: str, promise: Promise) -> Series:
    alone = {} if application == OTHERS else {"Application": application}
    return series(metrics.NAMESPACE, promise.metric.name, **{metrics.HUB: HUB}, **alone)


def _table(kept: Sequence[Kept], title: str) -> Table:
    table = Table("application", "objective", "of", "bad", "kept", "budget spent", "", title=title)
    for one in kept:
        promised = f"{one.promise.name} {one.promise.percent:g} %"
        said = "met" if one.met else "missed"
        table.add_row(
            *(one.application, promised, f"{one.all:,}", f"{one.bad:,}", f"{one.percent:.3f} %"),
            *(f"{100 * one.spent:.1f} %", said),
        )
    return table


def _parser() -> argparse.ArgumentParser:
    parser = rehearsed_parser("objectives", "Rehearse an operation, and compute objectives from its metrics.", EXAMPLES)
    parser.add_argument("--file", type=_file, metavar="JSON", help="objectives by application (the default ones)")
    return parser


def _file(text: str) -> Objectives:
    try:
        return parsed(Path(text).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"{text!r}: {error}") from None
