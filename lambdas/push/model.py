"""The events as receivers read them: CloudEvents 1.0, whose schema is published (docs/push/event.schema.json).

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
"""

from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue
from pydantic.alias_generators import to_camel

from lambdas.push.events import Kind
from lambdas.rows import Control, Status, Step

Json = dict[str, Any]
PREFIX = "windlass.operation."
TYPES: list[JsonValue] = [PREFIX + kind for kind in Kind]
MEDIA_TYPE = "application/cloudevents+json"
"""Of one event in JSON: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md"""


class Data(BaseModel):
    """The operation as it stood when that happened. What is not known, or does not apply, is left out or null."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, defer_build=True)

    operation: str = Field(description="Its id; `GET /operations/{id}` says how it stands now.")
    type: str = Field(description="What was asked for: `createServerGroup`.")
    status: Status
    application: str
    cluster: str = Field(description="`account/region/name`.")
    account: str
    region: str
    batch: str | None = Field(default=None, description="Id of the batch that it belongs to.")
    caller: str = Field(description="Who asked: an ARN, or `certificate:` and a name.")
    user: str | None = Field(default=None, description="On whose behalf.")
    trace: str | None = Field(default=None, description="The caller's own id of what this belongs to.")
    step: str | None = Field(default=None, description="The state that ended, or in which it was.")
    did: str | None = Field(default=None, description="Of a step that ended: what it did.")
    reason: str | None = Field(default=None, description="Why it is held, or did not succeed: `Name: sentence`.")
    by: str | None = Field(default=None, description="Who paused, resumed, cancelled or decided, and why.")
    runbook: str | None = Field(
        default=None, description="Where a person who is needed finds what is left, and the lines that finish it."
    )
    accepted: datetime
    started: datetime | None = None
    closed: datetime | None = None
    finish_by: datetime = Field(description="When it is put back by itself, if it still can.")


class Event(BaseModel):
    """Something that happened to an operation.

    The same `id` is the same event: whoever gets it twice drops the second. Events of one `subject` are in the order of
    their `sequence`, in whatever order they arrive.
    """

    model_config = ConfigDict(frozen=True, defer_build=True)

    specversion: Literal["1.0"] = "1.0"
    id: str
    source: str = Field(description="The Windlass that tells it: `urn:windlass:{account}:{region}:{stack}`.")
    type: str = Field(json_schema_extra={"enum": TYPES})
    subject: str = Field(description="The operation's id.")
    time: datetime
    datacontenttype: Literal["application/json"] = "application/json"
    sequence: str | None = Field(
        default=None, description="Grows with each event of the operation, compared as text; a step has none."
    )
    data: Data

    @property
    def kind(self) -> Kind:
        return Kind(self.type.removeprefix(PREFIX))

    @property
    def json_value(self) -> Json:
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


def schema() -> Json:
    """JSON Schema (2020-12) of an event."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://windlass.invalid/push/event.schema.json",
        **Event.model_json_schema(by_alias=True),
    }


def event_id(operation: str, version: int) -> str:
    return f"{operation}.{version}"


def event_of(source: str, version: int, kind: Kind, at: float, data: Json) -> Event:
    """The event of that version of the operation's row. `data` is a Data as JSON."""
    operation = data["operation"]
    return Event(
        id=event_id(operation, version),
        source=source,
        type=PREFIX + kind,
        subject=operation,
        time=moment(at),
        sequence=f"{version:08}",
        data=Data.model_validate(data),
    )


def step_event(source: str, row: Control, step: Step) -> Event:
    """A step that has ended well, from the journal."""
    return Event(
        id=f"{row.id}.{step.name}.{step.attempts}",
        source=source,
        type=PREFIX + Kind.STEP_ENDED,
        subject=row.id,
        time=moment(step.ended or 0.0),
        data=data_of(row, step=step.name, did=step.did),
    )


def data_of(row: Control, **more: str | None) -> Data:
    """What is told of the operation, and more of this event."""
    return Data(
        operation=row.id,
        type=row.name,
        status=row.status,
        application=row.application,
        cluster=row.cluster,
        account=row.account,
        region=row.region,
        batch=row.batch,
        caller=row.caller,
        user=row.user,
        trace=row.trace,
        accepted=moment(row.accepted),
        started=None if row.started is None else moment(row.started),
        closed=None if row.closed is None else moment(row.closed),
        finish_by=moment(row.finish_by),
        **more,
    )


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
