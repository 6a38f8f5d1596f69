"""`python -m rehearsal run` and `replay`: arguments, progress, exit codes."""

import argparse
import importlib
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from rehearsal import terminal
from rehearsal.arguments import FAILED, Parser, listed
from rehearsal.clock import iso
from rehearsal.crew import PLAYED, Cast, quiet
from rehearsal.models import MODELS, NotAModel, parse
from rehearsal.runs import DOORS, Rehearsal
from rehearsal.score import Plan, Score, casts, rehearse

CODES = """

exit codes: 0 nothing failed that should not, 1 something did, 2 bad input"""

RUN = """
examples:
  python -m rehearsal run createServerGroup
  python -m rehearsal run createServerGroup --faults calibrated --runs 20000 --html report.html
  python -m rehearsal run all --faults bursts:0.05:120+kills:0.01 --severity 3 --runs 500
  python -m rehearsal run createServerGroup --faults outage:autoscaling:3600 --door clouddriver --only"""

REPLAY = """
examples:
  python -m rehearsal replay createServerGroup --faults outage:autoscaling:86400 --seed 5
  python -m rehearsal replay createServerGroup --faults calibrated --severity 38 --seed 20"""


def run(arguments: Sequence[str], console: Console | None = None) -> int:
    """Rehearse; 0 where nothing failed that should not, 1 where it did, 2 for bad input."""
    given = _run_parser().parse_args(arguments)
    plan = _plan(given)
    console = console or Console()
    quiet()
    score = _with_progress(console, plan)
    terminal.show(console, score)
    if given.html is not None:
        from rehearsal.page import page  # noqa: PLC0415 - pictures only where asked for

        given.html.write_text(page(score))
        console.print(f"wrote {given.html}")
    return FAILED if score.failed else 0


def replay(arguments: Sequence[str], console: Console | None = None) -> int:
    """Play one seed again and show all that happened."""
    parser = _parser(
        "replay", "Play one seed again, and show its whole history and every call that went wrong.", REPLAY
    )
    given = parser.parse_args(arguments)
    console = console or Console()
    quiet()
    cast = Cast(given.operation, given.faults, given.severity, given.door)
    rehearsal = Rehearsal(
        PLAYED[cast.operation], parse(cast.faults), severity=cast.severity, door=cast.door, recorded=True
    )
    _tell(console, rehearsal, given.seed)
    return 0


def _tell(console: Console, rehearsal: Rehearsal, seed: int) -> None:
    outcome = rehearsal.run(seed)
    world = rehearsal.world
    for one in world.executions(world.operation):
        console.print(f"execution {one.name}", markup=False)
        for event in one.history or ():
            details = " ".join(str(value) for key, value in event.items() if key.endswith("EventDetails"))
            console.print(f"  {iso(event['timestamp'])} {event['type']} {details}", markup=False, soft_wrap=True)
    console.print(f"{len(world.faults.struck)} calls went wrong:")
    for call, how in world.faults.struck:
        console.print(f"  {how} at {call}", markup=False, soft_wrap=True)
    for deed in world.cloud.deeds if rehearsal.model.rivals else ():
        if deed.operation != world.operation:
            who, what = deed.operation or "a stranger", "" if deed.what is None else f": {deed.what}"
            console.print(f"{iso(deed.at)} {who} {deed.did} {deed.kind} {deed.name}{what}", markup=False)
    console.print(f"ended {outcome.end} after {outcome.seconds:.0f} s {outcome.wrong}", markup=False, soft_wrap=True)
    for line in outcome.orphans:
        console.print(f"  {line}", markup=False, soft_wrap=True)


def _with_progress(console: Console, plan: Plan) -> Score:
    began = time.monotonic()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("rehearsing", total=sum(runs for _, runs in casts(plan)))

        def heard(cast: Cast, runs: int) -> None:
            progress.update(task, advance=runs, description=f"{cast.operation}, {cast.policy} x{cast.severity:g}")

        score = rehearse(plan, heard)
    score.seconds = time.monotonic() - began
    return score


