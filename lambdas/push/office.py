"""What herald and courier work with: the table, the bus, their own queues."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from lambdas.audit.scribe import Scribe
from lambdas.engine.tasks import Sagas
from lambdas.hub import Push
from lambdas.push.formats import Message
from lambdas.push.letters import Answered, Letters
from lambdas.push.model import Event
from lambdas.table import Table


class Bus(Protocol):
    """The stack's event bus. Faults come as `Transient` or `Throttled`: events may or may not be on it."""

    def put(self, *events: Event) -> None:
        """Ten at most."""


class Topics(Protocol):
    def publish(self, topic: str, message: Message) -> Answered:
        """Whatever SNS says is an answer."""


@dataclass(frozen=True)
class Office:
    table: Table
    bus: Bus
    letters: Letters
    topics: Topics
    push: Push
    scribe: Scribe
    sagas: Sagas
    now: Callable[[], float]
    """Epoch seconds."""
    source: str
    """Of all events: which Windlass tells them."""
    pause: timedelta = timedelta(seconds=10)
    """After a receiver's first refusal."""
