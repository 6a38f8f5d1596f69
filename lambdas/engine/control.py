"""The control row: every start is conditional on it, and every change is one conditional write.

A decision is made on the row as read and written only if its `version` still stands: that is the fence.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from lambdas.engine.tasks import PLAN, Task
from lambdas.errors import Abandoned, Cancelled, Conflict, Exhausted, Expired, NotFound, Paused, Revoked
from lambdas.hub import Hub
from lambdas.rows import Control, Mark, Status, control_key, control_of
from lambdas.table import Equal, Refused, Update, Write

RACES = 8
"""How often a write is decided anew because somebody else was quicker; then it is a Conflict."""
EVENTS = 5
"""History events of one attempt, at most: scheduled, started, failed or succeeded, entered, exited."""
STOP_RETRYING, GIVE_UP = 15_000, 18_000
"""Of the 25,000 events at which AWS kills an execution without an undo (Step Functions quotas)."""
LIVENESS = 300.0
"""Seconds after which the sweep looks whether a running operation's execution is still there."""

Change = dict[str, Any]


@dataclass(frozen=True)
class Started:
    """A start that the control row allowed."""

    control: Control
    attempt: str
    """Name of this attempt in `live`."""


def read(hub: Hub, operation: str) -> Control:
    """The control row. Raises NotFound."""
    row = hub.table.get(control_key(operation))
    if row is None:
        raise NotFound(f"there is no operation {operation}")
    return control_of(row)


def update(control: Control, change: Mapping[str, Any]) -> Update:
    """The conditional write of a change decided on that row."""
    return Update(
        control_key(control.id),
        {**change, "version": control.version + 1},
        when=(Equal("version", control.version),),
    )


def change(hub: Hub, operation: str, decide: Callable[[Control], tuple[Change, tuple[Write, ...]] | None]) -> Control:
    """Decide on the row and write, together with other writes, all or nothing; again while others are quicker.

    `decide` answers None where nothing is to be written. Returns the row as decided on.
    """
    for _ in range(RACES):
        control = read(hub, operation)
        decided = decide(control)
        if decided is None:
            return control
        changed, others = decided
        try:
            hub.table.write(update(control, changed), *others)
        except Refused:
            continue
        return control
    raise Conflict(f"operation {operation} is being changed by several at once")


def begin(hub: Hub, task: Task, *, pivot: bool = False) -> Started:
    """Start an attempt of a forward step: refused for whoever was cancelled, paused, expired or overtaken.

    Raises Cancelled, Paused, Expired, Revoked, Exhausted, Conflict.
    """

    def decide(control: Control) -> tuple[Change, tuple[Write, ...]]:
        may_go_forward(hub, control)
        alone(hub, control, task.step)
        _within_window(hub, control, task.step)
        started: Change = {"status": Status.RUNNING, **_attempt(hub, control, task.step)}
        if pivot:
            started["pivoted"] = True
        return started, ()

    return _started(hub, change(hub, task.operation, decide), task.step)


def begin_plan(hub: Hub, task: Task) -> Started:
    """Start planning: from here on the operation counts as started."""

    def decide(control: Control) -> tuple[Change, tuple[Write, ...]]:
        may_go_forward(hub, control)
        alone(hub, control, PLAN)
        _within_window(hub, control, PLAN)
        first = {"started": hub.now()} if control.started is None else {}
        return {
            "status": Status.RUNNING,
            "due": hub.now() + LIVENESS,
            **first,
            **_attempt(hub, control, PLAN),
        }, ()

    return _started(hub, change(hub, task.operation, decide), PLAN)


def begin_undo(hub: Hub, task: Task) -> Started:
    """Start an attempt of an undo: only when no forward attempt can be alive, and the cloud has settled.

    Raises Conflict until then, Revoked, Exhausted, or Abandoned for an operation that is over.
    """

    def decide(control: Control) -> tuple[Change, tuple[Write, ...]]:
        _in_charge(control)
        alone(hub, control, task.step)
        _settled(hub, control)
        _within_window(hub, control, task.step)
        return {"status": Status.UNDOING, **_attempt(hub, control, task.step)}, ()

    return _started(hub, change(hub, task.operation, decide), task.step)


