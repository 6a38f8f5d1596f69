"""`python -m rehearsal fuzz`: requests made from the OpenAPI document, and what they came to."""

import argparse
import logging
from collections import Counter
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from rehearsal.arguments import FAILED, Parser
from rehearsal.fuzz.run import Fuzzed, fuzz
from rehearsal.fuzz.tally import FITTING, Tally

FEWEST, MOST = 300, 100_000
SHOWN = 10
EPILOGUE = f"""
Right are: at least {FITTING:.0%} of the requests fit the document, every route is asked and every operation accepted,
no answer is 5xx, each answer is one that the document tells of, and when all operations have ended no row of the table
is an orphan.

examples:
  python -m rehearsal fuzz
  python -m rehearsal fuzz --requests 1000 --seed 7

exit codes: 0 all is right, 1 not so, 2 bad input"""


def run(arguments: Sequence[str], console: Console | None = None) -> int:
    """Send them; 0 where all is as it should be, 1 where not, 2 for bad input."""
    given = _parser().parse_args(arguments)
    console = console or Console()
    logging.disable(logging.CRITICAL)
    fuzzed = fuzz(given.requests, given.seed)
    for table in (_routes(fuzzed.tally), _refusals(fuzzed.tally)):
        console.print(table)
    console.print(_summary(fuzzed))
    for one in fuzzed.wrong:
        console.print(one, markup=False)
    return FAILED if fuzzed.wrong else 0


def _routes(tally: Tally) -> Table:
    statuses = sorted({status for _, status in tally.answers})
    table = Table("route", *map(str, statuses), title="answers by route")
    for route in sorted(tally.document.routes):
        counts = [tally.answers[route, status] for status in statuses]
        table.add_row(route, *(str(count) if count else "" for count in counts))
    return table


def _refusals(tally: Tally) -> Table:
    """What a document cannot say: which account there is, which fields exclude each other."""
    table = Table("times", "route", "answer", title="fits the document, answered 400 all the same: the most frequent")
    for (route, said), times in tally.refused.most_common(SHOWN):
        table.add_row(str(times), route, said.partition('"detail": ')[2] or said)
    return table


def _summary(fuzzed: Fuzzed) -> str:
    tally, statuses = fuzzed.tally, Counter[int]()
    for (_, status), count in tally.answers.items():
        statuses[status] += count
    asked = len(tally.document.routes) - len(tally.unreached)
    told = ", ".join(f"{count:,} of {status}" for status, count in sorted(statuses.items()))
    ends = ", ".join(f"{count} {end}" for end, count in fuzzed.ends.items())
    return (
        f"{tally.requests:,} requests, {tally.share:.1%} fit the document, {tally.hostile:,} with a hostile word\n"
        f"answered {told}\n"
        f"{asked} of {len(tally.document.routes)} routes asked, {len(tally.unanswered)} of them never as usual; "
        f"{len(tally.submitted & fuzzed.types)} of {len(fuzzed.types)} operations accepted\n"
        f"operations ended {ends}; {fuzzed.rows:,} rows, {len(fuzzed.orphans)} orphaned"
    )


def _parser() -> Parser:
    parser = Parser("fuzz", "Requests from the OpenAPI document against the real handler, hostile ones too.", EPILOGUE)
    parser.add_argument("--requests", type=_count, default=10_000, metavar="N", help="how many (10000)")
    parser.add_argument("--seed", type=_seed, default=0, metavar="S", help="of the run (0)")
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or not FEWEST <= int(text) <= MOST:
        raise argparse.ArgumentTypeError(f"the number of requests is from {FEWEST} to {MOST}, not {text!r}")
    return int(text)


def _seed(text: str) -> int:
    if not text.isdecimal() or len(text) > 9:
        raise argparse.ArgumentTypeError(f"a seed is a whole number from 0 on, of at most 9 digits, not {text!r}")
    return int(text)
