"""Signals: what a caller sends to a running operation. First the mark, durable; then whoever waits is woken."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

from lambdas.engine import batches, control, guards, holds, tokens, waits
from lambdas.engine.holds import ABANDON, HELD_RETRIES, HOLD, HOLD_UNDO, RETRY, ROLL_BACK, SKIP
from lambdas.engine.intake import Caller
from lambdas.engine.tasks import LEFT, Sagas, saga_named
from lambdas.errors import Braked, WindlassError
from lambdas.hub import Hub
from lambdas.rows import Control, Mark, Open, Status, short
from lambdas.table import Write

LONGEST = 100
"""Bytes of who decided, and why, on the control row."""
ALARM = "alarm "
"""How it begins where an alarm has decided: nobody who is authenticated is called so."""
DECISIONS = (RETRY, ROLL_BACK, SKIP, ABANDON)


class NotNow(WindlassError):
    """The operation is not in a state in which the signal means something; the sentence says which it is in."""


class NotYou(NotNow):
    """Somebody else has to say so."""


def cancel(hub: Hub, sagas: Sagas, operation: str, caller: Caller, reason: str = "") -> None:
    """Put the operation back. Before the pivot it always wins, afterwards it is NotNow. Raises NotFound."""

    def decide(row: Control) -> tuple[control.Change, tuple[()]] | None:
        _running(row)
        if row.pivoted:
            raise NotNow(f"operation {row.id} is past the point of no return; it will finish")
        if row.status is Status.UNDOING or row.mark in (Mark.CANCELLED, Mark.REVOKED):
            return None
        return {"mark": Mark.CANCELLED, "decided": by(caller, reason)}, ()

    control.change(hub, operation, decide)
    wake(hub, sagas, operation)


def pause(hub: Hub, sagas: Sagas, operation: str, caller: Caller, reason: str = "") -> None:
    """Start no further step until resumed; what runs or waits goes on to its end. Raises NotFound, NotNow."""

    def decide(row: Control) -> tuple[control.Change, tuple[()]] | None:
        _running(row)
        if row.mark in (Mark.CANCELLED, Mark.REVOKED) or row.status is Status.UNDOING:
            raise NotNow(f"operation {row.id} is being put back; that is not paused")
        if row.mark is Mark.PAUSED and not (row.decided or "").startswith(ALARM):
            return None
        return {"mark": Mark.PAUSED, "decided": by(caller, reason)}, ()  # an alarm's pause becomes the person's

    control.change(hub, operation, decide)


def resume(hub: Hub, sagas: Sagas, operation: str, caller: Caller, reason: str = "") -> None:
    """Take a pause back. Raises NotFound, NotNow."""

    def decide(row: Control) -> tuple[control.Change, tuple[()]] | None:
        _running(row)
        return ({"mark": None, "decided": by(caller, reason)}, ()) if row.mark is Mark.PAUSED else None

    control.change(hub, operation, decide)
    wake(hub, sagas, operation)


def decide(hub: Hub, sagas: Sagas, operation: str, decision: str, caller: Caller, reason: str = "") -> None:
    """Answer a hold: `retry`, `rollback`, `skip` (an undo), `abandon`. Raises NotFound, NotNow, NotYou."""

    def decided(row: Control) -> tuple[control.Change, tuple[Write]]:
        """The decision, its count and its mark: all or nothing, and only once."""
        _running(row)
        if row.mark is Mark.REVOKED:
            raise NotNow(f"operation {row.id} lost its guard by force; it stops by itself")
        opened = _held(hub, row)
        _fits(row, opened, decision)
        who = by(caller, reason)
        counted: control.Change = {"held": row.held + 1} if decision == RETRY else {}
        if decision == RETRY and braked(opened):
            _second(row, caller)
            counted["unbraked"] = who
        marked = {"skip": opened.held, "decided": who} if decision == SKIP else {}
        return counted | marked, (tokens.noted(opened, replace(opened, decision=decision, by=who)),)

    control.change(hub, operation, decided)
    wake(hub, sagas, operation)


def wake(hub: Hub, sagas: Sagas, operation: str) -> None:
    """Whoever waits looks at the row. The signal is durable by now: where this fails, the sweep does the same."""
    with suppress(WindlassError):
        row = control.read(hub, operation)
        if row.after is not None:
            batches.begin_next(hub, row)
        for opened in tokens.open_rows(hub, operation):
            if opened.kind == "hold":
                holds.settle(hub, row, opened, saga_named(row.saga, sagas))
            elif row.mark is Mark.REVOKED or (row.mark is Mark.CANCELLED and row.status is not Status.UNDOING):
                waits.look(hub, sagas, opened)  # the mark comes before the check: only the sweep reads the clouds


def wake_holders(hub: Hub, sagas: Sagas, operation: str) -> None:
    """Whoever has a guard of this operation looks at its own row: it may be preempted. Best effort, as `wake`."""
    with suppress(WindlassError):
        for key in control.read(hub, operation).guards:
            if (owner := guards.read(hub, key).owner) not in (None, operation):
                wake(hub, sagas, owner)


def possible(row: Control, opened: Open | None) -> tuple[str, ...]:
    """The signals that mean something now."""
    return tuple(_possible(row, opened))


def _possible(row: Control, opened: Open | None) -> Iterator[str]:
    if row.status.over or row.mark is Mark.REVOKED:
        return
    if row.mark is Mark.PAUSED:
        yield "resume"
    if row.status is not Status.UNDOING and row.mark is None and opened is None:
        yield "pause"
    if not row.pivoted and row.status is not Status.UNDOING and row.mark is not Mark.CANCELLED:
        yield "cancel"
    if opened is not None:
        yield from (f"decide:{one}" for one in DECISIONS if _allowed(row, opened, one))


def braked(opened: Open) -> bool:
    """Whether the hold is the account's brake."""
    return (opened.reason or "").startswith(Braked.__name__)


