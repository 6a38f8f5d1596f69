"""The sweep: the one function that looks at every row whose time has come.

Open tokens are checked and answered, accepted operations started, deadlines kept, executions that ended unseen
recovered, and what was put back is looked at once more. It only reads the clouds. A rule runs it each minute, and
while something is due sooner it asks for itself again.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass

from lambdas.engine import batches, control, ends, holds, recovery, rhythm, tokens, waits
from lambdas.engine.control import LIVENESS
from lambdas.engine.intake import START_CHECK
from lambdas.engine.tasks import Sagas, saga_named
from lambdas.errors import Expired, RollBack, WindlassError
from lambdas.hub import Hub
from lambdas.rows import Control, Status, control_of, open_of
from lambdas.table import Item

logger = logging.getLogger("windlass.sweep")


@dataclass(frozen=True)
class Tick:
    """This sweep's moment and the last finished one's."""

    last: float
    now: float


def sweep(hub: Hub, sagas: Sagas) -> None:
    """Look at all that is due. One row's trouble keeps no other from being looked at."""
    tick = Tick(rhythm.last_sweep(hub), hub.now())
    items = hub.table.due(tick.now)
    for item in items:
        _safely(hub, sagas, item, tick)
    rhythm.swept(hub, tick.now)
    _sooner(hub, items, tick)


def _safely(hub: Hub, sagas: Sagas, item: Item, tick: Tick) -> None:
    """Whatever a row raises, the next sweep looks again."""
    try:
        _look(hub, sagas, item, tick)
    except WindlassError as error:
        logger.warning("%s %s: %s: %s", item["pk"], item["sk"], type(error).__name__, error)
    except Exception:
        logger.exception("%s %s: our own bug", item["pk"], item["sk"])


def _look(hub: Hub, sagas: Sagas, item: Item, tick: Tick) -> None:
    """The index may lag: what is done is decided on the rows themselves."""
    if item["sk"] == "control":
        return _operation(hub, sagas, control_of(item).id, tick)
    opened = tokens.find(hub, open_of(item).operation, open_of(item).state)
    if opened is None:
        return None
    if opened.kind == "hold":
        row = control.read(hub, opened.operation)
        return holds.settle(hub, row, opened, saga_named(opened.saga, sagas))
    if waits.is_due(hub, opened, tick.last):
        waits.look(hub, sagas, opened)
    return None


def _operation(hub: Hub, sagas: Sagas, operation: str, tick: Tick) -> None:
    row = control.read(hub, operation)
    if row.due is None or row.due > tick.now:
        return
    if row.status is Status.ROLLED_BACK:
        _late_look(hub, sagas, row)
    elif row.after is not None:
        batches.begin_next(hub, row)
        control.look_again(hub, row, hub.now() + START_CHECK)
    elif not row.status.over:
        control.look_again(hub, row, hub.now() + _alive(hub, row))


def _alive(hub: Hub, row: Control) -> float:
    """Whether the operation's execution still is: else it is started, closed or recovered.

    Answers after how many seconds to look again.
    """
    state = hub.machines.describe(row.saga, row.execution)
    if state is not None:
        recovery.recover(hub, row, state)
        return LIVENESS
    _start(hub, row)
    return START_CHECK


def _start(hub: Hub, row: Control) -> None:
    """Make up for a start that was lost, unless its time is over."""
    try:
        if row.status is Status.ACCEPTED:
            control.in_time(hub, row)
    except Expired as late:
        ends.close(hub, row.id, Status.ROLLED_BACK, f"{Expired.__name__}: {late}")
    else:
        recovery.start(hub, row)


def _late_look(hub: Hub, sagas: Sagas, row: Control) -> None:
    """An effect can land minutes after its call failed: what is found is put back by a recovery."""
    if found := ends.left_behind(hub, saga_named(row.saga, sagas), row):
        recovery.begin(hub, row, f"{RollBack.__name__}: {found}")
    else:
        control.look_again(hub, row, None)


def _sooner(hub: Hub, items: list[Item], tick: Tick) -> None:
    """Ask for a sweep before the rule's next, if something is due by then."""
    soonest = min(_next_looks(items, tick.now), default=tick.now + rhythm.EACH)
    if soonest < tick.now + rhythm.EACH:
        rhythm.ask(hub, soonest)


def _next_looks(items: list[Item], now: float) -> Iterator[float]:
    waiting = (open_of(item) for item in items if item["sk"].startswith("wait#"))
    return (rhythm.next_look(one.since, now) for one in waiting if one.kind != "hold")
