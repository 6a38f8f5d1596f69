"""The sweep: the one function that looks at every row whose time has come.

Open tokens are checked and answered, accepted operations started, deadlines kept, executions that ended unseen
recovered, and what was put back is looked at once more. It only reads the clouds: watched groups in pages, all of it
within a budget, and whatever it does not come to is the next sweep's first. A rule runs it each minute, and while
something is due sooner it asks for itself again. Where many accounts are owed looks, it deals them to other processes
of its own function (`engine/hands.py`).
"""

import logging
import math
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from itertools import islice

from lambdas import lines
from lambdas.cloud import GROUPS_OF_A_PAGE
from lambdas.engine import (
    backlog,
    batches,
    control,
    ends,
    freezes,
    guards,
    hands,
    heartbeat,
    holds,
    locks,
    measures,
    metric_holds,
    recovery,
    rhythm,
    rounds,
    tokens,
    waits,
)
from lambdas.engine.backlog import State
from lambdas.engine.control import LIVENESS
from lambdas.engine.heartbeat import Beat
from lambdas.engine.intake import START_CHECK
from lambdas.engine.rounds import Lane, Row
from lambdas.engine.snapshot import HUB, Snapshot
from lambdas.engine.tasks import LEFT, Sagas, saga_named, stored_plan, wait_of
from lambdas.engine.troubles import Troubles
from lambdas.errors import RollBack, WindlassError
from lambdas.hub import Hub, Json
from lambdas.push import told
from lambdas.redaction import trail
from lambdas.rows import Control, Status
from lambdas.table import Equal, Key, Refused, Update

logger = logging.getLogger("windlass.sweep")
SOON, REFILLED = 1.0, 3.0
"""Seconds until the sweep that goes on: where time was short, and where a budget was; by then some of it is back."""
EARLY = 0.5
"""The part of the budgets that looks brought forward may use: nobody is owed them, and rounds need the rest."""

UNDELIVERED = 300.0
"""Seconds after which the courier is asked once more for what it was asked for in vain."""

Plans = dict[str, Json]
"""By operation."""


def sweep(hub: Hub, sagas: Sagas, *, until: float = math.inf, nudged: Collection[str] = ()) -> State | None:
    """Look at all that is due, as far as time (`until`) and budgets go; then at what waits of `nudged` operations.

    What is not started yet comes first. One row's trouble keeps no other from being looked at. Of a sweep that dies
    nothing counts as looked at. Answers how the backlog stands, if there was one.
    """
    began = hub.now()
    rows, unstarted = [rounds.row_of(item) for item in hub.table.due(began)], backlog.waiting(hub)
    if not rows and not unstarted:
        return None  # Nobody is owed a look, so what the last sweep left still stands.
    beat = heartbeat.read(hub)
    lanes = rounds.lanes(rows, beat.last, beat.rounds, began, hub.settings.settling.total_seconds())
    early = rounds.early(rows, lanes, nudged, began)
    seen = Snapshot(hub, until, Troubles(hub.now, beat.troubles))
    drained = _drained(seen.hub, unstarted, until)
    _make(seen, sagas, lanes, until)
    left = {lane.name: lane.left for lane in lanes if lane.turns}
    _make(seen, sagas, [lane for lane in early if lane.name not in left], until)
    sooner = _sooner(seen.hub, rows, left or (drained is not None and drained.waiting), until, nudged)
    leaves = Beat(began, left, seen.troubles.left, beat.planned)
    heartbeat.write(seen.hub, leaves, sooner)
    if seen.troubles.left.keys() != leaves.troubles.keys():  # it shows only in asking whether messages go out
        heartbeat.write(seen.hub, Beat(began, left, seen.troubles.left))
    if began // rhythm.EACH > beat.last // rhythm.EACH:  # once in each minute: others come as often as each second
        measures.standing(hub, rows, None if drained is None else drained.age)
    return drained


def by_hand(hub: Hub, sagas: Sagas, dealt: Json, *, until: float = math.inf) -> Json:
    """Go round the lanes that a sweep has dealt to this process; answers how far it came."""
    until = min(until, dealt.get("until", math.inf))
    lanes, seen = hands.lanes_of(dealt), Snapshot(hub, until, Troubles(hub.now, {}))
    _go_round(seen, sagas, lanes, until)
    return hands.answer(lanes, dealt, seen.troubles)


