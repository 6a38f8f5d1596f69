"""Signals: what a caller sends to a running operation. First the mark, durable; then whoever waits is woken."""

from collections.abc import Callable, Iterator

from lambdas.engine import control, ends, holds, tokens, waits
from lambdas.engine.holds import ABANDON, HOLD, HOLD_UNDO, RETRY, ROLL_BACK, SKIP
from lambdas.engine.intake import Caller
from lambdas.engine.tasks import LEFT, Sagas, saga_named
from lambdas.errors import Cancelled, Paused, WindlassError
from lambdas.hub import Hub
from lambdas.rows import Control, Mark, Open, Status

DECISIONS = (RETRY, ROLL_BACK, SKIP, ABANDON)


class NotNow(WindlassError):
    """The operation is not in a state in which the signal means something; the sentence says which it is in."""


def cancel(hub: Hub, sagas: Sagas, operation: str, caller: Caller, reason: str = "") -> None:
    """Put the operation back. Before the pivot it always wins, afterwards it is NotNow. Raises NotFound."""

    def decide(row: Control) -> tuple[control.Change, tuple[()]] | None:
        _running(row)
        if row.pivoted:
            raise NotNow(f"operation {row.id} is past the point of no return; it will finish")
        if row.status is Status.UNDOING or row.mark is Mark.CANCELLED:
            return None
        return {"mark": Mark.CANCELLED, "decided": _by(caller, reason)}, ()

    row = control.change(hub, operation, decide)
    if row.status is Status.ACCEPTED and row.after is not None:
        ends.close(hub, operation, Status.ROLLED_BACK, f"{Cancelled.__name__}: {_by(caller, reason)}")
    for opened in _forward(hub, operation):
        _wake(hub, sagas, opened)


def _wake(hub: Hub, sagas: Sagas, opened: Open) -> None:
    """Whoever waits looks at the mark."""
    if opened.state == HOLD:
        row = control.read(hub, opened.operation)
        return holds.settle(hub, row, opened, saga_named(row.saga, sagas))
    return waits.look(hub, sagas, opened)


def pause(hub: Hub, sagas: Sagas, operation: str, caller: Caller, reason: str = "") -> None:
    """Start no further step until resumed; what runs or waits goes on to its end. Raises NotFound, NotNow."""

    def decide(row: Control) -> tuple[control.Change, tuple[()]] | None:
        _running(row)
        if row.mark is Mark.CANCELLED or row.status is Status.UNDOING:
            raise NotNow(f"operation {row.id} is being put back; that is not paused")
        return None if row.mark is Mark.PAUSED else ({"mark": Mark.PAUSED, "decided": _by(caller, reason)}, ())

    control.change(hub, operation, decide)


def resume(hub: Hub, sagas: Sagas, operation: str, caller: Caller, reason: str = "") -> None:
    """Take a pause back. Raises NotFound, NotNow."""

    def decide(row: Control) -> tuple[control.Change, tuple[()]] | None:
        _running(row)
        return ({"mark": None}, ()) if row.mark is Mark.PAUSED else None

    row = control.change(hub, operation, decide)
    for opened in tokens.open_rows(hub, operation):
        if opened.state == HOLD and (opened.reason or "").startswith(Paused.__name__):
            saga = saga_named(row.saga, sagas)
            holds.decide(hub, row, opened, saga, RETRY, f"resumed by {_by(caller, reason)}")


def decide(hub: Hub, sagas: Sagas, operation: str, decision: str, caller: Caller, reason: str = "") -> None:
    """Answer a hold: `retry`, `rollback`, `skip` (an undo), `abandon`. Raises NotFound, NotNow."""
    row = control.read(hub, operation)
    _running(row)
    opened = _held(hub, row)
    _fits(row, opened, decision)
    saga = saga_named(row.saga, sagas)
    control.change(hub, operation, _noted(opened, decision, caller, reason))
    holds.decide(hub, row, opened, saga, decision, _by(caller, reason))


def possible(row: Control, opened: Open | None) -> tuple[str, ...]:
    """The signals that mean something now."""
    return tuple(_possible(row, opened))


def _possible(row: Control, opened: Open | None) -> Iterator[str]:
    if row.status.over:
        return
    if row.mark is Mark.PAUSED:
        yield "resume"
    if row.status is not Status.UNDOING and row.mark is None and opened is None:
        yield "pause"
    if not row.pivoted and row.status is not Status.UNDOING and row.mark is not Mark.CANCELLED:
        yield "cancel"
    if opened is not None:
        yield from (f"decide:{one}" for one in DECISIONS if _allowed(row, opened, one))


def _noted(
    opened: Open, decision: str, caller: Caller, reason: str
) -> Callable[[Control], tuple[control.Change, tuple[()]] | None]:
    def noted(row: Control) -> tuple[control.Change, tuple[()]] | None:
        if decision == SKIP:
            return {"skip": opened.held, "decided": _by(caller, reason)}, ()
        return ({"held": row.held + 1}, ()) if decision == RETRY else None

    return noted


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
        RETRY: True,
        ROLL_BACK: not undoing and not row.pivoted,
        SKIP: undoing and opened.held not in (None, LEFT),
        ABANDON: True,
    }.get(decision, False)


def _forward(hub: Hub, operation: str) -> Iterator[Open]:
    return (one for one in tokens.open_rows(hub, operation) if one.state not in (LEFT, HOLD_UNDO))


def _by(caller: Caller, reason: str) -> str:
    who = f"{caller.user} via {caller.principal}" if caller.user else caller.principal
    return f"{who}: {reason[:200]}" if reason else who
