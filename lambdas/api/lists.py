"""Lists: operations and guards that fit a filter, newest first, page by page.

A page is read from the list that is shortest: an application's, a cluster's, what is open, else everything there is.
The rest of the filter looks at the items as they are listed. A page's cursor is a place in time, so it stays good while
operations come and go, and for any filter.
"""

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from heapq import merge
from itertools import groupby
from typing import Generic, NamedTuple, TypeVar

from lambdas.api import records
from lambdas.engine import guards
from lambdas.engine.guards import GUARDS
from lambdas.engine.intake import OPERATIONS
from lambdas.hub import Hub
from lambdas.push import deliveries
from lambdas.push.deliveries import Delivery
from lambdas.rows import Control, Guard, Status, control_key, control_of
from lambdas.table import SHARDS, By, Item, Table, roll_of, rolls

T = TypeVar("T")

OPEN = tuple(status for status in Status if not status.over)
READ = 100
"""Items that one list is asked for at once."""
MOST_READ = 2_000
"""Items looked at for one page: some 2 MB of whole rows, 250 read units, half a second. Then the page ends as it is."""
MOST_OPEN = 500
"""Open operations that are read one by one, a millisecond or three each; of more the newest come from all there is."""

LATEST = 1e11
"""Epoch seconds of the year 5138: a number of DynamoDB has 38 digits, one in a cursor may be anything."""


class Place(NamedTuple):
    """Where a page ends: when the last item that was looked at was accepted, and its name."""

    accepted: float
    name: str


@dataclass(frozen=True)
class Page(Generic[T]):
    rows: tuple[T, ...]
    next: Place | None
    """Where the next page begins; None: there is nothing more."""


@dataclass(frozen=True)
class Filter:
    """What operations have to be; None and empty are not asked for. The span includes both of its ends."""

    application: str | None = None
    cluster: str | None = None
    """`account/region/name`."""
    account: str | None = None
    saga: str | None = None
    statuses: tuple[Status, ...] = ()
    caller: str | None = None
    """Who asked, or on whose behalf."""
    since: float | None = None
    until: float | None = None

    def fits(self, item: Item) -> bool:
        """Whether a control row, or what a list tells of it, is asked for."""
        wanted = {
            "application": self.application,
            "cluster": self.cluster,
            "account": self.account,
            "saga": self.saga,
        }
        return (
            all(value is None or item[name] == value for name, value in wanted.items())
            and (not self.statuses or item["status"] in self.statuses)
            and (self.caller is None or self.caller in (item["caller"], item.get("user")))
            and (self.since is None or item["accepted"] >= self.since)
            and (self.until is None or item["accepted"] <= self.until)
        )


def operations(
    hub: Hub, wanted: Filter, shown: Callable[[Control], bool], *, limit: int, after: Place | None = None
) -> Page[Control]:
    """At most `limit` operations that fit and are shown, newest first; fewer where too many had to be looked at."""
    return fitting(hub, wanted, lambda row: row if shown(row) else None, limit=limit, after=after)


def fitting(
    hub: Hub, wanted: Filter, told: Callable[[Control], T | None], *, limit: int, after: Place | None = None
) -> Page[T]:
    """The same, of those only of which there is something to tell."""

    def found(item: Item) -> T | None:
        row = _whole(hub, item) if wanted.fits(item) else None
        return told(row) if row is not None and wanted.fits(vars(row)) else None

    return _page(_behind(_listed(hub, wanted, after), after), found, limit)


def limited(wanted: Filter, statuses: tuple[Status, ...]) -> Filter:
    """The same filter, of operations in one of these."""
    return replace(wanted, statuses=statuses)


def held(hub: Hub, fits: Callable[[str], bool], *, limit: int, after: Place | None = None) -> Page[Guard]:
    """At most `limit` guards that somebody has and whose keys fit, the one taken last first."""
    everything = newest(hub.table, [("roll", one) for one in rolls(GUARDS)], until=after and after.accepted)

    def fitting(item: Item) -> Guard | None:
        key = item["pk"].removeprefix("guard#")
        guard = guards.read(hub, key) if fits(key) else None
        return guard if guard is not None and guard.accepted is not None else None

    return _page(_behind(everything, after), fitting, limit)


