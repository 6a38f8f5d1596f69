"""What callers read of operations on Windlass's own routes: one, a batch, a list."""

from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from lambdas.api.records import Record, Whole, folded, telling_of
from lambdas.engine import signals
from lambdas.rows import Control, Mark, Status


class Phase(StrEnum):
    """What an operation is doing, derived from its rows."""

    STARTING = "STARTING"
    WAITING_TO_START = "WAITING_TO_START"
    WAITING_FOR_PREDECESSOR = "WAITING_FOR_PREDECESSOR"
    WAITING_FOR_GUARD = "WAITING_FOR_GUARD"
    WORKING = "WORKING"
    RETRYING = "RETRYING"
    WAITING = "WAITING"
    PAUSED = "PAUSED"
    HELD = "HELD"
    CANCELLING = "CANCELLING"
    REVOKED = "REVOKED"
    UNDOING = "UNDOING"
    SUCCEEDED = "SUCCEEDED"
    ROLLED_BACK = "ROLLED_BACK"
    NEEDS_ATTENTION = "NEEDS_ATTENTION"
    NOT_STARTED = "NOT_STARTED"


class View(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, defer_build=True)


class Degraded(View):
    """Something that an answer may be behind with; it catches up by itself."""

    service: str = Field(description="`sweep`, `states`, `sqs`, or an API of a place: `autoscaling prod/us-east-1`.")
    since: datetime
    means: str = Field(description="What is behind meanwhile.")


DegradedBy = Annotated[tuple[Degraded, ...], Field(description="What this answer may be behind with; mostly nothing.")]


class StepView(View):
    """One state that was entered."""

    name: str
    attempts: int
    did: str | None = Field(description="What its last attempt did; null until one succeeded.")
    error: str | None = Field(description="Why its last attempt failed: `Name: sentence`.")
    trouble: str | None = Field(description="Why the last attempt that failed did, also where a later one succeeded.")
    findings: tuple[str, ...] = Field(description="What an undo left as it found it, and why.")
    results: dict[str, Any] | None = Field(description="What it found out that callers read: an ARN, a DNS name.")
    ended: datetime | None = Field(description="When its last attempt ended.")
    seconds: float | None = Field(description="From the end of the state before it to its own.")


class SignalView(View):
    """A signal that means something now, as it is to be sent."""

    signal: str
    decision: str | None = None
    does: str


class Links(View):
    self: str
    events: str
    signals: str
    task: str
    type: str
    evidence: str | None = Field(description="Why it failed, as the cloud told it; null: nothing was put back.")
    runbook: str | None = Field(description="What is left, and the lines that finish it; null: nobody is needed.")


class Summary(View):
    """One operation in a list."""

    id: str
    type: str
    status: Status
    account: str
    region: str
    application: str
    cluster: str = Field(description="Key of the cluster: `account/region/name`.")
    step: str = Field(description="The state that began last.")
    error: str | None = Field(description="Why it did not succeed: `Name: sentence`.")
    accepted: datetime
    started: datetime | None
    closed: datetime | None
    batch: str | None
    waits: str | None = Field(description="Why it has not begun: its batch is not so far, or nothing can be started.")


class OperationView(Summary):
    """One operation as it stands."""

    phase: Phase
    attempt: int
    since: datetime | None = Field(description="When the present state was first begun.")
    reason: str | None = Field(description="What it waits for, holds for, or failed with last.")
    held: str | None = Field(description="The state that failed into the hold.")
    pivoted: bool = Field(description="Past the point of no return: it can only go forward.")
    after: str | None = Field(description="The operation of its batch that has to succeed first.")
    start_by: datetime | None
    finish_by: datetime
    deadline: datetime | None = Field(description="When the present wait or hold ends by itself.")
    caller: str
    user: str | None
    trace: str | None
    decided: str | None = Field(description="Who sent the last signal, and why.")
    override_freeze: str | None = Field(description="Why no freeze keeps it from beginning.")
    recoveries: int
    findings: tuple[str, ...]
    steps: tuple[StepView, ...]
    result: dict[str, Any] | None = Field(description="Known as soon as there is a plan.")
    signals: tuple[SignalView, ...] = Field(description="What can be sent now.")
    degraded: DegradedBy = ()
    links: Links


class BatchView(View):
    """Operations that run one after the other; each is put back alone, what a finished one did stays."""

    id: str
    status: Status
    phase: Phase
    operations: tuple[OperationView, ...]
    degraded: DegradedBy = ()


class Page(View):
    """A page of operations, newest first."""

    operations: tuple[Summary, ...]
    next: str | None = Field(default=None, description="`after` of the next page; null on the last.")
    degraded: DegradedBy = ()


def view_of(whole: Whole, degraded: tuple[Degraded, ...] = ()) -> OperationView | BatchView:
    """The operation, or the batch with its operations in order."""
    if not whole.is_batch:
        return operation_of(whole.records[0], degraded)
    return BatchView(
        id=whole.id,
        status=folded(whole.records),
        phase=phase_of(telling_of(whole.records)),
        operations=tuple(operation_of(one, degraded) for one in whole.records),
        degraded=degraded,
    )


