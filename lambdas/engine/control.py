"""The control row: every start is conditional on it, and every change is one conditional write.

A decision is made on the row as read and written only if its `version` still stands: that is the fence.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from lambdas import lines
from lambdas.engine import measures
from lambdas.engine.tasks import GUARD, LEFT, Task
from lambdas.errors import Abandoned, Cancelled, Conflict, Exhausted, Expired, NotFound, Paused, Revoked
from lambdas.hub import Hub
from lambdas.rows import Control, Mark, Status, control_key, control_of
from lambdas.table import Equal, Refused, Update, Write
from lambdas.values import changed

RACES = 8
"""How often a write is decided anew because somebody else was quicker; then it is a Conflict."""
EVENTS, TOKEN_EVENTS = 5, 10
"""History events of one attempt, at most: scheduled, started, failed or succeeded, entered, exited. A token has one
more, and a hold comes with a Choice and the start that was refused before it."""
STOP_RETRYING, GIVE_UP = 15_000, 18_000
"""Of the 25,000 events at which AWS kills an execution without an undo (Step Functions quotas)."""
LIVENESS = 300.0
"""Seconds after which the sweep looks whether a running operation's execution is still there."""
UNHEARD = 600.0
"""Seconds over its window in which a step whose attempts die may still report an end: five of the longest back-offs."""

Change = dict[str, Any]
Decide = Callable[[Control], tuple[Change, tuple[Write, ...]] | None]


class Started(NamedTuple):
    """A start that the control row allowed."""

    control: Control
    """The row as the start left it."""
    attempt: str
    """Name of this attempt in `live`."""
    forward: bool


def read(hub: Hub, operation: str) -> Control:
    """The control row. Raises NotFound."""
    row = hub.table.get(control_key(operation))
    if row is None:
        raise NotFound(f"there is no operation {operation}")
    control = control_of(row)
    lines.of(control)
    return control


def update(control: Control, change: Mapping[str, Any]) -> Update:
    """The conditional write of a change decided on that row."""
    return Update(
        control_key(control.id),
        {**change, "version": control.version + 1},
        when=(Equal("version", control.version),),
    )


def change(hub: Hub, operation: str, decide: Decide, known: Control | None = None) -> Control:
    """Decide on the row and write, together with other writes, all or nothing; again while others are quicker.

    `decide` answers None where nothing is to be written. `known` is the row as it was last seen: it saves a read, and
    the write's condition notices if it is old. Returns the row as decided on.
    """
    for _ in range(RACES):
        control = known or read(hub, operation)
        known = None
        decided = decide(control)
        if decided is None:
            return control
        changes, others = decided
        try:
            hub.table.write(update(control, changes), *others)
        except Refused:
            continue
        return control
    raise Conflict(f"operation {operation} is being changed by several at once")


def look_again(hub: Hub, row: Control, at: float | None) -> None:
    """When the sweep looks at the row again; whoever has changed it since that reading knows better."""
    change(hub, row.id, lambda now: ({"due": at}, ()) if now.version == row.version else None, row)


def begin(hub: Hub, task: Task, *, pivot: bool = False, known: Control | None = None) -> Started:
    """Start an attempt of Plan or a step: refused for whoever was cancelled, paused, expired or overtaken.

    Raises Cancelled, Paused, Expired, Revoked, Abandoned, Exhausted, Conflict.
    """

    def allowed(control: Control) -> Change:
        may_go_forward(hub, control, task)
        # From its first start on the operation counts as started, and the sweep looks after its execution.
        first = {"started": hub.now(), "due": hub.now() + LIVENESS} if control.started is None else {}
        return {"status": Status.RUNNING, **first, **({"pivoted": True} if pivot else {})}

    return _begun(hub, task, allowed, forward=True, known=known)


