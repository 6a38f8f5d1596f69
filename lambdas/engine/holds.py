"""Holds: a step cannot go on, so the machine stops and asks. One shape for parking, pausing and deciding.

Whether it holds, goes back at once, or goes on is decided here, at the moment of failure, from one policy: so policy
can change for operations that run.

What a person has decided is the hold's, not its token's. A Task that failed after it had registered leaves a dead
token, and the machine registers the hold once more: a decision made in between is answered then. Which hold it is, the
machine says: its retries were entered at the same moment. So no decision is ever that of a later hold.
"""

from contextlib import suppress

from lambdas.engine import barriers, control, tokens
from lambdas.engine.tasks import AnySaga, Task, plan_of, stored_plan
from lambdas.errors import (
    Abandoned,
    Braked,
    Broken,
    Cancelled,
    Conflict,
    Denied,
    Expired,
    Kept,
    NotInTime,
    Paused,
    Revoked,
    RollBack,
    Skipped,
    WindlassError,
)
from lambdas.hub import Hub
from lambdas.rows import Control, Mark, Open, Status, short
from lambdas.table import Refused
from lambdas.values import changed
from saga import Late, OnFailure

HOLD, HOLD_UNDO = "Hold", "HoldUndo"
HELD_RETRIES = 8
"""Held retries of one operation: the history of an execution ends at 25,000 events."""
CARRIED = 600.0
"""Seconds for which a decision that met no live token waits for the hold's next registration: five of the machine's
longest back-offs. Whoever comes later than that asks anew."""
PARK: Late = "PARK"
KEEP: Late = "KEEP_DISABLED"
RETRY, ROLL_BACK, SKIP, ABANDON = "retry", "rollback", "skip", "abandon"


def register(hub: Hub, task: Task) -> None:
    """Open the hold's token, and answer it at once where the policy needs nobody."""
    for _ in range(control.RACES):
        row = control.told(control.read(hub, task.operation), task)
        control.in_charge(row, task)
        opened = _opened(hub, task, row)
        try:
            tokens.register(hub, task, row, opened)
        except Refused:
            continue
        with suppress(WindlassError):  # the token is stored: what cannot be answered now, the sweep answers
            settle(hub, row, opened, task.saga)
        return
    raise Conflict(f"operation {task.operation} is being changed by several at once")


def settle(hub: Hub, row: Control, opened: Open, saga: AnySaga) -> None:
    """Answer the hold if a decision, a signal, the policy or the time says how; else it stays open."""
    if row.status.over:
        return tokens.dismiss(hub, opened)
    if row.mark is Mark.REVOKED:
        return tokens.fail(hub, opened, Revoked.__name__, f"its guard was taken by force by {row.decided}")
    if opened.decision is not None:
        return tokens.close(hub, opened) if _moot(hub, row, opened) else _decided(hub, row, opened, saga)
    if opened.state == HOLD_UNDO:
        return _settle_undo(hub, row, opened)
    return _settle_forward(hub, row, opened, saga)


def _moot(hub: Hub, row: Control, opened: Open) -> bool:
    """Whether nobody will come for a decision that met no live token: it was answered before, or it is too old."""
    return opened.unheard is not None and (row.step != opened.state or not _carries(hub, opened))


def _carries(hub: Hub, opened: Open) -> bool:
    return opened.unheard is None or hub.now() < opened.unheard + CARRIED


def _decided(hub: Hub, row: Control, opened: Open, saga: AnySaga) -> None:
    decision, by = opened.decision, opened.by or ""
    if decision in (RETRY, SKIP):
        return _once_more(hub, opened, decision, by)
    if decision == ROLL_BACK:
        return _back(hub, row, opened, saga, RollBack.__name__, f"{decision}: {by}")
    return tokens.fail(hub, opened, Abandoned.__name__, f"{decision}: {by}")


def _once_more(hub: Hub, opened: Open, decision: str, by: str) -> None:
    tokens.succeed(hub, opened, {"decided": decision, "by": by}, f"{decision}: {by}")


def _settle_undo(hub: Hub, row: Control, opened: Open) -> None:
    """Nobody is waited for where no retry can help: the history is used up, or what is left was skipped.

    Nor where a cancel leads back from what was to be kept: its retry finds that out.
    """
    if row.mark is Mark.CANCELLED and row.status is Status.RUNNING:
        return _once_more(hub, opened, ROLL_BACK, f"cancelled by {row.decided}")
    hopeless = row.events > control.GIVE_UP or (opened.reason or "").startswith(Skipped.__name__)
    if hopeless or _undecided(hub, opened):
        tokens.fail(hub, opened, Abandoned.__name__, f"nobody decided: {opened.reason}")
    return None


def _settle_forward(hub: Hub, row: Control, opened: Open, saga: AnySaga) -> None:
    error, _, cause = (opened.reason or "").partition(": ")
    if error == Paused.__name__ and row.mark is None:
        if (barred := barriers.barred(hub, row)) is None:
            return _once_more(hub, opened, RETRY, f"resumed by {row.decided}" if row.decided else f"over: {cause}")
        opened = _told(hub, opened, f"{error}: {barred}")
    verdict = _verdict(row, opened, saga.on_failure) or _overtaken(hub, row, opened)
    if verdict is None:
        return None
    if row.pivoted:
        return tokens.fail(hub, opened, Abandoned.__name__, verdict[1])
    return _back(hub, row, opened, saga, *verdict)


