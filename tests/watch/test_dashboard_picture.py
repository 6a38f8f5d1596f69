"""The picture of the dashboard: what each widget shows of measured points, and where it is drawn."""

import io
import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

from rehearsal.board_svg import COLUMN, FOREIGN, GAP, picture
from rehearsal.cloudwatch import Point, series
from rehearsal.dashboard_command import dashboard
from rehearsal.day import DAY, HOUR, Measured, Script, played
from rehearsal.models import parse
from rehearsal.synthesised import Watching
from rehearsal.widgets import ALARM, OK, UNKNOWN, Board, Line, Shown, statistic

Json = dict[str, Any]
PICTURE = Path(__file__).parents[2] / "docs" / "dashboard.svg"
ENDS = 'SEARCH(\'{Windlass,Hub,Operation,End} Hub="windlass" MetricName="Ends" End="DONE"\', \'Sum\', 3600)'


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def shown(watched: Watching, points: Sequence[Point], *widgets: Json) -> list[Shown]:
    """Two hours, from 0 on; without widgets the whole dashboard."""
    placed: list[Json] = [{"x": 0, "y": 0, "width": 8, "height": 6} | one for one in widgets]
    body = {"widgets": placed} if widgets else watched.dashboard
    return list(Board(replace(watched, dashboard=body), Measured(list(points), 0.0, 2 * HOUR)).shown())


def graph(*metrics: Json | list[Any], **more: Any) -> Json:
    return {"type": "metric", "properties": {"view": "timeSeries", "title": "t", "metrics": list(metrics)} | more}


def ended(operation: str, at: float, how: str = "DONE") -> Point:
    return Point(series("Windlass", "Ends", Hub="windlass", Operation=operation, End=how), at, 1.0)


def test_a_named_series_is_shown_by_its_statistic_period_and_label(watched: Watching) -> None:
    of = series("Windlass", "BeginTime", Hub="windlass")
    points = [Point(of, at, value) for at, value in ((10.0, 1.0), (20.0, 9.0), (30.0, 2.0), (4000.0, 5.0))]
    rows = [
        ["Windlass", "BeginTime", "Hub", "windlass", {"label": how, "stat": how, "period": 3600}]
        for how in ("Maximum", "p50", "SampleCount")
    ]

    (one,) = shown(watched, points, graph(*rows, annotations={"horizontal": [{"label": "late", "value": 60}]}))

    assert one.lines == (Line("Maximum", (9.0, 5.0)), Line("p50", (2.0, 5.0)), Line("SampleCount", (3.0, 1.0)))
    assert one.marks == (("late", 60),)


def test_a_search_finds_each_combination_of_dimensions_by_its_label(watched: Watching) -> None:
    points = [ended("resize", 1.0), ended("create", 2.0), ended("create", 4000.0), ended("create", 5.0, "UNDONE")]

    (one,) = shown(watched, points, graph([{"expression": ENDS, "label": "${PROP('Dim.Operation')}"}]))

    assert one.lines == (Line("create", (1.0, 1.0)), Line("resize", (1.0, None)))


def test_a_sorted_search_shows_the_largest(watched: Watching) -> None:
    points = [ended("resize", 1.0), ended("create", 2.0), ended("create", 3.0), ended("destroy", 3.0)]
    options = {"expression": f"SORT({ENDS}, SUM, DESC, 1)", "label": "${PROP('Dim.Operation')}"}

    (one,) = shown(watched, points, graph([options]))

    assert [line.name for line in one.lines] == ["create"]


def test_an_expression_that_cannot_be_read_is_told_and_not_left_out(watched: Watching) -> None:
    with pytest.raises(
        ValueError, match=r"no picture can be made of the expression 'a/b': teach rehearsal/widgets\.py"
    ):
        shown(watched, [], graph([{"expression": "a/b"}]))


def test_numbers_are_of_all_the_time_shown(watched: Watching) -> None:
    row = ["Windlass", "OurFault", "Hub", "windlass", {"label": "ended", "stat": "SampleCount", "period": 300}]
    of = series("Windlass", "OurFault", Hub="windlass")
    numbers = {"type": "metric", "properties": {"view": "singleValue", "metrics": [row]}}

    (one,) = shown(watched, [Point(of, at, 0.0) for at in (1.0, 3000.0, 7000.0)], numbers)

    assert one.numbers == (("ended", 3.0),)


def test_alarms_stand_as_their_definitions_say_and_those_on_what_only_aws_measures_are_not_known(
    watched: Watching,
) -> None:
    broken, outside = (series("Windlass", name, Hub="windlass") for name in ("Broken", "EndedFromOutside"))
    points = [Point(broken, at * 60 - 30, 1.0) for at in range(100, 121)] + [Point(outside, 570.0, 1.0)]
    states = {one.name.removeprefix("windlass-"): one for one in shown(watched, points)[0].states}

    assert (states["broken"].state, states["broken"].rang) == (ALARM, (6000.0, 7200.0))
    assert (states["ended-from-outside"].state, states["ended-from-outside"].rang) == (OK, (600.0, 600.0))
    assert (states["person-called"].state, states["person-called"].rang) == (OK, None)
    assert states["hub-good-burns"].state == OK
    assert {states[name].state for name in ("requests-fail", "sweep-silent", "courier-dead-letters")} == {UNKNOWN}


