"""`python -m lambdas.audit` on a copy of the bucket."""

import json
from pathlib import Path

import pytest

from lambdas.audit.__main__ import main
from lambdas.audit.book import following, lane_of
from lambdas.audit.scribe import Scribe, heads
from rehearsal.heralds import Shelf
from rehearsal.memory_table import MemoryTable

ENTRIES = [
    {"id": f"{operation}.{number}", "operation": operation, "at": f"2026-11-{number:02}T12:00:00.000+00:00"}
    for number in range(1, 10)
    for operation in ("one", "two")
]


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    shelf = Shelf()
    table = MemoryTable()
    scribe = Scribe(table, shelf, lambda: 1_700_000_000.0)
    for batch in (ENTRIES[:1], ENTRIES[1:9], ENTRIES[9:]):  # pages with one entry and with many
        scribe.sit().write(batch)
    lane = lane_of(ENTRIES[0])
    twice = following(lane, heads(table)[lane], "2026-11-10T12:00:00.000+00:00", ENTRIES[:1])
    shelf.put(twice.key, twice.body)  # as earlier releases did after a scribe that died
    for key, body in shelf.pages.items():
        (tmp_path / key).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / key).write_bytes(body)
    return tmp_path


def test_a_whole_book_is_said_to_be_whole(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(copied)]) == 0
    assert capsys.readouterr().out == "6 pages, 0 broken lanes; their ends unchecked: give --table\n"


def test_the_first_broken_link_is_named(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lane = next(one for one in sorted((copied / "book").iterdir()) if len(list(one.iterdir())) > 2)
    (lane / "000000000001.json").unlink()

    assert main(["verify", str(copied)]) == 1

    said = capsys.readouterr().out.splitlines()
    assert said[0] == f"book/{lane.name}/000000000002.json: follows page 0: what was between is missing"
    assert said[-1].startswith("5 pages, 1 broken lanes")


def test_entries_of_a_time_are_exported_once_with_their_page(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["export", str(copied), "--since", "2026-11-01", "--until", "2026-11-03", "--operation", "one"])

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert sorted(one["id"] for one in lines) == ["one.1", "one.2"]
    assert all((copied / one["page"]).exists() for one in lines)


def test_all_is_exported_where_nothing_is_said(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["export", str(copied)])

    assert len(capsys.readouterr().out.splitlines()) == len(ENTRIES)


def test_a_page_that_was_changed_is_not_exported(copied: Path) -> None:
    page = next((copied / "book").rglob("*.json"))
    page.write_bytes(page.read_bytes().replace(b"2026", b"2025"))

    with pytest.raises(ValueError, match="was changed after it was sealed"):
        main(["export", str(copied)])


def test_a_folder_without_a_book_says_how_to_copy_one(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="aws s3 sync s3://BUCKET"):
        main(["verify", str(tmp_path)])
