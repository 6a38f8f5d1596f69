"""Windows of time: once from one moment to another, or each week by the clock on the wall of a place.

Zones and recurrences are dateutil's, which comes with botocore. Unlike `zoneinfo` it brings a database of zones: newer
images of Lambda have none (https://github.com/aws/aws-lambda-dotnet/issues/1620).
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf
from typing import Any

Span = tuple[float, float]
"""From when, and until when, in epoch seconds."""

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
WEEK = timedelta(days=7)
_MOMENT = re.compile(r"(?P<day>[A-Za-z]{3,9}) (?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d)")
_ZONE = re.compile(r"UTC|[A-Za-z]+(/[A-Za-z0-9_+-]+)+")


@dataclass(frozen=True)
class WeekMoment:
    """A moment of every week: `Friday 18:00`."""

    day: int
    """0 is Monday."""
    hour: int
    minute: int

    @classmethod
    def parse(cls, text: str) -> "WeekMoment":
        """The inverse of `str`; a day's first three letters are enough. Raises ValueError."""
        found = _MOMENT.fullmatch(text)
        days = [n for n, day in enumerate(DAYS) if found and day.lower().startswith(found["day"].lower())]
        if not found or not days:
            raise ValueError(f"{text!r} is no moment of a week; write it as `Friday 18:00`")
        return cls(days[0], int(found["hour"]), int(found["minute"]))

    def __str__(self) -> str:
        return f"{DAYS[self.day]} {self.hour:02}:{self.minute:02}"

    def each(self, since: datetime) -> Any:
        """All such moments from then on, by the clock on the wall."""
        from dateutil.rrule import WEEKLY, rrule  # noqa: PLC0415  most processes never meet a weekly window

        return rrule(WEEKLY, dtstart=since, byweekday=self.day, byhour=self.hour, byminute=self.minute, bysecond=0)


@dataclass(frozen=True)
class Weekly:
    """Each week from one moment to the next one of the other, by the clock in a zone, whatever that does in spring."""

    begins: WeekMoment
    ends: WeekMoment
    zone: str
    """IANA's name: `Europe/Berlin`."""

    def span(self, at: float) -> Span | None:
        """The one that holds at that time, or None."""
        zone = zone_named(self.zone)
        wall = datetime.fromtimestamp(at, zone).replace(tzinfo=None)
        begin = self.begins.each(wall - WEEK).before(wall, inc=True)
        end = self.ends.each(begin).after(begin)
        since, until = (moment.replace(tzinfo=zone).timestamp() for moment in (begin, end))
        return (since, until) if since <= at < until else None

    def __str__(self) -> str:
        return f"{self.begins} to {self.ends} {self.zone}"


@dataclass(frozen=True)
class Window:
    """From one moment to another, either of which may be left open; if weekly, the weeks' windows between them."""

    begins: float | None = None
    ends: float | None = None
    weekly: Weekly | None = None

    def span(self, at: float) -> Span | None:
        """The span that holds at that time, or None; infinite where it is open."""
        begins, ends = -inf if self.begins is None else self.begins, inf if self.ends is None else self.ends
        if not begins <= at < ends:
            return None
        if self.weekly is None:
            return begins, ends
        week = self.weekly.span(at)
        return None if week is None else (max(week[0], begins), min(week[1], ends))


def zone_named(name: str) -> Any:
    """The time zone of IANA's name. Raises ValueError."""
    from dateutil.tz import gettz  # noqa: PLC0415  as above

    zone = gettz(name) if _ZONE.fullmatch(name) else None
    if zone is None:
        raise ValueError(f"{name!r} is no time zone; write one of IANA's names, as Europe/Berlin or UTC")
    return zone
