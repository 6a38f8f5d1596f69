"""Operations as they stand: what the table knows of one, read without Step Functions and without its request."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lambdas.engine import backlog
from lambdas.engine.holds import HOLD, HOLD_UNDO
from lambdas.engine.tasks import AnySaga, Sagas, plan_of
from lambdas.errors import NotFound, Paused, Transient
from lambdas.hub import Hub, Json
from lambdas.rows import (
    Control,
    Mark,
    Open,
    Status,
    Step,
    batch_key,
    control_key,
    control_of,
    open_of,
    plan_key,
    step_of,
)

FAR = 10 * 366 * 86_400.0
"""Seconds from now after which nothing is ever due."""
WAITING = 500
"""Of those that are not started yet so many are told: each is a read of its own."""


@dataclass(frozen=True)
class Record:
    """One operation: its control row, its journal in the order of time, its open tokens, its plan."""

    control: Control
    steps: tuple[Step, ...] = ()
    opened: tuple[Open, ...] = ()
    plan: Json | None = None
    saga: AnySaga | None = None
    """None: this release does not know it."""
    unstarted: str | None = None
    """Why its execution is not started, though that is overdue."""

    @property
    def current(self) -> Open | None:
        """The open token of the state that the machine is in; one that an undo left behind has an older start."""
        return max(self.opened, key=lambda one: one.since, default=None)

    @property
    def hold(self) -> Open | None:
        """The hold that waits for somebody."""
        return next((one for one in self.opened if one.state in (HOLD, HOLD_UNDO)), None)

    @property
    def paused(self) -> bool:
        return self.control.mark is Mark.PAUSED

    @property
    def barred(self) -> bool:
        """Held by a locked cluster or a freeze: it begins by itself."""
        return self.hold is not None and not self.paused and (self.hold.reason or "").startswith(Paused.__name__)

    @property
    def parked(self) -> bool:
        """Held until a person decides: neither a pause nor a hold that is decided already."""
        return self.hold is not None and self.hold.decision is None and not self.paused and not self.barred

    @property
    def step(self) -> str:
        return self.current.state if self.current else self.control.step

    @property
    def result(self) -> Mapping[str, Any] | None:
        """What callers read: of the plan, as soon as there is one, and of the steps that found out more.

        An end in failure does not take it away.
        """
        found = {name: one for step in self.steps for name, one in (step.results or {}).items()}
        planned = self._planned()
        return found or None if planned is None else {**planned, **found}

    def _planned(self) -> Mapping[str, Any] | None:
        if self.plan is None or self.saga is None or self.saga.results is None:
            return None
        try:
            return self.saga.results(plan_of(self.saga, self.plan))
        except (Transient, ValueError):
            return None  # another release's plan: that release can tell, and this one still tells all the rest

    @property
    def findings(self) -> tuple[str, ...]:
        return tuple(one for step in self.steps for one in step.findings)


@dataclass(frozen=True)
class Whole:
    """One operation, or a batch: what an id stands for."""

    id: str
    records: tuple[Record, ...]
    is_batch: bool = False


def telling_of(records: Sequence[Record]) -> Record:
    """The operation whose state is the batch's: the first failed, else the first that is not over, else the last."""
    failed = (one for one in records if one.control.status.over and one.control.status is not Status.SUCCEEDED)
    going = (one for one in records if not one.control.status.over)
    return next(failed, None) or next(going, records[-1])


def folded(records: Sequence[Record]) -> Status:
    """A batch is over when all of its operations are; until the last is closed as not started it still runs."""
    if all(one.control.status.over for one in records):
        return telling_of(records).control.status
    begun = any(one.control.status is not Status.ACCEPTED for one in records)
    return next((one.control.status for one in records if one.control.status is Status.UNDOING), None) or (
        Status.RUNNING if begun else Status.ACCEPTED
    )


def find(hub: Hub, sagas: Sagas, operation: str) -> Whole:
    """The operation or batch of that id. Raises NotFound."""
    item = hub.table.get(control_key(operation))
    if item is not None:
        return Whole(operation, (record_of(hub, sagas, control_of(item)),))
    batch = hub.table.get(batch_key(operation))
    if batch is None:
        raise no_operation(operation)
    return Whole(operation, tuple(_members(hub, sagas, batch["operations"])), is_batch=True)


def no_operation(operation: str) -> NotFound:
    """The same words for what is not there, and for what the caller may not know of."""
    return NotFound(f"there is no operation {operation}; GET /operations lists those that run")


def accepted(rows: Sequence[Control], sagas: Sagas) -> Whole:
    """One operation that was accepted just now: nothing more is known of it, and nothing is read."""
    return Whole(rows[0].id, tuple(Record(row, saga=sagas.get(row.saga)) for row in rows))


def open_ids(hub: Hub, waiting: int) -> set[str]:
    """Operations that are not over, and some that are: each of them has a row that is due some day.

    Of those that are not started yet at most so many: there may be tens of thousands.
    """
    some_day = hub.now() + FAR
    found = (*hub.table.due(some_day), *hub.table.backlog(some_day, waiting))
    return {item["pk"].removeprefix("op#") for item in found if item["pk"].startswith("op#")}


def running(hub: Hub) -> list[Control]:
    """Operations that are not over, newest first; of those that are not started yet the WAITING first."""
    items = (hub.table.get(control_key(one)) for one in open_ids(hub, WAITING))
    found = (control_of(item) for item in items if item is not None)
    return sorted((row for row in found if not row.status.over), key=lambda row: (-row.accepted, row.id))


def _members(hub: Hub, sagas: Sagas, operations: Sequence[str]) -> list[Record]:
    items = [hub.table.get(control_key(one)) for one in operations]
    return [record_of(hub, sagas, control_of(item)) for item in items if item is not None]


def record_of(hub: Hub, sagas: Sagas, control: Control) -> Record:
    """All that is told of an operation: three reads of small items, and never the request."""
    pk = f"op#{control.id}"
    steps = [step_of(item) for item in hub.table.of(pk, "step#")]
    opened = () if control.status.over else tuple(open_of(item) for item in hub.table.of(pk, "wait#"))
    plan = hub.table.get(plan_key(control.id))
    return Record(
        control,
        tuple(sorted(steps, key=lambda one: (one.started or one.ended or 0.0, one.name))),
        opened,
        plan["plan"] if plan else None,
        sagas.get(control.saga),
        backlog.words(backlog.read(hub)) if backlog.overdue(hub, control) else None,
    )
