"""The projector: what follows a change of the table, and what follows the end of an execution.

It acts on the table's stream and on Step Functions' status events. Both may come late, twice or never: all it does is
conditional, and the sweep does the same for whatever nobody told of.
"""

from lambdas.engine import control, ends, intake, recovery, tokens, waits
from lambdas.engine.tasks import GUARD, Sagas
from lambdas.errors import NotFound
from lambdas.hub import ExecutionState, Hub
from lambdas.rows import Control, Status, batch_key, control_of, guard_of
from lambdas.table import Item


def changed(hub: Hub, sagas: Sagas, old: Item | None, new: Item | None) -> None:
    """One record of the stream: an operation that ended, or a guard that went to its heir."""
    if new is None:
        return
    if new["sk"] == "control":
        _operation_changed(hub, old, new)
    elif new["sk"] == "guard":
        _guard_changed(hub, sagas, old, new)


def ended(hub: Hub, sagas: Sagas, execution: str, state: ExecutionState) -> None:
    """A status event: close or recover the operation if its own last Task did not.

    Raises Conflict while an attempt may be alive; the sweep comes back to it.
    """
    try:
        row = control.read(hub, execution.partition("-recovery-")[0])
    except NotFound:
        return
    if row.execution == execution:
        recovery.recover(hub, row, state)


def begin_next(hub: Hub, row: Control) -> None:
    """Start an operation of a batch if the one before has succeeded; close it as not started if it ended otherwise."""
    if row.after is None or row.status.over:
        return
    before = control.read(hub, row.after)
    if before.status is Status.SUCCEEDED:
        _start(hub, row)
    elif before.status.over:
        reason = f"Rejected: operation {before.id} of the batch ended {before.status}"
        ends.close(hub, row.id, Status.ROLLED_BACK, reason)


def _operation_changed(hub: Hub, old: Item | None, new: Item) -> None:
    row = control_of(new)
    was_over = old is not None and control_of(old).status.over
    if row.batch is None or was_over or not row.status.over:
        return
    for follower in _followers(hub, row):
        begin_next(hub, follower)


def _followers(hub: Hub, row: Control) -> list[Control]:
    batch = hub.table.get(batch_key(row.batch or ""))
    names: list[str] = batch["operations"] if batch else []
    return [one for one in (control.read(hub, name) for name in names) if one.after == row.id]


def _start(hub: Hub, row: Control) -> None:
    """First the row says that it may start, so that a death in between is found by the sweep."""
    due = hub.now() + intake.START_CHECK
    control.change(hub, row.id, lambda now: ({"after": None, "due": due}, ()) if now.after else None)
    intake.start(hub, row)


def _guard_changed(hub: Hub, sagas: Sagas, old: Item | None, new: Item) -> None:
    guard = guard_of(new)
    if guard.owner is None or (old is not None and guard_of(old).owner == guard.owner):
        return
    waiting = tokens.find(hub, guard.owner, GUARD)
    if waiting is not None:
        waits.look(hub, sagas, waiting)
