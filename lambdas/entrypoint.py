"""Where a Task enters: activities by their saga, everything else by the state's kind.

Plain functions of a hub: `handlers.py` calls them on Lambda, rehearsals call them as they are.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from lambdas.engine import (
    comparing,
    control,
    ends,
    evidence,
    finishing,
    holds,
    journal,
    measures,
    planning,
    rights,
    waits,
)
from lambdas.engine.attempts import attempt, foreseen
from lambdas.engine.tasks import PLAN, Sagas, Task, change_of, plan_of, task_of
from lambdas.errors import WindlassError
from lambdas.hub import Hub, Json
from lambdas.rows import Control
from lambdas.values import changed
from saga import Step

Act = Callable[[Any, Any], str | None]
OVER = {ends.FINISH: ends.finish, ends.PUT_BACK: ends.put_back, ends.GIVE_UP: ends.give_up}


def activity(hub: Hub, sagas: Sagas, event: Json) -> Json:
    """Plan, a step or an undo. Answers the plan, or what was done; raises only what `errors.py` names.

    Asked what a step would do (`describes`), it does nothing.
    """
    if event.get("dryRun"):
        saga = sagas[event["saga"]]
        return planning.dry(hub, Task(saga, PLAN, "dry-run"), event["request"], event["account"], event["region"])
    task = task_of(event, sagas)
    if event.get("describes"):
        return finishing.described(hub, task)
    if task.step == PLAN:
        return _judged(hub, task, lambda: planning.plan(hub, task))
    return _judged(hub, task, lambda: _act(hub, task))


def engine(hub: Hub, sagas: Sagas, event: Json) -> Json:
    """Guard, a wait, a hold or an end. Token states answer later, through their token.

    `{"compare": id}` is the doctor's: it reads, and nothing else.
    """
    if "compare" in event:
        return comparing.compared(hub, sagas, event["compare"])
    task = task_of(event, sagas)
    if task.step in OVER:
        return _judged(hub, task, lambda: _end(hub, task))
    return _judged(hub, task, lambda: _open(hub, sagas, task))


def _end(hub: Hub, task: Task) -> Json:
    did = OVER[task.step](hub, task)
    journal.succeeded(hub, task.operation, task.step, did)
    return {"step": task.step, "did": did}


def _open(hub: Hub, sagas: Sagas, task: Task) -> Json:
    if task.step in (holds.HOLD, holds.HOLD_UNDO):
        holds.register(hub, task)
    else:
        waits.register(hub, sagas, task)
    return {}


def _act(hub: Hub, task: Task) -> Json:
    """What was done, and by which attempt: from that the next state knows that it has ended, without a write."""
    step, undoing = change_of(task.saga, task.step)
    started = _begun(hub, task, step, undoing=undoing)
    act = step.undo if undoing and step.undo else step.do
    did, told = attempt(hub, task, started, lambda: _done(hub, task, started.control, act, undoing=undoing))
    journal.succeeded(hub, task.operation, task.step, did, attempts=started.control.attempt, **told)
    if not task.tells:
        control.ended(hub, started)
    return {"step": task.step, "did": did, "attempt": started.attempt, "ended": hub.now()}


def _begun(hub: Hub, task: Task, step: Step[Any, Any], *, undoing: bool) -> control.Started:
    if undoing:
        return control.begin_undo(hub, task, known=evidence.keep(hub, task))
    if task.step in task.saga.keeping:
        return control.begin_aside(hub, task)
    return control.begin(hub, task, pivot=step.pivot, known=rights.still_allowed(hub, task) if step.pivot else None)


def _done(hub: Hub, task: Task, row: Control, act: Act, *, undoing: bool) -> tuple[str, Json]:
    """What was done, and what else is to be told of it; a skipped undo (docs/adr/0001) does nothing."""
    if row.skip == task.step:
        return f"skipped by {row.decided}", {}
    cloud = hub.cloud(row.account, row.region, row.id)
    if undoing:
        cloud = changed(cloud, undoing=True)
    did = act(plan_of(task.saga, task.plan or {}), cloud)
    return did or task.step, {"findings": cloud.findings, "results": cloud.results}


def _judged(hub: Hub, task: Task, act: Callable[[], Json]) -> Json:
    """What leaves a Lambda is one of the closed set."""
    try:
        return act()
    except Exception as error:
        judged = foreseen(error)
        measures.failed(hub, task, judged)
        _note(hub, task, judged)
        if judged is error:
            raise
        raise judged from error


def _note(hub: Hub, task: Task, error: WindlassError) -> None:
    """Best effort; an attempt that the control row refused to start is not counted."""
    said = f"{type(error).__name__}: {error}"
    with suppress(WindlassError):
        row = control.read(hub, task.operation)
        if row.step == task.step:
            journal.failed(hub, task.operation, task.step, said, attempts=row.attempt)
        else:
            journal.refused(hub, task.operation, task.step, said)
