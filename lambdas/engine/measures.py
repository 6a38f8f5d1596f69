"""What is measured of operations (`lambdas.metrics`): each change by whoever wrote it, once it is written.

A conditional write is won once, so a change is told once, however often its Lambda runs or the stream repeats itself.
Whoever dies between the write and the line, or does not hear that it was written, tells nothing. Only that an execution
was ended from outside is told before anything is written, and then perhaps twice: it has to call a person.
"""

from collections.abc import Mapping, Sequence

from lambdas import metrics, outcomes
from lambdas.engine import rounds
from lambdas.engine.rounds import Row
from lambdas.engine.tasks import PLAN, Task
from lambdas.errors import Broken
from lambdas.hub import Hub
from lambdas.metrics import Metric
from lambdas.rows import Control, Status, short

ENGINE = "engine"


def record(hub: Hub, values: Mapping[Metric, float], **about: object) -> None:
    """Tell these values, with whatever is to be found with them."""
    hub.meter(values, hub.now(), {metrics.HUB: hub.settings.name, **about})


def moved(hub: Hub, before: Control, step: str) -> None:
    """The operation has gone from the state it was in to this one."""
    if before.step == step:
        return
    if before.step:
        record(hub, _time_in_state(hub, before), State=before.step, operation=before.id)
    elif _begins(before):
        _began(hub, before)


def _began(hub: Hub, before: Control) -> None:
    took = hub.now() - before.accepted
    late = took > hub.settings.begins_within(before.application)
    record(
        hub,
        {metrics.BEGIN_TIME: took, metrics.BEGAN_LATE: float(late)},
        Application=_measured_alone(hub, before),
        operation=before.id,
        application=before.application,
    )


def _begins(before: Control) -> bool:
    """Whether it begins as soon as it could: later operations of a batch wait for those before."""
    first = before.batch is None or before.id == f"{before.batch}-0"
    return first and before.started is None and not before.recoveries


def ended(hub: Hub, before: Control, status: Status, reason: str, *, kept: bool = False) -> None:
    """The operation has been closed; `kept`: what it leaves was asked to be left."""
    values = {
        metrics.ENDS: 1.0,
        metrics.OUR_FAULT: float(outcomes.our_fault(before, status, reason)),
        **({metrics.CALLED: 1.0} if outcomes.calls_a_person(before, status, reason, kept=kept) else {}),
        **(_time_in_state(hub, before) if before.step else {}),
    }
    record(
        hub,
        values,
        Operation=before.name,
        End=status.value,
        Application=_measured_alone(hub, before),
        State=before.step,
        operation=before.id,
        application=before.application,
        reason=short(reason),
    )


def ended_from_outside(hub: Hub, row: Control, reason: str) -> None:
    """An execution was aborted, timed out or killed by Step Functions. Told before anything follows from it."""
    record(hub, {metrics.OUTSIDE: 1.0}, operation=row.id, saga=row.saga, execution=row.execution, reason=short(reason))


def failed(hub: Hub, task: Task, error: Exception) -> None:
    """An attempt of a Task has failed."""
    name, broken = type(error).__name__, Broken.__name__
    ours = {metrics.BROKEN: 1.0} if broken in (name, str(error).partition(":")[0]) else {}
    about = {"operation": task.operation, "saga": task.saga.name, "step": task.step}
    record(hub, {metrics.FAILED: 1.0, **ours}, Activity=_activity(task), Error=name, **about)


def broken(hub: Hub, where: str, operation: str = "") -> None:
    """A bug of ours that no attempt of a Task was."""
    record(hub, {metrics.BROKEN: 1.0}, where=where, operation=operation)


def standing(hub: Hub, rows: Sequence[Row], backlog_age: float | None) -> None:
    """What a sweep has found open, and how late the backlog was when it was through with it, if there was one."""
    begun = {kind: [rounds.begun(row) for row in rows if row.kind == kind] for kind in ("check", "guard", "hold")}
    oldest = {
        metric: hub.now() - min(begun[kind])
        for metric, kind in ((metrics.WAIT_AGE, "check"), (metrics.GUARD_AGE, "guard"))
        if begun[kind]
    }
    late = {} if backlog_age is None else {metrics.BACKLOG_AGE: backlog_age}
    undecided = sum(row.kind == "hold" and row.deadline is not None for row in rows)
    holds = {metrics.HOLDS_OPEN: float(len(begun["hold"])), metrics.UNDECIDED: float(undecided)}
    record(hub, {**holds, **oldest, **late})


def _time_in_state(hub: Hub, before: Control) -> dict[Metric, float]:
    return {metrics.STATE_TIME: max(hub.now() - before.since, 0.0)}


def _measured_alone(hub: Hub, row: Control) -> str | None:
    """The application, if it has an objective of its own: others share theirs, and have no metric each."""
    return row.application if row.application in hub.settings.objectives else None


def _activity(task: Task) -> str:
    """The module that the Task's function is of."""
    if task.step == PLAN:
        act = task.saga.plan
    elif task.step in task.saga.change_of:
        act = task.saga.change_of[task.step][0].do
    else:
        return ENGINE
    return act.__module__.rpartition(".")[2]
