"""The table in memory: what DynamoDB would accept, refuse, index and stream."""

import math
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from lambdas.errors import Broken, Rejected
from lambdas.table import (
    ENROLLED,
    PROJECTED,
    Absent,
    Among,
    Below,
    By,
    Check,
    Condition,
    Equal,
    Exists,
    Item,
    Key,
    Put,
    Refused,
    Update,
    Write,
)
from rehearsal.clock import Clock

MOST_WRITES = 100
"""https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html"""

LARGEST_ITEM = 400 * 1024
LONGEST_PARTITION, LONGEST_SORT = 2048, 1024
"""Bytes, of the table's keys and its indexes': https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html"""
DIGITS = 38
"""Of a number: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html"""

Changed = Callable[[Item | None, Item | None], None]
"""Told of (old, new), as a stream with NEW_AND_OLD_IMAGES tells it."""

_INDEXED = ("pk", "sk", "due", *PROJECTED)
_ENROLLED = ("pk", "sk", "roll", "accepted", *ENROLLED)

_SCALARS = frozenset({str, int, float, bool, type(None)})
_KEPT = _SCALARS | {dict, list}
"""What is stored as it is where nothing is copied."""
_NOTHING: Mapping[str, Any] = MappingProxyType({})


class MemoryTable:
    """Implements `lambdas.table.Table`. Without a clock it tells of changes at once and its indexes never lag.

    Without `isolated`, what is stored and what is read share their nested values, which nobody may change then: a run
    is the same and twice as quick.
    """

    def __init__(
        self,
        clock: Clock | None = None,
        *,
        index_lag: float = 0.0,
        stream_lag: float = 0.2,
        metered: bool = False,
        isolated: bool = True,
    ) -> None:
        self.clock, self.index_lag, self.stream_lag = clock, index_lag, stream_lag
        self.units = Units() if metered else None
        self._items: dict[Key, Item] = {}
        self._behind: dict[Key, Item | None] = {}
        """What the indexes still know of items that have changed since."""
        self._partitions: dict[str, set[Key]] = {}
        self._owed: dict[Key, Item] = {}
        """The indexed items with something to do at a time: a flood's table has a hundred thousand others."""
        self._told: list[tuple[Changed, Callable[[Item | None], bool]]] = []
        self._isolated = isolated
        self._as_it_is, self._copied = (_SCALARS, copied) if isolated else (_KEPT, _shared)

    def peek(self, key: Key) -> Mapping[str, Any]:
        """The item itself, for spectators, who do not change it; empty where there is none."""
        return self._items.get(key, _NOTHING)

    def get(self, key: Key) -> Item | None:
        if self._isolated:
            _named(*key)
        item = self._items.get(key)
        if self.units:
            self.units.read(item)
        return copied(item) if self._isolated and item is not None else item

    def of(self, pk: str, prefix: str = "") -> list[Item]:
        if self._isolated:
            _named(pk)
        keys = [key for key in self._partitions.get(pk, ()) if key.sk.startswith(prefix)]
        found = [self._items[key] for key in sorted(keys)]
        if self.units:
            self.units.read(*found)
        return [copied(item) for item in found] if self._isolated else found

    def write(self, *writes: Write) -> None:
        if len(writes) > 1:
            _one_transaction([one.key for one in writes])
        standing, refused = [], []
        for at, one in enumerate(writes):
            old = self._items.get(one.key)
            if old is None:
                _a_key(one.key)
            if one.when and not _hold(one.when, old):
                refused.append(at)
            standing.append((one, old))
        if refused:
            raise Refused(refused)
        # Made before any of it is stored: a write that cannot be made leaves the others undone as well.
        for key, old, new in [(one.key, old, self._made(one, old)) for one, old in standing]:
            if self.units:
                self.units.write(old, new, in_transaction=len(writes) > 1)
            if new is not old and new != old:  # A write that changes nothing leaves no record in the stream.
                self._store(key, old, new)

    def due(self, before: float) -> list[Item]:
        return self._due(before, waits=False)

    def backlog(self, before: float, most: int) -> list[Item]:
        return self._due(before, waits=True)[:most]

    def _due(self, before: float, *, waits: bool) -> list[Item]:
        due = (item for item in self._owed.values() if item["due"] <= before)
        found = [item for item in due if bool(item.get("backlog")) is waits]
        ordered = sorted(found, key=lambda item: (item["due"], item["pk"], item["sk"]))
        return [{name: item[name] for name in _INDEXED if name in item} for item in ordered]

    def listed(
        self,
        by: By,
        value: str,
        *,
        since: float | None = None,
        until: float | None = None,
        limit: int = 50,
        after: str | None = None,
    ) -> tuple[list[Item], str | None]:
        _named(value)
        end = None if after is None else _parsed(after)
        indexed = {**self._items, **self._behind}.values() if self._behind else self._items.values()
        listed = (item for item in indexed if item is not None and item.get(by) == value)
        found = [(_place(item), item) for item in listed if _is_number(item.get("accepted"))]
        page = sorted(
            ((place, item) for place, item in found if _within(place, since, until, end)),
            key=lambda one: one[0],
            reverse=True,
        )
        cursor = _written(page[limit - 1][0]) if len(page) > limit else None
        return [_as_listed(by, item) for _, item in page[:limit]], cursor

    def clear(self) -> None:
        """Forget everything but who is told of changes."""
        for kept in (self._items, self._behind, self._partitions, self._owed):
            kept.clear()

    def on_change(self, told: Changed, concerns: Callable[[Item | None], bool] = lambda new: True) -> None:
        """Tell of every change from now on, `stream_lag` seconds after it, in the order of the writes.

        `concerns` is the event source's filter, of the new image.
        """
        self._told.append((told, concerns))

    def rows(self) -> list[Item]:
        """Everything, for reports and verdicts."""
        return [copied(self._items[key]) for key in sorted(self._items)]

    def _store(self, key: Key, old: Item | None, new: Item | None) -> None:
        if new is None:
            del self._items[key]
            self._partitions[key.pk].discard(key)
        else:
            self._items[key] = new
            if old is None:
                self._partitions.setdefault(key.pk, set()).add(key)
        if self.index_lag:
            self._behind.setdefault(key, old)
            self._later(self.index_lag, lambda: self._catch_up(key, new))
        elif key in self._owed or (new is not None and "due" in new):
            self._owe(key, new)
        for told, concerns in self._told:
            if concerns(new):
                self._later(self.stream_lag, lambda told=told: told(self._image(old), self._image(new)), always=True)  # type: ignore[misc]

    def _catch_up(self, key: Key, item: Item | None) -> None:
        """The indexes know the item as it was written a while ago."""
        self._behind[key] = item
        if self._items.get(key) is item:
            del self._behind[key]
        self._owe(key, item)

    def _owe(self, key: Key, item: Item | None) -> None:
        if item is not None and _is_number(item.get("due")):
            self._owed[key] = item
        elif key in self._owed:
            del self._owed[key]

    def _image(self, item: Item | None) -> Item | None:
        return copied(item) if self._isolated and item is not None else item

    def _made(self, write: Write, old: Item | None) -> Item | None:
        """The item that the write leaves; None where there is none afterwards."""
        kind = type(write)
        if kind is Update:
            item = self._updated(write, old or {})  # type: ignore[arg-type]
        elif kind is Put:
            item = self._put(write)  # type: ignore[arg-type]
        else:
            return old if kind is Check else None
        item["pk"], item["sk"] = write.key
        return item

    def _put(self, write: Put) -> Item:
        as_it_is, given = self._as_it_is, write.item.items()
        item = {name: one if type(one) in as_it_is else self._copied(one) for name, one in given if one is not None}
        if self._isolated:
            _storable(write.key, item)
        return item

    def _updated(self, write: Update, old: Mapping[str, Any]) -> Item:
        change, add, as_it_is = write.set, write.add, self._as_it_is
        item = {**old, **change}
        if "backlog" in old and "backlog" not in change and ("due" in change or "due" in add):
            del item["backlog"]
        if "pk" in change or "sk" in change or (add and not add.keys().isdisjoint(change)):
            raise Broken(f"{write.key}: an attribute is set twice, or is the key")
        for name, value in change.items():
            if value is None:
                del item[name]
            elif type(value) not in as_it_is:
                item[name] = self._copied(value)
        if add:
            _add(write.key, item, add)
        return item

    def _later(self, delay: float, call: Callable[[], None], *, always: bool = False) -> None:
        if self.clock is None or not (delay or always):
            call()
        else:
            self.clock.at(delay, call)


