"""What herald and courier work with: the table, the bus, their own queues."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from lambdas.hub import Push
from lambdas.push.model import Event
from lambdas.table import Table


class Bus(Protocol):
    """The stack's event bus. Faults come as `Transient` or `Throttled`: the event may or may not be on it."""

    def put(self, event: Event) -> None: ...


@dataclass(frozen=True)
class Office:
    table: Table
    bus: Bus
    push: Push
    now: Callable[[], float]
    """Epoch seconds."""
    source: str
    """Of all events: which Windlass tells them."""
