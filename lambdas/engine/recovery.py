"""Recovery: an execution is over and its operation's row is not.

What the machine itself ended is closed the same way. What ended abnormally (aborted, timed out, killed by a limit)
keeps its guards, and the operation's own machine is started again: into the undo chain before the pivot, onwards
after it.
"""

from collections.abc import Callable
from contextlib import suppress

from lambdas.engine import control, ends, guards, intake, measures, tokens
from lambdas.engine.tasks import stored_plan
from lambdas.errors import Cancelled, Revoked
from lambdas.hub import ExecutionState, Hub, Json
from lambdas.rows import Control, Status, short
from lambdas.table import Refused, Write

Retake = Callable[[Hub, str, str], Write]
"""The write that gives a guard to a closed operation again. Raises Refused."""
RECOVERIES = 5
"""Then a person is called: something ends this operation's executions again and again."""


def recover(hub: Hub, row: Control, state: ExecutionState) -> None:
    """Close the operation as its execution ended, or start a recovery; later, while an attempt may be alive."""
    if row.status.over or not state.over:
        return
    if (until := control.alive_until(row)) > hub.now():
        control.look_again(hub, row, until)
        return
    reason = f"{state.error or state.status}: {state.cause or 'the execution was ended from outside'}"
    try:
        _close_or_begin(hub, row, _own_end(state), reason)
    except Cancelled:
        begin(hub, row, f"{Cancelled.__name__}: cancelled by {row.decided}")
    except Revoked as revoked:
        begin(hub, row, f"{Revoked.__name__}: {revoked}")  # it gets no further than to GiveUp, which lists what is left


def _close_or_begin(hub: Hub, row: Control, end: Status | None, reason: str) -> None:
    if end is not None:
        ends.close(hub, row.id, end, "" if end is Status.SUCCEEDED else reason, late_look=True)
        return
    measures.ended_from_outside(hub, row, reason)
    if stored_plan(hub, row.id) is None:
        ends.close(hub, row.id, Status.ROLLED_BACK, reason)
    else:
        begin(hub, row, reason)


def begin(hub: Hub, row: Control, reason: str, *, retake: Retake = guards.taken) -> None:
    """Start the machine once more: first the row says so, so that a death in between is found by the sweep.

    An operation that was closed takes its guards again (`retake`) in the same write: while another has one of them,
    nothing is begun, and the sweep looks again.
    """
    if row.recoveries >= RECOVERIES:
        return _call_a_person(hub, row, f"{reason}, after {RECOVERIES} recoveries")
    name = f"{row.id}-recovery-{row.recoveries + 1}"

    def decide(now: Control) -> tuple[control.Change, tuple[Write, ...]] | None:
        if now.version != row.version:
            return None
        back = {} if now.pivoted else {"status": Status.UNDOING}
        return {
            "execution": name,
            "recoveries": now.recoveries + 1,
            "step": "",
            "live": None,
            "forward_end": control.last_forward(now),
            "events": 0,
            "closed": None,
            "error": now.error or short(reason),
            "due": hub.now() + intake.START_CHECK,
            **back,
        }, (*_retaken(hub, now, retake), *tokens.forgotten(hub, row.id))

    with suppress(Refused):
        if control.change(hub, row.id, decide, row).version == row.version:
            start(hub, control.read(hub, row.id))
    return None


def _call_a_person(hub: Hub, row: Control, reason: str) -> None:
    if not row.status.over:
        ends.close(hub, row.id, Status.NEEDS_ATTENTION, reason)
        return
    told = {"status": Status.NEEDS_ATTENTION, "error": short(reason), "due": hub.now() + ends.TELLING}
    before = control.change(hub, row.id, lambda now: (told, ()) if now.version == row.version else None, row)
    if before.version == row.version:
        measures.ended(hub, before, Status.NEEDS_ATTENTION, reason)


def _retaken(hub: Hub, row: Control, retake: Retake) -> tuple[Write, ...]:
    """What gives a closed operation its guards again; one that is not over has them still. Raises Refused."""
    return tuple(retake(hub, key, row.id) for key in row.guards) if row.status.over else ()


def start(hub: Hub, row: Control) -> bool:
    """Start the execution that the row names; a second start of the same name is success. See `Machines.start`."""
    if row.recoveries == 0:
        return intake.start(hub, row)
    return hub.machines.start(row.saga, row.execution, _given(row))


def _given(row: Control) -> Json:
    given: Json = {"operation": row.id, "last": {"step": "", "did": "accepted"}}
    return given if row.pivoted else given | {"recover": "back"}


def _own_end(state: ExecutionState) -> Status | None:
    """How the machine itself ended it, when only the closing write was lost; errors of States itself no Catch saw."""
    if state.status == "SUCCEEDED":
        return Status.SUCCEEDED
    if state.status != "FAILED" or state.error.startswith("States."):
        return None
    return Status.NEEDS_ATTENTION if state.error == "NeedsAttention" else Status.ROLLED_BACK