def _drained(hub: Hub, unstarted: Sequence[Row], until: float) -> State | None:
    """What cannot be started now keeps nothing else from being looked at."""
    try:
        return backlog.drain(hub, unstarted, until)
    except WindlassError as error:
        logger.warning("the backlog: %s: %s", type(error).__name__, error)
    except Exception as error:  # noqa: BLE001  logged without its sentence
        logger.error("the backlog: our own bug: %s", trail(error))
        measures.broken(hub, "backlog")
    return None


def _make(seen: Snapshot, sagas: Sagas, lanes: Sequence[Lane], until: float) -> None:
    """Few lanes are gone round here, many by other processes at the same time: each has clouds to wait for."""
    if len(lanes) <= hands.FEW:
        return _go_round(seen, sagas, lanes, until)
    dealt = hands.deal(lanes)
    for some, answer in zip(dealt, seen.hub.each(partial(hands.ask, seen.hub, until), dealt), strict=True):
        hands.note(some, answer, seen.troubles)
    return None


def _go_round(seen: Snapshot, sagas: Sagas, lanes: Iterable[Lane], until: float) -> None:
    """A page of each lane in turn, so that none has to wait for the end of another."""
    waiting = deque(lanes)
    while waiting and seen.hub.now() < until:
        lane = waiting.popleft()
        if _some(seen, sagas, lane, until) and lane.turns:
            waiting.append(lane)


def _some(seen: Snapshot, sagas: Sagas, lane: Lane, until: float) -> bool:
    """A page of the lane's rows; whether there may be more."""
    if _over(seen, lane, lane.turns[0].row, until):
        return False
    page = [turn.row for turn in islice(lane.turns, GROUPS_OF_A_PAGE)]
    if page[0].of_alarms:
        return _alarms(seen, sagas, lane, page)
    plans = _foreseen(seen, sagas, page)
    for row in page:
        if _over(seen, lane, row, until):
            return False
        _safely(seen.hub, sagas, row, plans, moving=lane.early)
        lane.made()
    return True


def _alarms(seen: Snapshot, sagas: Sagas, lane: Lane, page: Sequence[Row]) -> bool:
    """Their states are read for all of the page at once."""
    metric_holds.look(seen.hub, sagas, [Key(row.pk, row.sk) for row in page])
    for _ in page:
        lane.made()
    return True


def _over(seen: Snapshot, lane: Lane, row: Row, until: float) -> bool:
    """Whether the row is left to the next sweep."""
    spent = seen.spent(row.place, EARLY if lane.early else 1.0)
    return seen.hub.now() >= until or spent or (not (row.of_token or row.of_alarms) and seen.spent(HUB))


def _foreseen(seen: Snapshot, sagas: Sagas, page: Sequence[Row]) -> Plans:
    """Read what the page's checks will look at, all at once: it is of one place. Returns the plans that say so."""
    plans: Plans = {}
    names: list[str] = []
    for row in page:
        if (found := _watched(seen.hub, sagas, row)) is not None:
            plans[row.operation] = found[0]
            names += found[1]
    if names:
        seen.watch(page[0].account, page[0].region, names)
    return plans


def _watched(hub: Hub, sagas: Sagas, row: Row) -> tuple[Json, tuple[str, ...]] | None:
    """The operation's plan and what its check looks at; None: that shows only at the row's own look."""
    if row.kind != "check" or row.state == LEFT:
        return None
    try:
        saga = saga_named(row.saga, sagas)
        if wait_of(saga, row.state).watches is None:
            return None
        plan = stored_plan(hub, row.operation)
        return None if plan is None else (plan, waits.watched(saga, row.state, plan))
    except Exception:  # noqa: BLE001  whatever it is, the look meets it again and tells
        return None


def _safely(hub: Hub, sagas: Sagas, row: Row, plans: Plans, *, moving: bool) -> None:
    """Whatever a row raises, the next sweep looks again."""
    lines.begin(operation=row.operation)
    try:
        _look(hub, sagas, row, plans, moving=moving)
    except WindlassError as error:
        logger.warning("%s %s: %s: %s", row.pk, row.sk, type(error).__name__, error)
    except Exception as error:  # noqa: BLE001  logged without its sentence
        logger.error("%s %s: our own bug: %s", row.pk, row.sk, trail(error))
        measures.broken(hub, "sweep", row.operation)


