"""What happened to an operation so far: for callers that can be reached by nobody, or want to see the steps."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query
from pydantic import Field

from lambdas.api.answers import answered, route
from lambdas.api.desk import Desk
from lambdas.api.problems import Problem, sentences
from lambdas.api.records import Record
from lambdas.api.rights import READ_THE_OPERATION
from lambdas.api.views import View
from lambdas.hub import Hub
from lambdas.push import told
from lambdas.push.events import STATUSES
from lambdas.push.herald import as_it_stands
from lambdas.push.model import Event, event_of, step_event
from lambdas.push.told import Told

AGAIN = 5
"""Seconds after which to ask again while the operation goes on: as often as a young wait is looked at."""
_CURSOR = re.compile(r"(\d{1,12})-(\d{1,12}(?:\.\d{1,9})?)")
After = Annotated[str | None, Query(description="`next` of the answer before: what came after that.")]


class EventsView(View):
    """Events in the order of time, and where the next answer begins."""

    events: tuple[Event, ...]
    next: str = Field(description="`after` of the next question; good for ever.")
    over: bool = Field(description="Whether nothing more will come, unless something lands late and is put back.")


@dataclass(frozen=True)
class Cursor:
    """How far was read: two rows grow, each in its own order."""

    version: int = 0
    """Of the last event that was told."""
    ended: float = 0.0
    """When the last step ended."""

    def __str__(self) -> str:
        return f"{self.version}-{self.ended!r}"


@dataclass(frozen=True)
class Events:
    desk: Desk

    def events(self, operation: str, after: After = None) -> Response[EventsView]:
        """What happened to the operation, its steps included, at once; `Retry-After` while it goes on."""
        self.desk.knows("after")
        cursor = _cursor(after)
        record = the_one(self.desk, operation, "events")
        news = [one for one in _told(self.desk.hub, record) if one.version > cursor.version]
        steps = [step for step in record.steps if step.did and not step.error and (step.ended or 0.0) > cursor.ended]
        source = self.desk.hub.settings.source
        told_events = [event_of(source, one.version, one.kind, one.at, one.data) for one in news]
        step_events = [step_event(source, record.control, step) for step in steps]
        read = Cursor(
            max((one.version for one in news), default=cursor.version),
            max((step.ended or 0.0 for step in steps), default=cursor.ended),
        )
        over = record.control.status.over
        view = EventsView(
            events=tuple(sorted((*told_events, *step_events), key=lambda one: one.time)), next=str(read), over=over
        )
        return answered(200, view, None if over else {"Retry-After": str(AGAIN)})


def add(desk: Desk) -> None:
    face = Events(desk)
    route(desk, "GET", "/operations/<operation>/events", face.events, {200: EventsView}, READ_THE_OPERATION)


def the_one(desk: Desk, operation: str, what: str) -> Record:
    """The operation; a batch has none of these itself. Raises NotFound, a Problem."""
    whole = desk.find(operation)
    if whole.is_batch:
        parts = ", ".join(one.control.id for one in whole.records)
        raise Problem(404, f"{operation} is a batch; ask for the {what} of its operations: {parts}")
    return whole.records[0]


def _told(hub: Hub, record: Record) -> Iterator[Told]:
    """What was told, and an end that the herald has not come to yet: it will be the same event."""
    row, last = record.control, None
    for last in told.told(hub.table, row.id):
        yield last
    if row.status.over and (last is None or not last.kind.ends):
        yield as_it_stands(row, STATUSES[row.status], row.closed or hub.now())


def _cursor(after: str | None) -> Cursor:
    if after is None:
        return Cursor()
    found = _CURSOR.fullmatch(after)
    if found is None:
        raise sentences([f"after: {after!r} is not the `next` of an answer; leave it out to begin anew"])
    return Cursor(int(found[1]), float(found[2]))
