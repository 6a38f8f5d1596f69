"""When two moments of two runs are the same but for the time: then whatever goes wrong next has the same outcome.

What a run does from an invocation of a function on depends on the table, the clouds, the executions, on what is to
come, and on nothing else. Of these are left out: what is only told (reasons, counts of looks), how full the brakes'
buckets are, and times, of which is kept whether they are past, near or far.

This is a reduction by equivalent states, as model checkers make it. It rests on what is left out not mattering, which
tests/rehearsal/test_sameness.py tries: runs that are taken for the same are played, and end the same.
"""

import re
from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import datetime
from functools import cache, partial
from hashlib import blake2b
from types import FunctionType, MethodType
from typing import Any

from lambdas.table import Item
from rehearsal.execution import Branch, Execution
from rehearsal.fake_cloud import Place
from rehearsal.fake_cloud.shelf import Shelf
from rehearsal.world import World

NEAR = 130.0
"""Seconds within which what is to come can meet what happens now: the cloud settles for 90, a look is made in 60."""

EPOCHS = (1.6e9, 2.2e9)
"""Numbers between are seconds since 1970, those a thousand times as large milliseconds."""

ISO = re.compile(r"2\d\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
REHEARSED = re.compile(r"rehearsed: .*", re.DOTALL)
"""What an error of a rehearsal says of its call."""

TOLD = frozenset({"version", "events", "reason", "error", "cause", "did", "trouble", "attempts"})
"""Attributes of rows that nobody decides by; of some it matters whether they are there."""

LEVELS = frozenset({"until", "last", "next", "as_of", "started", "levels"})
"""How full buckets are, and the sweep's rhythm."""


class Moments:
    """The moments in which functions begin, one after the other as a run comes to them."""

    def __init__(self, world: World, after: int = 0) -> None:
        """From the call of that number on."""
        self._world, self._after, self._at, self._last = world, after, world.clock.now, b""
        self._calls: list[int] = []
        """How many calls there had been at each."""
        self._alike: list[bytes] = []
        world.invocations.append(self._begins)

    def of(self, call: int) -> tuple[int, bytes] | None:
        """The last that came before the call of this number: how many calls there had been, and what it is like."""
        found = bisect_left(self._calls, call) - 1
        return (self._calls[found], self._alike[found]) if found >= 0 else None

    def _begins(self, where: str) -> None:
        """A function may begin inside another, whose thoughts are no part of the world: what began since time last
        moved belongs to the moment."""
        if self._world.faults.calls < self._after:
            return
        now = self._world.clock.now
        chained = self._last if now == self._at else b""
        text = repr((where, likeness(self._world))).encode()
        self._at, self._last = now, blake2b(chained + text, digest_size=16).digest()
        self._calls.append(self._world.faults.calls)
        self._alike.append(self._last)


def likeness(world: World) -> list[Any]:
    """All that is to be, as plain values: equal for two moments from which the same will happen.

    Of faults that last only the kind: each concerns one call of one state, and the way back leads to no such state.
    """
    told = _Plain(world.clock.now)
    return [
        [told.row(row) for row in world.table.rows() if row["sk"] != "evidence"],
        [told.place(place) for place in world.cloud.places()],
        [told.execution(one) for one in world.machines.executions.values()],
        told.to_come(world.clock.to_come()),
        [getattr(model, "__qualname__", "") for model in world.faults.models],
        world.stream.age > 0,
    ]


class _Plain:
    """Values as they are at one time."""

    def __init__(self, now: float) -> None:
        self._now = now

    def row(self, row: Item) -> Any:
        left_out = TOLD | LEVELS if row["pk"].startswith(("brake#", "sweep")) else TOLD
        kept = {name: value for name, value in row.items() if name not in left_out}
        return self.of(kept) + [name for name in ("did", "error") if name in row]

    def place(self, place: Place) -> Any:
        """One account's Region, and what was ever done in it."""
        shelves: list[Shelf[Any]] = [place.templates, place.groups, place.hooks, place.policies, place.actions]
        shelves += [place.activities, place.alarms, place.behind, *place.shelves.values()]
        deeds = Counter(f"{one.did} {one.kind} {one.name} {one.operation} {one.what}" for one in place.deeds)
        return [
            [self.shelf(one) for one in shelves],
            *map(self.of, (place.draining, place.states, place.instances)),
            self.to_come(place.to_come()),
            sorted(deeds.items()),
        ]

    def shelf(self, shelf: Shelf[Any]) -> Any:
        """What is there, and what a late read may still show otherwise."""
        unseen = ((name, self.of(seen), ago, self.of(is_)) for name, seen, ago, is_ in shelf.unseen(self._now))
        return [self.of(shelf.things), sorted(map(repr, unseen))]

    def execution(self, execution: Execution) -> Any:
        return [execution.name, execution.status.value, execution.path, self.branch(execution.root)]

    def branch(self, branch: Branch) -> Any:
        seen = [branch.state.name, branch.token is not None, *map(self.of, (branch.data, branch.variables))]
        return [*seen, branch.counts, [self.branch(child) for child in branch.children]]

    def to_come(self, what: Iterator[tuple[float, Any]]) -> list[str]:
        """Not how often: a sweep that comes twice in a moment finds nothing the second time."""
        return sorted({repr((self.time(due), self.of(call))) for due, call in what})

    def time(self, at: float) -> str:
        ahead = at - self._now
        return "past" if ahead <= 0 else "near" if ahead <= NEAR else "far"

    def of(self, value: Any) -> Any:
        """Anything, without times and ids of objects."""
        if isinstance(value, str):
            return self._text(value)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int | float):
            return self._number(value)
        return self._gathered(value)

    def _gathered(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return sorted([str(name), self.of(one)] for name, one in value.items())
        if isinstance(value, set | frozenset):
            return sorted(repr(self.of(one)) for one in value)
        if isinstance(value, list | tuple | deque):
            return [self.of(one) for one in value]
        return self._named(value)

    def _named(self, value: Any) -> Any:
        match value:
            case FunctionType():
                return [value.__qualname__, *(self.of(one.cell_contents) for one in value.__closure__ or ())]
            case MethodType():
                return [value.__func__.__qualname__, self.of(value.__self__)]
            case partial():
                return [self.of(value.func), self.of(value.args)]
            case Branch():
                return [value.execution.name, value.state.name]
            case _:
                named = _fields(type(value))  # type: ignore[arg-type]  # mypy does not see that classes are hashable
                return [type(value).__name__, *(self.of(getattr(value, name)) for name in named)]

    def _text(self, text: str) -> str:
        if "rehearsed: " in text:
            text = REHEARSED.sub("rehearsed", text)
        return ISO.sub(lambda found: self.time(datetime.fromisoformat(found[0]).timestamp()), text)

    def _number(self, number: float) -> Any:
        for scale in (1, 1000):
            if EPOCHS[0] * scale < number < EPOCHS[1] * scale:
                return self.time(number / scale)
        return number


@cache
def _fields(kind: type) -> tuple[str, ...]:
    """Of a frozen dataclass, which is a value; none of anything else, which is somebody."""
    frozen = getattr(getattr(kind, "__dataclass_params__", None), "frozen", False)
    return tuple(one.name for one in fields(kind)) if frozen else ()
