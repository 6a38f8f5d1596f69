"""How many createServerGroup a rehearsal plays, as a ratio to JSON, and whether its memory stays: `make benchmarks`.

The ratio: so many round trips of the run's own plan through JSON take as long as one run. CPU time of one core, the
best of many short slices of the same runs, since whatever else the machine does only adds.

Three deployments: with all that the rehearsal's request uses, under `calibrated` faults and without any, and the
plainest one, without faults.
"""

import json
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from rich.console import Console
from rich.table import Table

from rehearsal.crew import PLAYED, quiet
from rehearsal.models import parse
from rehearsal.runs import Rehearsal
from rehearsal.tally import Tally
from rehearsal.trials import Scenario

FULL = PLAYED["createServerGroup"]
PLAIN = ("source", "lifecycleHooks", "suspendedProcesses", "userData", "tags")
"""What the plainest request leaves out. It still makes 15 calls: image, subnets, balancers, group, metrics, health."""
PLAINEST = replace(
    FULL, request={name: value for name, value in FULL.request.items() if name not in PLAIN}, invariants=()
)
RUNS = 6_000
WARM = 1_000
"""Runs after which nothing is met for the first time."""
TIMED, TIMES = range(50), 40
"""Seeds of the runs that are timed, and how often: a slice is as short as that of the round trips."""
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


@dataclass(frozen=True)
class Measured:
    """Of one deployment under one fault model."""

    total: Tally
    seconds: float
    """CPU time of one run, in the best slice."""
    trip: float
    """Of one round trip of its plan through JSON."""
    characters: int
    """Of that plan."""
    at_first: float
    """Megabytes after WARM runs, at the highest."""
    at_last: float

    @property
    def ratio(self) -> float:
        return self.seconds / self.trip

    def calls(self, *, cloud: bool) -> float:
        """Calls of the cloud in a run, or of the hub's own ports."""
        counted = self.total.calls.items()
        return sum(number for name, number in counted if (name.partition(".")[0] not in HUB) == cloud) / self.total.runs


def measured(scenario: Scenario, faults: str, runs: int) -> Measured:
    rehearsal = Rehearsal(scenario, parse(faults))
    total = played(rehearsal, range(WARM))
    plan, at_first = plan_of(rehearsal), megabytes()
    total.merge(played(rehearsal, range(WARM, runs)))
    best = min(seconds(lambda: played(rehearsal, TIMED)) for _ in range(TIMES)) / len(TIMED)
    trip = min(seconds(lambda: round_trips(plan)) for _ in range(7)) / ROUND_TRIPS
    return Measured(total, best, trip, len(plan), at_first, megabytes())


def main(runs: int) -> int:
    quiet()
    calibrated = measured(FULL, "calibrated", runs)
    others = {"without faults": measured(FULL, "none", WARM), "the plainest": measured(PLAINEST, "none", WARM)}
    _show({"calibrated": calibrated, **others})
    return _wrong(calibrated)


def _show(all_measured: dict[str, Measured]) -> None:
    table = Table("rehearsal of createServerGroup", *all_measured, title="Rehearsals", title_justify="left")
    values = all_measured.values()
    table.add_row("runs a second and core", *(f"{1 / one.seconds:,.0f}" for one in values))
    table.add_row("calls of the cloud in a run", *(f"{one.calls(cloud=True):.1f}" for one in values))
    table.add_row("calls of table, machines, queue", *(f"{one.calls(cloud=False):.1f}" for one in values))
    table.add_row("characters of its plan", *(f"{one.characters:,}" for one in values))
    table.add_row("round trips of that through JSON a second", *(f"{1 / one.trip:,.0f}" for one in values))
    table.add_row("one run takes as long as so many of them", *(f"{one.ratio:.0f}" for one in values))
    table.add_row(f"resident memory after {WARM:,} runs, in MB", *(f"{one.at_first:.1f}" for one in values))
    table.add_row("runs in all", *(f"{one.total.runs:,}" for one in values))
    table.add_row("resident memory after them, in MB", *(f"{one.at_last:.1f}" for one in values))
    Console().print(table)


HUB = ("table", "machines", "sweeper", "functions")
"""Ports of Windlass's own; the others are the cloud's."""


def _wrong(found: Measured) -> int:
    total, ratio, growth = found.total, found.ratio, found.at_last / found.at_first
    wrong = [f"{total.failed} runs failed"] if total.failed else []
    wrong += [f"a run takes as long as {ratio:.0f} round trips, more than {MOST}"] if ratio > MOST else []
    wrong += [f"memory grew to {growth:.2f} times, more than {GROWTH}"] if growth > GROWTH else []
    for one in wrong:
        print(one, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else RUNS))
