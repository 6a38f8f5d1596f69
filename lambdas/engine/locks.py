"""Human locks: a person has a thing, and operations wait for it as they wait for each other.

Whoever owns the thing already finishes; then it goes to nobody until the lock is taken off or its time is over. A lock
of a cluster keeps operations on its server groups from beginning, and new groups from being planned.
"""

from collections.abc import Callable

from lambdas.engine import guards, signals
from lambdas.engine.control import RACES
from lambdas.engine.intake import Caller
from lambdas.engine.signals import NotNow
from lambdas.errors import Conflict
from lambdas.hub import Hub
from lambdas.rows import Guard
from lambdas.table import Refused, Write


def lock(hub: Hub, key: str, caller: Caller, reason: str, until: float | None = None) -> None:
    """Lock the thing, or say anew why and until when (epoch seconds; None: until it is taken off).

    Raises NotNow where somebody else has locked it, Conflict.
    """
    who = signals.said(caller, "")

    def locked(guard: Guard) -> Write | None:
        if guard.locked_by not in (None, who):
            raise NotNow(
                f"{guards.locked_words(guard)}; only one person can lock it, so have that lock taken off first"
            )
        stands = (guard.locked_by, guard.locked_why, guard.due) == (who, reason, until)
        return None if stands else guards.locked(hub, guard, who, reason, until)

    _changed(hub, key, locked)


def unlock(hub: Hub, key: str) -> None:
    """Take the lock off: the next in the queue goes on. Without a lock nothing is done."""
    _changed(hub, key, lambda guard: guards.unlocked(hub, guard) if guard.locked_by else None)


def expire(hub: Hub, key: str) -> None:
    """Take off a lock whose time is over."""

    def over(guard: Guard) -> Write | None:
        return guards.unlocked(hub, guard) if guard.due is not None and guard.due <= hub.now() else None

    _changed(hub, key, over)


def _changed(hub: Hub, key: str, change: Callable[[Guard], Write | None]) -> None:
    for _ in range(RACES):
        write = change(guards.read(hub, key))
        if write is None:
            return None
        try:
            return hub.table.write(write)
        except Refused:
            continue
    raise Conflict(f"{key} is being changed by several at once; send it again")