def _second(row: Control, caller: Caller) -> None:
    """Raises NotYou for the person who asked for the operation: a user, where a delegate names one."""
    asker, decider = row.user or row.caller, caller.user or caller.principal
    if asker == decider:
        raise NotYou(
            f"operation {row.id} is held by the brake of account {row.account}: {asker} asked for it, "
            f"so somebody else has to decide retry; rollback and abandon are anybody's"
        )


def _running(row: Control) -> None:
    if row.status.over:
        raise NotNow(f"operation {row.id} is over: {row.status}")


def _held(hub: Hub, row: Control) -> Open:
    for opened in tokens.open_rows(hub, row.id):
        if opened.state in (HOLD, HOLD_UNDO) and opened.decision is None:
            return opened
    raise NotNow(f"operation {row.id} is not held: nothing is to be decided")


def _fits(row: Control, opened: Open, decision: str) -> None:
    if not _allowed(row, opened, decision):
        possible = ", ".join(one for one in DECISIONS if _allowed(row, opened, one))
        raise NotNow(f"{decision!r} cannot be decided of operation {row.id} in {opened.state}; possible: {possible}")


def _allowed(row: Control, opened: Open, decision: str) -> bool:
    undoing = opened.state == HOLD_UNDO
    return {
        RETRY: row.held < HELD_RETRIES,
        ROLL_BACK: not undoing and not row.pivoted,
        SKIP: undoing and opened.held not in (None, LEFT),
        ABANDON: True,
    }.get(decision, False)


def by(caller: Caller, reason: str) -> str:
    """Who decided, and why, as the control row keeps it."""
    return short(said(caller, reason), LONGEST)


def said(caller: Caller, reason: str) -> str:
    who = f"{caller.user} via {caller.principal}" if caller.user else caller.principal
    return f"{who}: {reason}" if reason else who
