"""What was told of an operation, and what is owed: event rows, written by the herald after the bus has the event."""

from dataclasses import dataclass

from lambdas.errors import Paused
from lambdas.hub import Json
from lambdas.push.events import HOLDS, MARKS, STATUSES, Kind
from lambdas.rows import Control, Mark, Open, Status, open_key, open_of
from lambdas.table import Item, Key, Table


@dataclass(frozen=True)
class Told:
    """One event that was told."""

    operation: str
    version: int
    """Of the control row; the event's id and its place in the order."""
    kind: Kind
    at: float
    data: Json
    """`lambdas.push.model.Data`."""

    @property
    def id(self) -> str:
        """Of the event, and of its entry in the book."""
        return f"{self.operation}.{self.version}"

    @property
    def key(self) -> Key:
        return event_key(self.operation, self.version)

    @property
    def item(self) -> Item:
        """Its pk says the operation and its sk the version; the rest of the event follows from these and the data."""
        data = {name: value for name, value in self.data.items() if name != "operation"}
        return {"kind": self.kind.value, "at": self.at, "data": data}


def event_key(operation: str, version: int) -> Key:
    return Key(f"op#{operation}", f"event#{version:08}")


def told(table: Table, operation: str) -> list[Told]:
    """All that was told of it, in order."""
    return [_told(operation, item) for item in table.of(f"op#{operation}", "event#")]


def find(table: Table, operation: str, version: int) -> Told | None:
    item = table.get(event_key(operation, version))
    return None if item is None else _told(operation, item)


def _told(operation: str, item: Item) -> Told:
    version = int(item["sk"].removeprefix("event#"))
    return Told(operation, version, Kind(item["kind"]), item["at"], {**item["data"], "operation": operation})


def hold_of(table: Table, row: Control) -> Open | None:
    """The hold that the operation is in."""
    item = table.get(open_key(row.id, row.step)) if row.step in HOLDS else None
    return None if item is None else open_of(item)


def asks(hold: Open) -> bool:
    """Whether a person is asked: a pause holds too, and was told as such."""
    return hold.decision is None and not (hold.reason or "").startswith(Paused.__name__)


def owed(table: Table, row: Control) -> Kind | None:
    """What stands and nobody was told, as far as the row still shows it: the stream's record was lost."""
    last = next((one.kind for one in reversed(told(table, row.id))), None)
    stands = _standing(row, hold_of(table, row))
    if last is None or last in ALIKE.get(stands, (stands,)):
        return stands if last is None else None
    return Kind.RESUMED if last in (Kind.PAUSED, Kind.HELD) and stands in ALIKE else stands


ALIKE = {
    Kind.ACCEPTED: (Kind.ACCEPTED, Kind.RESUMED),
    Kind.STARTED: (Kind.STARTED, Kind.RESUMED),
    Kind.UNDOING: (Kind.UNDOING, Kind.RESUMED),
}
"""Of what goes on: which last words have said so."""


def _standing(row: Control, hold: Open | None) -> Kind:
    """The event that would have brought the operation to where it stands."""
    if row.status.over:
        return STATUSES[row.status]
    if hold is not None and asks(hold):
        return Kind.HELD
    if row.mark is not None and (row.mark is Mark.PAUSED or row.status is not Status.UNDOING):
        return MARKS[row.mark]
    return STATUSES[row.status]
