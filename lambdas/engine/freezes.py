"""Freeze windows: while one holds, no operation that it covers begins. What has begun goes on, what is put back is.

It is looked at when an operation is accepted, and once more before its plan is made (`engine/barriers.py`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from math import inf, isinf
from typing import Any

from lambdas.engine import acts, journal
from lambdas.engine.control import RACES, expires
from lambdas.engine.windows import Weekly, WeekMoment, Window
from lambdas.errors import Conflict, NotFound, WindlassError
from lambdas.hub import Hub
from lambdas.rows import Control, utc
from lambdas.table import Absent, Condition, Delete, Equal, Item, Key, Put, Refused, Write

PARTITION = "freezes"
"""One small query reads all there are."""
OVERRIDDEN = "FreezeOverridden"
"""Where it stands in the operation's journal."""
MOST = 20
"""Windows in a row after which a freeze has no end that is worth telling."""


class Frozen(WindlassError):
    """The operation may not begin now; says which freeze keeps it, why, and until when."""

    def __init__(self, sentence: str, until: float | None) -> None:
        """`until`: epoch seconds; None where no end is known."""
        super().__init__(sentence)
        self.until = until


@dataclass(frozen=True)
class Names:
    """Patterns (`*` stands for any text) of what operations are about."""

    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    applications: tuple[str, ...] = ()
    clusters: tuple[str, ...] = ()
    """By name: `shop-prod`."""
    operations: tuple[str, ...] = ()
    """By type: `createServerGroup`."""
    callers: tuple[str, ...] = ()
    """Authenticated callers, or users they speak for."""

    def cover(self, row: Control) -> bool:
        """Whether each field that names anything names what the operation is about."""
        return all(_any(patterns, values) for patterns, values in self._pairs(row) if patterns)

    def cover_account(self, account: str) -> bool:
        """Whether anything in that account may be covered."""
        return not self.accounts or _any(self.accounts, (account,))

    def touch(self, row: Control) -> bool:
        """Whether any field names what the operation is about."""
        return any(_any(patterns, values) for patterns, values in self._pairs(row))

    def _pairs(self, row: Control) -> Iterator[tuple[tuple[str, ...], Sequence[str]]]:
        yield self.accounts, (row.account,)
        yield self.regions, (row.region,)
        yield self.applications, (row.application,)
        yield self.clusters, (row.cluster.rpartition("/")[2],)
        yield self.operations, (row.name,)
        yield self.callers, (row.caller, *([row.user] if row.user else ()))


@dataclass(frozen=True)
class Freeze:
    """One declared window."""

    name: str
    reason: str
    window: Window
    scope: Names = field(default_factory=Names)
    exempt: Names = field(default_factory=Names)
    """What goes on all the same: whatever any of these names."""
    by: str = ""
    at: float = 0.0
    """When it was declared, or changed last."""
    version: int = 0

    def until(self, row: Control, at: float) -> float | None:
        """Until when it keeps that operation from beginning at that time; infinite: nobody knows. None: it does not."""
        if not self.scope.cover(row) or self.exempt.touch(row):
            return None
        span = self.window.span(at)
        return None if span is None else span[1]


def declared(hub: Hub) -> list[Freeze]:
    """All freezes, by name; those to come too."""
    return [_freeze(item) for item in hub.table.of(PARTITION, "freeze#")]


def find(hub: Hub, name: str) -> Freeze | None:
    item = hub.table.get(_key(name))
    return None if item is None else _freeze(item)


def in_force(hub: Hub, row: Control) -> str | None:
    """Why the operation may not begin now, or None; whoever overrides freezes may."""
    if row.override_freeze is not None:
        return None
    stops = _stops(declared(hub), row, hub.now())
    return None if stops is None else str(stops)


def admit(hub: Hub, rows: Iterable[Control], *, waits: bool) -> Iterator[Write]:
    """Accept these operations as far as freezes go. Yields what is to be written of those that override one.

    `waits`: a frozen operation is accepted if it can begin before its deadline. Raises Frozen.
    """
    freezes = declared(hub)
    for row in rows if freezes else ():
        stops = _stops(freezes, row, hub.now())
        if stops is None:
            continue
        if row.override_freeze is not None:
            did = f"overrode freeze {stops.freeze.name!r} ({stops.freeze.reason}): {row.override_freeze}"
            yield journal.entry(hub, row.id, OVERRIDDEN, did)
        elif not waits:
            raise Frozen(f"{stops}; {_remedy(row, stops)}", stops.end)
        elif stops.thaws >= (deadline := expires(row) or inf):
            raise Frozen(f"{stops}; it may not begin after {utc(deadline)}: give it longer", stops.end)


def declare(hub: Hub, freeze: Freeze, by: str) -> Freeze:
    """Declare it, or change what was declared under its name; the same once more changes nothing. Raises Conflict.

    Returns it as it stands.
    """
    stands = freeze

    def declared_anew(known: Freeze | None) -> Sequence[Write]:
        nonlocal stands
        if known is not None and replace(freeze, by=known.by, at=known.at, version=known.version) == known:
            stands = known
            return ()
        version = known.version if known else 0
        stands = replace(freeze, by=by, at=hub.now(), version=version + 1)
        did = f"{'changed' if known else 'declared'} freeze {freeze.name!r} ({_when(freeze)}): {freeze.reason}"
        return Put(_key(freeze.name), _item(stands), (_stands(known),)), acts.act(hub, PARTITION, by, did)

    _changed(hub, freeze.name, declared_anew)
    return stands


