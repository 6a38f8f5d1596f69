"""`python -m rehearsal flood`: arguments, progress, the table of what was promised and measured."""

import argparse
from collections.abc import Sequence

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn
from rich.table import Table

from rehearsal.arguments import FAILED, Parser, listed
from rehearsal.crew import quiet
from rehearsal.flood import Flood, Script
from rehearsal.flood_verdicts import Verdict, verdicts
from rehearsal.published import OUTAGES

DESCRIPTION = "Submit many operations while Step Functions starts nothing, then see the backlog drain."
EXAMPLES = """
examples:
  python -m rehearsal flood
  python -m rehearsal flood --how hangs --rate 100 --seconds 30
  python -m rehearsal flood --callers 20 --down 900

exit codes: 0 all is as promised, 1 something is not, 2 bad input"""
MOST = 200_000
"""Operations of one flood: each takes some 15 KB."""
MOST_CALLERS = 1_000


def flood(arguments: Sequence[str], console: Console | None = None) -> int:
    """Play it; 0 where all is as promised, 1 where something is not, 2 for bad input."""
    parser = _parser()
    script = _script(parser, parser.parse_args(arguments))
    console = console or Console()
    quiet()
    played = Flood(script)
    _play(console, played)
    found = verdicts(played)
    show(console, script, found)
    return 0 if all(one.kept for one in found) else FAILED


def _play(console: Console, played: Flood) -> None:
    with Progress(SpinnerColumn(), TextColumn("{task.description}"), console=console, transient=True) as progress:
        task = progress.add_task("it floods", total=None)
        played.play(lambda at, waiting: progress.update(task, description=f"after {at:.0f} s {waiting:,} wait"))


def show(console: Console, script: Script, found: Sequence[Verdict]) -> None:
    """The table, and in one sentence what was played."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("what", "measured", "promised", ""):
        table.add_column(name)
    for one in found:
        kept = "" if not one.promised else "kept" if one.kept else "[bold red]NOT KEPT[/]"
        table.add_row(one.what, one.measured, one.promised, kept)
    console.print(_told(script), soft_wrap=True, highlight=False)
    console.print(table)


def _told(script: Script) -> str:
    flooded = f"{script.rate:g} submissions a second for {script.seconds:g} s by {script.callers} callers"
    after = f"{script.fresh:g} a second after the flood; seed {script.seed}"
    return f"{flooded}; for {script.down:g} s {OUTAGES[script.how]}; {after}"


def _script(parser: Parser, given: argparse.Namespace) -> Script:
    script = Script(**vars(given))
    if script.rate * script.seconds + script.fresh * script.down > MOST:
        parser.error(f"these are more than {MOST:,} operations: lower --rate, --seconds, --fresh or --down")
    return script


def _parser() -> Parser:
    parser, defaults = (
        Parser("flood", DESCRIPTION, f"how StartExecution fails:\n{listed(OUTAGES)}\n{EXAMPLES}"),
        Script(),
    )
    for name, reads, what in NUMBERS:
        default = getattr(defaults, name)
        parser.add_argument(f"--{name}", type=reads, default=default, metavar="N", help=f"{what} ({default:g})")
    parser.add_argument("--how", type=_how, default=defaults.how, metavar="HOW", help=f"one of these ({defaults.how})")
    return parser


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number <= MOST:
        raise argparse.ArgumentTypeError(f"a number above 0 and up to {MOST:,} is needed, not {text!r}")
    return number


def _whole(text: str) -> int:
    if not text.isdecimal() or not text.isascii() or not 0 < int(text) <= MOST_CALLERS:
        raise argparse.ArgumentTypeError(f"a whole number from 1 to {MOST_CALLERS:,} is needed, not {text!r}")
    return int(text)


def _how(text: str) -> str:
    if text not in OUTAGES:
        raise argparse.ArgumentTypeError(f"StartExecution cannot fail by {text!r}; it {', '.join(OUTAGES)}")
    return text


NUMBERS = (
    ("rate", _number, "submissions a second"),
    ("seconds", _number, "for so long"),
    ("down", _number, "seconds for which StartExecution fails, from the beginning"),
    ("callers", _whole, "the first sends half of all, the next half of the rest, and so on"),
    ("fresh", _number, "submissions a second from the flood's end until it has drained"),
    ("processes", _whole, "of the API at most, as its reserved concurrency says"),
    ("seed", _whole, "of all that is random"),
)
