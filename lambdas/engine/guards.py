"""Guards: exclusive ownership of one named thing by one operation.

No expiry: a guard belongs to its operation until that operation's row is closed. Places in the queue are taken in the
transaction that accepts the operation, so the order of acceptance is kept for each thing.
"""

from collections.abc import Iterable, Iterator

from lambdas.hub import Hub
from lambdas.rows import Guard, guard_key, guard_of, item_of
from lambdas.table import Equal, Put, Refused, Write, roll_of

GUARDS = "guards"
"""The rolls on which guards stand while they are had: taking one and giving it back is each one write of that index."""


def read(hub: Hub, key: str) -> Guard:
    """The guard as it stands; one that nobody ever had is free."""
    item = hub.table.get(guard_key(key))
    return Guard(key) if item is None else guard_of(item)


def places(hub: Hub, keys: Iterable[str], operation: str) -> Iterator[Write]:
    """Writes that give the operation each guard, or the last place in its queue."""
    for key in keys:
        guard = read(hub, key)
        if operation == guard.owner or operation in guard.queue:
            continue
        if guard.owner is None:
            yield _written(hub, guard, operation, guard.queue)
        else:
            yield _written(hub, guard, guard.owner, (*guard.queue, operation))


def taken(hub: Hub, key: str, operation: str) -> Write:
    """The write that gives the operation what nobody else has. Raises Refused."""
    guard = read(hub, key)
    if guard.owner is not None:
        raise Refused([])
    return _written(hub, guard, operation, guard.queue)


def taken_again(hub: Hub, key: str, operation: str) -> Write:
    """The write that gives the operation what it had, if nobody else has had it since. Raises Refused."""
    guard = read(hub, key)
    if guard.owner is not None or guard.last != operation:
        raise Refused([])
    return _written(hub, guard, operation, guard.queue)


def heir(hub: Hub, keys: Iterable[str], operation: str) -> str | None:
    """An operation that has had one of these guards after this one: what it guards is that one's by now."""
    lasts = (read(hub, key).last for key in keys)
    return next((one for one in lasts if one not in (None, operation)), None)


def releases(hub: Hub, keys: Iterable[str], operation: str) -> Iterator[Write]:
    """Writes that pass each guard on to the next in its queue, or take the operation out of the queue."""
    for key in keys:
        guard = read(hub, key)
        rest = tuple(one for one in guard.queue if one != operation)
        if guard.owner == operation:
            yield _written(hub, guard, rest[0] if rest else None, rest[1:])
        elif rest != guard.queue:
            yield _written(hub, guard, guard.owner, rest)


def awaited(hub: Hub, keys: Iterable[str], operation: str) -> str | None:
    """Why the operation does not have all these guards yet, or None."""
    for key in keys:
        guard = read(hub, key)
        if guard.owner != operation:
            return f"{key} is guarded by operation {guard.owner}; {_place(guard, operation)}"
    return None


def _place(guard: Guard, operation: str) -> str:
    if operation not in guard.queue:
        return "this operation has no place in its queue"
    ahead = guard.queue.index(operation)
    return "this operation is next" if ahead == 0 else f"{ahead} operations are ahead in the queue"


def _written(hub: Hub, guard: Guard, owner: str | None, queue: tuple[str, ...]) -> Put:
    """The guard with its next owner, if nobody else changed it."""
    since = guard.accepted if owner == guard.owner else hub.now()
    changed = Guard(
        guard.key,
        guard.version + 1,
        owner,
        queue,
        last=owner or guard.owner or guard.last,
        accepted=since if owner else None,
        roll=roll_of(GUARDS, guard.key) if owner else None,
    )
    return Put(guard_key(guard.key), item_of(changed), (Equal("version", guard.version or None),))
