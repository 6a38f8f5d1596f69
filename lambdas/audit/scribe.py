"""The scribe: writes entries into the book, each on a page after the last of its lane.

A page is made if there is none of its number (S3's conditional put), so two writers never fork a lane: who is late
reads what is there, and writes behind it. Then the table is told which page is the last; who dies in between leaves
that to whoever comes next. An entry may be written twice, after a scribe that died before anybody knew: it has the same
id.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from lambdas.audit.book import Head, Json, Page, following, lane_of, opened
from lambdas.errors import Transient
from lambdas.table import Below, Key, Put, Refused, Table

PARTITION = "book"
TRIES = 20
"""Pages that others wrote meanwhile, after which the entry is left to a later try."""


class Shelf(Protocol):
    """Where pages stand. Faults come as `Transient` or `Throttled`: the page may or may not stand there."""

    def put(self, key: str, body: bytes) -> bool:
        """Whether it was put there; False: there is one already."""

    def get(self, key: str) -> bytes:
        """One that is there."""


@dataclass
class Scribe:
    table: Table
    shelf: Shelf
    now: Callable[[], float]
    _heads: dict[int, Head] = field(default_factory=dict)
    """As this process knows them; others may have written since."""

    def write(self, entry: Json) -> None:
        """Write it down. Raises Transient, Throttled."""
        lane = lane_of(entry["id"])
        for _ in range(TRIES):
            page = following(lane, self._head(lane), self._stamp(), [entry])
            if self.shelf.put(page.key, page.body):
                return self._advance(lane, page.head)
            there = opened(self.shelf.get(page.key))
            self._advance(lane, max(there.head, self._told(lane), key=lambda head: head.number))
            if _has(there, entry):
                return None  # by ourselves, and the answer was lost; or by a scribe that died
        raise Transient(f"lane {lane} of the book is being written by many")

    def _head(self, lane: int) -> Head:
        return self._heads.get(lane) or self._told(lane)

    def _told(self, lane: int) -> Head:
        row = self.table.get(head_key(lane))
        return Head() if row is None else Head(row["page"], row["seal"])

    def _advance(self, lane: int, head: Head) -> None:
        self._heads[lane] = head
        row = {"page": head.number, "seal": head.seal}
        with suppress(Refused):  # somebody has told of a later one
            self.table.write(Put(head_key(lane), row, (Below("page", head.number),)))

    def _stamp(self) -> str:
        return datetime.fromtimestamp(self.now(), UTC).isoformat(timespec="milliseconds")


def head_key(lane: int) -> Key:
    return Key(PARTITION, f"lane#{lane}")


def heads(table: Table) -> dict[int, Head]:
    """The last pages that the table knows of, by lane."""
    rows = table.of(PARTITION, "lane#")
    return {int(row["sk"].removeprefix("lane#")): Head(row["page"], row["seal"]) for row in rows}


def _has(page: Page, entry: Json) -> bool:
    return any(one["id"] == entry["id"] for one in page.entries)