@pytest.mark.parametrize(("how", "value"), [("Sum", 10.0), ("Average", 2.5), ("p50", 2.0), ("p90", 4.0), ("p99", 4.0)])
def test_a_percentile_is_the_smallest_value_that_so_many_do_not_exceed(how: str, value: float) -> None:
    assert statistic([4.0, 1.0, 3.0, 2.0], how) == value


def test_every_widget_is_drawn_in_its_place_of_the_grid(watched: Watching) -> None:
    whole = shown(watched, [])
    drawn = ET.fromstring(picture("name", "note", whole, (0.0, 2 * HOUR)))
    panels = [one for one in drawn.iter() if one.get("class") == "panel"]
    texts = words(drawn)

    assert len(panels) == len(whole) == len(watched.dashboard["widgets"])
    assert [float(one.attrib["width"]) for one in panels] == [one.place.width * COLUMN - GAP for one in whole]
    assert not [pair for pair in combinations(whole, 2) if _overlap(*pair)]
    assert max(one.place.x + one.place.width for one in whole) == 24
    assert {one.title for one in whole if one.title} <= texts


def words(drawn: ET.Element) -> set[str]:
    return {one.text or "" for one in drawn.iter() if one.tag.endswith("text")}


def _overlap(one: Shown, other: Shown) -> bool:
    a, b = one.place, other.place
    return a.x < b.x + b.width and b.x < a.x + a.width and a.y < b.y + b.height and b.y < a.y + a.height


def test_what_only_aws_measures_is_empty_and_says_so(watched: Watching) -> None:
    whole = shown(watched, [])
    drawn = ET.fromstring(picture("name", "note", whole, (0.0, 2 * HOUR)))
    foreign = [one for one in whole if one.is_foreign]

    assert len(foreign) == 3
    assert all(value is None for one in foreign for line in one.lines for value in line.values)
    assert sum(one.text == FOREIGN for one in drawn.iter()) == len(foreign)


def test_names_from_outside_are_text_and_no_markup(watched: Watching) -> None:
    options = {"expression": ENDS, "label": "${PROP('Dim.Operation')}"}

    drawn = ET.fromstring(picture("n", "<b>", shown(watched, [ended("<i>&", 1.0)], graph([options])), (0.0, 2 * HOUR)))

    assert {"<b>", "<i>&"} <= words(drawn)


@pytest.fixture(scope="module")
def day() -> Measured:
    return played(Script(parse("none"), parse("bad-release:18000"), groups=24))


def test_a_day_has_its_operations_and_its_trouble(watched: Watching, day: Measured) -> None:
    whole = {one.title: one for one in Board(watched, day).shown()}
    done, held = whole["Done: this is what should be"], whole["Held: each waits for somebody to decide"]
    states = {one.name: one for one in whole["Is it well? What a person must act on"].states}

    assert day.ended - day.began == DAY
    assert {one.name for one in done.lines} == {"createServerGroup", "destroyServerGroup", "resizeServerGroup"}
    assert {value for one in done.lines for value in one.values[-16:]} == {None}, "all is broken in the last hours"
    assert held.lines[0].values[-1]
    assert states["windlass-sweep-silent"].rang is None
    first, last = states["windlass-broken"].rang or (0.0, 0.0)
    assert day.ended - 5 * HOUR < first < last


def test_the_command_writes_the_picture(tmp_path: Path) -> None:
    out, console = tmp_path / "picture.svg", Console(file=io.StringIO(), width=140)

    assert dashboard(("--groups", "1", "--faults", "none", "--trouble", "none", "--out", str(out)), console) == 0

    assert "windlass-watch" in words(ET.fromstring(out.read_text()))
    assert f"wrote {out}" in console.file.getvalue()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ((), "required: --out"),
        (("--out", "/nowhere/x.svg"), "'/nowhere/x.svg' is no file that can be written"),
        (("--out", "x.svg", "--trouble", "rain"), "rain"),
        (("--out", "x.svg", "--since", "30"), "hours before the end of a day are from 1 to 24, not '30'"),
    ],
)
def test_bad_input_is_told_in_a_sentence(
    asked: Sequence[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        dashboard(asked)

    assert ended.value.code == 2
    assert sentence in capsys.readouterr().err


def test_the_picture_of_the_documents_is_of_today_s_dashboard(watched: Watching) -> None:
    drawn = words(ET.fromstring(PICTURE.read_text()))
    titles = {one["properties"]["title"] for one in watched.dashboard["widgets"] if "title" in one["properties"]}

    assert titles <= drawn, "draw it again: python -m rehearsal dashboard --out docs/dashboard.svg"
