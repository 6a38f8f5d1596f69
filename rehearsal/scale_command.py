"""`python -m rehearsal scale`: what a day's load takes of AWS's quotas, and what gives out first."""

import argparse
from collections.abc import Callable, Sequence

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn
from rich.table import Table

from lambdas.rows import Status
from rehearsal.arguments import FAILED, Parser
from rehearsal.crew import quiet
from rehearsal.faults import PAGE_SECONDS
from rehearsal.scale import Load, Measured, Scale, Telling

EPILOGUE = """
examples:
  python -m rehearsal scale
  python -m rehearsal scale --operations 100000 --accounts 50 --seconds 120

exit codes: 0 all succeeded, no look and hardly an event was late, 1 not so, 2 bad input"""
LATE = 15.0
"""Seconds by which a look, or an event, may be late: as the next looks are apart, when a wait is a minute old."""
MOST = {"operations": 10_000_000, "accounts": 10_000, "seconds": 3_600}


def scale(arguments: Sequence[str], console: Console | None = None) -> int:
    """Play it; 0 where all is well, 1 where not, 2 for bad input."""
    given = _parser().parse_args(arguments)
    console = console or Console()
    quiet()
    load = Load(given.operations, given.accounts, given.seconds)
    with Progress(SpinnerColumn(), TextColumn("{task.description}"), console=console, transient=True) as progress:
        task = progress.add_task("operations come in", total=None)
        found = Scale(load).play(
            lambda at, going: progress.update(task, description=f"after {at:.0f} s {going:,} are open")
        )
    show(console, found)
    return FAILED if wrong(found) else 0


def wrong(found: Measured) -> str:
    """What is not as it should be; empty where nothing is."""
    if set(found.ends) != {Status.SUCCEEDED.value}:
        return f"ended {dict(found.ends)}, not all SUCCEEDED"
    if found.behind > LATE:
        return f"looks were up to {found.behind:.0f} s late, more than {LATE:g} s"
    if found.telling.late[1] > LATE:
        return f"one event in a hundred was told more than {found.telling.late[1]:.0f} s late, more than {LATE:g} s"
    return ""


def show(console: Console, found: Measured) -> None:
    """What is taken of each quota, what gives out first on top; then how it went."""
    load = found.load
    rate = f"{load.operations:,.0f} createServerGroup a day, {1 / load.every:.1f} a second"
    title = f"{rate}, {load.accounts:,} accounts"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("quota", "taken", "of", "", "gives out at, operations a day"):
        table.add_column(name, justify="left" if name == "quota" else "right")
    for one in found.taken:
        limit = one.quota.limit
        table.add_row(
            one.quota.what, f"{one.amount:,.2f}", f"{limit:,g}", f"{one.share:.2%}", f"{round(one.until, -3):,.0f}"
        )
    console.print(table)
    for sentence in _sentences(found):
        console.print(sentence, soft_wrap=True, highlight=False)


def _sentences(found: Measured) -> list[str]:
    median, most, longest = found.took
    ends = ", ".join(f"{count:,} {end}" for end, count in found.ends.items())
    first = found.taken[0]
    return [
        f"Ended: {ends}; from acceptance to the end {median:.0f} s, p99 {most:.0f} s, longest {longest:.0f} s.",
        f"Looks were up to {found.behind:.1f} s late; each account had {found.calls:.2f} calls a second.",
        f"${found.dollars:,.0f} a day. First to give out: {first.quota.what}.",
        _told(found.telling),
        *([f"NOT WELL: {wrong(found)}."] if wrong(found) else []),
    ]


def _told(found: Telling) -> str:
    median, most, longest = found.late
    return (
        f"Told: {found.events:.1f} events and {found.pages:.1f} pages an operation, {found.batch:.1f} events a batch, "
        f"which takes {found.seconds:.2f} s where a put takes {PAGE_SECONDS:g} s; "
        f"told {median:.1f} s after it happened, p99 {most:.1f} s, longest {longest:.1f} s."
    )


def _parser() -> Parser:
    parser = Parser("scale", "Let operations come in evenly on many accounts; measure what they take.", EPILOGUE)
    for name, default, what in (
        ("operations", Load.operations, "createServerGroup a day"),
        ("accounts", Load.accounts, "in which they are, in turn"),
        ("seconds", Load.seconds, "for which it is measured"),
    ):
        number = int(default)
        parser.add_argument(
            f"--{name}", type=_number(MOST[name]), default=number, metavar="N", help=f"{what} ({number:,})"
        )
    return parser


def _number(most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.isdecimal() or not 1 <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {most:,}")
        return int(text)

    return parse
