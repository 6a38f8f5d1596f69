"""Pages and their seals. Standard library only: an auditor needs nothing else of Windlass.

The book has lanes, so that several writers need not wait for each other; each lane is a chain of its own. A page is an
object `book/<lane>/<number>.json`: canonical JSON with the seal of the page before it in the lane, and its own, the
SHA-256 of all else. What is written is never written again: the numbers of a lane have no gap.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from zlib import crc32

Json = dict[str, Any]
LANES = 16
"""Chains beside one another, so that few writers meet: a lane takes one page after the other."""
FOLDER = "book"
GENESIS = "0" * 64
"""The seal before the first page of a lane."""
_KEY = re.compile(r"(?:.*/)?book/(\d+)/(\d{12})\.json")


@dataclass(frozen=True)
class Head:
    """The last page of a lane."""

    number: int = -1
    seal: str = GENESIS


@dataclass(frozen=True)
class Page:
    lane: int
    number: int
    previous: str
    """The seal of the page before."""
    written: str
    """ISO 8601, UTC."""
    entries: tuple[Json, ...]

    @property
    def key(self) -> str:
        return f"{FOLDER}/{self.lane}/{self.number:012}.json"

    @property
    def seal(self) -> str:
        return hashlib.sha256(_canonical(vars(self))).hexdigest()

    @property
    def head(self) -> Head:
        return Head(self.number, self.seal)

    @property
    def body(self) -> bytes:
        return _canonical({**vars(self), "seal": self.seal})


@dataclass(frozen=True)
class Broken:
    """The first link of a lane that does not hold."""

    key: str
    why: str

    def __str__(self) -> str:
        return f"{self.key}: {self.why}"


def lane_of(entry: Json) -> int:
    """By what it is of: all of one operation, or of one setting, stand in one lane, in order."""
    return crc32(str(entry.get("operation") or entry["setting"]).encode()) % LANES


def following(lane: int, head: Head, written: str, entries: Iterable[Json]) -> Page:
    """The page after that one."""
    return Page(lane, head.number + 1, head.seal, written, tuple(entries))


def opened(body: bytes) -> Page:
    """The page of that body. Raises ValueError where that is no page, or not as it was sealed."""
    try:
        read = json.loads(body)
        seal = read.pop("seal")
        page = Page(**read | {"entries": tuple(read["entries"])})
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ValueError("is no page of the book") from None
    if seal != page.seal or body != page.body:
        raise ValueError("was changed after it was sealed")
    return page


def place_of(key: str) -> tuple[int, int]:
    """Lane and number. Raises ValueError."""
    found = _KEY.fullmatch(key)
    if found is None:
        raise ValueError(f"{key} is no key of a page")
    return int(found[1]), int(found[2])


def verified(pages: Iterable[tuple[str, bytes]], heads: Mapping[int, Head] | None = None) -> Iterator[Broken]:
    """Of each lane the first link that does not hold; pages are their keys and bodies, each lane in order.

    Without `heads`, the last pages that are known from elsewhere, nothing tells that the end of a lane was cut off or
    written anew.
    """
    known, broken = heads or {}, set[int]()
    last = dict.fromkeys(known, Head())
    for key, body in pages:
        lane, _ = place_of(key)
        if lane in broken:
            continue
        try:
            last[lane] = _next(key, body, last.get(lane, Head()), known.get(lane))
        except ValueError as error:
            broken.add(lane)
            yield Broken(key, str(error))
    for lane, head in sorted(known.items()):
        if lane not in broken and last[lane].number < head.number:
            yield Broken(f"{FOLDER}/{lane}/{last[lane].number + 1:012}.json", f"is missing: {head.number} was written")


def _next(key: str, body: bytes, before: Head, known: Head | None) -> Head:
    """The head after that page. Raises ValueError."""
    lane, number = place_of(key)
    if number != before.number + 1:
        raise ValueError(f"follows page {before.number}: what was between is missing")
    page = opened(body)
    if (page.lane, page.number) != (lane, number):
        raise ValueError(f"is page {page.number} of lane {page.lane}")
    if page.previous != before.seal:
        raise ValueError("was not written after the page before it")
    if known is not None and known.number == number and known.seal != page.seal:
        raise ValueError("is not the page that was written")
    return page.head


def _canonical(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