def undelivered(hub: Hub, application: str, *, limit: int, after: Place | None = None) -> Page[Delivery]:
    """At most `limit` dead deliveries of an application, the latest first."""
    everything = newest(
        hub.table, [("roll", roll_of(deliveries.DEAD_LETTERS, application))], until=after and after.accepted
    )

    def fitting(item: Item) -> Delivery | None:
        found = deliveries.at(hub.table, item)
        return found if found is not None and (found.app, found.state) == (application, deliveries.DEAD) else None

    return _page(_behind(everything, after), fitting, limit)


def _page(items: Iterator[Item], fitting: Callable[[Item], T | None], limit: int) -> Page[T]:
    """What fits of these, and where it would go on."""
    found: list[T] = []
    page = _Paged(items)
    for item in page:
        if (row := fitting(item)) is not None:
            found.append(row)
        if len(found) == limit or page.read == MOST_READ:
            return Page(tuple(found), page.next)
    return Page(tuple(found), None)


def newest(
    table: Table, lists: Iterable[tuple[By, str]], since: float | None = None, until: float | None = None
) -> Iterator[Item]:
    """The items of all these lists, newest first; those of one moment by their keys, the last first."""
    merged = merge(*(_all(table, by, value, since, until) for by, value in lists), key=lambda item: -item["accepted"])
    for _, same in groupby(merged, key=lambda item: item["accepted"]):
        yield from sorted(same, key=lambda item: str(item["pk"]), reverse=True)


def sealed(place: Place | None) -> str | None:
    """The cursor as text that needs no quoting in a URL, and invites nobody to read it."""
    return None if place is None else base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def opened(cursor: str) -> Place:
    """Raises ValueError for text that is no cursor of ours: it comes from a caller."""
    try:
        match json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))):
            case [int() | float() as accepted, str(name)] if 0 <= accepted < LATEST:
                return Place(accepted, name)
    except (ValueError, binascii.Error):
        pass
    raise ValueError(f"{cursor!r} is not the `next` of a page; leave it out to begin with the newest")


class _Paged(Iterator[Item]):
    """Items as they are looked at, and where it would go on."""

    def __init__(self, items: Iterator[Item]) -> None:
        self._items = items
        self._last: Item | None = None
        self.read = 0

    def __next__(self) -> Item:
        self._last = next(self._items)
        self.read += 1
        return self._last

    @property
    def next(self) -> Place | None:
        """None where nothing comes after the last item; that is seen by reading on."""
        return None if self._last is None or next(self._items, None) is None else _place(self._last)


def _listed(hub: Hub, wanted: Filter, after: Place | None) -> Iterator[Item]:
    until = min((one for one in (wanted.until, after and after.accepted) if one is not None), default=None)
    if (open_rows := _open(hub, wanted)) is not None:
        return iter(open_rows)
    return newest(hub.table, _lists(wanted), wanted.since, until)


def _lists(wanted: Filter) -> Sequence[tuple[By, str]]:
    if wanted.cluster is not None:
        return [("cluster", wanted.cluster)]
    if wanted.application is not None:
        return [("application", wanted.application)]
    return [("roll", one) for one in rolls(OPERATIONS)]


def _open(hub: Hub, wanted: Filter) -> list[Item] | None:
    """The open operations, where that is the shortest list: what is over can be all there ever was."""
    if wanted.application or wanted.cluster or not wanted.statuses or not set(wanted.statuses) <= set(OPEN):
        return None
    ids = records.open_ids(hub, MOST_OPEN * SHARDS)  # of any shard one too many, if there are too many
    if len(ids) > MOST_OPEN:
        return None
    rows = [item for one in ids if (item := hub.table.get(control_key(one))) is not None]
    return sorted(rows, key=_place, reverse=True)


def _all(table: Table, by: By, value: str, since: float | None, until: float | None) -> Iterator[Item]:
    """One list to its end, read as far as it is asked for."""
    after = None
    while True:
        items, after = table.listed(by, value, since=since, until=until, limit=READ, after=after)
        yield from items
        if after is None:
            return


def _behind(items: Iterator[Item], after: Place | None) -> Iterator[Item]:
    return (item for item in items if after is None or _place(item) < after)


def _place(item: Item) -> Place:
    return Place(item["accepted"], item["pk"])


def _whole(hub: Hub, item: Item) -> Control | None:
    """The control row; a roll tells only what is filtered by, and may lag behind."""
    if "id" in item:
        return control_of(item)
    row = hub.table.get(control_key(item["pk"].removeprefix("op#")))
    return None if row is None else control_of(row)
