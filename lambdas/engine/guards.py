"""Guards: exclusive ownership of one named thing by one operation, or by a person who has locked it.

No expiry: a guard belongs to its operation until that operation's row is closed. Places in the queue are taken in the
transaction that accepts the operation, so the order of acceptance is kept for each thing.
"""

from collections.abc import Iterable, Iterator

from lambdas.errors import Conflict
from lambdas.hub import Hub
from lambdas.rows import Guard, guard_key, guard_of, item_of, utc
from lambdas.table import Equal, Put, Refused, Write, roll_of
from lambdas.values import changed

LONGEST = 100
"""Operations in the queue of one guard: hours of waiting, and a row of some 3 KB that each of them writes anew."""
GUARDS = "guards"
"""The rolls on which guards stand while they are had: taking one and giving it back is each one write of that index."""


def read(hub: Hub, key: str) -> Guard:
    """The guard as it stands; one that nobody ever had is free."""
    item = hub.table.get(guard_key(key))
    return Guard(key) if item is None else guard_of(item)


def places(hub: Hub, keys: Iterable[str], operation: str) -> Iterator[Write]:
    """Writes that give the operation each guard, or the last place in its queue. Raises Conflict where that is full."""
    for key in keys:
        yield from placed(hub, read(hub, key), operation)


def placed(hub: Hub, guard: Guard, operation: str, *, first: bool = False) -> Iterator[Write]:
    """The write that gives the operation the guard, or the last place in its queue, or the first.

    Raises Conflict where too many wait already, but for the first place.
    """
    if operation == guard.owner or operation in guard.queue:
        return
    if len(guard.queue) >= LONGEST and not first:
        raise Conflict(f"{_whose(guard)}, and {len(guard.queue)} operations wait for it; no more may")
    if guard.owner is None and not guard.locked_by:
        yield _written(hub, guard, operation)
    else:
        queue = (operation, *guard.queue) if first else (*guard.queue, operation)
        yield _written(hub, changed(guard, queue=queue), guard.owner)


def taken(hub: Hub, key: str, operation: str) -> Write:
    """The write that gives the operation what nobody else has. Raises Refused, Conflict where it is locked."""
    guard = read(hub, key)
    if guard.owner is not None:
        raise Refused([])
    if guard.locked_by:
        raise Conflict(locked_words(guard))
    return _written(hub, guard, operation)


def taken_again(hub: Hub, key: str, operation: str) -> Write:
    """The write that gives the operation what it had, if nobody else has had it since. Raises Refused."""
    guard = read(hub, key)
    if guard.owner is not None or guard.locked_by or guard.last != operation:
        raise Refused([])
    return _written(hub, guard, operation)


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
            yield _passed(hub, changed(guard, queue=rest))
        elif rest != guard.queue:
            yield _written(hub, changed(guard, queue=rest), guard.owner)


def awaited(hub: Hub, keys: Iterable[str], operation: str) -> str | None:
    """Why the operation does not have all these guards yet, or None."""
    for key in keys:
        guard = read(hub, key)
        if guard.owner != operation:
            return f"{_whose(guard)}; {_place(guard, operation)}"
    return None


def _whose(guard: Guard) -> str:
    guarded = f"{guard.key} is guarded by operation {guard.owner}"
    if not guard.locked_by:
        return guarded
    return locked_words(guard) if guard.owner is None else f"{guarded}; then {locked_words(guard)}"


def _place(guard: Guard, operation: str) -> str:
    if operation not in guard.queue:
        return "this operation has no place in its queue"
    ahead = guard.queue.index(operation)
    return "this operation is next" if ahead == 0 else f"{ahead} operations are ahead in the queue"


def locked(hub: Hub, guard: Guard, by: str, why: str, until: float | None) -> Write:
    """The write that locks it for a person; whoever owns it keeps it until its end."""
    return _written(hub, changed(guard, locked_by=by, locked_why=why, locked_at=hub.now(), due=until), guard.owner)


def unlocked(hub: Hub, guard: Guard) -> Write:
    """The write that takes the lock off, and gives it to the next if nobody owns it."""
    free = changed(guard, locked_by=None, locked_why=None, locked_at=None, due=None)
    return _passed(hub, free) if free.owner is None else _written(hub, free, free.owner)


def locked_cluster(hub: Hub, cluster: str) -> str | None:
    """Why nothing in the cluster (`account/region/name`) may begin, or None."""
    place, _, name = cluster.rpartition("/")
    guard = read(hub, f"{place}/cluster/{name}")
    return locked_words(guard) if guard.locked_by else None


def locked_words(guard: Guard) -> str:
    """Who has locked it, and why."""
    until = "" if guard.due is None else f" (until {utc(guard.due)})"
    return f"{guard.key} is locked by {guard.locked_by}: {guard.locked_why}{until}"


def _passed(hub: Hub, guard: Guard) -> Put:
    """The guard with the next in its queue, or with nobody while a person has locked it."""
    if guard.locked_by or not guard.queue:
        return _written(hub, guard, None)
    return _written(hub, changed(guard, queue=guard.queue[1:]), guard.queue[0])


def _written(hub: Hub, guard: Guard, owner: str | None) -> Put:
    """The guard with that owner, if nobody else changed it."""
    since = guard.accepted if owner and owner == guard.owner else hub.now()
    had = owner is not None or guard.locked_by is not None
    now = changed(
        guard,
        version=guard.version + 1,
        owner=owner,
        last=owner or guard.owner or guard.last,
        accepted=(since if owner else guard.locked_at) if had else None,
        roll=roll_of(GUARDS, guard.key) if had else None,
    )
    return Put(guard_key(guard.key), item_of(now), (Equal("version", guard.version or None),))
