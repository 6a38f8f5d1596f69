"""Batches: operations accepted together, each of which waits for the one before it."""

from collections.abc import Iterator, Mapping
from typing import Any

from lambdas.engine import control, ends, intake
from lambdas.hub import Hub
from lambdas.rows import Control, Mark, Status, batch_key, step_of


def followers(hub: Hub, row: Control) -> Iterator[Control]:
    """The operations of its batch that wait for this one."""
    batch = hub.table.get(batch_key(row.batch or ""))
    names: list[str] = batch["operations"] if batch else []
    return (one for one in (control.read(hub, name) for name in names) if one.after == row.id)


def earlier_results(hub: Hub, row: Control) -> Iterator[Mapping[str, Any]]:
    """What the steps of the operations before it in its batch have found out, the last operation first."""
    batch = hub.table.get(batch_key(row.batch)) if row.batch else None
    names: list[str] = batch["operations"] if batch else []
    for name in reversed(names[: names.index(row.id)] if row.id in names else []):
        steps = (step_of(item) for item in hub.table.of(f"op#{name}", "step#"))
        if found := {key: one for step in steps for key, one in (step.results or {}).items()}:
            yield found


def begin_next(hub: Hub, row: Control) -> None:
    """Start an operation whose turn has come; close it as not started if it was cancelled or its turn never comes."""
    if row.after is None or row.status.over:
        return
    if row.mark is Mark.CANCELLED:
        ends.close(hub, row.id, Status.ROLLED_BACK)
        return
    before = control.read(hub, row.after)
    if before.status is Status.SUCCEEDED:
        _start(hub, row)
    elif before.status.over:
        reason = f"Rejected: operation {before.id} of the batch ended {before.status}"
        ends.close(hub, row.id, Status.ROLLED_BACK, reason)


def _start(hub: Hub, row: Control) -> None:
    """First the row says that it may start, so that a death in between is found by the sweep."""
    free = {"after": None, "due": hub.now() + intake.START_CHECK, "backlog": True}
    waits = control.change(hub, row.id, lambda now: (free, ()) if now.after and not now.status.over else None)
    if not waits.status.over:
        intake.start_soon(hub, waits)