class Units:
    """Capacity units as DynamoDB bills them: consistent reads, writes by their larger image, transactions twice.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
    """

    def __init__(self) -> None:
        self.reads = self.writes = 0

    def read(self, *items: Item | None) -> None:
        self.reads += max(1, math.ceil(sum(map(size, items)) / 4096))

    def write(self, old: Item | None, new: Item | None, *, in_transaction: bool) -> None:
        units = max(1, math.ceil(max(size(old), size(new)) / 1024))
        self.writes += units * (2 if in_transaction else 1)


def size(value: Any) -> int:
    """Bytes as DynamoDB counts them, within a few.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
    """
    if isinstance(value, str):
        return len(value.encode())
    if isinstance(value, dict):
        return 3 + sum(len(name) + size(one) + 1 for name, one in value.items())
    if isinstance(value, list):
        return 3 + sum(size(one) + 1 for one in value)
    return 1 if value is None or isinstance(value, bool) else _digits(value)


def _digits(number: float) -> int:
    """Bytes of a number. Raises Broken for one that DynamoDB does not take."""
    if isinstance(number, float) and not math.isfinite(number):
        raise Broken(f"{number} is no number to DynamoDB")
    if isinstance(number, int) and abs(number) >= 10**DIGITS and len(str(number).strip("-0")) > DIGITS:
        raise Broken(f"a number of DynamoDB has at most {DIGITS} digits")
    return 1 + len(str(number)) // 2