def begin_aside(hub: Hub, task: Task) -> Started:
    """Start an attempt to put what is kept out of the way: whatever the time, even while paused, unless cancelled.

    Raises Cancelled, Revoked, Abandoned, Exhausted, Conflict.
    """

    def allowed(control: Control) -> Change:
        in_charge(control, task)
        _not_back(control)
        return {}

    return _begun(hub, task, allowed, forward=True)


def begin_undo(hub: Hub, task: Task, *, known: Control | None = None) -> Started:
    """Start an attempt of an undo: only when no forward attempt can be alive, and the cloud has settled.

    Raises Conflict until then, Revoked, Exhausted, or Abandoned for an operation that is over.
    """

    def allowed(control: Control) -> Change:
        in_charge(control, task)
        _settled(hub, control)
        return {"status": Status.UNDOING}

    return _begun(hub, task, allowed, forward=False, known=known)


def _begun(
    hub: Hub, task: Task, allowed: Callable[[Control], Change], *, forward: bool, known: Control | None = None
) -> Started:
    begun: Change = {}

    def decide(row: Control) -> tuple[Change, tuple[()]]:
        nonlocal begun
        control = told(row, task)
        begun = allowed(control)
        alone(hub, control, task.step)
        _within_window(hub, control, task.step)
        begun |= _attempt(hub, control, task.step)
        return begun, ()

    row = change(hub, task.operation, decide, known)
    measures.moved(hub, row, task.step)
    started = changed(row, **begun, version=row.version + 1)
    lines.of(started)
    return Started(started, str(row.version), forward)


def ended(hub: Hub, started: Started) -> None:
    """Report the end of an attempt that no next state hears of, so that nobody waits until it must be dead."""

    def decide(control: Control) -> tuple[Change, tuple[()]] | None:
        told = reported(hub, control, started)
        return None if told is None else (told, ())

    change(hub, started.control.id, decide, started.control)


def reported(hub: Hub, control: Control, started: Started) -> Change | None:
    """The change that says an attempt has ended; None: the row knows."""
    live = dict(control.live or {})
    if live.pop(started.attempt, None) is None:
        return None
    return {"live": live, **({"forward_end": hub.now()} if started.forward else {})}


def told(control: Control, task: Task) -> Control:
    """The row, knowing what the machine tells: that an attempt has ended, which it would not wait for any more, and
    that the pivot is behind it, where the row was restored from before.
    """
    if task.beyond and not control.pivoted and control.status is not Status.UNDOING:
        control = changed(control, pivoted=True)
    ended, live = task.ended, control.live or {}
    if ended is None or ended.attempt not in live:
        return control
    others = {name: until for name, until in live.items() if name != ended.attempt}
    forward = {} if control.status is Status.UNDOING else {"forward_end": max(control.forward_end, ended.at)}
    return changed(control, live=others, **forward)


def may_go_forward(hub: Hub, control: Control, task: Task) -> None:
    """Raises the decision that keeps a forward state from starting."""
    in_charge(control, task)
    _not_back(control)
    in_time(hub, control)
    if control.mark is Mark.PAUSED and task.step != GUARD:  # a place in a queue may be waited for while paused
        raise Paused(f"operation {control.id} is paused by {control.decided}; resume it")


def _not_back(control: Control) -> None:
    if control.status is Status.UNDOING or control.mark is Mark.CANCELLED:
        raise Cancelled(_why_back(control))


def _why_back(control: Control) -> str:
    if control.mark is Mark.CANCELLED and control.decided:
        return f"cancelled by {control.decided}"
    return control.error or f"operation {control.id} is being put back"


def in_charge(control: Control, task: Task) -> None:
    """Raises Revoked, Expired or Abandoned for whoever must not act any more: a dead execution's Lambda may be late."""
    not_revoked(control)
    if control.status is Status.NOT_STARTED:  # its execution is late, and nothing was done: it goes straight back
        raise Expired(f"operation {control.id} was closed before it began: {control.error}")
    if control.status.over:
        raise Abandoned(f"operation {control.id} is over: {control.status}")
    if task.execution != control.execution:
        raise Abandoned(f"execution {control.execution} is in charge of operation {control.id}, not {task.execution}")


