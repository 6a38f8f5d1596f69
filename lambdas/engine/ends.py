"""The ends: one transaction closes the operation's row and passes its guards on.

All that follows an end hangs on the table's stream, never on a second write.
"""

from lambdas.engine import control, guards, journal, measures, tokens
from lambdas.engine.tasks import LEFT, AnySaga, Task, plan_of, stored_plan
from lambdas.errors import Abandoned, Cancelled, Revoked, RollBack, WindlassError
from lambdas.hub import Hub
from lambdas.rows import Control, Mark, Status, short
from lambdas.table import Write

FINISH, PUT_BACK, GIVE_UP = "Finish", "PutBack", "GiveUp"
TELLING = 30.0
"""Seconds after which an end should have been told (`lambdas.push`): the stream is a second or two behind."""
KEPT = "it is kept, out of the way"
TOOK_OVER = "Interrupted"
"""The error with which a recovery's undo chain begins."""
UNDID = (TOOK_OVER, RollBack.__name__, Cancelled.__name__)
"""With these a recovery has gone its way back: past a pivot, if the cloud itself has put that back."""


def finish(hub: Hub, task: Task) -> str:
    """The work is done, unless a cancel came first. Raises Cancelled."""
    try:
        close(hub, task.operation, Status.SUCCEEDED, task=task)
    except Revoked:
        return give_up(hub, task)
    return "done as asked"


def put_back(hub: Hub, task: Task) -> str:
    """Everything is as it was before; says why, since this is the last that an execution's history tells."""
    late_look = task.saga.left is not None
    try:
        end = close(hub, task.operation, Status.ROLLED_BACK, task.reason, late_look=late_look, task=task)
    except Revoked:
        return give_up(hub, task)
    why = control.read(hub, task.operation).error or task.reason
    return {
        Status.ROLLED_BACK: f"everything is as it was before; reason: {why}",
        Status.NOT_STARTED: f"nothing was begun; reason: {why}",
    }.get(end, f"a person is needed: {why}")


def give_up(hub: Hub, task: Task) -> str:
    """Something is left: a person is called, with the list. Raises Cancelled where a cancel came before it is kept."""
    row = control.read(hub, task.operation)
    if row.status is Status.NEEDS_ATTENTION:
        return f"a person is needed: {row.error}"
    keeps = row.step in task.saga.keeping
    left = KEPT if keeps else _told(hub, task, row)
    reason = _why(row, task.reason) if row.mark is Mark.REVOKED else task.reason
    close(hub, task.operation, Status.NEEDS_ATTENTION, task.reason, left=left, keeps=keeps, task=task)
    return f"a person is needed: {'; '.join(filter(None, (reason, left)))}"


def _told(hub: Hub, task: Task, row: Control) -> str:
    try:
        return left_behind(hub, task.saga, row)
    except WindlassError as error:
        return f"what is left cannot be seen: {error}"


def left_behind(hub: Hub, saga: AnySaga, row: Control) -> str:
    """What the operation made and what still stands, in words; empty where nothing does."""
    plan = stored_plan(hub, row.id)
    if saga.left is None or plan is None:
        return ""
    try:
        return saga.left(plan_of(saga, plan), hub.cloud(row.account, row.region, row.id)) or ""
    except RollBack as error:
        return str(error)


def left_alone(hub: Hub, row: Control, found: str, heir: str) -> None:
    """Tell what a late look found and must not put back: another operation has had it since."""
    finding = f"{found}; left as it is: operation {heir} has had it since"
    journal.succeeded(hub, row.id, LEFT, "looked once more", findings=(finding,))


def close(
    hub: Hub,
    operation: str,
    status: Status,
    reason: str = "",
    *,
    left: str = "",
    keeps: bool = False,
    late_look: bool = False,
    task: Task | None = None,
) -> Status:
    """Close the row, forget its tokens and pass its guards on: all or nothing. Closing twice is closing once.

    `task`, where the machine itself comes to its end.

    Raises Cancelled where the work is done, or what was made is kept, but has to be put back, Revoked where a person
    has to be called, Conflict while an attempt may be alive that the guards' heirs would meet. Returns the status that
    stands.
    """
    stands, why = status, ""

    def decide(row: Control) -> tuple[control.Change, tuple[Write, ...]] | None:
        nonlocal stands, why
        if row.status.over:
            stands = row.status
            return None
        if task is not None and task.execution != row.execution:
            raise Abandoned(f"execution {row.execution} is in charge of operation {operation}, not {task.execution}")
        known = control.told(row, task) if task else row
        stands = _end_of(known, status, reason, keeps=keeps)
        control.alone(hub, known)
        why = "; ".join(filter(None, (_why(row, reason), left)))
        closed = _closed(hub, row, stands, why, late_look=late_look)
        return closed, (*guards.releases(hub, row.guards, operation), *tokens.forgotten(hub, operation))

    before = control.change(hub, operation, decide)
    if not before.status.over:
        measures.ended(hub, before, stands, why, kept=keeps)
    return stands


def _closed(hub: Hub, row: Control, status: Status, why: str, *, late_look: bool) -> control.Change:
    late = late_look and status is Status.ROLLED_BACK
    return {
        "status": status,
        "closed": hub.now(),
        "step": "",
        "live": None,
        "forward_end": None,
        "events": None,
        "error": short(why) or None,
        "due": hub.now() + hub.settings.late_look.total_seconds() if late else _last_look(hub, row),
    }


def _last_look(hub: Hub, row: Control) -> float:
    """When the sweep sees to it that the end was told: if it can, at the look that was due anyway."""
    soonest = hub.now() + TELLING
    return row.due if row.due is not None and row.due >= soonest else soonest


def _end_of(row: Control, status: Status, reason: str, *, keeps: bool) -> Status:
    """What its machine says, unless the row knows better."""
    if status is not Status.NEEDS_ATTENTION and row.started is not None:
        control.not_revoked(row)
    if (status is Status.SUCCEEDED or keeps) and (
        row.status is Status.UNDOING or (row.mark is Mark.CANCELLED and not row.pivoted)
    ):
        raise Cancelled(f"operation {row.id} was cancelled before it was done")
    if status is not Status.ROLLED_BACK:
        return status
    if row.pivoted or (row.recoveries and not reason.startswith(UNDID)):
        return Status.NEEDS_ATTENTION  # a recovery that got no further than its guards has put nothing back
    return Status.NOT_STARTED if row.started is None else status


def _why(row: Control, reason: str) -> str:
    """A recovery's machine knows only that it took over, and a cancelled hold only why it held: the row knows more."""
    if row.mark is Mark.REVOKED:
        return f"{Revoked.__name__}: its guard was taken by force by {row.decided}"
    if row.mark is Mark.CANCELLED and row.decided:
        return f"{Cancelled.__name__}: cancelled by {row.decided}"
    knows_more = row.mark is Mark.CANCELLED or reason.startswith(TOOK_OVER)
    return (knows_more and row.error) or reason
