"""The journal: one row per state, written when an attempt ends. Audit log and read model."""

from collections.abc import Mapping, Sequence

from lambdas.hub import Hub
from lambdas.rows import step_key
from lambdas.table import Update

LONGEST = 1000
"""Characters kept of a sentence: rows stay small."""


def succeeded(
    hub: Hub,
    operation: str,
    state: str,
    did: str,
    *,
    attempts: int | None = None,
    findings: Sequence[str] = (),
    results: Mapping[str, object] | None = None,
) -> None:
    """The state did this; it took so many attempts (None: one more than the journal knows of)."""
    found: dict[str, object] = {"findings": [one[:LONGEST] for one in findings]} if findings else {}
    if results:
        found["results"] = dict(results)
    hub.table.write(_entry(hub, operation, state, {"did": did[:LONGEST], "error": None, **found}, attempts))


def entry(hub: Hub, operation: str, state: str, did: str) -> Update:
    """The write of `succeeded`, for a transaction."""
    return _entry(hub, operation, state, {"did": did[:LONGEST], "error": None}, None)


def refused(hub: Hub, operation: str, state: str, error: str) -> None:
    """The state was not allowed to start: that is no attempt."""
    hub.table.write(Update(step_key(operation, state), {"name": state, "ended": hub.now(), "error": error[:LONGEST]}))


def failed(hub: Hub, operation: str, state: str, error: str, *, attempts: int | None = None) -> None:
    """The state's attempt failed: `Name: sentence`."""
    said = error[:LONGEST]
    hub.table.write(_entry(hub, operation, state, {"error": said, "trouble": said}, attempts))


def _entry(hub: Hub, operation: str, state: str, what: dict[str, object], attempts: int | None) -> Update:
    counted = {} if attempts is None else {"attempts": attempts}
    more = {"attempts": 1} if attempts is None else {}
    return Update(step_key(operation, state), {"name": state, "ended": hub.now(), **what, **counted}, add=more)
