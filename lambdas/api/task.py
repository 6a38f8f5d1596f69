"""Clouddriver's task (`Task.java`): what Orca polls, of one operation or of a batch of them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lambdas.api.records import Record, Whole, folded, telling_of
from lambdas.api.views import View, phase_of, reason_of
from lambdas.rows import Status, Step

HISTORY = 30
"""Rows of a task's history: Orca stores it with every poll (`MonitorKatoTask.groovy`)."""
LONGEST = 300
"""Characters of a sentence in that history."""


class StatusView(View):
    phase: str
    status: str
    complete: bool
    completed: bool
    failed: bool
    retryable: bool


class HistoryView(View):
    phase: str
    status: str


class SagaView(View):
    name: str
    id: str


class TaskView(View):
    """A task as Clouddriver shows it (`Task.java`)."""

    id: str
    status: StatusView
    history: tuple[HistoryView, ...]
    result_objects: tuple[dict[str, Any], ...]
    outputs: tuple[dict[str, Any], ...] = ()
    retryable: bool = False
    owner_id: str
    request_id: str | None
    saga_ids: tuple[SagaView, ...]
    start_time_ms: int


def task_of(whole: Whole) -> TaskView:
    """One task, whether it is one operation or a batch of them."""
    first = whole.records[0].control
    return TaskView(
        id=whole.id,
        status=_status(whole),
        history=tuple(_history(whole.records))[-HISTORY:],
        result_objects=tuple(_results(whole.records)),
        owner_id=f"{first.execution or first.id}@windlass",
        request_id=first.key,
        saga_ids=tuple(SagaView(name=one.control.saga, id=one.control.id) for one in whole.records),
        start_time_ms=int(first.accepted * 1000),
    )


def _status(whole: Whole) -> StatusView:
    telling, status = telling_of(whole.records), folded(whole.records)
    return StatusView(
        phase="PARKED" if telling.parked else telling.step or phase_of(telling),
        status=_sentence(telling),
        complete=status.over,
        completed=status.over,
        failed=status.over and status is not Status.SUCCEEDED,
        retryable=False,
    )


def _sentence(record: Record) -> str:
    control, phase = record.control, phase_of(record)
    if control.status is Status.SUCCEEDED:
        return f"{control.name} succeeded."
    if control.status.over:
        return _shortened(f"{_ENDS[control.status]} {_cause(control.error)}".strip())
    if record.parked:
        return _shortened(f"{control.name} is held and waits for a decision: {reason_of(record) or ''}")
    reason = reason_of(record)
    doing = phase.replace("_", " ").capitalize()
    return _shortened(f"{doing}: {_cause(reason)}" if reason else doing)


_ENDS = {
    Status.ROLLED_BACK: "Failed, and everything was put back:",
    Status.NEEDS_ATTENTION: "Failed, and a person is needed:",
    Status.NOT_STARTED: "Was not started:",
}


def _history(records: Sequence[Record]) -> Iterator[HistoryView]:
    yield HistoryView(phase="ORCHESTRATION", status="Accepted.")
    for record in records:
        yield from (HistoryView(phase=step.name, status=_line(step)) for step in record.steps)
    if folded(records).over:
        telling = telling_of(records)
        yield HistoryView(phase="ORCHESTRATION", status=_sentence(telling))


def _line(step: Step) -> str:
    said = step.error or step.did or "began"
    return _shortened(f"{said} (attempt {step.attempts})" if step.attempts > 1 else said)


def _results(records: Sequence[Record]) -> Iterator[dict[str, Any]]:
    """The plan's results come first, on failure too, so that a caller's own clean-up finds the names."""
    for record in records:
        if record.result is not None:
            yield dict(record.result)
        if record.control.status in (Status.ROLLED_BACK, Status.NEEDS_ATTENTION):
            yield _exception(record)
    telling = telling_of(records)
    if telling.control.status is Status.NOT_STARTED:
        yield _exception(telling)


def _exception(record: Record) -> dict[str, Any]:
    """As Clouddriver's `DefaultOrchestrationProcessor.groovy` reports one."""
    message, cause = _sentence(record), _cause(record.control.error)
    detail: Mapping[str, Any] = {
        "message": cause,
        "userMessage": cause,
        "retryable": False,
        "additionalAttributes": {},
    }
    return {
        "type": "EXCEPTION",
        "operation": record.control.saga,
        "message": message,
        "cause": cause,
        "details": [detail],
        "retryable": False,
    }


def _cause(error: str | None) -> str:
    """Without the name that state machines tell errors by."""
    name, found, sentence = (error or "").partition(": ")
    return sentence if found and name.isidentifier() else error or "no reason is known"


def _shortened(sentence: str) -> str:
    return sentence if len(sentence) <= LONGEST else f"{sentence[: LONGEST - 1]}…"
