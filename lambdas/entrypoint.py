"""Where a Task enters: activities by their saga, everything else by the state's kind.

Plain functions of a hub: `handlers.py` calls them on Lambda, rehearsals call them as they are.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from lambdas.engine import control, ends, holds, journal, planning, waits
from lambdas.engine.tasks import PLAN, Sagas, Task, change_of, plan_of, task_of
from lambdas.errors import Answer, Broken, Decision, Exhausted, Rejected, Retryable, WindlassError
from lambdas.hub import Hub, Json

OVER = {ends.FINISH: ends.finish, ends.PUT_BACK: ends.put_back, ends.GIVE_UP: ends.give_up}


def activity(hub: Hub, sagas: Sagas, event: Json) -> Json:
    """Plan, a step or an undo. Answers the plan, or `{"step", "did"}`; raises only what `errors.py` names."""
    if event.get("dryRun"):
        saga = sagas[event["saga"]]
        return planning.dry(hub, Task(saga, PLAN, "dry-run"), event["request"], event["account"], event["region"])
    task = task_of(event, sagas)
    if task.step == PLAN:
        return _judged(hub, task, lambda: planning.plan(hub, task))
    return _judged(hub, task, lambda: {"step": task.step, "did": _act(hub, task)})


def engine(hub: Hub, sagas: Sagas, event: Json) -> Json:
    """Guard, a wait, a hold or an end. Token states answer later, through their token."""
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


def _act(hub: Hub, task: Task) -> str:
    step, undoing = change_of(task.saga, task.step)
    started = control.begin_undo(hub, task) if undoing else control.begin(hub, task, pivot=step.pivot)
    did, findings = _done(hub, task, started, step.undo if undoing and step.undo else step.do)
    attempts = started.control.attempt
    journal.succeeded(hub, task.operation, task.step, did, attempts=attempts, findings=findings)
    control.ended(hub, task.operation, started, forward=not undoing)
    return did


def _done(
    hub: Hub, task: Task, started: control.Started, act: Callable[[Any, Any], str | None]
) -> tuple[str, list[str]]:
    if started.control.skip == task.step:
        return f"skipped by {started.control.decided}", []
    return _attempt(hub, task, started, act)


def _attempt(
    hub: Hub, task: Task, started: control.Started, act: Callable[[Any, Any], str | None]
) -> tuple[str, list[str]]:
    """One attempt on the cloud; a retryable error after the step's window is Exhausted."""
    row = started.control
    cloud = hub.cloud(row.account, row.region, row.id)
    try:
        did = act(plan_of(task.saga, task.plan or {}), cloud)
    except Retryable as error:
        _failed_attempt(hub, task, started)
        if hub.now() - row.since > control.over_after(hub) or row.events > control.STOP_RETRYING:
            raise Exhausted(f"{type(error).__name__}: {error}") from error
        raise
    except Rejected as error:
        _failed_attempt(hub, task, started)
        if row.pivoted and task.step in {one.name for one in task.saga.reversible}:
            # Done once before the pivot, and run again by a recovery: there is no way back any more.
            raise Exhausted(f"{Rejected.__name__}: {error}") from error
        raise
    except Exception:
        _failed_attempt(hub, task, started)
        raise
    return did or task.step, cloud.findings


def _failed_attempt(hub: Hub, task: Task, started: control.Started) -> None:
    """The attempt is over for certain: say so, best effort (else its time limit says so)."""
    with suppress(WindlassError):
        control.ended(hub, task.operation, started, forward=not task.step.startswith("Undo"))


def _judged(hub: Hub, task: Task, act: Callable[[], Json]) -> Json:
    """What leaves a Lambda is one of the closed set; what we did not foresee is our bug."""
    try:
        return act()
    except (Retryable, Rejected, Decision) as error:
        _note(hub, task, error)
        raise
    except Exception as error:
        broken = Broken(_described(error))
        _note(hub, task, broken)
        raise broken from error


def _described(error: Exception) -> str:
    """Of a bug: its kind, and its sentence only where it is ours (a foreign one may quote a request)."""
    return f"{type(error).__name__}: {error}" if isinstance(error, Answer) else type(error).__name__


def _note(hub: Hub, task: Task, error: Exception) -> None:
    """Best effort; an attempt that the control row refused to start is not counted."""
    with suppress(WindlassError):
        row = control.read(hub, task.operation)
        attempts = row.attempt if row.step == task.step else 0
        journal.failed(hub, task.operation, task.step, f"{type(error).__name__}: {error}", attempts=attempts)