def copied(value: Any) -> Any:
    """The same JSON value, sharing nothing that can change; a TypeError for what no table can hold."""
    if type(value) in _SCALARS:
        return value
    if isinstance(value, dict):
        return {name: one if type(one) in _SCALARS else copied(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [copied(one) for one in value]
    if isinstance(value, str):
        return str.__str__(value)  # A StrEnum is stored as its text.
    raise TypeError(f"{value!r} is no JSON value")


def _shared(value: Any) -> Any:
    """The same, sharing all that is JSON already."""
    if type(value) is tuple:
        return list(value)
    return str.__str__(value) if isinstance(value, str) else value


def _add(key: Key, item: Item, add: Mapping[str, float]) -> None:
    for name, more in add.items():
        standing = item.get(name, 0)
        if not _is_number(standing):
            raise Broken(f"{key}: {name} is no number")
        item[name] = standing + more


def _one_transaction(keys: list[Key]) -> None:
    """Raises Broken for what DynamoDB answers with ValidationException: a bug of ours, whatever the conditions say."""
    if len(keys) > MOST_WRITES:
        raise Broken(f"{len(keys)} writes in one transaction; {MOST_WRITES} are possible")
    if len(set(keys)) < len(keys):
        raise Broken("a transaction cannot include two writes of one item")


@lru_cache(maxsize=1024)
def _a_key(key: Key) -> None:
    """The same of the key of an item that is not there yet."""
    if "" in key:
        raise Broken(f"{key} has an empty part")
    if _longer(key.pk, LONGEST_PARTITION) or _longer(key.sk, LONGEST_SORT):
        raise Broken(f"the key {key.pk[:80]}… is longer than DynamoDB's {LONGEST_PARTITION} bytes")


def _storable(key: Key, item: Item) -> None:
    """Raises Broken for what DynamoDB answers with ValidationException."""
    for by in ("application", "cluster", "roll"):
        if by in item and (item[by] == "" or _longer(item[by], LONGEST_PARTITION)):
            raise Broken(f"{key}: {by} is the key of an index, and is empty or longer than {LONGEST_PARTITION} bytes")
    try:
        if size(item) > LARGEST_ITEM:
            raise Broken(f"{key} would be larger than {LARGEST_ITEM} bytes")
    except UnicodeEncodeError:
        raise Broken(f"{key} holds half of a character, which is no UTF-8") from None


def _named(pk: str, sk: str = "any") -> None:
    """Raises Broken for a key that DynamoDB does not even look up."""
    if not pk or not sk or _longer(pk, LONGEST_PARTITION) or _longer(sk, LONGEST_SORT):
        raise Broken(f"the key {pk[:80]!r}, {sk[:80]!r} is empty or longer than DynamoDB takes")


def _longer(text: str, limit: int) -> bool:
    """In UTF-8, of which no character has more than four bytes."""
    return len(text) > limit // 4 and len(text.encode(errors="replace")) > limit


def _hold(conditions: tuple[Condition, ...], item: Item | None) -> bool:
    for one in conditions:  # noqa: SIM110 - in half the time that all() takes
        if not _HOLDS[type(one)](one, item):
            return False
    return True


def _equal(condition: Equal, item: Item | None) -> bool:
    return _same(None if item is None else item.get(condition.attribute), condition.value)


def _below(condition: Below, item: Item | None) -> bool:
    found = None if item is None else item.get(condition.attribute)
    return found is None or (_is_number(found) and found < condition.value)


def _among(condition: Among, item: Item | None) -> bool:
    found = None if item is None else item.get(condition.attribute)
    return any(_same(found, value) for value in condition.values)


_HOLDS: dict[type[Condition], Callable[[Any, Item | None], bool]] = {
    Equal: _equal,
    Below: _below,
    Among: _among,
    Exists: lambda condition, item: item is not None,
    Absent: lambda condition, item: item is None,
}


def _same(found: Any, value: Any) -> bool:
    """True and 1 are different values to DynamoDB."""
    if type(found) is type(value) and type(value) in _SCALARS:
        return bool(found == value)
    return isinstance(found, bool) == isinstance(value, bool) and bool(found == copied(value))


def _is_number(value: Any) -> bool:
    kind = type(value)
    return kind is float or kind is int


def _place(item: Item) -> tuple[float, str]:
    return item["accepted"], item["pk"]


def _within(place: tuple[float, str], since: float | None, until: float | None, end: tuple[float, str] | None) -> bool:
    accepted = place[0]
    in_span = (since is None or accepted >= since) and (until is None or accepted <= until)
    return in_span and (end is None or place < end)


def _as_listed(by: By, item: Item) -> Item:
    """The item as that index answers it."""
    return copied(item if by != "roll" else {name: item[name] for name in _ENROLLED if name in item})  # type: ignore[no-any-return]


def _written(place: tuple[float, str]) -> str:
    return f"{place[0]!r} {place[1]}"


def _parsed(cursor: str) -> tuple[float, str]:
    accepted, _, pk = cursor.partition(" ")
    try:
        return float(accepted), pk
    except ValueError:
        raise Rejected("the cursor is not one that an earlier page gave; leave it out to begin anew") from None
