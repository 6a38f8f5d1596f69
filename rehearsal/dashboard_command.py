"""`python -m rehearsal dashboard`: the synthesised dashboard as a picture, after a rehearsed day."""

import argparse
from collections.abc import Sequence

from rich.console import Console
from rich.progress import Progress

from rehearsal.arguments import Parser, listed
from rehearsal.board_svg import picture
from rehearsal.command import faults, models, seed, whole, writable
from rehearsal.crew import quiet
from rehearsal.day import HOUR, Script, played
from rehearsal.models import parse
from rehearsal.synthesised import synthesised
from rehearsal.widgets import Board

NAME = "windlass-watch"
EXAMPLES = """
examples:
  python -m rehearsal dashboard --out docs/dashboard.svg
  python -m rehearsal dashboard --trouble outage:autoscaling:10800 --out outage.svg
  python -m rehearsal dashboard --faults none --trouble none --out calm.svg"""


def dashboard(arguments: Sequence[str], console: Console | None = None) -> int:
    """Rehearse a day, and draw what the dashboard shows at its end."""
    given = _parser().parse_args(arguments)
    console = console or Console()
    quiet()
    watching = synthesised()
    script = Script(parse(given.faults), parse(given.trouble), given.since * HOUR, given.groups, given.seed)
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("rehearsing a day", total=1.0)
        measured = played(script, lambda share: progress.update(task, completed=share))
    board = Board(watching, measured)
    given.out.write_text(picture(NAME, _note(given), board.shown(), (board.began, board.ended)))
    console.print(f"wrote {given.out}")
    return 0


def _note(given: argparse.Namespace) -> str:
    return (
        f"A rehearsed day: {given.groups:,} server groups made, resized and destroyed under {given.faults}; "
        f"{given.trouble} from {24 - given.since:g}:00 on. Times are UTC."
    )


def _parser() -> Parser:
    description = "Rehearse a day in which something goes wrong, and draw what the dashboard shows at its end."
    parser = Parser("dashboard", description, f"faults, joined by +:\n{listed(models())}\n{EXAMPLES}")
    parser.add_argument("--out", type=writable, required=True, metavar="FILE.svg", help="write the picture there")
    parser.add_argument(
        "--faults",
        type=faults,
        default="independent:0.002",
        metavar="MODEL[+MODEL…]",
        help="all day (independent:0.002)",
    )
    parser.add_argument(
        "--trouble",
        type=faults,
        default="bad-release:18000",
        metavar="MODEL[+MODEL…]",
        help="from then on (bad-release:18000)",
    )
    parser.add_argument("--since", type=_hours, default=5, metavar="HOURS", help="before the picture (5)")
    parser.add_argument("--groups", type=whole, default=200, metavar="N", help="server groups asked for (200)")
    parser.add_argument("--seed", type=seed, default=0, metavar="S", help="of chance (0)")
    return parser


def _hours(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 24:
        raise argparse.ArgumentTypeError(f"hours before the end of a day are from 1 to 24, not {text!r}")
    return int(text)
