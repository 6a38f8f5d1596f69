"""Holds on metrics: an alarm pauses the operations that name it, or whose application does, until it recovers.

A row beside the operation (`op#<id>`, `alarms`) says which alarms hold it and which of these have been acted on; an
application has one of its own. The sweep reads the alarms' states every half minute while something is under way. An
alarm acts once for each time it fires: what a person resumed stays resumed, and what a person paused stays paused.
`INSUFFICIENT_DATA` and an alarm that is gone are neither: they pause nothing, and no pause ends by them.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from lambdas.engine import acts, control, rhythm, signals
from lambdas.engine.alarm_rows import Named, Watch, application_key, watch_key, watch_of
from lambdas.engine.tasks import Sagas
from lambdas.errors import WindlassError
from lambdas.hub import Hub
from lambdas.redaction import trail
from lambdas.rows import Control, Mark, Status, control_of, item_of, short
from lambdas.table import Absent, Delete, Equal, Item, Key, Put, Refused, Write

logger = logging.getLogger("windlass.metrics")
FIRING, RECOVERED = "ALARM", "OK"
"""https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricAlarm.html"""
LONGEST_OPEN = 48 * 3600.0
"""Seconds after whose acceptance an operation is no longer looked for by its application: all have a day to finish."""
READS = ("cloudwatch:DescribeAlarms",)
Place = tuple[str, str]
"""Account and Region."""


# What stands in an application's row.


def of_application(hub: Hub, application: str) -> tuple[Named, ...]:
    item = hub.table.get(application_key(application))
    return () if item is None else tuple(Named(**one) for one in item["alarms"])


def put_application(hub: Hub, application: str, alarms: Sequence[Named], by: str) -> None:
    """These alarms hold the application's operations from now on; none: nothing does."""
    key = application_key(application)
    if not alarms:
        acts.write(hub, key.pk, by, "let no alarm hold it any more", Delete(key))
        return
    written = [item_of(one) for one in dict.fromkeys(alarms)]
    did = f"let {', '.join(one.name for one in alarms)} hold it"
    acts.write(hub, key.pk, by, did, Put(key, {"application": application, "alarms": written, "due": hub.now()}))
    rhythm.ask(hub, hub.now() + rhythm.ALARMS)


# What the sweep does.


def look(hub: Hub, sagas: Sagas, keys: Iterable[Key]) -> None:
    """Look at these rows: at the alarms of each account and Region once. One row's trouble keeps no other waiting."""
    items = [item for key in keys if (item := hub.table.get(key)) is not None]
    watches = [watch_of(item) for item in items if "operation" in item]
    for application in (item for item in items if "application" in item):
        _safely(lambda application=application: _enrol(hub, sagas, application))  # type: ignore[misc]
    _look(hub, sagas, watches)


def _enrol(hub: Hub, sagas: Sagas, application: Item) -> None:
    """Whatever is under way in the application is held by its alarms that fire; the rest follows from its own row."""
    running = list(_open(hub, application["application"]))
    for place, names in _by_place(Named(**one) for one in application["alarms"]).items():
        there = [row for row in running if (row.account, row.region) == place]
        if not there:
            continue
        rhythm.ask(hub, hub.now() + rhythm.ALARMS)
        states = _states(hub, place, names)
        firing = [name for name in names if states.get(name) == FIRING]
        for row in there if firing else ():
            _judge(hub, sagas, _added(hub, row, firing), states)


def _open(hub: Hub, application: str) -> Iterator[Control]:
    """The application's operations that are not over."""
    after: str | None = None
    while True:
        since = hub.now() - LONGEST_OPEN
        items, after = hub.table.listed("application", application, since=since, after=after)
        rows = (control_of(item) for item in items)
        yield from (row for row in rows if not row.status.over)
        if after is None:
            return


def _by_place(alarms: Iterable[Named]) -> dict[Place, list[str]]:
    found: dict[Place, list[str]] = {}
    for one in alarms:
        found.setdefault((one.account, one.region), []).append(one.name)
    return found


def _states(hub: Hub, place: Place, names: Iterable[str]) -> Mapping[str, str]:
    return hub.cloud(*place, "").scaling.alarm_states(sorted(set(names)))


