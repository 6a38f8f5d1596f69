"""Open task tokens: their rows, and their answers.

An answer is given first to Step Functions, then the row goes: a death in between leaves a row whose token is spent,
which the next look finds out. Only what a person decided outlasts a dead token (`lambdas.engine.holds`).
"""

from collections.abc import Callable
from contextlib import suppress

from lambdas.engine import control, journal, measures, rhythm
from lambdas.engine.tasks import Task
from lambdas.errors import Abandoned
from lambdas.hub import Hub, Json, TokenGone
from lambdas.rows import Control, Open, item_of, open_key, open_of
from lambdas.table import Delete, Equal, Put, Refused, Write
from lambdas.values import changed

MOST = 3
"""Earlier tokens kept of one state; each has up to 1,024 characters."""


def open_rows(hub: Hub, operation: str) -> list[Open]:
    """The operation's open tokens."""
    return [open_of(item) for item in hub.table.of(f"op#{operation}", "wait#")]


def find(hub: Hub, operation: str, state: str) -> Open | None:
    item = hub.table.get(open_key(operation, state))
    return None if item is None else open_of(item)


def forgotten(hub: Hub, operation: str) -> tuple[Write, ...]:
    """Writes after which the operation has no open tokens."""
    return tuple(Delete(open_key(operation, one.state)) for one in open_rows(hub, operation))


def earlier(known: Open | None, token: str) -> tuple[str, ...]:
    """Tokens to answer as well: of two attempts to register a state, nobody can tell which came last."""
    return () if known is None else tuple(one for one in (known.token, *known.earlier) if one != token)[:MOST]


def register(hub: Hub, task: Task, row: Control, opened: Open, *others: Write) -> None:
    """Store the token, on condition that the operation is still as it was read. Raises Refused."""
    noted = control.entered(hub, row, task.step)
    hub.table.write(
        control.update(row, noted),
        Put(open_key(task.operation, task.step), item_of(opened)),
        *others,
    )
    measures.moved(hub, row, task.step)
    rhythm.ask(hub, rhythm.next_look(opened.since, hub.now()))


def succeed(hub: Hub, opened: Open, output: Json, did: str) -> None:
    """Answer the token: the machine goes on."""
    journal.succeeded(hub, opened.operation, opened.state, did)
    _settle(hub, opened, lambda token: hub.machines.succeed(token, output))


def fail(hub: Hub, opened: Open, error: str, cause: str) -> None:
    """Answer the token with an error: the machine goes back, or wherever that error leads."""
    journal.failed(hub, opened.operation, opened.state, f"{error}: {cause}")
    _settle(hub, opened, lambda token: hub.machines.fail(token, error, cause or error))


def dismiss(hub: Hub, opened: Open) -> None:
    """The operation is over: whatever execution still waits here has nothing more to do."""
    _answer(opened, lambda token: hub.machines.fail(token, Abandoned.__name__, f"operation {opened.operation} is over"))
    close(hub, opened)


def close(hub: Hub, opened: Open) -> None:
    """Forget the token, unless the state was entered again meanwhile."""
    with suppress(Refused):
        hub.table.write(Delete(open_key(opened.operation, opened.state), (Equal("token", opened.token),)))


def noted(opened: Open, now: Open) -> Write:
    """The write of what has changed of an open row, unless its token was settled or its hold decided meanwhile."""
    unsettled = (Equal("token", opened.token), Equal("decision", opened.decision))
    return Put(open_key(opened.operation, opened.state), item_of(now), unsettled)


def note(hub: Hub, opened: Open, now: Open) -> None:
    if now != opened:
        with suppress(Refused):
            hub.table.write(noted(opened, now))


def _settle(hub: Hub, opened: Open, answer: Callable[[str], None]) -> None:
    """Answer and forget. A decision that no token took was made of a Task that failed: it stays for the next one."""
    heard = _answer(opened, answer)
    if heard or opened.decision is None:
        return close(hub, opened)
    return note(hub, opened, changed(opened, unheard=opened.unheard or hub.now()))


def _answer(opened: Open, answer: Callable[[str], None]) -> bool:
    """Whether a live token took it."""
    heard = False
    for token in (opened.token, *opened.earlier):
        with suppress(TokenGone):
            answer(token)
            heard = True
    return heard