def summary_of(control: Control, unstarted: str | None = None) -> Summary:
    """As a list shows it; `unstarted` says why it is not started, though that is overdue."""
    waits = None if control.status.over else _unbegun(control, unstarted)
    return Summary(**_summary(control) | {"waits": waits})


def operation_of(record: Record, degraded: tuple[Degraded, ...] = ()) -> OperationView:
    control, current = record.control, record.current
    return OperationView(
        **_summary(control) | {"step": record.step, "waits": _waits(record)},
        phase=phase_of(record),
        # The open token may be newer than the row that was read before it.
        attempt=control.attempt if record.step == control.step else 1,
        since=moment(current.since if current else control.since or None),
        reason=reason_of(record),
        held=record.hold.held if record.hold else None,
        pivoted=control.pivoted,
        after=control.after,
        start_by=moment(control.start_by),
        finish_by=instant(control.finish_by),
        deadline=moment(_deadline(record)),
        caller=control.caller,
        user=control.user,
        trace=control.trace,
        decided=control.decided,
        override_freeze=control.override_freeze,
        recoveries=control.recoveries,
        findings=record.findings,
        steps=tuple(_steps(record)),
        result=dict(record.result) if record.result is not None else None,
        signals=tuple(_signals(record)),
        degraded=degraded,
        links=_links(record),
    )


def phase_of(record: Record) -> Phase:  # noqa: PLR0911  a line for each phase
    """What the operation is doing, most telling first."""
    control = record.control
    if control.status.over:
        return Phase(control.status.value)
    if control.mark is Mark.REVOKED:
        return Phase.REVOKED
    if record.paused:
        return Phase.PAUSED
    if record.hold is not None and not record.barred:
        return Phase.HELD
    if control.status is Status.UNDOING:
        return Phase.UNDOING
    if control.mark is Mark.CANCELLED:
        return Phase.CANCELLING
    if record.current is not None:
        return Phase.WAITING_FOR_GUARD if record.current.kind == "guard" else Phase.WAITING
    if control.status is Status.ACCEPTED:
        if control.after:
            return Phase.WAITING_FOR_PREDECESSOR
        return Phase.WAITING_TO_START if record.unstarted else Phase.STARTING
    return Phase.RETRYING if control.attempt > 1 else Phase.WORKING


def _summary(control: Control) -> dict[str, Any]:
    return {
        "id": control.id,
        "type": control.name,
        "status": control.status,
        "account": control.account,
        "region": control.region,
        "application": control.application,
        "cluster": control.cluster,
        "step": control.step,
        "error": control.error,
        "accepted": instant(control.accepted),
        "started": moment(control.started),
        "closed": moment(control.closed),
        "batch": control.batch,
        "waits": None,
    }


def _steps(record: Record) -> Iterator[StepView]:
    before = record.control.started or record.control.accepted
    for step in record.steps:
        yield StepView(
            name=step.name,
            attempts=step.attempts,
            did=step.did,
            error=step.error,
            trouble=step.trouble,
            findings=step.findings,
            results=None if step.results is None else dict(step.results),
            ended=moment(step.ended),
            seconds=None if step.ended is None else max(round(step.ended - before, 1), 0.0),
        )
        before = step.ended or before


def reason_of(record: Record) -> str | None:
    """The open token's; else that of the last failed attempt of the state that is being retried."""
    if record.control.status.over:
        return record.control.error
    if record.current is not None:
        return record.current.reason
    if (waiting := _unbegun(record.control, record.unstarted)) is not None:
        return waiting
    return next((step.error for step in record.steps if step.name == record.control.step), None)


def _waits(record: Record) -> str | None:
    return None if record.control.status.over else _unbegun(record.control, record.unstarted)


def _unbegun(control: Control, unstarted: str | None) -> str | None:
    """Why it has not begun: its batch is not so far, or nothing can be started."""
    return unstarted if control.after is None else f"waits for operation {control.after} of its batch"


def _deadline(record: Record) -> float | None:
    if record.current is None:
        return None
    return min((one for one in (record.current.deadline, record.current.expires) if one is not None), default=None)


UNDO = "Undo"
"""What the names of undos begin with (`saga.model.Step.undo_name`)."""
SIGNALS = {
    "cancel": "stop, and put everything back",
    "pause": "start no further step until resumed",
    "resume": "go on",
    "decide:retry": "try the failed step once more",
    "decide:rollback": "put everything back",
    "decide:skip": "go on without this undo",
    "decide:abandon": "leave everything as it is, and end needing attention",
}
"""What each signal does, in the words of a button."""


def _signals(record: Record) -> Iterator[SignalView]:
    for one in signals.possible(record.control, None if record.barred else record.hold):
        signal, _, decision = one.partition(":")
        yield SignalView(signal=signal, decision=decision or None, does=SIGNALS[one])


def _links(record: Record) -> Links:
    control = record.control
    own = f"/operations/{control.id}"
    back = any(one.name.startswith(UNDO) for one in record.steps)
    return Links(
        self=own,
        events=f"{own}/events",
        signals=f"{own}/signals",
        task=f"/task/{control.batch or control.id}",
        type=f"/operations/types/{control.name}",
        evidence=f"{own}/evidence" if back else None,
        runbook=f"{own}/runbook" if control.status is Status.NEEDS_ATTENTION else None,
    )


def instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else instant(seconds)
