"""What is owed to receivers: one row for each event and receiver, in the operation's partition.

A row that is open carries `due`: when the sweep asks the courier again, in case its message was lost.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lambdas.push.told import Told
from lambdas.rows import item_of
from lambdas.table import Absent, Equal, Item, Key, Put, Table, Update, roll_of
from lambdas.values import built, changed

OPEN, TAKEN, DEAD = "open", "taken", "dead"
DEAD_LETTERS = "dead-letters"
"""The rolls on which dead deliveries stand, those of one application together."""
GRACE = 60.0
"""Seconds after a try was to come in which its message may still be on its way."""


@dataclass(frozen=True)
class Delivery:
    operation: str
    event: int
    """The version that names the event."""
    receiver: str
    """`callback`, `webhook.ci`, `notification.team`."""
    app: str
    """The application; under its own name an item with `accepted` would be listed among the operations."""
    state: str = OPEN
    tries: int = 0
    since: float = 0.0
    """When it was first owed, or asked for again."""
    next: float = 0.0
    """When it is tried next."""
    last: float | None = None
    """When it was tried last."""
    said: str | None = None
    """How the receiver took it."""
    due: float | None = None
    roll: str | None = None
    accepted: float | None = None
    """When it died; by this the dead are listed, and the others are not."""

    @property
    def name(self) -> str:
        return f"{self.event:08}.{self.receiver}"

    @property
    def key(self) -> Key:
        return key(self.operation, self.name)


def key(operation: str, name: str) -> Key:
    return Key(f"op#{operation}", f"delivery#{name}")


def owed(told: Told, application: str, receiver: str, now: float) -> Delivery:
    return Delivery(told.operation, told.version, receiver, application, since=now, next=now, due=now + GRACE)


def made(one: Delivery) -> Put:
    """The write that owes it."""
    return Put(one.key, item_of(one), (Absent(),))


def find(table: Table, operation: str, name: str) -> Delivery | None:
    item = table.get(key(operation, name))
    return None if item is None else _delivery(item)


def at(table: Table, item: Item) -> Delivery | None:
    """The whole row of what a list tells of."""
    whole = table.get(Key(item["pk"], item["sk"]))
    return None if whole is None else _delivery(whole)


def of(table: Table, operation: str) -> list[Delivery]:
    """All of an operation, in the order of its events."""
    return [_delivery(item) for item in table.of(f"op#{operation}", "delivery#")]


def change(one: Delivery, **to: Any) -> tuple[Update, Delivery]:
    """The write, on condition that nobody has tried or asked meanwhile, and the row as it will be."""
    then = changed(one, **to)
    conditions = (Equal("tries", one.tries), Equal("since", one.since), Equal("state", one.state))
    return Update(one.key, to, when=conditions), then


def tried(one: Delivery, now: float, again: float) -> tuple[Update, Delivery]:
    """A try begins: who dies in it has failed, and the sweep asks again."""
    return change(one, tries=one.tries + 1, last=now, next=again, due=again + GRACE)


def taken(one: Delivery, said: str) -> tuple[Update, Delivery]:
    return change(one, state=TAKEN, said=said, due=None)


def refused(one: Delivery, said: str, again: float) -> tuple[Update, Delivery]:
    return change(one, said=said, next=again, due=again + GRACE)


def dead(one: Delivery, said: str, now: float) -> tuple[Update, Delivery]:
    roll = roll_of(DEAD_LETTERS, one.app)
    return change(one, state=DEAD, said=said, due=None, roll=roll, accepted=now)


def once_more(one: Delivery, now: float) -> tuple[Update, Delivery]:
    """As if it were owed now: for as long as at first."""
    return change(one, state=OPEN, tries=0, since=now, next=now, due=now + GRACE, roll=None, accepted=None)


def _delivery(item: Item | Mapping[str, Any]) -> Delivery:
    return built(Delivery, {name: value for name, value in item.items() if name in _NAMES})


_NAMES = frozenset(Delivery.__dataclass_fields__)
