"""Preemption: whoever has a guard that a request needs is cancelled and put back, and the request comes next.

The holder's mark, the first place in the queue and what people read of it are written in the very transaction that
accepts the request: there is no preemption without a preemptor, and twice is once. What the holder waits in is woken
afterwards (`signals.wake_holders`); where nobody does, the sweep finds the mark.
"""

from collections.abc import Iterator

from lambdas.engine import acts, control, guards, journal
from lambdas.errors import NotFound, WindlassError
from lambdas.hub import Hub
from lambdas.rows import Control, Guard, Mark, Status, guard_key, short
from lambdas.table import Refused, Write

PREEMPTED, PREEMPTS = "Preempted", "Preempts"
"""Where it stands in the journals of the holder and of whoever comes next."""
LONGEST = 100
"""Bytes of who preempted and why on the holder's control row; the journals have all of it."""


class CannotPreempt(WindlassError):
    """Whoever has the guard must not be cancelled; says why, and what can be done."""


def places(hub: Hub, row: Control, reason: str | None) -> Iterator[Write]:
    """Writes that cancel whoever has the operation's guards, and give it each, or the first place in its queue.

    Only holders of the same application, before their pivots, and never a person. Raises CannotPreempt, Refused.
    """
    if row.batch is not None:
        raise CannotPreempt("preempt: an operation of a batch takes its guards when its turn comes; send it alone")
    held: dict[str, list[Guard]] = {}
    for key in row.guards:
        guard = guards.read(hub, key)
        yield from guards.placed(hub, guard, row.id, first=True)
        if guard.locked_by is not None:
            raise CannotPreempt(
                f"{guards.locked_words(guard)}; no operation preempts a person: have the lock taken off"
            )
        if guard.owner not in (None, row.id):
            held.setdefault(guard.owner, []).append(guard)
    why = f": {reason}" if reason else ""
    for holder, things in sorted(held.items()):
        yield from _cancelled(hub, _holder(hub, holder), row, things, why)
    if held:
        yield journal.entry(hub, row.id, PREEMPTS, f"preempts operation {', '.join(sorted(held))}{why}")


def said(row: Control) -> str:
    """Who asked for the operation."""
    return f"{row.user} via {row.caller}" if row.user else row.caller


def _holder(hub: Hub, operation: str) -> Control:
    """The holder, as long as it is one: whoever is over has passed its guards on since they were read."""
    try:
        holder = control.read(hub, operation)
    except NotFound:
        raise CannotPreempt(f"operation {operation} has it and has no record; take it by force") from None
    if holder.status.over:
        raise Refused([])
    return holder


def _cancelled(hub: Hub, holder: Control, row: Control, things: list[Guard], why: str) -> Iterator[Write]:
    _may_be(holder, row, things[0])
    if holder.status is not Status.UNDOING and holder.mark not in (Mark.CANCELLED, Mark.REVOKED):
        decided = short(f"{said(row)}: preempted by operation {row.id}{why}", LONGEST)
        yield control.update(holder, {"mark": Mark.CANCELLED, "decided": decided})
    yield journal.entry(hub, holder.id, PREEMPTED, f"preempted by operation {row.id} ({row.name}) of {said(row)}{why}")
    did = f"preempted operation {holder.id} ({holder.name}) by operation {row.id} ({row.name}){why}"
    for guard in things:
        yield acts.act(hub, guard_key(guard.key).pk, said(row), did)


def _may_be(holder: Control, row: Control, guard: Guard) -> None:
    if holder.application != row.application:
        raise CannotPreempt(
            f"{guard.key} is guarded by operation {holder.id} of application {holder.application}, not of "
            f"{row.application}: its owners can cancel it, or it can be taken by force"
        )
    if holder.pivoted:
        raise CannotPreempt(
            f"operation {holder.id}, which has {guard.key}, is past the point of no return; it will finish: wait for it"
        )