def _added(hub: Hub, row: Control, names: Sequence[str]) -> Watch:
    """The operation's row, by which these alarms hold it too. Raises Refused if somebody else has just written it."""
    item = hub.table.get(watch_key(row.id))
    if item is None:
        new = Watch(row.id, row.account, row.region, tuple(names), hub.now())
        hub.table.write(Put(watch_key(row.id), item_of(new), (Absent(),)))
        return new
    watch = watch_of(item)
    if missing := tuple(name for name in names if name not in watch.alarms):
        hub.table.write(_noted(watch, alarms=(*watch.alarms, *missing)))
        return replace(watch, alarms=(*watch.alarms, *missing), version=watch.version + 1)
    return watch


def _look(hub: Hub, sagas: Sagas, watches: Sequence[Watch]) -> None:
    places: dict[Place, list[Watch]] = {}
    for watch in watches:
        places.setdefault((watch.account, watch.region), []).append(watch)
    for place, some in places.items():
        _safely(lambda place=place, some=some: _look_in(hub, sagas, place, some))  # type: ignore[misc]


def _look_in(hub: Hub, sagas: Sagas, place: Place, watches: Sequence[Watch]) -> None:
    rows = {watch.operation: control.read(hub, watch.operation) for watch in watches}
    going = [watch for watch in watches if not rows[watch.operation].status.over]
    for watch in watches:
        if rows[watch.operation].status.over:
            _write(hub, Delete(watch_key(watch.operation)))
    if not going:
        return
    rhythm.ask(hub, hub.now() + rhythm.ALARMS)
    states = _states(hub, place, (name for watch in going for name in watch.alarms))
    for watch in going:
        _safely(lambda watch=watch: _judge(hub, sagas, watch, states))  # type: ignore[misc]


def _judge(hub: Hub, sagas: Sagas, watch: Watch, states: Mapping[str, str]) -> None:
    """What fired since the last look pauses; when the last of what fired has recovered, the pause is taken back.

    An alarm that is judged by another's states is as it was.
    """
    stands = tuple(name for name in watch.fired if states.get(name) != RECOVERED)
    fired = tuple(name for name in watch.alarms if states.get(name) == FIRING and name not in watch.fired)
    if (*stands, *fired) == watch.fired:
        return None
    noted = _noted(watch, fired=(*stands, *fired))
    if fired:
        return _change(hub, watch, noted, lambda row: _paused(row, fired[0]))
    if stands:
        return _write(hub, noted)
    _change(hub, watch, noted, lambda row: _resumed(row, watch))
    return signals.wake(hub, sagas, watch.operation)


def _change(hub: Hub, watch: Watch, noted: Write, mark: Callable[[Control], control.Change]) -> None:
    """The mark and what has been acted on: all or nothing, so that nothing is acted on twice."""

    def decide(row: Control) -> tuple[control.Change, tuple[Write]] | None:
        return None if row.status.over else (mark(row), (noted,))

    control.change(hub, watch.operation, decide)


def _paused(row: Control, alarm: str) -> control.Change:
    """Nothing changes where a person has paused it already, or it is being put back."""
    if row.mark is not None or row.status is Status.UNDOING:
        return {}
    return {"mark": Mark.PAUSED, "decided": by(alarm)}


def _resumed(row: Control, watch: Watch) -> control.Change:
    """Only what an alarm has paused: a person's pause is for a person to take back."""
    if row.mark is not Mark.PAUSED or row.decided not in [by(alarm) for alarm in watch.alarms]:
        return {}
    return {"mark": None, "decided": f"{row.decided}, which has recovered"}


def by(alarm: str) -> str:
    """Who paused it, as the control row keeps it."""
    return short(f"{signals.ALARM}{alarm}", signals.LONGEST - 30)


def _noted(watch: Watch, **changes: Any) -> Put:
    new = replace(watch, version=watch.version + 1, **changes)
    return Put(watch_key(watch.operation), item_of(new), (Equal("version", watch.version),))


def _write(hub: Hub, write: Write) -> None:
    """Whoever was quicker has seen the same."""
    with suppress(Refused):
        hub.table.write(write)


def _safely(act: Callable[[], object]) -> None:
    """The next look comes in half a minute."""
    try:
        act()
    except Refused:
        logger.info("somebody else looks at the same alarms just now")
    except WindlassError as error:
        logger.warning("alarms cannot be looked at: %s: %s", type(error).__name__, error)
    except Exception as error:  # noqa: BLE001  logged without its sentence
        logger.error("our own bug: %s", trail(error))
