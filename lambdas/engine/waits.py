"""Waits: states that hold a task token until a check passes. No transition while they wait."""

from contextlib import suppress

from lambdas.engine import control, guards, measures, rhythm, tokens
from lambdas.engine.tasks import (
    GUARD,
    LEFT,
    LEFT_WITHIN,
    AnySaga,
    Sagas,
    Task,
    plan_of,
    saga_named,
    stored_plan,
    wait_of,
)
from lambdas.errors import (
    Broken,
    Cancelled,
    Conflict,
    Exhausted,
    Expired,
    NotInTime,
    Rejected,
    Revoked,
    RollBack,
    Skipped,
    Transient,
    WindlassError,
)
from lambdas.hub import Hub, Json
from lambdas.rows import Control, Mark, Open, Status, short
from lambdas.table import Refused
from lambdas.values import changed

MOST_UNDONE = 20
"""So often what is found again is undone again; then a person is asked. Each time takes longer than the cloud settles,
so that all of it outlasts whatever can land late: what still comes back is somebody else's doing."""


def register(hub: Hub, sagas: Sagas, task: Task) -> None:
    """Open the state's token and look once. Raises what keeps the state from starting."""
    for _ in range(control.RACES):
        row = control.told(control.read(hub, task.operation), task)
        _may_wait(hub, row, task)
        opened = _opened(hub, task, row)
        try:
            places = guards.places(hub, row.guards, row.id) if task.step == GUARD else ()
            tokens.register(hub, task, row, opened, *places)
        except Refused:
            continue
        with suppress(WindlassError):  # the token is stored: what this look cannot do, the sweep's does
            _looked(hub, sagas, row, opened, task.plan, opened.due)
        return
    raise Conflict(f"operation {task.operation} is being changed by several at once")


def look(hub: Hub, sagas: Sagas, opened: Open, plan: Json | None = None, *, moving: bool = False) -> None:
    """Check once: answer the token, or note the reason why not yet. `plan`, where it was read already.

    `moving`: an event has told that what it waits for changes, so it is looked at as often as a young wait.
    """
    row = control.read(hub, opened.operation)
    if row.status.over:
        return tokens.dismiss(hub, opened)
    due = rhythm.young_again(opened.due or opened.since, hub.now()) if moving else opened.due
    return _looked(hub, sagas, row, opened, plan, due)


def watched(saga: AnySaga, state: str, plan: Json) -> tuple[str, ...]:
    """Names of the groups that the state's check looks at; none where it does not say."""
    watches = None if state == LEFT else wait_of(saga, state).watches
    return () if watches is None else watches(plan_of(saga, plan))


def _looked(hub: Hub, sagas: Sagas, row: Control, opened: Open, plan: Json | None, due: float | None) -> None:
    try:
        _not_stopped(row)
        reason = _reason(hub, row, saga_named(opened.saga, sagas), opened, plan)
    except RollBack as error:
        return _to_be_put_back(hub, sagas, row, opened, error)
    except (Rejected, Cancelled, Revoked) as error:
        return tokens.fail(hub, opened, type(error).__name__, str(error))
    if reason is None:
        return _passed(hub, opened)
    if (late := _late(hub, opened, reason)) is not None:
        return tokens.fail(hub, opened, type(late).__name__, str(late))
    return tokens.note(hub, opened, changed(opened, reason=reason, clear=None, due=due))


def _to_be_put_back(hub: Hub, sagas: Sagas, row: Control, opened: Open, error: RollBack) -> None:
    if opened.state == LEFT:
        return _undone_again(hub, row, opened, str(error))
    if wait_of(saga_named(opened.saga, sagas), opened.state).cloud_undoes:
        _back_over_the_pivot(hub, row, str(error))
    return tokens.fail(hub, opened, RollBack.__name__, str(error))


def _back_over_the_pivot(hub: Hub, row: Control, found: str) -> None:
    """The cloud has put back what the pivot did. The row says so first: however the execution ends, it goes back."""

    def decide(now: Control) -> tuple[control.Change, tuple[()]] | None:
        if now.status.over or not now.pivoted:
            return None
        why = short(f"{RollBack.__name__}: {found}")
        last = control.last_forward(now)
        return {"pivoted": False, "status": Status.UNDOING, "forward_end": last, "error": why}, ()

    control.change(hub, row.id, decide)


def _undone_again(hub: Hub, row: Control, opened: Open, found: str) -> None:
    """What landed late is undone again; what a person left standing, or a lagging read still shows, is not."""
    if hub.now() - opened.since < hub.settings.settling.total_seconds():
        return tokens.note(hub, opened, changed(opened, reason=found, clear=None))
    if row.skip is not None:
        return tokens.fail(hub, opened, Skipped.__name__, f"{found}; {row.skip} was skipped by {row.decided}")
    if row.undone > MOST_UNDONE:
        return tokens.fail(hub, opened, Exhausted.__name__, f"{found}, whenever it was undone: {row.undone} times")
    return tokens.fail(hub, opened, RollBack.__name__, found)


