"""The scribe writes each entry once, behind the last of its lane, whoever writes beside it and whatever dies."""

from typing import Any

import pytest

from lambdas.audit.book import Head, lane_of, opened, verified
from lambdas.audit.scribe import KEPT, TRIES, Scribe, head_key, heads, notes
from lambdas.errors import Transient
from rehearsal.heralds import Shelf
from rehearsal.memory_table import MemoryTable

NOW = 1_700_000_000.0


def entry(identifier: str) -> Any:
    return {"id": identifier, "operation": identifier}


IDS = [f"entry-{number}" for number in range(200)]
LANE = lane_of(entry(IDS[0]))
ALIKE = [one for one in IDS if lane_of(entry(one)) == LANE]
"""Ids of one lane."""


class Dying(Shelf):
    """Puts, and dies before it answers: as often as is said."""

    dies = 1

    def put(self, key: str, body: bytes) -> bool:
        put = super().put(key, body)
        if put and self.dies:
            self.dies -= 1
            raise Transient("the answer was lost")
        return put


def scribe(table: MemoryTable, shelf: Shelf, now: float = NOW) -> Scribe:
    return Scribe(table, shelf, lambda: now)


def write(writer: Scribe, *ids: str) -> None:
    writer.sit().write(map(entry, ids))


def written(shelf: Shelf) -> list[str]:
    return [one["id"] for _, body in sorted(shelf.pages.items()) for one in opened(body).entries]


def whole(shelf: Shelf, table: MemoryTable) -> bool:
    return not list(verified(sorted(shelf.pages.items()), heads(table)))


def test_a_batch_is_one_page_for_each_of_its_lanes_in_order() -> None:
    table, shelf = MemoryTable(), Shelf()

    write(scribe(table, shelf), *IDS)

    assert len(shelf.pages) == len({lane_of(entry(one)) for one in IDS})
    assert sorted(written(shelf)) == sorted(IDS)
    assert [one for one in written(shelf) if one in ALIKE] == ALIKE
    assert whole(shelf, table)


def test_batches_stand_behind_one_another() -> None:
    table, shelf = MemoryTable(), Shelf()
    writer = scribe(table, shelf)

    for one in IDS:
        write(writer, one)

    assert sorted(written(shelf)) == sorted(IDS)
    assert [one for one in written(shelf) if one in ALIKE] == ALIKE
    assert whole(shelf, table)
    assert table.get(head_key(LANE))["page"] == len(ALIKE) - 1  # type: ignore[index]


def test_an_entry_that_a_batch_has_twice_is_written_once() -> None:
    table, shelf = MemoryTable(), Shelf()

    write(scribe(table, shelf), IDS[0], IDS[0])

    assert written(shelf) == [IDS[0]]


def test_scribes_that_sat_down_at_once_write_one_chain_and_no_entry_twice() -> None:
    table, shelf = MemoryTable(), Shelf()
    first, second, third = (scribe(table, shelf).sit() for _ in range(3))

    first.write(map(entry, ALIKE[:2]))
    second.write(map(entry, ALIKE[1:3]))
    third.write(map(entry, ALIKE[:4]))

    assert written(shelf) == ALIKE[:4]
    assert len(shelf.pages) == 3
    assert whole(shelf, table)


def test_what_stands_there_although_nobody_heard_is_not_written_again() -> None:
    table, shelf = MemoryTable(), Dying()
    with pytest.raises(Transient):
        write(scribe(table, shelf), ALIKE[0])

    write(scribe(table, shelf), ALIKE[0], ALIKE[1])

    assert written(shelf) == ALIKE[:2]
    assert whole(shelf, table)


def test_what_a_scribe_that_died_has_written_is_found_however_much_stands_behind_it() -> None:
    table, shelf = MemoryTable(), Dying()
    with pytest.raises(Transient):
        write(scribe(table, shelf), ALIKE[0])
    for number in range(2 * TRIES):
        scribe(table, shelf).sit().write([entry(ALIKE[1]) | {"id": str(number)}])

    write(scribe(table, shelf), ALIKE[0], ALIKE[2])

    assert written(shelf).count(ALIKE[0]) == 1
    assert written(shelf)[-1] == ALIKE[2]
    assert whole(shelf, table)


def test_a_page_that_lands_late_finds_its_place_taken() -> None:
    """The put of a scribe that died is still on its way."""
    late: list[tuple[str, bytes]] = []

    class Lazy(Shelf):
        def put(self, key: str, body: bytes) -> bool:
            late.append((key, body))
            raise Transient("it takes effect later")

    table, shelf = MemoryTable(), Shelf()
    with pytest.raises(Transient):
        write(scribe(table, Lazy()), ALIKE[0])

    write(scribe(table, shelf), ALIKE[0], ALIKE[1])

    assert [shelf.put(*one) for one in late] == [False]
    assert written(shelf) == ALIKE[:2]


def test_a_page_that_the_table_never_heard_of_is_written_behind() -> None:
    table, shelf = MemoryTable(), Dying()
    with pytest.raises(Transient):
        write(scribe(table, shelf), ALIKE[0])

    write(scribe(table, shelf), ALIKE[1])

    assert heads(table) == {LANE: Head(1, opened(shelf.pages[sorted(shelf.pages)[1]]).seal)}
    assert written(shelf) == ALIKE[:2]


def test_the_table_never_forgets_a_later_page() -> None:
    table, shelf = MemoryTable(), Shelf()
    slow = scribe(table, shelf).sit()
    write(scribe(table, shelf), ALIKE[0])
    write(scribe(table, shelf), ALIKE[1])

    slow.write([entry(ALIKE[0])])

    assert heads(table)[LANE].number == 1


def test_notes_go_when_what_they_name_is_told() -> None:
    table, shelf = MemoryTable(), Dying()
    with pytest.raises(Transient):
        write(scribe(table, shelf), *IDS[:3])
    sitting = scribe(table, shelf).sit()
    sitting.write(map(entry, IDS[:4]))
    assert len(notes(table)) == 2

    sitting.settle(IDS[:2])
    assert len(notes(table)) == 2  # one of its entries is nobody known to be told of
    sitting.settle(IDS[:4])

    assert notes(table) == []


def test_a_note_that_is_too_old_for_anybody_to_ask_for_goes() -> None:
    table, shelf = MemoryTable(), Shelf()
    write(scribe(table, shelf), IDS[0])

    scribe(table, shelf, NOW + KEPT).sit().settle([])
    assert len(notes(table)) == 1
    scribe(table, shelf, NOW + KEPT + 1).sit().settle([])

    assert notes(table) == []


def test_whoever_tries_the_same_again_adds_no_note() -> None:
    class Shut(Shelf):
        def put(self, key: str, body: bytes) -> bool:
            raise Transient("no page is taken")

    table, shelf = MemoryTable(), Shut()
    for later in range(5):
        with pytest.raises(Transient):
            write(scribe(table, shelf, NOW + later), *IDS)

    assert len(notes(table)) == 1


def test_a_lane_that_others_never_stop_writing_is_left_to_a_later_try() -> None:
    class Crowded(Shelf):
        """Somebody else is always quicker."""

        def put(self, key: str, body: bytes) -> bool:
            return False

    crowded, others = Crowded(), Shelf()
    writer = scribe(MemoryTable(), others)
    for number in range(TRIES + 1):
        writer.sit().write([entry(ALIKE[1]) | {"id": str(number)}])
    crowded.pages = others.pages

    with pytest.raises(Transient, match="written by many"):
        write(scribe(MemoryTable(), crowded), ALIKE[0])
