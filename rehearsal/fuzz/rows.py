"""Whose each row of the table is, when all is over: a row that nothing accounts for is an orphan."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from lambdas.rows import Status
from rehearsal.fuzz.tally import Tally

Row = Mapping[str, Any]
ARCHITECTURE = Path(__file__).parents[2] / "docs" / "architecture.md"
_ITEMS = re.compile(r"^\| pk \| sk \| what \|\n(.+?)\n\n", re.MULTILINE | re.DOTALL)
_NAME = re.compile(r"`([^`]+)`")
PUT_BY_CALLERS = ("webhook#", "notification#", "alarms", "freeze#")
STANDING = ("sweep", "application#", "freezes")
"""Partitions whose `due` says since when, and not by when."""
LATE = 3_600.0
"""Seconds after which what is due should have been looked at."""
OVER = {one.value for one in Status if one.over}


def orphans(rows: Collection[Row], tally: Tally, now: float) -> list[str]:
    """Each row that belongs to nothing, or that somebody forgot, in a sentence."""
    partitions: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        partitions[row["pk"]].append(row)
    return [said for pk, mine in partitions.items() for said in _partition(pk, mine, partitions, tally, now)]


def _partition(
    pk: str, rows: list[Row], partitions: Mapping[str, list[Row]], tally: Tally, now: float
) -> Iterator[str]:
    if pk.startswith("op#"):
        yield from _operation(pk.removeprefix("op#"), rows, partitions, tally.operations)
    else:
        yield from (said for row in rows for said in _of_no_operation(row, tally))
    for row in rows:
        if "due" in row and row["due"] < now - LATE and not pk.startswith(STANDING):
            yield f"{pk[:80]} {row['sk']} has been due for {now - row['due']:.0f} s"


@cache
def kinds() -> frozenset[tuple[str, str]]:
    """What keys begin with, partition and sort, as docs/architecture.md lists them: a row that it forgets is none."""
    found = _ITEMS.search(ARCHITECTURE.read_text("utf-8"))
    rows = [line.split("|")[1:3] for line in found[1].splitlines()] if found else []
    return frozenset((pk, sk) for pks, sks in rows for pk in _begins(pks) for sk in _begins(sks))


def _begins(cell: str) -> list[str]:
    """What the keys of a cell begin with: `step#<name>` is `step#`."""
    return [one.partition("<")[0] for one in _NAME.findall(cell)]


def _is_known(row: Row) -> bool:
    return any(row["pk"].startswith(pk) and row["sk"].startswith(sk) for pk, sk in kinds())


def _of_no_operation(row: Row, tally: Tally) -> Iterator[str]:
    pk, sk = row["pk"], row["sk"]
    if not _is_known(row):
        yield f"{pk[:80]!r} {sk[:80]!r} is no kind of row that there is"
    elif sk.startswith(PUT_BY_CALLERS) and (pk, sk) not in tally.configured:
        yield f"{pk[:80]!r} {sk[:80]!r} was put by nobody"
    elif sk == "guard" and (row.get("owner") or row.get("queue")):
        yield f"{pk[:80]} is kept by {row.get('owner')}, and {list(row.get('queue', ()))} wait"


def _operation(
    name: str, rows: list[Row], partitions: Mapping[str, list[Row]], accepted: Collection[str]
) -> Iterator[str]:
    sorts = {row["sk"]: row for row in rows}
    if "batch" in sorts:
        missing = [one for one in sorts["batch"]["operations"] if f"op#{one}" not in partitions]
        yield from (f"batch {name} names {one}, of which there is no row" for one in missing)
    if "control" not in sorts:
        yield from () if "batch" in sorts else [f"op#{name} has {', '.join(sorts)} and no control row"]
        return
    control = sorts["control"]
    if control["status"] not in OVER:
        yield f"operation {name} is still {control['status']} in {control.get('step')}"
    if {name, control.get("batch")}.isdisjoint(accepted):
        yield f"operation {name} was answered to nobody"
    for sort, row in sorts.items():
        if sort.startswith("wait#") or not _is_known(row):
            yield f"op#{name} keeps {sort}"