def _not_stopped(row: Control) -> None:
    """A signal wakes the tokens it finds; this is for one that died after its mark."""
    control.not_revoked(row)
    if row.mark is Mark.CANCELLED and row.status is not Status.UNDOING:
        raise Cancelled(f"cancelled by {row.decided}")


def _may_wait(hub: Hub, row: Control, task: Task) -> None:
    """A recovery needs its guards to put things back, and waits until nothing is left."""
    if task.step == LEFT or (task.step == GUARD and row.status is Status.UNDOING):
        return control.in_charge(row, task)
    control.may_go_forward(hub, row, task)
    return control.alone(hub, row, task.step)


def _opened(hub: Hub, task: Task, row: Control) -> Open:
    known = tokens.find(hub, task.operation, task.step)
    since = known.since if known else hub.now()
    return Open(
        operation=task.operation,
        saga=task.saga.name,
        state=task.step,
        token=task.token,
        since=since,
        kind="guard" if task.step == GUARD else "check",
        deadline=_deadline(task, since),
        expires=None if task.step == LEFT else control.expires(row),
        reason=known.reason if known else None,
        stable=_stable(task),
        earlier=tokens.earlier(known, task.token),
        account=row.account,
        region=row.region,
        due=since,
    )


def _deadline(task: Task, since: float) -> float | None:
    if task.step == GUARD:
        return None
    if task.step == LEFT:
        return since + LEFT_WITHIN
    limit = wait_of(task.saga, task.step).limit(plan_of(task.saga, task.plan or {}))
    return since + limit.total_seconds()


def _stable(task: Task) -> float | None:
    stable_for = None if task.step in (GUARD, LEFT) else wait_of(task.saga, task.step).stable_for
    return None if stable_for is None else stable_for(plan_of(task.saga, task.plan or {})).total_seconds() or None


def _reason(hub: Hub, row: Control, saga: AnySaga, opened: Open, plan: Json | None) -> str | None:
    """Why not yet; what the check cannot see for a moment is a reason too."""
    try:
        return _checked(hub, row, saga, opened, plan)
    except (Rejected, RollBack):
        raise
    except WindlassError as error:
        return f"cannot see: {type(error).__name__}: {error}"
    except Exception as error:  # noqa: BLE001  our own bug must not lose the wait: a fixed release will check again
        measures.broken(hub, opened.state, opened.operation)
        return f"cannot see: {Broken.__name__}: {type(error).__name__}"


def _checked(hub: Hub, row: Control, saga: AnySaga, opened: Open, plan: Json | None) -> str | None:
    if opened.kind == "guard":
        return guards.awaited(hub, row.guards, opened.operation)
    plan = plan or stored_plan(hub, opened.operation)
    if plan is None:
        raise Transient(f"the plan of operation {opened.operation} is not there")
    cloud = hub.cloud(row.account, row.region, row.id)
    check = saga.left if opened.state == LEFT else wait_of(saga, opened.state).check
    if check is None:
        raise Transient(f"this release knows no state {LEFT} of {saga.name}")
    return check(plan_of(saga, plan), cloud)


def _passed(hub: Hub, opened: Open) -> None:
    """Success, unless it has to be seen for a while: then it is looked at again, and must be believed in time."""
    since = hub.now() if opened.clear is None else opened.clear
    believed = since + _proof(hub, opened)
    if hub.now() >= believed:
        did = _did(opened, hub.now())
        return tokens.succeed(hub, opened, {"step": opened.state, "did": did}, did)
    reason = "nothing is left; looking once more" if opened.state == LEFT else _steady(opened)
    if opened.state != LEFT and (late := _late(hub, opened, reason)) is not None:
        return tokens.fail(hub, opened, type(late).__name__, str(late))
    rhythm.ask(hub, believed if opened.state == LEFT else min(believed, rhythm.next_look(since, hub.now())))
    return tokens.note(hub, opened, changed(opened, clear=since, reason=reason))


def _proof(hub: Hub, opened: Open) -> float:
    """Seconds for which the check has to pass: longer than reads may lag, or as long as the plan says."""
    return hub.settings.settling.total_seconds() if opened.state == LEFT else opened.stable or 0.0


def _steady(opened: Open) -> str:
    return f"it is as asked, and has to stay so for {opened.stable:.0f} s"


def _did(opened: Open, now: float) -> str:
    last = f"; last: {opened.reason}" if opened.reason else ""
    return f"passed after {now - opened.since:.0f} s{last}"


def _late(hub: Hub, opened: Open, reason: str) -> WindlassError | None:
    if opened.expires is not None and hub.now() >= opened.expires:
        return Expired(f"the operation's deadline has passed: {reason}")
    if opened.deadline is not None and hub.now() >= opened.deadline:
        return NotInTime(f"not within {opened.deadline - opened.since:.0f} s: {reason}")
    return None
