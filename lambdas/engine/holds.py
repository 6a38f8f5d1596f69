"""Holds: a step cannot go on, so the machine stops and asks. One shape for parking, pausing and deciding.

Whether it holds, goes back at once, or goes on is decided here, at the moment of failure, from one policy: so policy
can change for operations that run.
"""

from dataclasses import replace

from lambdas.engine import control, tokens
from lambdas.engine.tasks import AnySaga, Task
from lambdas.errors import (
    Abandoned,
    Broken,
    Cancelled,
    Conflict,
    Exhausted,
    Expired,
    NotInTime,
    Paused,
    RollBack,
    Skipped,
)
from lambdas.hub import Hub
from lambdas.rows import Control, Mark, Open
from lambdas.table import Refused
from saga import OnFailure

HOLD, HOLD_UNDO = "Hold", "HoldUndo"
HELD_RETRIES = 8
"""Held retries of one operation: the history of an execution ends at 25,000 events."""
RETRY, ROLL_BACK, SKIP, ABANDON = "retry", "rollback", "skip", "abandon"


def register(hub: Hub, task: Task) -> None:
    """Open the hold's token, and answer it at once where the policy needs nobody."""
    for _ in range(control.RACES):
        row = control.read(hub, task.operation)
        opened = _opened(hub, task, row)
        try:
            tokens.register(hub, task, row, opened)
        except Refused:
            continue
        return settle(hub, row, opened, task.saga)
    raise Conflict(f"operation {task.operation} is being changed by several at once")


def settle(hub: Hub, row: Control, opened: Open, saga: AnySaga) -> None:
    """Answer the hold if a decision, a signal, the policy or the time says how; else it stays open."""
    if row.status.over:
        return tokens.close(hub, opened)
    if opened.decision is not None:
        return _answer(hub, row, opened, saga, opened.decision, opened.by or "")
    if opened.state == HOLD_UNDO:
        spent = row.events > control.GIVE_UP or (opened.reason or "").startswith(Skipped.__name__)
        return _overdue(hub, replace(opened, deadline=0.0) if spent else opened, Abandoned.__name__)
    return _settle_forward(hub, row, opened, saga)


def _settle_forward(hub: Hub, row: Control, opened: Open, saga: AnySaga) -> None:
    error, _, cause = (opened.reason or "").partition(": ")
    if error == Paused.__name__ and row.mark is None:
        return _answer(hub, row, opened, saga, RETRY, "resumed")
    verdict = _verdict(row, error, cause, saga.on_failure) or _overtaken(hub, row, opened)
    if verdict is None:
        return None
    if row.pivoted:
        return tokens.fail(hub, opened, Abandoned.__name__, verdict[1])
    return _back(hub, row, opened, saga, *verdict)


def _verdict(row: Control, error: str, cause: str, policy: OnFailure) -> tuple[str, str] | None:
    """The error that ends the hold at once, and why; None: somebody is asked."""
    if row.mark is Mark.CANCELLED:
        return Cancelled.__name__, f"cancelled by {row.decided}"
    if row.held >= HELD_RETRIES or row.events > control.GIVE_UP:
        return RollBack.__name__, f"no retries are left: {error}: {cause}"
    if not row.pivoted and _goes_back(error, row, policy):
        return RollBack.__name__, f"{error}: {cause}"
    return None


def _overtaken(hub: Hub, row: Control, opened: Open) -> tuple[str, str] | None:
    """The deadline that ends the hold."""
    if not row.pivoted and opened.expires is not None and hub.now() >= opened.expires:
        return Expired.__name__, f"the operation's deadline has passed: {opened.reason}"
    if opened.deadline is not None and hub.now() >= opened.deadline:
        return RollBack.__name__, f"nobody decided: {opened.reason}"
    return None


def _back(hub: Hub, row: Control, opened: Open, saga: AnySaga, error: str, cause: str) -> None:
    """Lead back. From a pivot that never began the machine cannot tell, so the pivot is led to refuse its start."""
    if saga.pivot is None or opened.held != saga.pivot.name:
        return tokens.fail(hub, opened, error, cause)
    marked = {"mark": Mark.CANCELLED, "decided": row.decided if row.mark is Mark.CANCELLED else f"{error}: {cause}"}
    control.change(hub, row.id, lambda now: None if now.status.over else (marked, ()))
    return tokens.succeed(hub, opened, {"decided": ROLL_BACK, "by": cause}, f"{ROLL_BACK}: {cause}")


def _goes_back(error: str, row: Control, policy: OnFailure) -> bool:
    holds = policy.hold_exhausted if row.hold_exhausted is None else row.hold_exhausted
    return error == NotInTime.__name__ or (error == Exhausted.__name__ and not holds)


def _overdue(hub: Hub, opened: Open, error: str) -> None:
    if opened.deadline is not None and hub.now() >= opened.deadline:
        tokens.fail(hub, opened, error, f"nobody decided: {opened.reason}")


def decide(hub: Hub, row: Control, opened: Open, saga: AnySaga, decision: str, by: str) -> None:
    """Keep the decision on the row first: it outlives a death of whoever sends it on."""
    decided = replace(opened, decision=decision, by=by)
    tokens.note(hub, opened, decided)
    _answer(hub, row, decided, saga, decision, by)


def _answer(hub: Hub, row: Control, opened: Open, saga: AnySaga, decision: str, by: str) -> None:
    if decision in (RETRY, SKIP):
        return tokens.succeed(hub, opened, {"decided": decision, "by": by}, f"{decision}: {by}")
    if decision == ROLL_BACK:
        return _back(hub, row, opened, saga, RollBack.__name__, f"{decision}: {by}")
    return tokens.fail(hub, opened, Abandoned.__name__, f"{decision}: {by}")


def _opened(hub: Hub, task: Task, row: Control) -> Open:
    return Open(
        operation=task.operation,
        saga=task.saga.name,
        state=task.step,
        token=task.token,
        since=hub.now(),
        kind="hold",
        deadline=_deadline(hub, task, row),
        expires=row.finish_by if task.step == HOLD and not row.pivoted else None,
        reason=task.reason,
        held=row.step if row.step not in (HOLD, HOLD_UNDO) else _held_before(hub, task),
        due=hub.now(),
    )


def _held_before(hub: Hub, task: Task) -> str | None:
    """The state is entered once more for the same failure: its first attempt was lost."""
    known = tokens.find(hub, task.operation, task.step)
    return known.held if known else None


def _deadline(hub: Hub, task: Task, row: Control) -> float | None:
    """When a hold that nobody decided ends: never for a pause, nor for our own bug before the operation's deadline."""
    waits_for_us = task.error in (Paused.__name__, Broken.__name__) or task.cause.startswith(Broken.__name__)
    if waits_for_us and not row.pivoted and task.step == HOLD:
        return None
    return hub.now() + task.saga.on_failure.decide_within.total_seconds()
