"""Heralds side by side, who die anywhere and are given the same again: each entry is in the book once, in order."""

import logging
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import suppress
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambdas.audit.book import lane_of, opened, verified
from lambdas.audit.scribe import Scribe, heads
from lambdas.errors import WindlassError
from lambdas.push import herald
from lambdas.push.herald import Change
from lambdas.push.model import Event
from lambdas.push.office import Office
from lambdas.rows import Control, Status, control_key, item_of
from lambdas.table import Put, Refused
from lambdas.values import changed
from rehearsal.heralds import Letters, Outside, Shelf, Topics
from rehearsal.memory_table import MemoryTable
from rehearsal.ports import Push
from tests.push.test_bus_events import ROW
from tests.push.turns import FATES, Function, Turns

NOW = 1_700_000_000.0
STORY = (Status.ACCEPTED, Status.RUNNING, Status.SUCCEEDED)


def of_one_lane(number: int) -> list[str]:
    """Names of operations that meet, and of one that does not."""
    names = [f"op{one}" for one in range(100)]
    there = [one for one in names if lane_of({"operation": one}) == lane_of({"operation": names[0]})]
    return [*there[: number - 1], next(one for one in names if one not in there)]


OPERATIONS = of_one_lane(4)


class Bus:
    """Hears events, each of which has to stand in the book by then."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf, self.heard = shelf, list[str]()

    def put(self, *events: Event) -> None:
        assert {one.id for one in events} <= set(written(self._shelf))
        self.heard += [one.id for one in events]


class Strand:
    """The records of some items, as Lambda deals them: in order, from a failure on again, in halves after a death."""

    def __init__(self, records: list[Change]) -> None:
        self.records, self.limit = records, len(records)
        self.function: Function | None = None
        self.done = 0

    def invoke(self, office: Office, most: int) -> None:
        batch = self.records[: min(self.limit, most)]
        counted = [0]

        def act() -> None:
            with suppress(WindlassError, Refused):
                counted.extend(herald.changed(office, batch))

        self.function = Function(act)
        self._batch, self._counted = batch, counted

    def look(self) -> None:
        """Whether the function has answered, and what."""
        one = self.function
        if one is not None and one.over:
            self.leave(0 if one.died else self._counted[-1], died=one.died)

    def leave(self, done: int, *, died: bool) -> None:
        """The function is over, or Lambda takes it for that: what it did not answer for comes again."""
        self.records = self.records[done:]
        self.limit = max(1, len(self._batch) // 2) if died else len(self.records)
        self.function = None


class Shard:
    """Strands side by side, and everything that can go wrong with them."""

    def __init__(self, random: Random) -> None:
        self.random, self.turns = random, Turns()
        self.table, self.shelf = MemoryTable(), Shelf()
        self.bus = Bus(self.shelf)
        self.strands = [Strand(one) for one in self._records() if one]
        self.zombies: list[Function] = []
        """Functions whose batch was given to others, and who are still at work."""
        self.faults = random.randint(0, 12)
        table = self.turns.over(self.table)
        self.office = Office(
            table=table,
            bus=self.turns.over(self.bus),
            letters=Letters(Outside()),
            topics=Topics(Outside()),
            push=Push(),
            scribe=Scribe(table, self.turns.over(self.shelf), lambda: NOW),
            sagas={},
            now=lambda: NOW,
            source="urn:windlass:test",
        )

    def _records(self) -> list[list[Change]]:
        """Of operations, and of an account that somebody changes, dealt to two strands; each item's in order."""
        strands: list[list[Change]] = [[], []]
        for name in OPERATIONS:
            versions = [changed(ROW, id=name, version=2 + at, status=one, step="") for at, one in enumerate(STORY)]
            self.table.write(Put(control_key(name), item_of(versions[-1])))
            strands[self.random.randint(0, 1)] += [
                Change(None if before is None else _item(before), _item(after), NOW)
                for before, after in zip([None, *versions], versions, strict=False)
            ]
        account = {"pk": "accounts", "sk": "account#prod", "by": "somebody"}
        strands[self.random.randint(0, 1)].append(Change(None, account, NOW))
        return strands

    def play(self) -> None:
        """Until all is dealt with."""
        while any(one.records for one in self.strands) or self.zombies:
            self._land()
            for one in self.strands:
                one.look()
            self.zombies = [one for one in self.zombies if not one.over]
            at_work = [one.function for one in self.strands if one.function is not None]
            if idle := [one for one in self.strands if one.records and one.function is None]:
                self.random.choice(idle).invoke(self.office, self.random.randint(1, 12))
            elif functions := [*at_work, *self.zombies]:
                self._step(self.random.choice(functions))
        self._land(all_of_them=True)

    def _step(self, one: Function) -> None:
        if one.over:
            return
        goes_wrong = self.faults > 0 and self.random.random() < 0.1
        self.faults -= goes_wrong
        one.go(self.random.choice(FATES) if goes_wrong else "")
        if self.faults > 0 and self.random.random() < 0.02:
            self.faults -= 1
            self._take_for_dead(one)

    def _take_for_dead(self, one: Function) -> None:
        for strand in self.strands:
            if strand.function is one and not one.over:
                strand.leave(0, died=True)
                self.zombies.append(one)

    def _land(self, *, all_of_them: bool = False) -> None:
        while self.turns.late and (all_of_them or self.random.random() < 0.3):
            with suppress(WindlassError, Refused):
                self.turns.late.pop(self.random.randrange(len(self.turns.late)))()


def _item(row: Control) -> dict[str, object]:
    key = control_key(row.id)
    return {"pk": key.pk, "sk": key.sk, **item_of(row)}


def written(shelf: Shelf) -> list[str]:
    return [entry["id"] for _, body in sorted(shelf.pages.items()) for entry in opened(body).entries]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**32))
def test_each_entry_is_in_the_book_once_and_those_of_an_operation_in_order(seed: int) -> None:
    shard = Shard(Random(seed))

    shard.play()

    ids = written(shard.shelf)
    events = [f"{name}.{2 + at}" for name in OPERATIONS for at in range(len(STORY))]
    assert list(verified(sorted(shard.shelf.pages.items()), heads(shard.table))) == []
    assert {one: count for one, count in Counter(ids).items() if count > 1} == {}
    assert {one for one in ids if not one.startswith("accounts")} == set(events)
    assert len(ids) == len(events) + 1
    of_each = defaultdict(list)
    for one in ids:
        of_each[one.partition(".")[0]].append(one)
    assert all(of_each[name] == sorted(of_each[name]) for name in OPERATIONS)
    assert set(shard.bus.heard) == set(events)
    rows = [row["sk"] for row in shard.table.rows() if row["sk"].startswith("event#")]
    assert len(rows) == len(events)