def _plan(given: argparse.Namespace) -> Plan:
    operations = tuple(PLAYED) if given.operation == "all" else (given.operation,)
    around = 0 if given.only else min(given.runs, given.around)
    return Plan(operations, given.faults, given.severity, given.runs, given.seed, given.processes, given.door, around)


def _run_parser() -> Parser:
    description = "Run an operation many times in virtual time under faults, and count how it ends."
    parser = _parser("run", description, RUN + CODES, "all")
    parser.add_argument("--runs", type=whole, default=1000, metavar="N", help="of each operation (1000)")
    parser.add_argument("--around", type=whole, default=500, metavar="N", help="at each other severity (500)")
    parser.add_argument("--only", action="store_true", help="no other severities, no search for where it fails")
    parser.add_argument("--html", type=writable, metavar="FILE", help="write the report as one page")
    parser.add_processes()
    return parser


def rehearsed_parser(name: str, description: str, more: str) -> Parser:
    """The arguments of a command that rehearses one operation some times."""
    parser = _parser(name, description, more)
    parser.add_argument("--runs", type=whole, default=200, metavar="N", help="so many (200)")
    return parser


def _parser(name: str, description: str, more: str, *operations: str) -> Parser:
    known = {one: _story(one) for one in PLAYED} | dict.fromkeys(operations, "each of them")
    parser = Parser(
        name, description, f"operations:\n{listed(known)}\n\nfaults, joined by +:\n{listed(models())}\n{more}"
    )
    parser.add_argument("operation", type=_operation(*known), help="one of those below")
    parser.add_argument(
        "--faults", type=faults, default="calibrated", metavar="MODEL[+MODEL…]", help="what goes wrong (calibrated)"
    )
    parser.add_argument(
        "--severity", type=_severity, default=1.0, metavar="X", help="multiplies probabilities and durations (1)"
    )
    parser.add_argument("--seed", type=seed, default=0, metavar="S", help="of the first run (0)")
    parser.add_argument("--door", type=_door, default="windlass", metavar="|".join(DOORS), help="who asks (windlass)")
    return parser


def _story(operation: str) -> str:
    """What the operation's module says of it."""
    module = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in operation)
    return (importlib.import_module(f"statemachines.{module}").__doc__ or "").partition("\n")[0]


def models() -> dict[str, str]:
    mixes = {"none": "nothing goes wrong", "calibrated": "the mix under which Clouddriver's policy fails 4 %"}
    return mixes | {f"{name}{entry.usage}": entry.what for name, entry in MODELS.items()}


def _door(text: str) -> str:
    if text not in DOORS:
        raise argparse.ArgumentTypeError(f"there is no door {text!r}; the doors are {', '.join(DOORS)}")
    return text


def _operation(*known: str) -> Callable[[str], str]:
    def operation(text: str) -> str:
        if text not in known:
            raise argparse.ArgumentTypeError(f"there is no operation {text!r}; the operations are {', '.join(known)}")
        return text

    return operation


def faults(text: str) -> str:
    try:
        return parse(text).text
    except NotAModel as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _severity(text: str) -> float:
    try:
        severity = float(text.removeprefix("x"))
    except ValueError:
        severity = -1.0
    if not 0 < severity <= 1e6:
        raise argparse.ArgumentTypeError(f"a severity is a number above 0 and up to 1,000,000, not {text!r}")
    return severity


def whole(text: str) -> int:
    if not _counts(text) or not 0 < int(text) <= 10**9:
        raise argparse.ArgumentTypeError(f"a whole number from 1 to 1,000,000,000 is needed, not {text!r}")
    return int(text)


def seed(text: str) -> int:
    if not _counts(text):
        raise argparse.ArgumentTypeError(f"a seed is a whole number from 0 on, of at most 18 digits, not {text!r}")
    return int(text)


def _counts(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 18


def writable(text: str) -> Path:
    path = Path(text)
    if path.is_dir() or not path.parent.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        raise argparse.ArgumentTypeError(f"{text!r} is no file that can be written; name one in a folder that exists")
    return path
