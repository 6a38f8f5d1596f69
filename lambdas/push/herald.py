"""The herald: what happened to operations goes to the bus, and is noted, batch by batch of the table's stream.

First it is written into the book (`lambdas.audit`): nothing is told that is not written down. Then the bus has the
events, then their rows are written, with one row for each receiver. A herald that dies in between does it once more:
what has a row is neither written down nor told again, the rest is told by the same id. Whatever the stream lost, the
sweep finds untold (`catch_up`). What people change besides is only written down.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

from lambdas import lines
from lambdas.audit import entries
from lambdas.audit.scribe import Sitting
from lambdas.errors import NotFound
from lambdas.hub import Json
from lambdas.push import deliveries, receivers, told
from lambdas.push.events import Kind, happened
from lambdas.push.model import Event, data_of, event_of
from lambdas.push.office import Office
from lambdas.push.told import Told
from lambdas.rows import Control, Open, control_key, control_of
from lambdas.table import Absent, Item, Put, Refused

AT_ONCE = 10
"""Events that the bus takes in one call:
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html"""


class Change(NamedTuple):
    """One record of the stream: a row that was written at that time (epoch seconds)."""

    old: Item | None
    new: Item | None
    at: float


@dataclass(frozen=True)
class News:
    """What a change comes to."""

    entry: Json | None = None
    """To be written down. None: it is nothing, or was told before."""
    row: Control | None = None
    one: Told | None = None
    """The event; None: the entry is of a setting, which nobody is told of."""


@dataclass
class Batch:
    """What a batch of records comes to, up to the first one that cannot be read."""

    news: list[News] = field(default_factory=list)
    sitting: Sitting | None = None
    """Of the scribe, where there is anything to write."""
    trouble: Exception | None = None
    """Why the next one cannot be read; those before it do not wait for it."""


def changed(office: Office, changes: Sequence[Change]) -> Iterator[int]:
    """A batch of the stream's records: yields, again and again, how many of them are done, from the first one on.

    Raises whatever the next one fails with.
    """
    batch = _heard(office, changes)
    if batch.sitting is not None:
        batch.sitting.write(one.entry for one in batch.news if one.entry is not None)
    for start in range(0, len(batch.news), AT_ONCE):
        _tell(office, batch.news[start : start + AT_ONCE])
        yield min(start + AT_ONCE, len(batch.news))
    if batch.sitting is not None:
        batch.sitting.settle(one.one.id for one in batch.news if one.one is not None)
    if batch.trouble is not None:
        raise batch.trouble


def catch_up(office: Office, operation: str) -> None:
    """Tell how the operation stands, where nobody was told. Raises NotFound."""
    sitting = office.scribe.sit()
    item = office.table.get(control_key(operation))
    if item is None:
        raise NotFound(f"there is no operation {operation}")
    row = control_of(item)
    kind = told.owed(office.table, row)
    if kind is None:
        return
    news = _of_operation(office, row, kind, office.now() if row.closed is None else row.closed)
    if news.entry is not None and news.one is not None:
        sitting.write([news.entry])
        _tell(office, [news])
        sitting.settle([news.one.id])


def event(office: Office, one: Told) -> Event:
    """What was told, as receivers read it."""
    return event_of(office.source, one.version, one.kind, one.at, one.data)


def as_it_stands(row: Control, kind: Kind, at: float, hold: Open | None = None, failed: str | None = None) -> Told:
    """The event that this version of the row is."""
    return Told(row.id, row.version, kind, _when(row, kind, at), _data(row, kind, hold, failed))


def _heard(office: Office, changes: Sequence[Change]) -> Batch:
    batch = Batch()
    for change in changes:
        lines.begin()
        try:
            if batch.sitting is None and _is_any(change):
                batch.sitting = office.scribe.sit()  # before any row is read
            batch.news.append(_news(office, change))
        except Exception as error:  # noqa: BLE001  raised when those before it are told
            batch.trouble = error
            return batch
    lines.begin()
    return batch


def _is_any(change: Change) -> bool:
    """Whether it is anything to write down."""
    old, new, at = change
    return entries.of_setting(old, new, at) is not None or _kind(old, new) is not None


def _kind(old: Item | None, new: Item | None) -> Kind | None:
    if new is None or new["sk"] != "control":
        return None
    return happened(None if old is None else control_of(old), control_of(new))


def _news(office: Office, change: Change) -> News:
    old, new, at = change
    if (setting := entries.of_setting(old, new, at)) is not None:
        return News(setting)
    kind = _kind(old, new)
    if new is None or kind is None:
        return News()
    return _of_operation(office, control_of(new), kind, at, failed=old.get("step") if old else None)


def _of_operation(office: Office, row: Control, kind: Kind, at: float, failed: str | None = None) -> News:
    lines.of(row)
    hold = told.hold_of(office.table, row)
    if kind is Kind.HELD and hold is not None and not told.asks(hold):
        return News()  # the pause was told when it was asked for, the decision when it was made
    one = as_it_stands(row, kind, at, hold, failed)
    known = office.table.of(f"op#{row.id}")
    if any(item["sk"] == one.key.sk for item in known):
        return News(None, row, one)
    return News(entries.of_operation(known, office.sagas, row, one), row, one)


def _tell(office: Office, news: Sequence[News]) -> None:
    """What has a row already the bus has too; that its receivers are asked for again harms nobody."""
    fresh = [event(office, one.one) for one in news if one.one is not None and one.entry is not None]
    if fresh:
        office.bus.put(*fresh)
    for one in news:
        if one.row is not None and one.one is not None:
            lines.of(one.row)
            _note(office, one.one)


def _when(row: Control, kind: Kind, at: float) -> float:
    """As the row says, where it does: the stream's times are approximate."""
    if kind.ends:
        return row.closed or at
    return {Kind.ACCEPTED: row.accepted, Kind.STARTED: row.started}.get(kind) or at


def _data(row: Control, kind: Kind, hold: Open | None, failed: str | None) -> Json:
    about: dict[str, str | None] = {"step": row.step or None}
    if kind is Kind.HELD:
        about = {"step": failed, **({"step": hold.held, "reason": hold.reason} if hold else {})}
    elif kind.ends or kind is Kind.UNDOING:
        about["reason"] = row.error
        about["runbook"] = f"/operations/{row.id}/runbook" if kind is Kind.NEEDS_ATTENTION else None
    elif kind in BY_SOMEBODY:
        about["by"] = row.decided
    return data_of(row, **about).model_dump(mode="json", by_alias=True, exclude_none=True)


BY_SOMEBODY = (Kind.PAUSED, Kind.RESUMED, Kind.CANCELLING, Kind.REVOKED)


def _note(office: Office, one: Told) -> None:
    """Its row, and what is owed to receivers, all or nothing: what is noted is owed to all of them."""
    application, now = one.data["application"], office.now()
    names = receivers.to_be_told(office.table, one.operation, application, one.kind)
    owed = [deliveries.owed(one, application, name, now) for name in names]
    with suppress(Refused):  # told before: by a herald that died, or by the sweep's word
        row = Put(one.key, one.item, (Absent(),))
        office.table.write(row, *map(deliveries.made, owed))
    for each in owed:
        office.push.deliver(each.operation, each.name)