def not_revoked(control: Control) -> None:
    """Raises Revoked: another has its guard by now."""
    if control.mark is Mark.REVOKED:
        raise Revoked(f"operation {control.id} must not act again: its guard was taken by force by {control.decided}")


def in_time(hub: Hub, control: Control) -> None:
    """Raises Expired once the operation's deadline has passed."""
    deadline = expires(control)
    if deadline is not None and hub.now() >= deadline:
        late = "did not finish" if deadline == control.finish_by else "was not started"
        raise Expired(f"operation {control.id} {late} in time")


def expires(control: Control) -> float | None:
    """When the operation goes back by itself: never once it has to go forward, or goes back already."""
    if control.pivoted or control.status is Status.UNDOING:
        return None
    if control.started is None and control.start_by is not None:
        return min(control.start_by, control.finish_by)
    return control.finish_by


def alone(hub: Hub, control: Control, step: str | None = None) -> None:
    """A retry of the same step may start at once; any other waits until no earlier attempt can be alive."""
    if not control.live or control.step == step:
        return
    until = alive_until(control)
    if until > hub.now():
        raise Conflict(f"an attempt of {control.step} may be alive for {until - hub.now():.0f} s more")


def alive_until(control: Control) -> float:
    """Until when an attempt that has not reported its end may be alive."""
    return max(control.live.values()) if control.live else 0.0


def _settled(hub: Hub, control: Control) -> None:
    """Reads lag behind writes: an undo that looks too early does not see what it has to take back."""
    waits = last_forward(control) + hub.settings.settling.total_seconds() - hub.now()
    if waits > 0:
        raise Conflict(f"the cloud settles for {waits:.0f} s more before anything is put back")


def last_forward(control: Control) -> float:
    """When the last forward attempt had certainly ended, reported or not."""
    unreported = alive_until(control) if control.status is Status.RUNNING else 0.0
    return max(control.forward_end, unreported)


def _within_window(hub: Hub, control: Control, step: str) -> None:
    if control.events > GIVE_UP:
        raise Abandoned(f"operation {control.id} has used up its history")
    if control.step == step and hub.now() - control.since > hub.settings.window.total_seconds() + UNHEARD:
        raise Exhausted(f"no attempt of {step} reported an end within {hub.settings.window}")


def spent(hub: Hub, control: Control) -> bool:
    """Whether the step at work has had its window, or the execution its history."""
    return hub.now() - control.since > hub.settings.window.total_seconds() or control.events > STOP_RETRYING


def entered(hub: Hub, control: Control, step: str) -> Change:
    """What a state that holds a token notes on the control row."""
    return {**_noted(hub, control, step, TOKEN_EVENTS), **(_at_the_end_of_the_chain(control) if step == LEFT else {})}


def _at_the_end_of_the_chain(control: Control) -> Change:
    again = control.step == LEFT
    return {
        "status": Status.UNDOING,
        "forward_end": last_forward(control),
        "undone": control.undone + (0 if again else 1),
    }


def _noted(hub: Hub, control: Control, step: str, events: int) -> Change:
    first = {"attempt": 1, "since": hub.now()}
    again = {"attempt": control.attempt + 1, "since": control.since}
    return {
        "step": step,
        "events": control.events + events,
        "live": dict(control.live or {}),
        "forward_end": control.forward_end,
        **({"pivoted": True} if control.pivoted else {}),
        **(again if control.step == step else first),
    }


def _attempt(hub: Hub, control: Control, step: str) -> Change:
    unreported = {} if control.step != step else dict(control.live or {})
    until = hub.now() + hub.settings.attempt_limit.total_seconds()
    return {
        **_noted(hub, control, step, EVENTS),
        "live": {**unreported, str(control.version): until},
        "forward_end": last_forward(control),
    }
