"""Lanes dealt to other processes of the sweep: the clouds of many accounts are waited for at the same time.

The sweep still decides alone who is owed a look, and how far it came; a hand only goes round the lanes that it is
dealt, and answers how many looks it has made in each. Of a hand that does not answer no look counts as made.
"""

import logging
import math
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from lambdas.engine.rounds import Lane, Round, Row, Turn
from lambdas.engine.troubles import Troubles
from lambdas.errors import WindlassError
from lambdas.hub import Hub, Json

logger = logging.getLogger("windlass.sweep")
FUNCTION, LANES = "Sweep", "lanes"
FEW = 8
"""Lanes that the sweep goes round itself: a second or two of waiting, and no other process to start."""
MOST = 40
"""Hands at once. A process keeps the sessions of 32 accounts; a thousand accounts are 25 for each."""
ANSWER = 5.0
"""Seconds before the sweep's own end by which its hands are done."""


def deal(lanes: Sequence[Lane]) -> list[list[Lane]]:
    """For each hand its lanes; those of one place stay together, and so does what is read there."""
    places: dict[str, list[Lane]] = {}
    for lane in lanes:
        places.setdefault(lane.turns[0].row.place, []).append(lane)
    together = list(places.values())
    count = min(MOST, math.ceil(len(lanes) / FEW))
    return [[lane for some in together[hand::count] for lane in some] for hand in range(count) if together[hand:]]


def ask(hub: Hub, until: float, lanes: Sequence[Lane]) -> Json:
    """Have a hand go round these lanes; what it answers, nothing where it does not."""
    over = {} if math.isinf(until) else {"until": until - ANSWER}
    try:
        return hub.functions.invoke(FUNCTION, {LANES: [_written(lane) for lane in lanes], **over})
    except WindlassError as error:
        logger.warning("a hand of the sweep: %s: %s", type(error).__name__, error)
        return {}


def lanes_of(dealt: Json) -> list[Lane]:
    """The lanes that a hand is dealt. Which round a look is in is the sweep's to know."""
    return [Lane(one["name"], map(_turn, one["rows"]), early=one["early"]) for one in dealt[LANES]]


def answer(lanes: Sequence[Lane], dealt: Json, troubles: Troubles) -> Json:
    """What a hand has done, when it is through."""
    before = (len(one["rows"]) for one in dealt[LANES])
    made = [count - len(lane.turns) for lane, count in zip(lanes, before, strict=True)]
    return {"made": made, "troubles": troubles.met_so_far}


def note(lanes: Sequence[Lane], told: Json, troubles: Troubles) -> None:
    """Take over what a hand has answered about its lanes."""
    for lane, made in zip(lanes, told.get("made", ()), strict=False):
        for _ in range(made):
            lane.made()
    troubles.also(told.get("troubles", {}))


def _written(lane: Lane) -> Json:
    return {"name": lane.name, "early": lane.early, "rows": [_row(turn.row) for turn in lane.turns]}


def _row(row: Row) -> dict[str, Any]:
    """Without what has its default: a thousand rows are some 200 KB."""
    return {name: value for name, value in vars(row).items() if value != _DEFAULTS[name]}


def _turn(written: dict[str, Any]) -> Turn:
    row = Row(**written)
    return Turn(row, (row.due, row.pk, row.sk), Round(row.due, row.due))


_DEFAULTS = {field.name: field.default for field in fields(Row)}
