"""How many createServerGroup a rehearsal plays, as a ratio to JSON, and whether its memory stays: `make benchmarks`.

The ratio: so many round trips of the run's own plan through JSON take as long as one run. CPU time of one core, the
best of several slices, since whatever else the machine does only adds.
"""

import json
import resource
import sys
import time
from collections.abc import Callable

from rich.console import Console
from rich.table import Table

from rehearsal.crew import PLAYED, quiet
from rehearsal.models import parse
from rehearsal.runs import Rehearsal
from rehearsal.tally import Tally

RUNS = 6_000
WARM = 1_000
"""Runs after which nothing is met for the first time."""
SLICE = 500
ROUND_TRIPS = 2_000
MOST = 160
"""Round trips of JSON that one run may take as long as."""
GROWTH = 1.05
"""By how much the memory may have grown since the first runs: caches fill up, nothing is kept of a run."""


def seconds(act: Callable[[], object]) -> float:
    began = time.process_time()
    act()
    return time.process_time() - began


def megabytes() -> float:
    """Resident memory at its highest so far; Linux counts kilobytes, macOS bytes."""
    highest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return highest / 1e6 if sys.platform == "darwin" else highest / 1e3


def played(rehearsal: Rehearsal, seeds: range) -> Tally:
    tally = Tally()
    for seed in seeds:
        tally.add(rehearsal.run(seed))
    return tally


def plan_of(rehearsal: Rehearsal) -> str:
    """The plan of the run played last, as its machine carries it."""
    (plan,) = (row["plan"] for row in rehearsal.world.table.rows() if row["sk"] == "plan")
    return json.dumps(plan)


def round_trips(text: str) -> None:
    for _ in range(ROUND_TRIPS):
        json.dumps(json.loads(text))


def main(runs: int) -> int:
    quiet()
    rehearsal = Rehearsal(PLAYED["createServerGroup"], parse("calibrated"))
    total = played(rehearsal, range(WARM))
    plan, at_first = plan_of(rehearsal), megabytes()
    slices = [range(begin, begin + SLICE) for begin in range(WARM, max(runs, WARM + SLICE), SLICE)]
    best = min(seconds(lambda: total.merge(played(rehearsal, one))) / len(one) for one in slices)  # noqa: B023 - at once
    trip = min(seconds(lambda: round_trips(plan)) for _ in range(7)) / ROUND_TRIPS
    at_last, ratio = megabytes(), best / trip
    _show(total, 1 / best, trip, ratio, len(plan), at_first, at_last)
    return _wrong(total, ratio, at_last / at_first)


def _show(total: Tally, speed: float, trip: float, ratio: float, size: int, at_first: float, at_last: float) -> None:
    cloud = sum(number for name, number in total.calls.items() if name.partition(".")[0] not in HUB) / total.runs
    table = Table("rehearsal of createServerGroup, calibrated", "measured", title="Rehearsals", title_justify="left")
    table.add_row("runs a second and core", f"{speed:,.0f}")
    table.add_row("calls of the cloud in a run", f"{cloud:.1f}")
    table.add_row(f"round trips of its plan ({size:,} characters) through JSON a second", f"{1 / trip:,.0f}")
    table.add_row("ratio: one run takes as long as so many round trips", f"{ratio:.0f}")
    table.add_row(f"resident memory after {WARM:,} runs", f"{at_first:.1f} MB")
    table.add_row(f"resident memory after {total.runs:,} runs", f"{at_last:.1f} MB")
    Console().print(table)


HUB = ("table", "machines", "sweeper", "functions")
"""Ports of Windlass's own; the others are the cloud's."""


def _wrong(total: Tally, ratio: float, growth: float) -> int:
    wrong = [f"{total.failed} runs failed"] if total.failed else []
    wrong += [f"a run takes as long as {ratio:.0f} round trips, more than {MOST}"] if ratio > MOST else []
    wrong += [f"memory grew to {growth:.2f} times, more than {GROWTH}"] if growth > GROWTH else []
    for one in wrong:
        print(one, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else RUNS))