def remove(hub: Hub, name: str, by: str) -> None:
    """Take it away: what waits for it begins within a minute. Twice is once. Raises NotFound, Conflict."""

    def removed(known: Freeze | None) -> Sequence[Write]:
        if known is None:
            if any(one.did == _removed(name) for one in acts.read(hub, PARTITION)):
                return ()
            raise NotFound(f"there is no freeze {name!r}; GET /freezes lists them")
        return _away(hub, known, by)

    _changed(hub, name, removed)


def expire(hub: Hub, name: str) -> None:
    """Take away a freeze whose time is over."""

    def over(known: Freeze | None) -> Sequence[Write]:
        ends = None if known is None else known.window.ends
        return () if known is None or ends is None or ends > hub.now() else _away(hub, known, acts.ITSELF)

    _changed(hub, name, over)


@dataclass(frozen=True)
class _Stops:
    """The freeze that keeps an operation from beginning, and when nothing does any more."""

    freeze: Freeze
    row: Control
    until: float
    """When that freeze lets go."""
    thaws: float
    """When no other does either."""

    @property
    def end(self) -> float | None:
        return None if isinf(self.thaws) else self.thaws

    def __str__(self) -> str:
        freeze, row = self.freeze, self.row
        until = "until it is taken away" if isinf(self.until) else f"until {utc(self.until)}"
        others = f" (and others until {utc(self.thaws)})" if self.until < self.thaws < inf else ""
        return (
            f"freeze {freeze.name!r} keeps {row.name} of {row.cluster} from beginning {until}{others}: "
            f"{freeze.reason} (declared by {freeze.by})"
        )


def _stops(freezes: Sequence[Freeze], row: Control, now: float) -> _Stops | None:
    holding = [(until, one.name, one) for one in freezes if (until := one.until(row, now)) is not None]
    if not holding:
        return None
    until, _, freeze = max(holding, key=lambda each: each[:2])
    return _Stops(freeze, row, until, _thaws(freezes, row, until))


def _thaws(freezes: Sequence[Freeze], row: Control, at: float) -> float:
    """When nothing keeps it any more: one window may follow on another."""
    for _ in range(MOST):
        ends = [until for one in freezes if (until := one.until(row, at)) is not None] if at < inf else []
        if not ends:
            return at
        at = max(ends)
    return inf


def _remedy(row: Control, stops: _Stops) -> str:
    ways = [
        *(["send it again then"] if stops.end is not None else []),
        *(["ask with ?whenFrozen=wait"] if row.door == "windlass" else []),
        "say overrideFreeze with a reason",
    ]
    return ", or ".join(ways)


def _when(freeze: Freeze) -> str:
    window = freeze.window
    bounds = [f"{word} {utc(at)}" for word, at in (("from", window.begins), ("until", window.ends)) if at is not None]
    weekly = [str(window.weekly)] if window.weekly else []
    return " ".join((*weekly, *bounds)) or "until it is taken away"


def _any(patterns: Iterable[str], values: Iterable[str]) -> bool:
    return any(fnmatchcase(value, pattern) for value in values for pattern in patterns)


def _changed(hub: Hub, name: str, change: Callable[[Freeze | None], Sequence[Write]]) -> None:
    for _ in range(RACES):
        writes = change(find(hub, name))
        if not writes:
            return None
        try:
            return hub.table.write(*writes)
        except Refused:
            continue
    raise Conflict(f"freeze {name!r} is being changed by several at once; send it again")


def _away(hub: Hub, known: Freeze, by: str) -> Sequence[Write]:
    return Delete(_key(known.name), (_stands(known),)), acts.act(hub, PARTITION, by, _removed(known.name))


def _removed(name: str) -> str:
    return f"took freeze {name!r} away"


def _stands(known: Freeze | None) -> Condition:
    return Absent() if known is None else Equal("version", known.version)


def _key(name: str) -> Key:
    return Key(PARTITION, f"freeze#{name}")


def _item(freeze: Freeze) -> dict[str, Any]:
    window = freeze.window
    weekly = window.weekly and {
        "begins": str(window.weekly.begins),
        "ends": str(window.weekly.ends),
        "zone": window.weekly.zone,
    }
    item = {
        "name": freeze.name,
        "reason": freeze.reason,
        "by": freeze.by,
        "at": freeze.at,
        "version": freeze.version,
        "begins": window.begins,
        "due": window.ends,  # then the sweep takes it away
        "weekly": weekly,
        "scope": _lists(freeze.scope),
        "exempt": _lists(freeze.exempt),
    }
    return {name: value for name, value in item.items() if value is not None}


def _freeze(item: Item) -> Freeze:
    return Freeze(
        item["name"],
        item["reason"],
        Window(item.get("begins"), item.get("due"), _weekly(item.get("weekly"))),
        _names(item["scope"]),
        _names(item["exempt"]),
        item["by"],
        item["at"],
        item["version"],
    )


def _weekly(known: Mapping[str, str] | None) -> Weekly | None:
    if known is None:
        return None
    return Weekly(WeekMoment.parse(known["begins"]), WeekMoment.parse(known["ends"]), known["zone"])


def _lists(names: Names) -> dict[str, list[str]]:
    return {field: list(patterns) for field, patterns in vars(names).items() if patterns}


def _names(known: Mapping[str, Sequence[str]]) -> Names:
    return Names(**{field: tuple(patterns) for field, patterns in known.items()})