def _look(  # noqa: PLR0911  a line for each kind of row
    hub: Hub, sagas: Sagas, row: Row, plans: Plans, *, moving: bool
) -> None:
    """The index may lag: what is done is decided on the rows themselves."""
    if row.of_guard:
        return locks.expire(hub, row.guard)
    if row.of_freeze:
        return freezes.expire(hub, row.freeze)
    if row.of_delivery:
        return _have_it_delivered(hub, row)
    if not row.of_token:
        return _operation(hub, sagas, row.operation)
    opened = tokens.find(hub, row.operation, row.state)
    if opened is None:
        return None
    if opened.kind == "hold":
        return holds.settle(hub, control.read(hub, opened.operation), opened, saga_named(opened.saga, sagas))
    return waits.look(hub, sagas, opened, plans.get(row.operation), moving=moving)


def _operation(hub: Hub, sagas: Sagas, operation: str) -> None:
    row = control.read(hub, operation)
    if row.due is None or row.due > hub.now():
        return
    if row.status.over:
        _over_and_told(hub, sagas, row)
    elif row.after is not None:
        batches.begin_next(hub, row)
        control.look_again(hub, row, hub.now() + START_CHECK)
    else:
        control.look_again(hub, row, hub.now() + _alive(hub, row))
        _have_it_told(hub, row)


def _over_and_told(hub: Hub, sagas: Sagas, row: Control) -> None:
    """Whoever waits for the end is told, and what was put back is looked at once more; then the row is left alone."""
    _have_it_told(hub, row)
    if row.status is Status.ROLLED_BACK:
        return _late_look(hub, sagas, row)
    return control.look_again(hub, row, None)


def _have_it_delivered(hub: Hub, row: Row) -> None:
    """Make up for a message that the courier did not get. Told now, the courier says when it is due next."""
    hub.push.deliver(row.operation, row.sk.removeprefix("delivery#"))
    with suppress(Refused):
        hub.table.write(Update(Key(row.pk, row.sk), {"due": hub.now() + UNDELIVERED}, when=(Equal("due", row.due),)))


def _have_it_told(hub: Hub, row: Control) -> None:
    """Make up for a record of the stream that was lost on its way to the herald."""
    if told.owed(hub.table, row) is not None:
        hub.push.tell(row.id)


def _alive(hub: Hub, row: Control) -> float:
    """Whether the operation's execution still is: else it is started, closed or recovered.

    Answers after how many seconds to look again.
    """
    state = hub.machines.describe(row.saga, row.execution)
    if state is not None:
        recovery.recover(hub, row, state)
        return LIVENESS
    backlog.start(hub, row)
    return START_CHECK


def _late_look(hub: Hub, sagas: Sagas, row: Control) -> None:
    """An effect can land minutes after its call failed: what is found is put back by a recovery.

    What an operation makes carries its tag and stays its own. What was there before, and so has a guard that the
    request names, belongs to whoever had that guard last (docs/adr/0003).
    """
    saga = saga_named(row.saga, sagas)
    found = ends.left_behind(hub, saga, row)
    heir = guards.heir(hub, row.guards, row.id) if found and saga.guards else None
    if found and heir is None:
        retake = guards.taken_again if saga.guards else guards.taken
        return recovery.begin(hub, row, f"{RollBack.__name__}: {found}", retake=retake)
    if heir is not None:
        ends.left_alone(hub, row, found, heir)
    return control.look_again(hub, row, None)


def _sooner(hub: Hub, rows: Iterable[Row], left: object, until: float, nudged: Collection[str]) -> float | None:
    """When a sweep is wanted before the rule's next: if something is left or due by then."""
    now = hub.now()
    soonest = min(_next_looks(rows, now, nudged), default=now + rhythm.EACH)
    if left:
        soonest = min(soonest, now + (SOON if now >= until else REFILLED))
    return soonest if soonest < now + rhythm.EACH else None


def _next_looks(rows: Iterable[Row], now: float, nudged: Collection[str]) -> Iterator[float]:
    waiting = [(row, rounds.begun(row)) for row in rows if row.of_token and row.kind != "hold"]
    dues = (rhythm.young_again(due, now) if row.operation in nudged else due for row, due in waiting)
    return (rhythm.next_look(due, now) for due in dues)
