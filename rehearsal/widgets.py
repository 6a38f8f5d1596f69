"""What the widgets of a synthesised dashboard show of a measured day: statistics by period, numbers, states of alarms.

As far as our dashboard goes: a widget, a statistic or an expression that is not known here is an error, so that a
picture leaves nothing out.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from rehearsal.cloudwatch import STATISTICS, Points, Series, rings, series
from rehearsal.day import Measured
from rehearsal.synthesised import Watching

Json = dict[str, Any]
STEP = 300.0
"""Seconds from look to look at the alarms, and of a period where a widget names none."""
ALARM, OK, UNKNOWN = "ALARM", "OK", "UNKNOWN"
_SEARCH = re.compile(r"SEARCH\('\{([^}]+)\} (.*?) *', '(\w+)', (\d+)\)")
_SORTED = re.compile(r"SORT\((.*), (MAX|SUM), DESC, (\d+)\)")
_EQUAL = re.compile(r'(\w+)="([^"]*)"')
_OF_DIMENSION = re.compile(r"\$\{PROP\('Dim\.(\w+)'\)\}")


@dataclass(frozen=True)
class Place:
    """In the grid of 24 columns."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class State:
    """Of an alarm at the end; when it rang at first and at last."""

    name: str
    state: str
    rang: tuple[float, float] | None = None


@dataclass(frozen=True)
class Line:
    """A value for each period; None where there was no point."""

    name: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One widget; what it has none of is empty."""

    place: Place
    kind: str
    title: str = ""
    states: tuple[State, ...] = ()
    numbers: tuple[tuple[str, float | None], ...] = ()
    lines: tuple[Line, ...] = ()
    is_stacked: bool = False
    axis: str = ""
    """What the values are."""
    marks: tuple[tuple[str, float], ...] = ()
    """Lines across, and what they mean."""
    markdown: str = ""
    is_foreign: bool = False
    """Whether only AWS itself measures it."""


class Board:
    """A dashboard over a measured day."""

    def __init__(self, watching: Watching, measured: Measured) -> None:
        self._watching, self._told = watching, Points(measured.points)
        self.began, self.ended = measured.began, measured.ended

    def shown(self) -> Iterator[Shown]:
        """Each widget, in the order of the body."""
        for widget in self._watching.dashboard["widgets"]:
            place = Place(*(widget[name] for name in ("x", "y", "width", "height")))
            yield self._shown(place, widget["type"], widget["properties"])

    def _shown(self, place: Place, kind: str, has: Json) -> Shown:
        title = has.get("title", "")
        if kind == "text":
            return Shown(place=place, kind=kind, markdown=has["markdown"])
        if kind == "alarm":
            names = (arn.rpartition(":alarm:")[2] for arn in has["alarms"])
            return Shown(place=place, kind=kind, title=title, states=tuple(map(self._state, names)))
        if has["view"] == "singleValue":
            # One period as long as the time shown, whatever the metrics say.
            numbers = tuple((one.name, one.values[-1]) for one in self._lines(has, self.ended - self.began))
            return Shown(place=place, kind="numbers", title=title, numbers=numbers)
        return Shown(
            place=place,
            kind="lines",
            title=title,
            lines=tuple(self._lines(has)),
            is_stacked=has.get("stacked", False),
            axis=has.get("yAxis", {}).get("left", {}).get("label", ""),
            marks=tuple((one["label"], one["value"]) for one in has.get("annotations", {}).get("horizontal", ())),
            is_foreign=all(str(row[0]).startswith("AWS/") for row in has["metrics"]),
        )

    def _lines(self, has: Json, whole: float = 0.0) -> Iterator[Line]:
        for row in has["metrics"]:
            *names, options = row if isinstance(row[-1], dict) else [*row, {}]
            if "expression" in options:
                yield from self._found(options)
                continue
            namespace, metric, *pairs = names
            of = series(namespace, metric, **dict(zip(pairs[::2], pairs[1::2], strict=True)))
            period = whole or float(options.get("period", has.get("period", STEP)))
            yield Line(options.get("label", metric), self._values(of, options.get("stat", "Average"), period))

    def _found(self, options: Json) -> Sequence[Line]:
        """All series that a search finds; if it is sorted, the largest of them."""
        text, ranked = options["expression"], _SORTED.fullmatch(options["expression"])
        searched = _SEARCH.fullmatch(ranked[1] if ranked else text)
        if searched is None:
            raise ValueError(
                f"no picture can be made of the expression {text!r}: teach rehearsal/widgets.py to read it"
            )
        names, terms, how, period = searched.groups()
        found = (one for one in self._told.known if _matches(one, names.split(","), dict(_EQUAL.findall(terms))))
        lines = [
            Line(_label(options.get("label", ""), one), self._values(one, how, float(period)))
            for one in sorted(found, key=lambda one: sorted(one.dimensions))
        ]
        return _largest(lines, ranked[2], int(ranked[3])) if ranked else lines

    def _values(self, of: Series, how: str, period: float) -> tuple[float | None, ...]:
        """Of each whole period, up to the end."""
        count = max(1, round((self.ended - self.began) / period))
        edges = [self.ended - (count - number) * period for number in range(count + 1)]
        found = (self._told.between(of, *edge) for edge in pairwise(edges))
        return tuple(statistic(values, how) if values else None for values in found)

    def _state(self, name: str) -> State:
        if not self._is_known(name):
            return State(name, UNKNOWN)
        count = int((self.ended - self.began) / STEP)
        looks = (self.ended - (count - number) * STEP for number in range(1, count + 1))
        rang = [at for at in looks if self._has_data(name, at) and self._rings(name, at)]
        return State(name, ALARM if rang and rang[-1] == self.ended else OK, (rang[0], rang[-1]) if rang else None)

    def _rings(self, name: str, at: float) -> bool:
        return rings(name, self._watching.alarms, self._watching.rules, self._told, at)

    def _has_data(self, name: str, at: float) -> bool:
        """Of what was before the day nothing is known: that is not missing."""
        alarm = self._watching.alarms.get(name)
        return alarm is None or not alarm.missing or at - alarm.span >= self.began

    def _is_known(self, name: str) -> bool:
        """Whether anything tells what the alarm looks at: Windlass, or the part of AWS that is rehearsed."""
        if name in self._watching.rules:
            return True
        terms = (of for of, _ in self._watching.alarms[name].terms.values())
        return all(not of.namespace.startswith("AWS/") or of in self._told.known for of in terms)


def statistic(values: Sequence[float], how: str) -> float:
    """`Sum` … or a percentile, `p90`: the smallest value that so many per cent do not exceed."""
    if how in STATISTICS:
        return float(STATISTICS[how](values))
    return sorted(values)[max(0, math.ceil(len(values) * float(how.removeprefix("p")) / 100) - 1)]


def _matches(one: Series, names: Sequence[str], wanted: Mapping[str, str]) -> bool:
    namespace, *searched = names
    has = dict(one.dimensions) | {"MetricName": one.name}
    if one.namespace != namespace or {name for name, _ in one.dimensions} != set(searched):
        return False
    return all(has.get(name) == value for name, value in wanted.items())


def _label(text: str, of: Series) -> str:
    dimensions = dict(of.dimensions)
    return _OF_DIMENSION.sub(lambda name: dimensions[name[1]], text) or " ".join(sorted(dimensions.values()))


def _largest(lines: Sequence[Line], by: str, most: int) -> list[Line]:
    def size(line: Line) -> float:
        there = [value for value in line.values if value is not None]
        return max(there) if by == "MAX" else sum(there)

    return sorted(lines, key=size, reverse=True)[:most]
