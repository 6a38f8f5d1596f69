"""The scribe writes each entry behind the last of its lane, whoever writes beside it and whatever dies."""

import pytest

from lambdas.audit.book import Head, lane_of, opened, verified
from lambdas.audit.scribe import TRIES, Scribe, head_key, heads
from lambdas.errors import Transient
from rehearsal.heralds import Shelf
from rehearsal.memory_table import MemoryTable

IDS = [f"entry-{number}" for number in range(200)]
ALIKE = [one for one in IDS if lane_of(one) == lane_of(IDS[0])]
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


def scribe(table: MemoryTable, shelf: Shelf) -> Scribe:
    return Scribe(table, shelf, lambda: 1_700_000_000.0)


def entries(shelf: Shelf) -> list[str]:
    return [entry["id"] for _, body in sorted(shelf.pages.items()) for entry in opened(body).entries]


def whole(shelf: Shelf, table: MemoryTable) -> bool:
    return not list(verified(sorted(shelf.pages.items()), heads(table)))


def test_entries_stand_on_pages_of_their_lanes_in_order() -> None:
    table, shelf = MemoryTable(), Shelf()
    writer = scribe(table, shelf)

    for one in IDS:
        writer.write({"id": one})

    assert sorted(entries(shelf)) == sorted(IDS)
    assert [one for one in entries(shelf) if one in ALIKE] == ALIKE
    assert whole(shelf, table)
    assert table.get(head_key(lane_of(IDS[0])))["page"] == len(ALIKE) - 1  # type: ignore[index]


def test_two_scribes_write_one_chain() -> None:
    table, shelf = MemoryTable(), Shelf()
    both = scribe(table, shelf), scribe(table, shelf)

    for number, one in enumerate(IDS):
        both[number % 2].write({"id": one})

    assert sorted(entries(shelf)) == sorted(IDS)
    assert whole(shelf, table)


def test_a_scribe_that_others_overtook_long_ago_finds_the_end_at_once() -> None:
    table, shelf = MemoryTable(), Shelf()
    late, busy = scribe(table, shelf), scribe(table, shelf)
    late.write({"id": ALIKE[0]})
    for _ in range(TRIES + 1):
        busy.write({"id": ALIKE[1]})

    late.write({"id": ALIKE[2]})

    assert entries(shelf)[-1] == ALIKE[2]
    assert whole(shelf, table)


def test_what_stands_there_although_nobody_heard_is_not_written_again() -> None:
    table, shelf = MemoryTable(), Dying()
    writer = scribe(table, shelf)
    with pytest.raises(Transient):
        writer.write({"id": IDS[0]})

    writer.write({"id": IDS[0]})
    scribe(table, shelf).write({"id": ALIKE[1]})

    assert entries(shelf) == [IDS[0], ALIKE[1]]
    assert whole(shelf, table)


def test_a_page_that_the_table_never_heard_of_is_written_behind() -> None:
    table, shelf = MemoryTable(), Dying()
    with pytest.raises(Transient):
        scribe(table, shelf).write({"id": ALIKE[0]})

    scribe(table, shelf).write({"id": ALIKE[1]})

    assert heads(table) == {lane_of(IDS[0]): Head(1, opened(shelf.pages[sorted(shelf.pages)[1]]).seal)}
    assert entries(shelf) == ALIKE[:2]


def test_the_table_never_forgets_a_later_page() -> None:
    table, shelf = MemoryTable(), Shelf()
    slow, quick = scribe(table, shelf), scribe(table, shelf)
    slow.write({"id": ALIKE[0]})
    first = heads(table)
    quick.write({"id": ALIKE[1]})

    slow._advance(lane_of(IDS[0]), first[lane_of(IDS[0])])

    assert heads(table)[lane_of(IDS[0])].number == 1


def test_a_lane_that_others_never_stop_writing_is_left_to_a_later_try() -> None:
    class Crowded(Shelf):
        """Somebody else is always quicker."""

        def put(self, key: str, body: bytes) -> bool:
            return False

    crowded, others = Crowded(), Shelf()
    writer = scribe(MemoryTable(), others)
    for _ in range(TRIES + 1):
        writer.write({"id": ALIKE[1]})
    crowded.pages = others.pages

    with pytest.raises(Transient, match="written by many"):
        scribe(MemoryTable(), crowded).write({"id": ALIKE[0]})
