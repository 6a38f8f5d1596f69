"""Recovery: an execution is over and its operation's row is not.

What the machine itself ended is closed the same way. What ended abnormally (aborted, timed out, killed by a limit)
keeps its guards, and the operation's own machine is started again: into the undo chain before the pivot, onwards
after it.
"""

from lambdas.engine import control, ends, guards, intake
from lambdas.engine.tasks import stored_plan
from lambdas.errors import Conflict
from lambdas.hub import ExecutionState, Hub, Json
from lambdas.rows import Control, Status
from lambdas.table import Write

RECOVERIES = 5
"""Then a person is called: something ends this operation's executions again and again."""
ABNORMAL = ("States.Runtime", "States.DataLimitExceeded", "States.ExceedToleratedFailureThreshold")
"""Errors that no Catch sees."""


def recover(hub: Hub, row: Control, state: ExecutionState) -> None:
    """Close the operation as its execution ended, or start a recovery.

    Raises Conflict while an attempt of the dead execution can still be alive.
    """
    if row.status.over or not state.over:
        return
    if (end := _own_end(state)) is not None:
        ends.close(hub, row.id, end, f"{state.error}: {state.cause}", late_look=end is Status.ROLLED_BACK)
        return
    reason = f"{state.error or state.status}: {state.cause or 'the execution was ended from outside'}"
    if stored_plan(hub, row.id) is None:
        _nobody_alive(hub, row)
        ends.close(hub, row.id, Status.ROLLED_BACK, reason)
    elif row.recoveries >= RECOVERIES:
        ends.close(hub, row.id, Status.NEEDS_ATTENTION, f"{RECOVERIES} recoveries ended abnormally; {reason}")
    else:
        begin(hub, row, reason)


def begin(hub: Hub, row: Control, reason: str) -> None:
    """Start the machine once more: first the row says so, so that a death in between is found by the sweep."""
    _nobody_alive(hub, row)
    name = f"{row.id}-recovery-{row.recoveries + 1}"

    def decide(now: Control) -> tuple[control.Change, tuple[Write, ...]] | None:
        if now.version != row.version:
            return None
        back = {} if now.pivoted else {"status": Status.UNDOING}
        return {
            "execution": name,
            "recoveries": now.recoveries + 1,
            "events": 0,
            "closed": None,
            "error": reason[: ends.LONGEST],
            "due": hub.now() + control.LIVENESS,
            **back,
        }, _retaken(hub, now)

    if control.change(hub, row.id, decide).version == row.version:
        start(hub, control.read(hub, row.id))


def _retaken(hub: Hub, row: Control) -> tuple[Write, ...]:
    """An operation that was closed takes those of its guards again that nobody has; its undos touch only its own."""
    if not row.status.over:
        return ()
    free = [key for key in row.guards if guards.read(hub, key).owner is None]
    return tuple(guards.places(hub, free, row.id))


def start(hub: Hub, row: Control) -> None:
    """Start the execution that the row names; a second start of the same name is success."""
    if row.recoveries == 0:
        return intake.start(hub, row)
    return hub.machines.start(row.saga, row.execution, _given(row))


def _given(row: Control) -> Json:
    given: Json = {"operation": row.id, "last": {"step": "", "did": "accepted"}}
    return given if row.pivoted else given | {"recover": "back"}


def _own_end(state: ExecutionState) -> Status | None:
    """How the machine itself ended it, when only the closing write was lost."""
    if state.status == "SUCCEEDED":
        return Status.SUCCEEDED
    if state.status != "FAILED" or state.error in ABNORMAL:
        return None
    return Status.NEEDS_ATTENTION if state.error == "NeedsAttention" else Status.ROLLED_BACK


def _nobody_alive(hub: Hub, row: Control) -> None:
    until = max((row.live or {}).values(), default=0.0)
    if until > hub.now():
        raise Conflict(f"an attempt of {row.step} may be alive for {until - hub.now():.0f} s more")
