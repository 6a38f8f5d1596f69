"""The ends: one transaction closes the operation's row and passes its guards on.

All that follows an end hangs on the table's stream, never on a second write.
"""

from lambdas.engine import control, guards, tokens
from lambdas.engine.tasks import GUARD, AnySaga, Task, plan_of, stored_plan
from lambdas.errors import Cancelled, WindlassError
from lambdas.hub import Hub
from lambdas.rows import Control, Mark, Status, open_key
from lambdas.table import Delete, Write

FINISH, PUT_BACK, GIVE_UP = "Finish", "PutBack", "GiveUp"
TOOK_OVER = "Interrupted"
"""The error with which a recovery's undo chain begins."""
LONGEST = 400
"""Characters of a reason on the control row, which stays under 1 KB."""


def finish(hub: Hub, task: Task) -> str:
    """The work is done, unless a cancel came first. Raises Cancelled."""
    close(hub, task.operation, Status.SUCCEEDED, "")
    return "done as asked"


def put_back(hub: Hub, task: Task) -> str:
    """Everything is as it was before; but a recovery that never got past its guards has put nothing back."""
    row = control.read(hub, task.operation)
    if row.recoveries and row.step == GUARD:
        close(hub, task.operation, Status.NEEDS_ATTENTION, task.reason)
        return "a person is needed: the recovery did not get its guards"
    closed = close(hub, task.operation, Status.ROLLED_BACK, task.reason, late_look=task.saga.left is not None)
    before = "nothing was begun" if closed is Status.NOT_STARTED else "everything is as it was before"
    return f"{before}; {_why(row, task.reason)}"


def give_up(hub: Hub, task: Task) -> str:
    """Something is left: a person is called, with the list."""
    left = left_behind(hub, task.saga, task.operation)
    reason = f"{task.reason}; {left}" if left else task.reason
    close(hub, task.operation, Status.NEEDS_ATTENTION, reason)
    return f"a person is needed: {reason}"


def left_behind(hub: Hub, saga: AnySaga, operation: str) -> str:
    """What the operation made and what still stands, in words; empty where nothing does."""
    plan = stored_plan(hub, operation)
    if saga.left is None or plan is None:
        return ""
    row = control.read(hub, operation)
    try:
        return saga.left(plan_of(saga, plan), hub.cloud(row.account, row.region, operation)) or ""
    except WindlassError as error:
        return str(error)


def close(hub: Hub, operation: str, status: Status, reason: str, *, late_look: bool = False) -> Status:
    """Close the row, forget its tokens and pass its guards on: all or nothing. Closing twice is closing once.

    Raises Cancelled where the work is done but a cancel was accepted before. Returns the status that stands.
    """
    stands = status

    def decide(row: Control) -> tuple[control.Change, tuple[Write, ...]] | None:
        nonlocal stands
        stands = row.status if row.status.over else _end_of(row, status)
        if row.status.over:
            return None
        looks = late_look and stands is Status.ROLLED_BACK
        closed: control.Change = {
            "status": stands,
            "closed": hub.now(),
            "step": "",
            "live": None,
            "due": hub.now() + hub.settings.late_look.total_seconds() if looks else None,
            "error": _why(row, reason),
        }
        return closed, (*guards.releases(hub, row.guards, operation), *_forgotten(hub, operation))

    control.change(hub, operation, decide)
    return stands


def _end_of(row: Control, status: Status) -> Status:
    """An operation that never began to plan was not put back: it was not started."""
    if status is Status.SUCCEEDED and row.mark is Mark.CANCELLED and not row.pivoted:
        raise Cancelled(f"operation {row.id} was cancelled before it was done")
    return Status.NOT_STARTED if status is Status.ROLLED_BACK and row.started is None else status


def _why(row: Control, reason: str) -> str | None:
    """A recovery's machine knows only that it took over, and a cancelled hold only why it held: the row knows more."""
    if row.mark is Mark.CANCELLED:
        return f"{Cancelled.__name__}: cancelled by {row.decided}"[:LONGEST]
    known = row.error if reason.startswith(TOOK_OVER) else None
    return (known or reason)[:LONGEST] or None


def _forgotten(hub: Hub, operation: str) -> tuple[Write, ...]:
    return tuple(Delete(open_key(operation, one.state)) for one in tokens.open_rows(hub, operation))
