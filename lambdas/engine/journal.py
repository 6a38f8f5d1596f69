"""The journal: one row per state, written when an attempt ends. Audit log and read model."""

from collections.abc import Sequence

from lambdas.hub import Hub
from lambdas.rows import step_key
from lambdas.table import Update

LONGEST = 1000
"""Characters kept of a sentence: rows stay small."""


def succeeded(hub: Hub, operation: str, state: str, did: str, findings: Sequence[str] = ()) -> None:
    """The state's attempt did this."""
    found = {"findings": [one[:LONGEST] for one in findings]} if findings else {}
    hub.table.write(_entry(hub, operation, state, {"did": did[:LONGEST], "error": None, **found}))


def failed(hub: Hub, operation: str, state: str, error: str) -> None:
    """The state's attempt failed: `Name: sentence`."""
    hub.table.write(_entry(hub, operation, state, {"error": error[:LONGEST]}))


def _entry(hub: Hub, operation: str, state: str, what: dict[str, object]) -> Update:
    return Update(step_key(operation, state), {"name": state, "ended": hub.now(), **what}, add={"attempts": 1})
