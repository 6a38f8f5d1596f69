"""What a finished sweep leaves to the next one: one small row, whatever the number of waits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lambdas.engine import rhythm
from lambdas.engine.rhythm import HEARTBEAT
from lambdas.engine.rounds import Place, Round
from lambdas.engine.troubles import Known, Trouble
from lambdas.hub import Hub
from lambdas.table import Refused, Update


@dataclass(frozen=True)
class Beat:
    """What finished sweeps leave to the next: told as a whole, since one half says nothing without the other."""

    last: float = 0.0
    """All looks due by then have been made, but for those of the rounds."""
    rounds: Mapping[str, Round] = field(default_factory=dict)
    """By lane, where a sweep had to stop."""
    troubles: Known = field(default_factory=dict)
    """Services that answered them with errors alone."""
    planned: float | None = None
    """When the sweep comes that was asked for last, as the row was read."""


def read(hub: Hub) -> Beat:
    """What the last finished sweep left."""
    row = hub.table.get(HEARTBEAT) or {}
    rounds = {name: Round(one[0], one[1], _place(one[2:])) for name, one in row.get("rounds", {}).items()}
    troubles = {name: Trouble(*one) for name, one in row.get("troubles", {}).items()}
    return Beat(float(row.get("last", 0.0)), rounds, troubles, row.get("next"))


def write(hub: Hub, left: Beat, soonest: float | None = None) -> None:
    """The last of a sweep: one that dies before leaves everything to the next. `soonest` is when that is wanted.

    Mostly one write does for both: who waits alone pays each of them at every look.
    """
    rounds = {name: [one.since, one.until, *(one.after or ())] for name, one in left.rounds.items()}
    troubles = {name: list(one) for name, one in left.troubles.items()}
    told = {"last": left.last, "rounds": rounds or None, "troubles": troubles or None}
    comes = None if soonest is None else rhythm.coming(hub, soonest, left.planned)
    if soonest is None or comes is None:
        return hub.table.write(Update(HEARTBEAT, told))
    try:
        return rhythm.noted(hub, comes, left.planned, **told)
    except Refused:
        hub.table.write(Update(HEARTBEAT, told))
        return rhythm.ask(hub, soonest)


def _place(written: Sequence[Any]) -> Place | None:
    return (written[0], written[1], written[2]) if written else None