def ended(hub: Hub, operation: str, started: Started, *, forward: bool) -> None:
    """Report the end of an attempt, so that the next state need not wait until it can no longer be alive."""

    def decide(control: Control) -> tuple[Change, tuple[Write, ...]] | None:
        live = dict(control.live or {})
        if live.pop(started.attempt, None) is None:
            return None
        settled = {"forward_end": hub.now()} if forward else {}
        return {"live": live, **settled}, ()

    change(hub, operation, decide)


def may_go_forward(hub: Hub, control: Control) -> None:
    """Raises the decision that keeps a forward state from starting."""
    _in_charge(control)
    if control.status is Status.UNDOING or control.mark is Mark.CANCELLED:
        raise Cancelled(f"operation {control.id} was cancelled or is being put back")
    if not control.pivoted:
        _in_time(hub, control)
    if control.mark is Mark.PAUSED:
        raise Paused(f"operation {control.id} is paused; resume it")


def _in_charge(control: Control) -> None:
    if control.mark is Mark.REVOKED:
        raise Revoked(f"operation {control.id} lost its guard by force; it must not act again")
    if control.status.over:
        raise Abandoned(f"operation {control.id} is over: {control.status}")


def _in_time(hub: Hub, control: Control) -> None:
    if control.started is None and control.start_by is not None and hub.now() >= control.start_by:
        raise Expired(f"operation {control.id} was not started in time")
    if hub.now() >= control.finish_by:
        raise Expired(f"operation {control.id} did not finish in time")


def alone(hub: Hub, control: Control, step: str) -> None:
    """A retry of the same step may start at once; any other waits until no earlier attempt can be alive."""
    until = max((control.live or {}).values(), default=0.0)
    if control.step != step and until > hub.now():
        raise Conflict(f"an attempt of {control.step} may be alive for {until - hub.now():.0f} s more")


def _settled(hub: Hub, control: Control) -> None:
    """Reads lag behind writes: an undo that looks too early does not see what it has to take back."""
    waits = _forward_end(control) + hub.settings.settling.total_seconds() - hub.now()
    if waits > 0:
        raise Conflict(f"the cloud settles for {waits:.0f} s more before anything is put back")


def _forward_end(control: Control) -> float:
    """When the last forward attempt had certainly ended, reported or not."""
    unreported = max((control.live or {}).values(), default=0.0) if control.status is Status.RUNNING else 0.0
    return max(control.forward_end, unreported)


def _within_window(hub: Hub, control: Control, step: str) -> None:
    if control.events > GIVE_UP:
        raise Abandoned(f"operation {control.id} has used up its history")
    if control.step == step and hub.now() - control.since > over_after(hub) + 600:
        raise Exhausted(f"{step} never reported an end within {hub.settings.window}")


def over_after(hub: Hub) -> float:
    """Seconds for which a step is retried."""
    return hub.settings.window.total_seconds()


def entered(hub: Hub, control: Control, step: str) -> Change:
    """What a state that begins notes on the control row."""
    first = {"attempt": 1, "since": hub.now()}
    again = {"attempt": control.attempt + 1, "since": control.since}
    return {"step": step, "events": control.events + EVENTS, **(again if control.step == step else first)}


def _attempt(hub: Hub, control: Control, step: str) -> Change:
    noted = entered(hub, control, step)
    unreported = {} if control.step != step else dict(control.live or {})
    until = hub.now() + hub.settings.attempt_limit.total_seconds()
    return {
        **noted,
        "live": {**unreported, str(control.version): until},
        "forward_end": _forward_end(control),
    }


def _started(hub: Hub, control: Control, step: str) -> Started:
    """The row was read at `version`: the attempt carries that number."""
    noted = entered(hub, control, step)
    return Started(replace(control, **noted), str(control.version))
