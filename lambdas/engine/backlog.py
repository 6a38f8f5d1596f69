"""The backlog: what was accepted, and whose execution has yet to be started.

Intake starts what it accepts at once, so fresh requests pass the backlog. Whatever it could not start (Step Functions
throttled, denied or down), or died before it did, is started from here: by one sweep at a time, within half of
StartExecution's bucket, fair between callers, and of one caller by priority and age. Places in the queues of guards are
taken at intake: in which order machines are started changes nothing about who has a thing first.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, islice, zip_longest

from lambdas.engine import control, crowds, ends, measures, recovery
from lambdas.engine.budgets import HUB, STARTS, Budgets, Levels
from lambdas.engine.control import LIVENESS
from lambdas.engine.rounds import Row, row_of
from lambdas.errors import Expired, NoCapacity, Throttled, Transient, WindlassError
from lambdas.hub import Hub
from lambdas.redaction import trail
from lambdas.rows import Control, Priority, Status, control_key, short, utc
from lambdas.table import Below, Equal, Item, Key, Refused, Update

logger = logging.getLogger("windlass.backlog")
STATE = Key("sweep", "backlog")
LEASE = 60.0
"""Seconds for which one sweep has the backlog to itself: no function lives longer."""
TURN = 10.0
"""Seconds that a sweep gives to the backlog before it looks at all else that is due."""
MOST = 40_000
"""Rows that one sweep reads, some 12 MB. Fairness ends there: who stands behind so many older ones waits for them."""
AT_ONCE = 10
"""Starts at the same time, as many as a client of botocore keeps connections: some 150 a second."""
OF_THE_MACHINE = (Transient, Throttled, NoCapacity)
"""What keeps a machine from being started, whichever operation it is for; anything else is the row's own trouble."""

_TOLD = ("waiting", "since", "as_of", "why", "started", "last")
_RANKS: dict[str, int] = {Priority.HIGH: 0, Priority.LOW: 2}
_NORMAL = 1


@dataclass(frozen=True)
class State:
    """What the last drain left: for the next, and for whoever asks why an operation is not started."""

    waiting: int = 0
    since: float | None = None
    """When the oldest of them should have been started."""
    as_of: float = 0.0
    why: str | None = None
    """Why a start failed, `Name: sentence`."""
    started: int = 0
    """How many left the backlog in that drain."""
    last: str = ""
    """The caller who had the last turn."""
    levels: Levels = field(default_factory=dict)
    """What drains have taken of the bucket."""

    @property
    def age(self) -> float:
        """Seconds by which the oldest of them was late then; 0 where none waits."""
        return 0.0 if self.since is None else max(self.as_of - self.since, 0.0)


@dataclass
class Drain:
    """One sweep's turn."""

    hub: Hub
    budgets: Budgets
    until: float
    last: str = ""
    """The caller who had the last turn."""
    gone: set[str] = field(default_factory=set)
    """Operations that wait no longer."""
    failing: dict[str, WindlassError] = field(default_factory=dict)
    """Machines that cannot be started now, and why."""

    def close(self, late: Sequence[Row]) -> None:
        """What may not be started any more is closed, whether or not anything can be started."""
        rows = iter(late)
        while self.hub.now() < self.until and (some := list(islice(rows, AT_ONCE))):
            self._attempt(some)

    def start(self, rows: Iterable[Row]) -> None:
        """In this order, while budget and time last. The first goes alone: it finds out for all of its machine."""
        rows, size = iter(rows), 1
        while self.hub.now() < self.until and (some := self._some(rows, size)):
            self.budgets.take(HUB, STARTS, len(some))
            self._attempt(some)
            size, self.last = AT_ONCE, some[-1].caller

    def _some(self, rows: Iterator[Row], most: int) -> list[Row]:
        if any(isinstance(error, Throttled) for error in self.failing.values()):
            self.budgets.drain(HUB, STARTS)
        most = min(most, self.budgets.left(HUB, STARTS))
        return list(islice((row for row in rows if row.saga not in self.failing), most))

    def _attempt(self, rows: Sequence[Row]) -> None:
        for row, error in zip(rows, self.hub.each(partial(_attempted, self.hub), rows), strict=True):
            if error is None:
                self.gone.add(row.operation)
            elif isinstance(error, OF_THE_MACHINE):
                self.failing[row.saga] = error


def waiting(hub: Hub) -> list[Row]:
    """What should have been started by now, the oldest first."""
    return [row_of(item) for item in hub.table.backlog(hub.now(), MOST)]


