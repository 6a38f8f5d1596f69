"""Who is told: webhooks and notifications of applications, the callback of one request. Rows of the encrypted table."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lambdas.push.events import Kind
from lambdas.rows import item_of
from lambdas.table import Delete, Item, Key, Put, Table
from lambdas.values import built

OVERLAP = 86_400.0
"""Seconds for which a replaced secret still signs: as long as a delivery is tried."""


@dataclass(frozen=True)
class Webhook:
    """A URL of an application, or the callback of one operation."""

    name: str
    url: str
    secret: str = field(repr=False)
    kinds: tuple[str, ...] = ()
    """Of events; none: all."""
    by: str = ""
    """Who configured it last."""
    changed: float = 0.0
    former: str | None = field(default=None, repr=False)
    """The secret before, and when it was replaced."""
    replaced: float | None = None

    def secrets(self, now: float) -> tuple[str, ...]:
        """What signs now, the current one first."""
        if self.former is None or self.replaced is None or now >= self.replaced + OVERLAP:
            return (self.secret,)
        return (self.secret, self.former)

    def wants(self, kind: Kind) -> bool:
        return not self.kinds or kind in self.kinds


@dataclass(frozen=True)
class Notification:
    """An SNS topic of an application, and how messages to it read."""

    name: str
    topic: str
    format: str
    kinds: tuple[str, ...] = ()
    repository: str | None = None
    """`owner/name`, for GitHub."""
    by: str = ""
    changed: float = 0.0

    def wants(self, kind: Kind) -> bool:
        return not self.kinds or kind in self.kinds


Receiver = Webhook | Notification
CALLBACK = "callback"
WEBHOOK, NOTIFICATION = "webhook", "notification"


def partition(application: str) -> str:
    return f"app#{application}"


def key(application: str, sort: str, name: str) -> Key:
    return Key(partition(application), f"{sort}#{name}")


def callback_key(operation: str) -> Key:
    return Key(f"op#{operation}", CALLBACK)


def webhooks(table: Table, application: str) -> list[Webhook]:
    return [_value(Webhook, item) for item in table.of(partition(application), f"{WEBHOOK}#")]


def notifications(table: Table, application: str) -> list[Notification]:
    return [_value(Notification, item) for item in table.of(partition(application), f"{NOTIFICATION}#")]


def webhook(table: Table, application: str, name: str) -> Webhook | None:
    item = table.get(key(application, WEBHOOK, name))
    return None if item is None else _value(Webhook, item)


def notification(table: Table, application: str, name: str) -> Notification | None:
    item = table.get(key(application, NOTIFICATION, name))
    return None if item is None else _value(Notification, item)


def callback(table: Table, operation: str) -> Webhook | None:
    item = table.get(callback_key(operation))
    return None if item is None else _value(Webhook, item)


def put(application: str, one: Receiver) -> Put:
    sort = WEBHOOK if isinstance(one, Webhook) else NOTIFICATION
    return Put(key(application, sort, one.name), item_of(one))


def put_callback(operation: str, one: Webhook) -> Put:
    return Put(callback_key(operation), item_of(one))


def remove(application: str, sort: str, name: str) -> Delete:
    return Delete(key(application, sort, name))


def to_be_told(table: Table, operation: str, application: str, kind: Kind) -> Iterator[str]:
    """The names of those who want to know: `callback`, `webhook.ci`, `notification.team`. Two small reads."""
    own = callback(table, operation)
    if own is not None and own.wants(kind):
        yield CALLBACK
    for item in table.of(partition(application)):
        sort, _, name = item["sk"].partition("#")
        one: Receiver = _value(Webhook if sort == WEBHOOK else Notification, item)
        if one.wants(kind):
            yield f"{sort}.{name}"


def find(table: Table, operation: str, application: str, receiver: str) -> Receiver | None:
    """Who has that name; None: it was removed."""
    if receiver == CALLBACK:
        return callback(table, operation)
    sort, _, name = receiver.partition(".")
    return webhook(table, application, name) if sort == WEBHOOK else notification(table, application, name)


def _value(of: Any, item: Item | Mapping[str, Any]) -> Any:
    known = {name: tuple(one) if isinstance(one, list) else one for name, one in item.items() if name in _names(of)}
    return built(of, _defaults(of) | known)


def _names(of: Any) -> frozenset[str]:
    return frozenset(of.__dataclass_fields__)


def _defaults(of: Any) -> dict[str, Any]:
    """Those of fields made by `field(...)` are no attributes of the class."""
    return {"former": None} if of is Webhook else {}
