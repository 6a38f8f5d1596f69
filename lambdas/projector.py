"""The projector: what follows a change of the table, and what follows the end of an execution.

It acts on the table's stream and on Step Functions' status events. Both may come late, twice or never: all it does is
conditional, and the sweep does the same for whatever nobody told of.
"""

from lambdas.engine import batches, control, recovery, tokens, waits
from lambdas.engine.tasks import GUARD, Sagas
from lambdas.errors import NotFound
from lambdas.hub import ExecutionState, Hub
from lambdas.rows import control_of, guard_of
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
    """A status event: close or recover the operation if its own last Task did not."""
    try:
        row = control.read(hub, execution.partition("-recovery-")[0])
    except NotFound:
        return
    if row.execution == execution:
        recovery.recover(hub, row, state)


def _operation_changed(hub: Hub, old: Item | None, new: Item) -> None:
    row = control_of(new)
    was_over = old is not None and control_of(old).status.over
    if row.batch is None or was_over or not row.status.over:
        return
    for follower in batches.followers(hub, row):
        batches.begin_next(hub, follower)


def _guard_changed(hub: Hub, sagas: Sagas, old: Item | None, new: Item) -> None:
    guard = guard_of(new)
    if guard.owner is None or (old is not None and guard_of(old).owner == guard.owner):
        return
    waiting = tokens.find(hub, guard.owner, GUARD)
    if waiting is not None:
        waits.look(hub, sagas, waiting)