def drain(hub: Hub, rows: Sequence[Row], until: float) -> State | None:
    """Start these, as far as time and budget go. None: there are none, or another sweep is at it."""
    if not rows:
        return None
    now = hub.now()
    before = read(hub)
    try:
        hub.table.write(Update(STATE, {"until": now + LEASE}, when=(Below("until", now),)))
    except Refused:
        return None
    turn = Drain(hub, Budgets(hub.now, before.levels), min(until, now + TURN), before.last)
    late = [row for row in rows if row.over_by <= now]
    turn.start(turns((row for row in rows if row.over_by > now), before.last))
    turn.close(late)
    state = _state(turn, rows)
    crowds.note(hub, (row.caller for row in rows if row.operation not in turn.gone))
    _write(hub, state)
    logger.info("%d wait to be started, since %s; %d left: %s", state.waiting, state.since, state.started, state.why)
    return state


def overdue(hub: Hub, row: Control) -> bool:
    """Whether the operation's execution should have been started by now."""
    return bool(row.backlog) and row.due is not None and row.due <= hub.now()


def words(state: State) -> str:
    """Why an operation that is overdue is not started, as far as the last drain knows."""
    if state.since is None:
        return "waits to be started"
    others = f"{state.waiting:,} operations wait" if state.waiting > 1 else "1 operation waits"
    told = f"waits to be started; at {utc(state.as_of)} {others}, the oldest since {utc(state.since)}"
    return told if state.why is None else f"{told}; a start failed with {state.why}"


def read(hub: Hub) -> State:
    """What the last drain left."""
    item = hub.table.get(STATE) or {}
    levels = {key: (one[0], one[1]) for key, one in item.get("levels", {}).items()}
    known: Item = {name: item[name] for name in _TOLD if name in item}
    return State(**known, levels=levels)


def turns(rows: Iterable[Row], last: str = "") -> Iterator[Row]:
    """Each caller's next in turn, from whoever comes after him who had the `last` one, always in the same order.

    A drain can be shorter than a round: if each began with the same caller, the others would have little of it. Of one
    caller the most urgent comes first, then the oldest: that he calls everything urgent costs nobody but himself.
    """
    lines: dict[str, list[Row]] = {}
    for row in sorted(rows, key=_order):
        lines.setdefault(row.caller, []).append(row)
    ring = sorted(lines, key=lambda caller: (caller <= last, caller))
    return (row for row in chain.from_iterable(zip_longest(*map(lines.__getitem__, ring))) if row is not None)


def start(hub: Hub, row: Control) -> float:
    """Start the execution that the row names, unless the operation's time is over before it began.

    Answers after how many seconds to look whether it is there. Raises what keeps it from being started.
    """
    try:
        if row.status is Status.ACCEPTED:
            control.in_time(hub, row)
    except Expired as late:
        ends.close(hub, row.id, Status.ROLLED_BACK, f"{Expired.__name__}: {late}")
        return LIVENESS
    return LIVENESS if recovery.start(hub, row) else 0.0


def _order(row: Row) -> tuple[int, float, str]:
    return _RANKS.get(row.priority, _NORMAL), row.due, row.pk


def _attempted(hub: Hub, waiting: Row) -> Exception | None:
    """Why it was not started, or None. The index may lag: the row itself says whether it still waits."""
    try:
        row = control.read(hub, waiting.operation)
        if row.backlog:
            control.look_again(hub, row, hub.now() + start(hub, row))
    except OF_THE_MACHINE as error:
        return error
    except Exception as error:  # noqa: BLE001  logged without its sentence
        logger.error("operation %s cannot be started: our own bug: %s", waiting.operation, trail(error))
        measures.broken(hub, "backlog", waiting.operation)
        _behind(hub, waiting)
        return error
    return None


def _behind(hub: Hub, waiting: Row) -> None:
    """A row that can never be started must not stand in the way of its caller's others."""
    later = {"due": hub.now() + LIVENESS, "backlog": True}
    with suppress(WindlassError, Refused):
        hub.table.write(Update(control_key(waiting.operation), later, when=(Equal("backlog", True),)))


def _state(turn: Drain, rows: Sequence[Row]) -> State:
    waiting = [row for row in rows if row.operation not in turn.gone]
    error = next(iter(turn.failing.values()), None)
    return State(
        waiting=len(waiting),
        since=waiting[0].due if waiting else None,
        as_of=turn.hub.now(),
        why=None if error is None else short(f"{type(error).__name__}: {error}"),
        started=len(turn.gone),
        last=turn.last,
        levels=turn.budgets.levels,
    )


def _write(hub: Hub, state: State) -> None:
    """The last of a turn, which gives the backlog to the next sweep."""
    told = {**vars(state), "levels": {key: list(one) for key, one in state.levels.items()} or None}
    hub.table.write(Update(STATE, {**told, "until": None}))
