"""`python -m rehearsal storm`: many operations at once, and what they ask of the clouds."""

import argparse
import logging
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from rehearsal.arguments import FAILED, Parser
from rehearsal.models import NotAModel, parse
from rehearsal.scenarios import CREATES
from rehearsal.storm import MOST, Storm, storm

MANY = 1000
EPILOGUE = f"""
examples:
  python -m rehearsal storm
  python -m rehearsal storm --operations 50 --faults throttling:0.2:300 --seed 3

exit codes: 0 all succeeded with at most {MOST:g} times the calls of a run without faults, 1 not so, 2 bad input"""


def run(arguments: Sequence[str], console: Console | None = None) -> int:
    """Play it with and without faults; 0 where all is as it should be, 1 where not, 2 for bad input."""
    given = _parser().parse_args(arguments)
    console = console or Console()
    logging.disable(logging.CRITICAL)
    calm = storm(CREATES, parse("none"), given.operations, given.seed)
    braked = storm(CREATES, parse(given.faults), given.operations, given.seed)
    console.print(_table(given.faults, calm, braked))
    wrong = braked.wrong(calm)
    console.print(wrong or f"{braked.calls / calm.calls:.2f} times the calls of a run without faults; all succeeded")
    return FAILED if wrong else 0


def _table(faults: str, calm: Storm, braked: Storm) -> Table:
    title = f"{calm.operations} createServerGroup at once"
    table = Table("faults", "ended", "cloud calls", "throttled", "table calls", "functions", "over", title=title)
    for name, one in (("none", calm), (faults, braked)):
        ends = ", ".join(f"{count} {end}" for end, count in one.ends.items())
        numbers = (one.calls, one.throttled, one.table, one.invocations)
        table.add_row(name, ends, *(f"{number:,}" for number in numbers), f"after {one.seconds:,.0f} s")
    return table


def _parser() -> Parser:
    parser = Parser("storm", "Post many createServerGroup at the same moment, under faults and without.", EPILOGUE)
    parser.add_argument("--operations", type=_count, default=200, metavar="N", help="how many (200)")
    parser.add_argument(
        "--faults", type=_faults, default="throttling", metavar="MODEL[+MODEL…]", help="what goes wrong (throttling)"
    )
    parser.add_argument("--seed", type=_seed, default=0, metavar="S", help="of the run (0)")
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MANY:
        raise argparse.ArgumentTypeError(f"the number of operations is from 1 to {MANY}, not {text!r}")
    return int(text)


def _seed(text: str) -> int:
    if not text.isdecimal() or len(text) > 18:
        raise argparse.ArgumentTypeError(f"a seed is a whole number from 0 on, of at most 18 digits, not {text!r}")
    return int(text)


def _faults(text: str) -> str:
    try:
        return parse(text).text
    except NotAModel as error:
        raise argparse.ArgumentTypeError(str(error)) from None
