"""The book is whole, or its first broken link is named: whatever single thing is done to it."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.audit.book import GENESIS, LANES, Head, Page, following, lane_of, opened, place_of, verified

Written = dict[str, bytes]
ENTRIES = st.lists(
    st.fixed_dictionaries({"id": st.text(min_size=1), "at": st.just("2026-11-01"), "did": st.text()}), max_size=3
)
LANE = st.lists(ENTRIES, min_size=2, max_size=5)


def written(lanes: list[list[Any]]) -> tuple[Written, dict[int, Head]]:
    pages, heads = {}, {}
    for lane, all_entries in enumerate(lanes):
        head = Head()
        for entries in all_entries:
            page = following(lane, head, "2026-11-01T00:00:00.000+00:00", entries)
            pages[page.key], head = page.body, page.head
        heads[lane] = head
    return pages, heads


BOOKS = st.lists(LANE, min_size=1, max_size=2).map(written)


def faults(pages: Written, heads: dict[int, Head] | None = None) -> list[str]:
    return [one.key for one in verified(sorted(pages.items()), heads)]


@given(BOOKS)
def test_a_book_as_it_was_written_is_whole(book: tuple[Written, dict[int, Head]]) -> None:
    pages, heads = book

    assert faults(pages) == faults(pages, heads) == []
    assert all(opened(body).body == body and opened(body).key == key for key, body in pages.items())


@given(BOOKS, st.data())
def test_a_changed_byte_is_found_where_it_stands(book: tuple[Written, dict[int, Head]], data: st.DataObject) -> None:
    pages, _ = book
    key = data.draw(st.sampled_from(sorted(pages)))
    body = bytearray(pages[key])
    body[data.draw(st.integers(0, len(body) - 1))] ^= data.draw(st.integers(1, 255))

    assert faults({**pages, key: bytes(body)}) == [key]


@given(BOOKS, st.data())
def test_a_page_that_is_removed_is_missed(book: tuple[Written, dict[int, Head]], data: st.DataObject) -> None:
    pages, heads = book
    key = data.draw(st.sampled_from(sorted(pages)))
    lane, number = place_of(key)

    broken = faults({name: body for name, body in pages.items() if name != key}, heads)

    assert [place_of(one)[0] for one in broken] == [lane]
    assert place_of(broken[0])[1] in (number, number + 1)


@given(BOOKS, st.data())
def test_pages_that_change_places_are_found(book: tuple[Written, dict[int, Head]], data: st.DataObject) -> None:
    pages, _ = book
    one, other = data.draw(st.lists(st.sampled_from(sorted(pages)), min_size=2, max_size=2, unique=True))

    broken = faults({**pages, one: pages[other], other: pages[one]})

    assert set(broken) <= {one, other}
    assert min(one, other) in broken


@given(BOOKS, st.data())
def test_a_page_that_is_written_anew_and_sealed_is_found(
    book: tuple[Written, dict[int, Head]], data: st.DataObject
) -> None:
    pages, heads = book
    key = data.draw(st.sampled_from(sorted(pages)))
    forged = replace(opened(pages[key]), entries=({"id": "forged"},))
    lane, number = place_of(key)

    broken = faults({**pages, key: forged.body}, heads)

    assert [place_of(one) for one in broken] == [(lane, number if number == heads[lane].number else number + 1)]


@given(BOOKS, st.data())
def test_an_inserted_page_is_found(book: tuple[Written, dict[int, Head]], data: st.DataObject) -> None:
    pages, heads = book
    lane = data.draw(st.sampled_from(sorted(heads)))
    gap = replace(following(lane, heads[lane], "later", []), number=heads[lane].number + 2)

    assert faults({**pages, gap.key: gap.body}) == [gap.key]


def test_what_was_written_after_the_table_heard_is_whole_too() -> None:
    pages, heads = written([[[], [], []]])
    earlier = {0: opened(pages["book/0/000000000001.json"]).head}

    assert heads[0].number == 2
    assert faults(pages, earlier) == []


def test_a_lane_that_is_gone_is_missed() -> None:
    _, heads = written([[[], []]])

    assert faults({}, heads) == ["book/0/000000000000.json"]


def test_the_first_page_follows_nothing() -> None:
    first = following(0, Head(), "now", [])

    assert (first.number, first.previous) == (0, GENESIS)
    assert faults({first.key: replace(first, previous="1" * 64).body}) == [first.key]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda page: b"{}",
        lambda page: b"[1]",
        lambda page: b"no JSON",
        lambda page: page.body + b" ",
        lambda page: json.dumps(json.loads(page.body), indent=1).encode(),
    ],
)
def test_what_is_no_page_is_not_read(spoil: Callable[[Page], bytes]) -> None:
    with pytest.raises(ValueError, match=r"no page|changed after"):
        opened(spoil(following(0, Head(), "now", [{"id": "1"}])))


def test_a_key_is_read_wherever_the_bucket_was_copied_to() -> None:
    assert place_of("backup/book/7/000000000042.json") == (7, 42)
    with pytest.raises(ValueError, match="no key of a page"):
        place_of("book/7/42.json")


@given(st.sampled_from(("operation", "setting")), st.text(min_size=1), st.text(), st.text())
def test_all_of_one_operation_or_setting_stand_in_one_lane(what: str, name: str, one: str, other: str) -> None:
    assert lane_of({"id": one, what: name}) == lane_of({"id": other, what: name})
    assert 0 <= lane_of({"id": one, what: name}) < LANES
