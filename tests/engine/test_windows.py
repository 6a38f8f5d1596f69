"""Windows of time: by the clock on the wall of a place, in spring and autumn too."""

from datetime import UTC, datetime, timedelta
from math import inf
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.engine.windows import DAYS, Weekly, WeekMoment, Window, zone_named


def weekly(begins: str = "Friday 18:00", ends: str = "Monday 08:00", zone: str = "Europe/Berlin") -> Weekly:
    return Weekly(WeekMoment.parse(begins), WeekMoment.parse(ends), zone)


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def span(window: Weekly | Window, moment: str) -> tuple[str, ...] | None:
    found = window.span(at(moment))
    return None if found is None else tuple(datetime.fromtimestamp(one, UTC).isoformat() for one in found)


WEEKEND = ("2026-11-27T17:00:00+00:00", "2026-11-30T07:00:00+00:00")


@pytest.mark.parametrize(
    ("moment", "found"),
    [
        ("2026-11-27T16:59:59.999+00:00", None),
        ("2026-11-27T17:00:00+00:00", WEEKEND),
        ("2026-11-29T12:34:56.789+00:00", WEEKEND),
        ("2026-11-30T06:59:59.999+00:00", WEEKEND),
        ("2026-11-30T07:00:00+00:00", None),
    ],
)
def test_a_weekend_begins_with_its_first_moment_and_ends_before_its_last(
    moment: str, found: tuple[str, ...] | None
) -> None:
    assert span(weekly(), moment) == found


@pytest.mark.parametrize(
    ("moment", "found"),
    [
        ("2026-03-28T12:00:00+00:00", ("2026-03-27T17:00:00+00:00", "2026-03-30T06:00:00+00:00")),
        ("2026-10-24T12:00:00+00:00", ("2026-10-23T16:00:00+00:00", "2026-10-26T07:00:00+00:00")),
    ],
)
def test_a_weekend_is_an_hour_shorter_in_spring_and_longer_in_autumn(moment: str, found: tuple[str, ...]) -> None:
    assert span(weekly(), moment) == found


def test_the_same_moment_is_another_hour_elsewhere() -> None:
    tokyo = weekly(zone="Asia/Tokyo")

    assert span(tokyo, "2026-11-27T09:00:00+00:00") == ("2026-11-27T09:00:00+00:00", "2026-11-29T23:00:00+00:00")


@pytest.mark.parametrize(
    ("begins", "ends", "inside", "outside"),
    [
        ("Monday 22:00", "Monday 23:00", "2026-11-30T22:30:00+00:00", "2026-11-30T21:30:00+00:00"),
        ("Monday 23:00", "Monday 22:00", "2026-11-30T21:30:00+00:00", "2026-11-30T22:30:00+00:00"),
        ("Sunday 23:59", "Monday 00:00", "2026-11-29T23:59:30+00:00", "2026-11-30T00:00:00+00:00"),
    ],
)
def test_a_window_may_be_short_or_nearly_a_week(begins: str, ends: str, inside: str, outside: str) -> None:
    window = weekly(begins, ends, "UTC")

    assert window.span(at(inside)) is not None
    assert window.span(at(outside)) is None


def test_from_a_moment_to_the_same_one_is_always() -> None:
    always = weekly("Monday 00:00", "Monday 00:00", "UTC")

    assert span(always, "2026-11-26T12:00:00+00:00") == ("2026-11-23T00:00:00+00:00", "2026-11-30T00:00:00+00:00")


MOMENTS = st.builds(WeekMoment, st.integers(0, 6), st.integers(0, 23), st.integers(0, 59))


@given(MOMENTS, MOMENTS, st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "UTC"]), st.data())
def test_a_window_holds_when_the_clock_on_the_wall_is_in_it(
    begins: WeekMoment, ends: WeekMoment, zone: str, data: st.DataObject
) -> None:
    """Told by another library of zones, and by minutes of the week; never where clocks are changed."""
    moment = data.draw(st.floats(at("2026-06-01T00:00:00+00:00"), at("2026-09-01T00:00:00+00:00")))
    wall = datetime.fromtimestamp(moment, ZoneInfo(zone))
    minute, first, last = (
        day * 1440 + hour * 60 + minute
        for day, hour, minute in (
            (wall.weekday(), wall.hour, wall.minute),
            (begins.day, begins.hour, begins.minute),
            (ends.day, ends.hour, ends.minute),
        )
    )
    inside = (minute - first) % 10_080 < ((last - first) % 10_080 or 10_080)

    found = Weekly(begins, ends, zone).span(moment)

    assert (found is not None) == inside
    assert found is None or found[0] <= moment < found[1] <= found[0] + timedelta(days=7).total_seconds()


def test_a_weekly_window_stays_within_its_bounds() -> None:
    season = Window(at("2026-11-28T00:00:00+00:00"), at("2026-11-29T00:00:00+00:00"), weekly())

    assert span(season, "2026-11-27T20:00:00+00:00") is None
    assert span(season, "2026-11-28T12:00:00+00:00") == ("2026-11-28T00:00:00+00:00", "2026-11-29T00:00:00+00:00")
    assert span(season, "2026-12-05T12:00:00+00:00") is None


def test_a_window_without_bounds_holds_always() -> None:
    assert Window().span(0.0) == (-inf, inf)
    assert Window(begins=10.0).span(9.0) is None
    assert Window(ends=10.0).span(10.0) is None


@given(MOMENTS)
def test_a_moment_is_read_as_it_is_written(moment: WeekMoment) -> None:
    assert WeekMoment.parse(str(moment)) == moment
    assert WeekMoment.parse(str(moment).replace(DAYS[moment.day], DAYS[moment.day][:3].lower())) == moment


@pytest.mark.parametrize("text", ["", "Friday", "18:00", "Freitag 18:00", "Friday 24:00", "Friday 6:00", "Fr 18:00"])
def test_what_is_no_moment_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="is no moment of a week; write it as `Friday 18:00`"):
        WeekMoment.parse(text)


@pytest.mark.parametrize("name", ["", "Mars/Base", "/etc/localtime", "../UTC", "EST5EDT4", "Europe/../UTC", "europe"])
def test_what_is_no_zone_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is no time zone; write one of IANA's names"):
        zone_named(name)
