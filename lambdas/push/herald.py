"""The herald: what happened to an operation goes to the bus, and is noted.

First it is written into the book (`lambdas.audit`): nothing is told that is not written down. Then the bus has the
event, then its row is written, with one row for each receiver. A herald that dies in between does it once more: the
event has the same id. Whatever the stream lost, the sweep finds untold (`catch_up`). What people change besides is only
written down.
"""

from contextlib import suppress

from lambdas import lines
from lambdas.audit import entries
from lambdas.errors import NotFound
from lambdas.hub import Json
from lambdas.push import deliveries, receivers, told
from lambdas.push.events import Kind, happened
from lambdas.push.model import Event, data_of, event_of
from lambdas.push.office import Office
from lambdas.push.told import Told
from lambdas.rows import Control, Open, control_key, control_of
from lambdas.table import Absent, Item, Put, Refused


def changed(office: Office, old: Item | None, new: Item | None, at: float) -> None:
    """One record of the stream: a control row that was written at that time, or a setting."""
    if (setting := entries.of_setting(old, new, at)) is not None:
        office.scribe.write(setting)
    if new is None or new["sk"] != "control":
        return
    row = control_of(new)
    kind = happened(None if old is None else control_of(old), row)
    if kind is not None:
        _tell(office, row, kind, at, failed=old.get("step") if old else None)


def catch_up(office: Office, operation: str) -> None:
    """Tell how the operation stands, where nobody was told. Raises NotFound."""
    item = office.table.get(control_key(operation))
    if item is None:
        raise NotFound(f"there is no operation {operation}")
    row = control_of(item)
    kind = told.owed(office.table, row)
    if kind is not None:
        _tell(office, row, kind, office.now() if row.closed is None else row.closed)


def event(office: Office, one: Told) -> Event:
    """What was told, as receivers read it."""
    return event_of(office.source, one.version, one.kind, one.at, one.data)


def as_it_stands(row: Control, kind: Kind, at: float, hold: Open | None = None, failed: str | None = None) -> Told:
    """The event that this version of the row is."""
    return Told(row.id, row.version, kind, _when(row, kind, at), _data(row, kind, hold, failed))


def _tell(office: Office, row: Control, kind: Kind, at: float, failed: str | None = None) -> None:
    lines.of(row)
    hold = told.hold_of(office.table, row)
    if kind is Kind.HELD and hold is not None and not told.asks(hold):
        return  # the pause was told when it was asked for, the decision when it was made
    one = as_it_stands(row, kind, at, hold, failed)
    office.scribe.write(entries.of_operation(office.table.of(f"op#{row.id}"), office.sagas, row, one))
    office.bus.put(event(office, one))
    _note(office, one)


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
        row = Put(told.event_key(one.operation, one.version), one.item, (Absent(),))
        office.table.write(row, *map(deliveries.made, owed))
    for each in owed:
        office.push.deliver(each.operation, each.name)
