"""The scribe: writes a batch of entries into the book, one page for each lane, behind the last page of that lane.

Each entry stands there once, and those of one operation in order, whoever dies and whatever comes twice:

- A page is made if there is none of its number (S3's conditional put), so two writers never fork a lane: who is late
  reads what is there, and writes what is still missing behind it.
- Before a page is put, a note in the table says which entries may come to stand on it; it goes when all of them are
  known to be told. Whoever is given them again, after a scribe that died, looks at the pages that notes name.
- A scribe sits down before it asks the table what was told, and reads the heads of the lanes before the notes. So what
  it neither finds told nor noted is on no page up to that head; and all pages behind it are read before one is put.
"""

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from lambdas.audit.book import Head, Json, Page, following, lane_of, opened, place_of
from lambdas.errors import Transient, WindlassError
from lambdas.table import Below, Delete, Item, Key, Put, Refused, Table

PARTITION = "book"
TRIES = 20
"""Pages that others wrote meanwhile, after which what is left of a lane's entries is left to a later try."""
KEPT = 86_400.0
"""Seconds after which a note is of no use: a stream keeps its records as long, and then nobody is given them again.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html"""
_LANE, _NOTE = "lane#", "note#"


class Shelf(Protocol):
    """Where pages stand. Faults come as `Transient` or `Throttled`: the page may or may not stand there."""

    def put(self, key: str, body: bytes) -> bool:
        """Whether it was put there; False: there is one already."""

    def get(self, key: str) -> bytes:
        """One that is there."""


@dataclass(frozen=True)
class Note:
    """Which entries may have come to stand on which pages: their marks, by the pages' keys."""

    pages: Mapping[str, Collection[str]]
    at: float

    @property
    def key(self) -> Key:
        """The same for the same pages and entries: who tries again writes no second one."""
        return Key(PARTITION, _NOTE + _digest(json.dumps(self._written, sort_keys=True), 24))

    @property
    def item(self) -> Item:
        return {"pages": self._written, "at": self.at}

    @property
    def marks(self) -> Iterator[str]:
        return (mark for marks in self.pages.values() for mark in marks)

    @property
    def _written(self) -> dict[str, list[str]]:
        return {key: list(marks) for key, marks in self.pages.items()}


@dataclass(frozen=True)
class Scribe:
    table: Table
    shelf: Shelf
    now: Callable[[], float]

    def sit(self) -> "Sitting":
        """Begin a batch. Before anybody asks the table what was told of it, and in this order: see above."""
        known = heads(self.table)
        return Sitting(self, known, notes(self.table))


@dataclass
class Sitting:
    """One batch of one scribe: how the book stood before, and what it has come to since."""

    scribe: Scribe
    heads: dict[int, Head]
    notes: list[Note]
    _read: dict[str, Page] = field(default_factory=dict)

    def write(self, entries: Iterable[Json]) -> None:
        """See to it that each stands in the book. Raises Transient, Throttled: some may, and may be asked for again."""
        lanes: dict[int, dict[str, Json]] = {}
        for one in entries:
            if not self._stands(one):
                lanes.setdefault(lane_of(one), {}).setdefault(one["id"], one)
        pages = [self._following(lane, those.values()) for lane, those in lanes.items()]
        if pages:
            self._note(*pages)
        for page in pages:
            self._put(page)

    def settle(self, told: Iterable[str]) -> None:
        """Of these entries the table says that they were told: nobody looks for them in notes any more."""
        marks, outdated = frozenset(map(mark_of, told)), self.scribe.now() - KEPT
        for note in self.notes:
            if note.at < outdated or marks.issuperset(note.marks):
                with suppress(WindlassError):  # left until it is too old
                    self.scribe.table.write(Delete(note.key))

    def _stands(self, entry: Json) -> bool:
        """Whether another scribe, who died, has written it. Of a page behind the head the put itself will tell."""
        mark = mark_of(entry["id"])
        named = (key for note in self.notes for key, marks in note.pages.items() if mark in marks)
        return any(_has(self._page(key), entry) for key in named if self._is_known(key))

    def _is_known(self, key: str) -> bool:
        lane, number = place_of(key)
        return number <= self._head(lane).number

    def _page(self, key: str) -> Page:
        if key not in self._read:
            self._read[key] = opened(self.scribe.shelf.get(key))
        return self._read[key]

    def _put(self, page: Page) -> None:
        for _ in range(TRIES):
            if self.scribe.shelf.put(page.key, page.body):
                return self._advance(page)
            there = self._page(page.key)
            missing = [one for one in page.entries if not _has(there, one)]
            if not missing:
                return self._advance(there)  # by ourselves, and the answer was lost; or by a scribe that died
            self.heads[page.lane] = there.head
            page = self._following(page.lane, missing)
            self._note(page)
        raise Transient(f"lane {page.lane} of the book is being written by many")

    def _following(self, lane: int, entries: Iterable[Json]) -> Page:
        written = datetime.fromtimestamp(self.scribe.now(), UTC).isoformat(timespec="milliseconds")
        return following(lane, self._head(lane), written, entries)

    def _head(self, lane: int) -> Head:
        return self.heads.get(lane, Head())

    def _note(self, *pages: Page) -> None:
        note = Note({page.key: [mark_of(one["id"]) for one in page.entries] for page in pages}, self.scribe.now())
        self.scribe.table.write(Put(note.key, note.item))
        self.notes.append(note)

    def _advance(self, page: Page) -> None:
        self.heads[page.lane] = page.head
        row = {"page": page.number, "seal": page.seal}
        with suppress(Refused):  # somebody has told of a later one
            self.scribe.table.write(Put(head_key(page.lane), row, (Below("page", page.number),)))


def head_key(lane: int) -> Key:
    return Key(PARTITION, f"{_LANE}{lane}")


def heads(table: Table) -> dict[int, Head]:
    """The last pages that the table knows of, by lane."""
    rows = table.of(PARTITION, _LANE)
    return {int(row["sk"].removeprefix(_LANE)): Head(row["page"], row["seal"]) for row in rows}


def notes(table: Table) -> list[Note]:
    """Of the scribes that are at work, and of those that died over it."""
    return [Note(row["pages"], row["at"]) for row in table.of(PARTITION, _NOTE)]


def mark_of(entry: str) -> str:
    """By which a note knows an entry: short, since two alike only have a page read for nothing."""
    return _digest(entry, 12)


def _digest(text: str, length: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def _has(page: Page, entry: Json) -> bool:
    return any(one["id"] == entry["id"] for one in page.entries)
