"""Whose turn it is: rows of the index that are owed a look, longest unchecked first, and how far earlier sweeps came.

Rows stand in lanes, so that one crowded account keeps no other waiting. A lane goes round: a round is all looks that
fell due within a span of time. Where a sweep has to stop, the place it came to is all that is kept, and the next sweep
goes on from there before it begins another round: every row has its look before any has two, whatever the load, and
nothing is written for a look.
"""

import math
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from lambdas.engine import rhythm
from lambdas.engine.tasks import LEFT
from lambdas.table import Item

Place = tuple[float, str, str]
"""Since when the look is owed, and the row's key."""


@dataclass(frozen=True)
class Row:
    """A row as the due index knows it (`lambdas.table.PROJECTED`): the row itself may have changed since."""

    pk: str
    sk: str
    due: float
    """Of an open token: since when it has been open, or since an event told that it moves."""
    account: str = ""
    region: str = ""
    saga: str = ""
    kind: str = ""
    """Of an open token; empty for a control row, a guard and a freeze."""
    deadline: float | None = None
    expires: float | None = None
    clear: float | None = None
    caller: str = ""
    """Of a control row, as what follows."""
    priority: str = ""
    start_by: float | None = None
    finish_by: float | None = None

    @property
    def over_by(self) -> float:
        """When an operation that has not begun may not begin any more."""
        return min((one for one in (self.start_by, self.finish_by) if one is not None), default=math.inf)

    @property
    def operation(self) -> str:
        return self.pk.removeprefix("op#")

    @property
    def state(self) -> str:
        return self.sk.removeprefix("wait#")

    @property
    def guard(self) -> str:
        return self.pk.removeprefix("guard#")

    @property
    def of_guard(self) -> bool:
        """A lock whose time is over."""
        return self.sk == "guard"

    @property
    def freeze(self) -> str:
        return self.sk.removeprefix("freeze#")

    @property
    def of_freeze(self) -> bool:
        """A freeze whose time is over."""
        return self.sk.startswith("freeze#")

    @property
    def of_delivery(self) -> bool:
        """An event that a receiver has not taken (`lambdas.push.deliveries`)."""
        return self.sk.startswith("delivery#")

    @property
    def of_alarms(self) -> bool:
        """Alarms that hold an operation, or an application's."""
        return self.sk == "alarms"

    @property
    def of_token(self) -> bool:
        return self.sk.startswith("wait#")

    @property
    def place(self) -> str:
        """Whose APIs the look reads."""
        return f"{self.account}/{self.region}"

    @property
    def lane(self) -> str:
        if self.of_alarms:
            return f"{self.place} alarms"
        return self.place if self.of_token else f"{self.place} operations"


@dataclass(frozen=True)
class Round:
    """The looks that fell due after `since` and by `until`; those up to the place `after` have been made."""

    since: float
    until: float
    after: Place | None = None


@dataclass(frozen=True)
class Turn:
    row: Row
    place: Place
    round: Round


class Lane:
    """The turns of one lane, in order."""

    def __init__(self, name: str, turns: Iterable[Turn], *, early: bool = False) -> None:
        self.name = name
        self.early = early
        """Nobody is owed these looks: they are in no round, and none that is left out is made up for."""
        self.turns = deque(turns)
        self._made: Turn | None = None

    def made(self) -> None:
        """The first turn is over."""
        self._made = self.turns.popleft()

    @property
    def left(self) -> Round:
        """What the next sweep goes on with."""
        upcoming, made = self.turns[0], self._made
        same = made is not None and made.round == upcoming.round
        return replace(upcoming.round, after=made.place) if same and made else upcoming.round


def row_of(item: Item) -> Row:
    return Row(**{name: value for name, value in item.items() if name in _NAMES})


_NAMES = frozenset(Row.__dataclass_fields__)


def lanes(rows: Iterable[Row], last: float, left: Mapping[str, Round], now: float, settling: float) -> list[Lane]:
    """Lanes with something to do, longest unchecked first: what earlier sweeps left, then what fell due since."""
    by_lane: dict[str, list[Row]] = {}
    for row in rows:
        by_lane.setdefault(row.lane, []).append(row)
    made = (Lane(name, _turns(some, left.get(name), last, now, settling)) for name, some in by_lane.items())
    return sorted((lane for lane in made if lane.turns), key=lambda lane: (lane.left.since, lane.turns[0].place))


def early(rows: Iterable[Row], owed: Iterable[Lane], nudged: Collection[str], now: float) -> list[Lane]:
    """Lanes of the checks of these operations that are owed no look now."""
    if not nudged:
        return []
    taken = {turn.row for lane in owed for turn in lane.turns}
    by_lane: dict[str, list[Turn]] = {}
    for row in rows:
        if row.kind == "check" and row.operation in nudged and row not in taken:
            by_lane.setdefault(row.lane, []).append(Turn(row, (now, row.pk, row.sk), Round(now, now)))
    return [Lane(name, turns, early=True) for name, turns in by_lane.items()]


def _turns(rows: list[Row], left: Round | None, last: float, now: float, settling: float) -> Iterator[Turn]:
    remainder = sorted(_of_round(rows, left, settling), key=_order) if left else []
    yield from remainder
    taken = {turn.row for turn in remainder}
    fresh = Round(left.until if left else last, now)
    yield from sorted(_of_round((row for row in rows if row not in taken), fresh, settling), key=_order)


def _of_round(rows: Iterable[Row], this: Round, settling: float) -> Iterator[Turn]:
    for row in rows:
        since = owed(row, this.since, this.until, settling)
        if since is None:
            continue
        place = (since, row.pk, row.sk)
        if this.after is None or place > this.after:
            yield Turn(row, place, this)


def begun(row: Row) -> float:
    """From when on a wait's age counts: its beginning, or since its check passes, where it has to pass for a while."""
    return row.due if row.clear is None or row.state == LEFT else row.clear


def _order(turn: Turn) -> Any:
    return turn.place


def owed(row: Row, since: float, until: float, settling: float) -> float | None:
    """From when on the row is owed a look in that span; None: it is not.

    A hold is settled at every sweep, and a wait whose time is over is looked at until it is answered.
    """
    if row.of_alarms:
        at = rhythm.next_look_at_alarms(row.due, since)
        return at if at <= until else None
    if not row.of_token or row.kind == "hold":
        return row.due if row.due <= until else None
    settled = row.clear + settling if row.clear is not None and row.state == LEFT else None
    times = (row.deadline, row.expires, settled, rhythm.next_look(begun(row), since))
    return min((one for one in times if one is not None and one <= until), default=None)
