"""Holds: a step cannot go on, so the machine stops and asks. One shape for parking, pausing and deciding.

Whether it holds, goes back at once, or goes on is decided here, at the moment of failure, from one policy: so policy
can change for operations that run.
"""

from dataclasses import replace

from lambdas.engine import control, tokens
from lambdas.engine.tasks import Task
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
        return settle(hub, row, opened, task.saga.on_failure)
    raise Conflict(f"operation {task.operation} is being changed by several at once")


def settle(hub: Hub, row: Control, opened: Open, policy: OnFailure) -> None:
    """Answer the hold if a decision, a signal, the policy or the time says how; else it stays open."""
    if row.status.over:
        return tokens.close(hub, opened)
    if opened.decision is not None:
        return _answer(hub, opened, opened.decision, opened.by or "")
    if opened.state == HOLD_UNDO:
        spent = row.events > control.GIVE_UP or (opened.reason or "").startswith(Skipped.__name__)
        return _overdue(hub, replace(opened, deadline=0.0) if spent else opened, Abandoned.__name__)
    return _settle_forward(hub, row, opened, policy)


def _settle_forward(hub: Hub, row: Control, opened: Open, policy: OnFailure) -> None:
    error, _, cause = (opened.reason or "").partition(": ")
    if row.mark is Mark.CANCELLED:
        return tokens.fail(hub, opened, Cancelled.__name__, f"operation {row.id} was cancelled")
    if error == Paused.__name__ and row.mark is not Mark.PAUSED:
        return _answer(hub, opened, RETRY, "resumed")
    if row.held >= HELD_RETRIES or row.events > control.GIVE_UP:
        spent = RollBack if not row.pivoted and row.held >= HELD_RETRIES else Abandoned
        return tokens.fail(hub, opened, spent.__name__, f"no retries are left: {opened.reason}")
    if not row.pivoted and _goes_back(error, row, policy):
        return tokens.fail(hub, opened, RollBack.__name__, f"{error}: {cause}")
    if opened.expires is not None and hub.now() >= opened.expires:
        return tokens.fail(hub, opened, Expired.__name__, f"the operation's deadline has passed: {opened.reason}")
    return _overdue(hub, opened, Abandoned.__name__ if row.pivoted else RollBack.__name__)


def _goes_back(error: str, row: Control, policy: OnFailure) -> bool:
    holds = policy.hold_exhausted if row.hold_exhausted is None else row.hold_exhausted
    return error == NotInTime.__name__ or (error == Exhausted.__name__ and not holds)


def _overdue(hub: Hub, opened: Open, error: str) -> None:
    if opened.deadline is not None and hub.now() >= opened.deadline:
        tokens.fail(hub, opened, error, f"nobody decided: {opened.reason}")


def decide(hub: Hub, opened: Open, decision: str, by: str) -> None:
    """Keep the decision on the row first: it outlives a death of whoever sends it on."""
    decided = replace(opened, decision=decision, by=by)
    tokens.note(hub, opened, decided)
    _answer(hub, decided, decision, by)


def _answer(hub: Hub, opened: Open, decision: str, by: str) -> None:
    if decision in (RETRY, SKIP):
        return tokens.succeed(hub, opened, {"decided": decision, "by": by}, f"{decision}: {by}")
    error = RollBack if decision == ROLL_BACK else Abandoned
    return tokens.fail(hub, opened, error.__name__, f"{decision}: {by}")


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
