"""The table as Windlass sees it: items, conditional writes, one due index, three lists.

A write is a value, so that one transaction can be put together in several places and judged in one. `dynamo.py` renders
writes as DynamoDB expressions, `rehearsal.memory_table.MemoryTable` evaluates them in memory; one contract suite runs
against both. Numbers are ints or floats, an absent attribute is None.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, Protocol
from zlib import crc32

_NOTHING: Mapping[str, Any] = MappingProxyType({})

Item = dict[str, Any]
"""Attributes of one item: JSON values. `pk` and `sk` are its key."""


class Key(NamedTuple):
    pk: str
    sk: str


class Equal(NamedTuple):
    """The attribute has this value; None: it is absent."""

    attribute: str
    value: Any


class Below(NamedTuple):
    """The attribute is absent or a number below this."""

    attribute: str
    value: float


class Among(NamedTuple):
    """The attribute is one of these."""

    attribute: str
    values: tuple[Any, ...]


@dataclass(frozen=True)
class Exists:
    """The item is there."""


@dataclass(frozen=True)
class Absent:
    """There is no such item."""


Condition = Equal | Below | Among | Exists | Absent


class Put(NamedTuple):
    """Write the whole item."""

    key: Key
    item: Mapping[str, Any]
    when: tuple[Condition, ...] = ()


class Update(NamedTuple):
    """Set and add attributes, others stay; a None value removes one. Creates the item unless `when` says otherwise."""

    key: Key
    set: Mapping[str, Any] = _NOTHING
    add: Mapping[str, float] = _NOTHING
    """Numbers to add; an absent attribute counts as 0."""
    when: tuple[Condition, ...] = ()


class Delete(NamedTuple):
    key: Key
    when: tuple[Condition, ...] = ()


class Check(NamedTuple):
    """Writes nothing; the transaction holds only if this does."""

    key: Key
    when: tuple[Condition, ...]


Write = Put | Update | Delete | Check


class Refused(Exception):
    """A condition does not hold: nothing was written.

    `writes` are the positions, in the call, of the writes whose conditions failed.
    """

    def __init__(self, writes: Sequence[int]) -> None:
        super().__init__(f"condition of write {', '.join(map(str, writes))} does not hold")
        self.writes = tuple(writes)


SHARDS = 8
"""Partitions of the due index: DynamoDB gives a partition 1,000 writes a second."""

PROJECTED = (
    *("account", "region", "saga", "kind", "deadline", "expires", "clear"),
    *("caller", "priority", "start_by", "finish_by"),
)
"""What the due index tells of an item besides its key and `due`: what the sweep has to know before it reads a row.

No write of a control row changes one of these, so only one that changes `due` is billed for the index as well.
"""

KEPT_UNTIL = "kept_until"
"""The attribute, epoch seconds, after which DynamoDB deletes a row. Adapters write it with every write of a row of an
operation, and show it to nobody: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html"""

By = Literal["application", "cluster", "roll"]
"""The attribute that names a list."""

ROLLS = 8
"""Lists of all operations, each of which holds every eighth: DynamoDB gives a partition 1,000 writes a second."""

ENROLLED = ("account", "application", "cluster", "saga", "caller", "user", "status")
"""What a roll tells of an item besides its key, `roll` and `accepted`: what lists are filtered by.

Of these only `status` ever changes: an operation is billed three writes of the index (made, begun, ended), whatever
else is written of it meanwhile.
"""


def roll_of(kind: str, name: str) -> str:
    """Which of the rolls of that kind the thing of that name stands on, now and in every later release."""
    return f"{kind}-{crc32(name.encode()) % ROLLS}"


def rolls(kind: str) -> list[str]:
    """All rolls of that kind."""
    return [f"{kind}-{number}" for number in range(ROLLS)]


class Table(Protocol):
    """One table. Faults of DynamoDB come as `Transient` or `Throttled`: the write may or may not have happened."""

    def get(self, key: Key) -> Item | None:
        """The item as last written (a consistent read)."""

    def of(self, pk: str, prefix: str = "") -> list[Item]:
        """All items of the partition whose `sk` begins so, in order of `sk`, consistently read."""

    def write(self, *writes: Write) -> None:
        """All or nothing, at most 100 writes. Raises Refused."""

    def due(self, before: float) -> list[Item]:
        """Items whose attribute `due` (epoch seconds) is at or before that, earliest first; may lag behind writes.

        Of each its key, `due` and what is `PROJECTED`.
        Every item with a number in `due` is in this index; writers set `due` to None where nothing is to be done.
        Items of the backlog stand apart.
        """

    def backlog(self, before: float, most: int) -> list[Item]:
        """The same of items whose attribute `backlog` is true: at most so many, of each shard those due earliest.

        They have partitions of their own, so that tens of thousands of them keep nobody from reading what else is due.
        A write of `due` that says nothing of `backlog` takes the item out of it.
        """

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
        """Items of one list, newest first, and the cursor of the next page. May lag behind writes.

        Whole items of one `application` or one `cluster`; of one `roll` the keys, `accepted` and what is `ENROLLED`.
        Every item with a text in `by` and a number in `accepted` (epoch seconds) is listed; `since` and `until` belong
        to the span. The order of items accepted at the same moment is not defined.
        """
