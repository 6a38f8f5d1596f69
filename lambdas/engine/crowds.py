"""How many operations one caller may have waiting to be started: each drain of the backlog counts, intake asks.

A drain reads so many rows at most, and among those it has callers take turns: without a bound one caller could fill all
of it, and nobody else would have a turn. Where nothing waits nothing is asked: a process that accepts operations looks
only once a start of its own has failed.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from lambdas.errors import Throttled
from lambdas.hub import Hub
from lambdas.table import Key, Update

CROWDS = Key("sweep", "crowds")
MOST = 20_000
"""Operations of one caller: half of what a drain reads (`backlog.MOST`), and more than it starts in two minutes.

He may come some thousands over it, by what he sends until the next drain has counted.
"""
HOLDS = 30.0
"""Seconds for which a count holds; while anything waits the next drain comes within a few (`backlog.TURN`)."""
WARY = 60.0
"""Seconds for which a process asks after a start of its own has failed."""


@dataclass
class Wary:
    """What one process knows: whether a start of its own has failed lately."""

    until: float = 0.0

    def after(self, *, started: bool, now: float) -> None:
        if not started:
            self.until = now + WARY


def note(hub: Hub, callers: Iterable[str]) -> None:
    """Note who has too many waiting: `callers` of all that wait, each as often as he has one."""
    found = {caller: count for caller, count in Counter(callers).items() if count >= MOST}
    if found:
        hub.table.write(Update(CROWDS, {"callers": found, "until": hub.now() + HOLDS}))


def admit(hub: Hub, caller: str) -> None:
    """Raises Throttled for whom the last drain found with too many."""
    row = hub.table.get(CROWDS)
    count = row["callers"].get(caller) if row and hub.now() < row["until"] else None
    if count:
        raise Throttled(f"{count:,} operations of {caller} wait to be started, and {MOST:,} may")
