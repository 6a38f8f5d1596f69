"""Human locks: a person has a thing, and operations wait for it as they wait for each other.

Whoever owns the thing already finishes; then it goes to nobody until the lock is taken off or its time is over. A lock
of a cluster keeps operations on its server groups from beginning, and new groups from being planned.
"""

from collections.abc import Callable

from lambdas.engine import acts, guards, signals
from lambdas.engine.control import RACES
from lambdas.engine.intake import Caller
from lambdas.engine.signals import NotNow
from lambdas.errors import Conflict
from lambdas.hub import Hub
from lambdas.rows import Guard, guard_key, utc
from lambdas.table import Refused, Write


def lock(hub: Hub, key: str, caller: Caller, reason: str, until: float | None = None) -> None:
    """Lock the thing, or say anew why and until when (epoch seconds; None: until it is taken off).

    Raises NotNow where somebody else has locked it, Conflict.
    """
    who = signals.said(caller, "")

    def locked(guard: Guard) -> tuple[Write, ...]:
        if guard.locked_by not in (None, who):
            raise NotNow(
                f"{guards.locked_words(guard)}; only one person can lock it, so have that lock taken off first"
            )
        if (guard.locked_by, guard.locked_why, guard.due) == (who, reason, until):
            return ()
        did = f"locked it until {'it is taken off' if until is None else utc(until)}: {reason}"
        return guards.locked(hub, guard, who, reason, until), acts.act(hub, guard_key(key).pk, who, did)

    _changed(hub, key, locked)


def unlock(hub: Hub, key: str, caller: Caller) -> None:
    """Take the lock off: the next in the queue goes on. Without a lock nothing is done. Raises Conflict."""
    who = signals.said(caller, "")
    _changed(hub, key, lambda guard: _off(hub, guard, who) if guard.locked_by else ())


def expire(hub: Hub, key: str) -> None:
    """Take off a lock whose time is over."""

    def over(guard: Guard) -> tuple[Write, ...]:
        return _off(hub, guard, acts.ITSELF) if guard.due is not None and guard.due <= hub.now() else ()

    _changed(hub, key, over)


def _off(hub: Hub, guard: Guard, who: str) -> tuple[Write, ...]:
    did = f"took off the lock of {guard.locked_by}: {guard.locked_why}"
    return guards.unlocked(hub, guard), acts.act(hub, guard_key(guard.key).pk, who, did)


def _changed(hub: Hub, key: str, change: Callable[[Guard], tuple[Write, ...]]) -> None:
    for _ in range(RACES):
        writes = change(guards.read(hub, key))
        if not writes:
            return None
        try:
            return hub.table.write(*writes)
        except Refused:
            continue
    raise Conflict(f"{key} is being changed by several at once; send it again")
