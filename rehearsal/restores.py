"""The table is restored to an earlier moment while an operation runs: its rows are older than its execution."""

import random
from dataclasses import dataclass, field

from lambdas.rows import Status, control_key
from lambdas.table import Item, Key, Put
from rehearsal.conduct import one_group
from rehearsal.execution import Execution
from rehearsal.fake_cloud import Snapshot
from rehearsal.faults import Call
from rehearsal.trials import Golden, Scenario
from rehearsal.world import World

LONGEST = 9 * 86_400.0
"""Seconds until nothing can wait any more for a token that the table has forgotten: a place in a queue, seven days."""


@dataclass
class Restored:
    """What came of it."""

    status: Status | None
    """None: the operation was accepted after the moment to which the table was restored."""
    executions: list[Execution]
    before: Snapshot
    cloud: Snapshot
    broken: list[str] = field(default_factory=list)
    """What was done twice."""


def restored(scenario: Scenario, golden: Golden, seed: int) -> Restored:
    """Restore to one call of the run at another, both drawn, and wait until everything must be over.

    One time in four it is a moment before there was such an operation.
    """
    draw = random.Random(seed)
    kept = draw.randrange(1, 4 if draw.random() < 0.25 else len(golden.calls))
    back = draw.randrange(kept, len(golden.calls))
    world = scenario.world()
    before, broken = world.cloud.snapshot(), list[str]()
    rows: list[Item] = []
    calls = 0

    def look(call: Call) -> None:
        nonlocal calls
        calls += 1
        if calls == kept:
            rows.extend(world.table.rows())
        if calls == back:
            world.clock.at(0, lambda: _restore(world, rows))
        if twice := one_group(world):
            broken.append(twice)

    world.faults.watch(look)
    operation = world.submit(scenario.operation, scenario.request)
    world.clock.drain(LONGEST)
    row = world.table.peek(control_key(operation))
    status = Status(row["status"]) if row else None
    return Restored(status, world.executions(operation), before, world.cloud.snapshot(), broken)


def _restore(world: World, rows: list[Item]) -> None:
    world.table.clear()
    for row in rows:
        world.table.write(Put(Key(row["pk"], row["sk"]), row))
