"""Rows of the alarms that hold operations: beside an operation, and of an application."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lambdas.rows import Control, item_of
from lambdas.table import Absent, Item, Key, Put, Write

ALARMS = "alarms"
"""Sort key of both kinds of rows."""
MOST = 10
"""Alarms that hold one operation, or stand in the row of one application's account and Region."""


@dataclass(frozen=True)
class Watch:
    """Which alarms hold an operation."""

    operation: str
    account: str
    region: str
    alarms: tuple[str, ...]
    due: float
    """Since when; the times of the looks follow from it."""
    fired: tuple[str, ...] = ()
    """Those that have been acted on and have not recovered since."""
    version: int = 1


@dataclass(frozen=True)
class Named:
    """An alarm of an application."""

    account: str
    region: str
    name: str


def watch_key(operation: str) -> Key:
    return Key(f"op#{operation}", ALARMS)


def application_key(application: str) -> Key:
    return Key(f"application#{application}", ALARMS)


def accepted(row: Control, request: Any) -> Iterator[Write]:
    """The row of an operation whose request names alarms, for the transaction that accepts it."""
    if names := tuple(getattr(request, "hold_on_alarms", ())):
        watch = Watch(row.id, row.account, row.region, names, row.accepted)
        yield Put(watch_key(row.id), item_of(watch), (Absent(),))


def watch_of(item: Item) -> Watch:
    return Watch(
        item["operation"],
        item["account"],
        item["region"],
        tuple(item["alarms"]),
        item["due"],
        tuple(item.get("fired", ())),
        item["version"],
    )
