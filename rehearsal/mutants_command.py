"""`python -m rehearsal mutants`: the product broken in one place at a time, and what catches it."""

import logging
import multiprocessing
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.progress import track
from rich.table import Table

from rehearsal.arguments import FAILED, Parser
from rehearsal.mutants import MUTANTS
from rehearsal.sweep import kinds_of, shown

CODES = "exit codes: 0 all were caught, 1 one survives, 2 bad input"
Hunt = tuple[str, str, str, str]


def mutants(arguments: Sequence[str], console: Console | None = None) -> int:
    """Hunt each; 0 where all are caught, 1 where one survives, 2 for bad input."""
    parser = Parser("mutants", f"Break the product in each of {len(MUTANTS)} ways, and see the sweep catch it.", CODES)
    parser.add_processes()
    given = parser.parse_args(arguments)
    console = console or Console()
    logging.disable(logging.CRITICAL)
    table = Table("mutant of the product", "caught by", "runs", "what was wrong", title="mutation of the proof")
    survived = 0
    for hunt in track(_hunts(given.processes), "hunting", len(MUTANTS), console=console, transient=True):
        table.add_row(*hunt)
        survived += not hunt[2]
    console.print(table)
    console.print(f"{len(MUTANTS) - survived} of {len(MUTANTS)} mutants caught")
    return FAILED if survived else 0


def _hunts(processes: int) -> Iterator[Hunt]:
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        yield from pool.imap(_hunt, range(len(MUTANTS)))


def _hunt(number: int) -> Hunt:
    mutant = MUTANTS[number]
    found = mutant.hunted()
    if found is None:
        return mutant.name, "NOTHING: it survives", "", ""
    runs, one = found
    where = f"{one.scenario}: {kinds_of(one.trial)} ({shown(one.trial)})"
    return mutant.name, where, str(runs), one.problems[0][:160]
