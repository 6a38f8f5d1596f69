"""Open task tokens: their rows, and their answers.

An answer is given first to Step Functions, then the row goes: a death in between leaves a row whose token is spent,
which the next look finds out.
"""

from contextlib import suppress

from lambdas.engine import control, journal, rhythm
from lambdas.engine.tasks import Task
from lambdas.hub import Hub, Json, TokenGone
from lambdas.rows import Control, Open, item_of, open_key, open_of
from lambdas.table import Delete, Equal, Put, Refused, Write


def open_rows(hub: Hub, operation: str) -> list[Open]:
    """The operation's open tokens."""
    return [open_of(item) for item in hub.table.of(f"op#{operation}", "wait#")]


def find(hub: Hub, operation: str, state: str) -> Open | None:
    item = hub.table.get(open_key(operation, state))
    return None if item is None else open_of(item)


def register(hub: Hub, task: Task, row: Control, opened: Open, *others: Write) -> None:
    """Store the token, on condition that the operation is still as it was read. Raises Refused."""
    noted = control.entered(hub, row, task.step)
    hub.table.write(
        control.update(row, noted),
        Put(open_key(task.operation, task.step), item_of(opened)),
        *others,
    )
    rhythm.ask(hub, rhythm.next_look(opened.since, hub.now()))


def succeed(hub: Hub, opened: Open, output: Json, did: str | None = None) -> None:
    """Answer the token: the machine goes on."""
    if did is not None:
        journal.succeeded(hub, opened.operation, opened.state, did)
    with suppress(TokenGone):
        hub.machines.succeed(opened.token, output)
    close(hub, opened)


def fail(hub: Hub, opened: Open, error: str, cause: str) -> None:
    """Answer the token with an error: the machine goes back, or wherever that error leads."""
    journal.failed(hub, opened.operation, opened.state, f"{error}: {cause}")
    with suppress(TokenGone):
        hub.machines.fail(opened.token, error, cause or error)
    close(hub, opened)


def close(hub: Hub, opened: Open) -> None:
    """Forget the token, unless the state was entered again meanwhile."""
    with suppress(Refused):
        hub.table.write(Delete(open_key(opened.operation, opened.state), (Equal("token", opened.token),)))


def note(hub: Hub, opened: Open, changed: Open) -> None:
    """Write what has changed of an open row, unless its token was settled meanwhile."""
    if changed == opened:
        return
    with suppress(Refused):
        hub.table.write(
            Put(open_key(opened.operation, opened.state), item_of(changed), (Equal("token", opened.token),))
        )
