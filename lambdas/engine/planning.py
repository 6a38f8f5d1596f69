"""The plan: made once, stored with the name it reserves in one transaction, and answered ever after."""

from collections.abc import Iterator
from typing import Any

from lambdas.engine import control, journal
from lambdas.engine.tasks import PLAN, Task, plan_json, request_of, stored_plan
from lambdas.errors import Conflict, NotFound, RollBack
from lambdas.hub import Hub, Json
from lambdas.rows import Control, Guard, Mark, Status, guard_key, item_of, names_key, plan_key, request_key
from lambdas.table import Absent, Equal, Put, Refused, Update, Write
from saga import Reservation

CANDIDATES = 8
"""How often a plan is made anew because its name was taken meanwhile."""


def plan(hub: Hub, task: Task) -> Json:
    """The operation's plan: the stored one, else a new one. Raises what planning or its start refuses."""
    row = control.read(hub, task.operation)
    if (known := _recovered(hub, task, row)) is not None:
        return known
    started = control.begin_plan(hub, task)
    made = stored_plan(hub, task.operation) or _make(hub, task, row)
    journal.succeeded(hub, task.operation, PLAN, "planned", attempts=started.control.attempt)
    control.ended(hub, task.operation, started, forward=True)
    return made


def dry(hub: Hub, task: Task, request: Json, account: str, region: str) -> Json:
    """The plan that this request would get now; nothing is written."""
    cloud = hub.cloud(account, region, task.operation)
    return plan_json(task.saga, task.saga.plan(request_of(task.saga, request), cloud))


def _recovered(hub: Hub, task: Task, row: Control) -> Json | None:
    """In a recovery nothing new is planned."""
    if row.status is not Status.UNDOING:
        return None
    known = stored_plan(hub, task.operation)
    if known is None:
        raise RollBack(f"operation {task.operation} never had a plan")
    return known


def _make(hub: Hub, task: Task, row: Control) -> Json:
    for _ in range(CANDIDATES):
        made = _planned(hub, task, row)
        try:
            _store(hub, task, made)
        except Refused:
            control.may_go_forward(hub, control.read(hub, task.operation))
            if (known := stored_plan(hub, task.operation)) is not None:
                return known
            continue
        return plan_json(task.saga, made)
    raise Conflict(f"the names that operation {task.operation} plans are taken as fast as it finds them")


def _planned(hub: Hub, task: Task, row: Control) -> Any:
    item = hub.table.get(request_key(task.operation))
    if item is None:
        raise NotFound(f"the request of operation {task.operation} is gone")
    cloud = hub.cloud(row.account, row.region, task.operation)
    return task.saga.plan(request_of(task.saga, item["request"]), cloud)


def _store(hub: Hub, task: Task, made: Any) -> None:
    """Plan, reservation and the guards to give back later: all or nothing."""
    row = control.read(hub, task.operation)
    reserved = task.saga.reserves(made) if task.saga.reserves else None
    document = plan_json(task.saga, made)
    hub.table.write(
        Put(plan_key(task.operation), {"plan": document, "schema": document.get("schema", 1)}, (Absent(),)),
        _fence(row, reserved),
        *_reservation(row, reserved),
    )


def _fence(row: Control, reserved: Reservation | None) -> Write:
    """The plan counts only while the row is as it was read, and nobody cancelled."""
    if row.mark is Mark.CANCELLED or row.status is not Status.RUNNING:
        raise Refused([1])
    guards = [*row.guards, reserved.guard] if reserved else list(row.guards)
    return control.update(row, {"guards": guards})


def _reservation(row: Control, reserved: Reservation | None) -> Iterator[Write]:
    if reserved is None:
        return
    guard = Guard(reserved.guard, version=1, owner=row.id)
    yield Put(guard_key(reserved.guard), item_of(guard), (Equal("owner", None),))
    if reserved.sequence is not None:
        yield Update(names_key(reserved.cluster), {"last": reserved.sequence})
