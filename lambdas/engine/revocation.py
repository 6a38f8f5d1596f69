"""Forced release: a person takes a guard away from the operation that has it.

The mark on the owner's row and the hand-over are one write, and no attempt of the owner may be alive then: so no other
operation acts on the thing while the revoked one can. That one stops at whatever it would do next, is not put back, and
ends calling a person with the list of what is left (one that had not begun was just not started).
"""

from lambdas.engine import acts, control, guards, journal, signals
from lambdas.engine.intake import Caller
from lambdas.engine.signals import NotNow
from lambdas.engine.tasks import Sagas
from lambdas.hub import Hub
from lambdas.rows import Control, Mark, guard_key, utc
from lambdas.table import Write

FORCED_RELEASE = "ForcedRelease"
"""Where it stands in the owner's journal."""


class TooSoon(NotNow):
    """An attempt of the owner may be alive until then (epoch seconds), and act on the thing."""

    def __init__(self, row: Control, until: float) -> None:
        super().__init__(
            f"an attempt of {row.step} of operation {row.id} may be alive until {utc(until)}; its guards can be "
            "taken from then on, unless it begins another: pause or cancel it first"
        )
        self.until = until


def revoke(hub: Hub, sagas: Sagas, key: str, operation: str, caller: Caller, reason: str) -> None:
    """Take the guard, and all others that the operation has, and give them to whoever comes next. Twice is once.

    Raises NotFound, NotNow where the operation does not have it, TooSoon.
    """

    def decide(row: Control) -> tuple[control.Change, tuple[Write, ...]] | None:
        owner = guards.read(hub, key).owner
        if owner != row.id:
            _had_it(row, owner, key)
            return None
        if (until := control.alive_until(row)) > hub.now():
            raise TooSoon(row, until)
        by = signals.by(caller, reason)
        marked = {} if row.status.over else {"mark": Mark.REVOKED, "decided": by}
        return marked, (
            *guards.releases(hub, sorted({*row.guards, key}), row.id),
            journal.entry(hub, row.id, FORCED_RELEASE, f"{key} was taken by force by {signals.said(caller, reason)}"),
            acts.act(hub, guard_key(key).pk, signals.said(caller, ""), f"took it from operation {row.id}: {reason}"),
        )

    control.change(hub, operation, decide)
    signals.wake(hub, sagas, operation)


def _had_it(row: Control, owner: str | None, key: str) -> None:
    """Nothing is to be done where it was done before. Raises NotNow for whatever else does not have the guard."""
    if row.mark is Mark.REVOKED:
        return
    if row.status.over:
        raise NotNow(f"operation {row.id} is over: {row.status}; it has no guard any more")
    whose = f"operation {owner} has it" if owner else "it is free"
    raise NotNow(f"operation {row.id} does not have {key}: {whose}")
