"""The plan: made once, stored with the name it reserves in one transaction, and answered ever after."""

from collections.abc import Iterator
from typing import Any

from lambdas.engine import barriers, batches, control, guards, journal
from lambdas.engine.attempts import attempt
from lambdas.engine.tasks import PLAN, Task, plan_json, request_of, stored_plan
from lambdas.errors import Conflict, NotFound, RollBack
from lambdas.hub import Hub, Json
from lambdas.rows import Control, Status, names_key, plan_key, request_key
from lambdas.table import Absent, Put, Refused, Update, Write
from lambdas.values import changed
from saga import Reservation

CANDIDATES = 8
"""How often a plan is made anew because its name was taken meanwhile."""


def plan(hub: Hub, task: Task) -> Json:
    """The operation's plan: the stored one, else a new one. Raises what planning or its start refuses."""
    row = control.read(hub, task.operation)
    if row.status is Status.UNDOING:
        return _recovered(hub, task)
    if row.step != PLAN:  # an attempt that died has begun
        control.may_go_forward(hub, row, task)
        barriers.may_begin(hub, row)
    started = control.begin(hub, task, known=row)
    made = attempt(hub, task, started, lambda: _made(hub, task, started))
    journal.succeeded(hub, task.operation, PLAN, "planned", attempts=started.control.attempt)
    return made


def dry(hub: Hub, task: Task, request: Json, account: str, region: str) -> Json:
    """The plan that this request would get now; nothing is written."""
    cloud = hub.cloud(account, region, task.operation)
    return plan_json(task.saga, task.saga.plan(request_of(task.saga, request), cloud))


def _recovered(hub: Hub, task: Task) -> Json:
    """In a recovery nothing new is planned."""
    known = stored_plan(hub, task.operation)
    if known is None:
        raise RollBack(f"operation {task.operation} never had a plan")
    return known


def _made(hub: Hub, task: Task, started: control.Started) -> Json:
    row = started.control
    for _ in range(CANDIDATES):
        if (known := stored_plan(hub, task.operation)) is not None:
            control.ended(hub, started)
            return known
        made = _planned(hub, task, row)
        try:
            return _stored(hub, task, row, made, control.reported(hub, row, started) or {})
        except Refused:
            row = control.read(hub, task.operation)
            control.may_go_forward(hub, row, task)
    raise Conflict(f"the names that operation {task.operation} plans are taken as fast as it finds them")


def _planned(hub: Hub, task: Task, row: Control) -> Any:
    item = hub.table.get(request_key(task.operation))
    if item is None:
        raise NotFound(f"the request of operation {task.operation} is gone")
    cloud = changed(
        hub.cloud(row.account, row.region, task.operation), earlier=lambda: tuple(batches.earlier_results(hub, row))
    )
    return task.saga.plan(request_of(task.saga, item["request"]), cloud)


def _stored(hub: Hub, task: Task, row: Control, made: Any, reported: control.Change) -> Json:
    """Plan, reservation, the guards to give back later and the attempt's end: all or nothing. Raises Refused."""
    reserved = task.saga.reserves(made) if task.saga.reserves else None
    document = plan_json(task.saga, made)
    owned = [*row.guards, reserved.guard] if reserved else list(row.guards)
    hub.table.write(
        Put(plan_key(task.operation), {"plan": document, "schema": document.get("schema", 1)}, (Absent(),)),
        control.update(row, {"guards": owned, **reported}),
        *_reservation(hub, row, reserved),
    )
    return document


def _reservation(hub: Hub, row: Control, reserved: Reservation | None) -> Iterator[Write]:
    if reserved is None:
        return
    yield guards.taken(hub, reserved.guard, row.id)
    if reserved.sequence is not None:
        yield Update(names_key(reserved.cluster), {"last": reserved.sequence})