def _told(hub: Hub, opened: Open, reason: str) -> Open:
    """The hold with the reason that it has by now."""
    told = changed(opened, reason=reason)
    tokens.note(hub, opened, told)
    return told


def _verdict(row: Control, opened: Open, policy: OnFailure) -> tuple[str, str] | None:
    """The error that ends the hold at once, and why; None: somebody is asked."""
    error, _, cause = (opened.reason or "").partition(": ")
    if row.mark is Mark.CANCELLED:
        return Cancelled.__name__, f"cancelled by {row.decided}"
    if row.held >= HELD_RETRIES or row.events > control.GIVE_UP:
        return RollBack.__name__, f"no retries are left: {error}: {cause}"
    if error == NotInTime.__name__ and opened.late == KEEP:
        return Kept.__name__, f"{error}: {cause}"
    if not row.pivoted and _goes_back(row, opened, policy):
        return RollBack.__name__, f"{error}: {cause}"
    return None


def _goes_back(row: Control, opened: Open, policy: OnFailure) -> bool:
    """Whatever else comes here has used up its retries, by our own count or by the machine's."""
    error, _, cause = (opened.reason or "").partition(": ")
    if error == NotInTime.__name__:
        return opened.late != PARK
    holds = policy.hold_exhausted if row.hold_exhausted is None else row.hold_exhausted
    return not holds and not _waits_for_us(error, cause)


def _waits_for_us(error: str, cause: str) -> bool:
    """A pause, our own bug, a brake, a right taken away: none says anything of the operation."""
    ours = (Paused.__name__, Broken.__name__, Braked.__name__, Denied.__name__)
    return error in ours or cause.startswith(Broken.__name__)


def _overtaken(hub: Hub, row: Control, opened: Open) -> tuple[str, str] | None:
    """The deadline that ends the hold."""
    if not row.pivoted and opened.expires is not None and hub.now() >= opened.expires:
        return Expired.__name__, f"the operation's deadline has passed: {opened.reason}"
    if _undecided(hub, opened):
        return RollBack.__name__, f"nobody decided: {opened.reason}"
    return None


def _undecided(hub: Hub, opened: Open) -> bool:
    return opened.deadline is not None and hub.now() >= opened.deadline


def _back(hub: Hub, row: Control, opened: Open, saga: AnySaga, error: str, cause: str) -> None:
    """Lead back. From a pivot that never began the machine cannot tell, so whatever failed is led to refuse its start:
    the machine knows the way back from a refusal, wherever it comes.
    """
    if saga.pivot is None:
        return tokens.fail(hub, opened, error, cause)
    marked = {"mark": Mark.CANCELLED, "decided": None, "error": short(f"{error}: {cause}")}
    stopped = (Mark.CANCELLED, Mark.REVOKED)
    control.change(hub, row.id, lambda now: None if now.status.over or now.mark in stopped else (marked, ()))
    return _once_more(hub, opened, ROLL_BACK, cause)


def _opened(hub: Hub, task: Task, row: Control) -> Open:
    known = tokens.find(hub, task.operation, task.step)
    if known is not None and known.token == task.token:
        return known  # the same event came twice: a decision made in between stays
    decision, by = _carried(hub, task, known)
    return Open(
        operation=task.operation,
        saga=task.saga.name,
        state=task.step,
        token=task.token,
        since=hub.now(),
        kind="hold",
        deadline=_deadline(hub, task, row),
        expires=control.expires(row) if task.step == HOLD else None,
        reason=task.reason,
        held=_held(row, known),
        late=_late(hub, task),
        decision=decision,
        by=by,
        entered=task.entered or None,
        earlier=tokens.earlier(known, task.token),
        account=row.account,
        region=row.region,
        due=hub.now(),
    )


def _carried(hub: Hub, task: Task, known: Open | None) -> tuple[str | None, str | None]:
    """What was decided of this very hold while its token was dead, and by whom."""
    if known is None or not task.entered or known.entered != task.entered or not _carries(hub, known):
        return None, None
    return known.decision, known.by


def _held(row: Control, known: Open | None) -> str | None:
    """What failed into the hold; a hold entered once more for the same failure lost its first attempt."""
    if row.step not in (HOLD, HOLD_UNDO):
        return row.step
    return known.held if known else None


def _late(hub: Hub, task: Task) -> Late | None:
    """What the plan wants done of a wait that was not in time."""
    if task.error != NotInTime.__name__ or task.saga.late is None:
        return None
    plan = stored_plan(hub, task.operation)
    return None if plan is None else task.saga.late(plan_of(task.saga, plan))


def _deadline(hub: Hub, task: Task, row: Control) -> float | None:
    """When a hold that nobody decided ends; for a pause, a brake, or our own bug only by the operation's deadline."""
    if _waits_for_us(task.error, task.cause) and not row.pivoted and task.step == HOLD:
        return None
    return hub.now() + task.saga.on_failure.decide_within.total_seconds()
