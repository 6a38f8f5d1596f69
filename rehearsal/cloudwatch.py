"""CloudWatch's alarms as far as ours go: points of metrics, and when an alarm's synthesised definition fires.

An alarm looks each minute at its last periods, as CloudWatch's do; what CloudWatch reads beyond them where some are
missing is left out. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
"""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, NamedTuple

Json = dict[str, Any]
MINUTE = 60.0
STATISTICS: Mapping[str, Callable[[Sequence[float]], float]] = {
    "Sum": sum,
    "Maximum": max,
    "Average": fmean,
    "SampleCount": len,
}
COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
}
MISSING = {"breaching": True, "notBreaching": False}
_IF = re.compile(r"IF\((\w+) >= (\d+), (\w+), 0\)")
"""The one expression that our alarms have."""
_ALARM = re.compile(r'ALARM\("?([^")]+)"?\)')


class Series(NamedTuple):
    """What a point belongs to."""

    namespace: str
    name: str
    dimensions: frozenset[tuple[str, str]]


class Point(NamedTuple):
    series: Series
    at: float
    """Epoch seconds."""
    value: float


def series(namespace: str, name: str, **dimensions: str) -> Series:
    return Series(namespace, name, frozenset(dimensions.items()))


def points(lines: Iterable[Json]) -> Iterator[Point]:
    """What CloudWatch reads of lines in the embedded format: a point for each metric and each set of dimensions."""
    for line in lines:
        at = line["_aws"]["Timestamp"] / 1000
        for directive in line["_aws"]["CloudWatchMetrics"]:
            for names in directive["Dimensions"]:
                told = frozenset((name, str(line[name])) for name in names)
                for metric in directive["Metrics"]:
                    yield Point(Series(directive["Namespace"], metric["Name"], told), at, float(line[metric["Name"]]))


class Points:
    """Points by series, found by their time."""

    def __init__(self, told: Iterable[Point]) -> None:
        self._of: dict[Series, list[tuple[float, float]]] = defaultdict(list)
        for one in sorted(told, key=lambda point: point.at):
            self._of[one.series].append((one.at, one.value))

    @property
    def known(self) -> Iterable[Series]:
        """Of which there are points."""
        return self._of.keys()

    def between(self, of: Series, since: float, until: float) -> list[float]:
        """Values from `since` on, before `until`."""
        known = self._of.get(of, [])
        return [value for _, value in known[bisect_left(known, (since,)) : bisect_left(known, (until,))]]


@dataclass(frozen=True)
class Alarm:
    """A metric alarm as its template defines it."""

    name: str
    terms: Mapping[str, tuple[Series, str]]
    """Series and statistic by the id that the expression calls them."""
    expression: str
    """The id of one of them, or an expression of them."""
    period: float
    periods: int
    threshold: float
    comparison: str
    missing: bool
    """Whether a period without data breaches."""

    @classmethod
    def of(cls, properties: Json, resolved: Callable[[Any], str]) -> "Alarm":
        """From the properties of `AWS::CloudWatch::Alarm`; `resolved` says what a reference in a dimension is."""
        terms, expression, period = _measured(properties, resolved)
        return cls(
            properties["AlarmName"],
            terms,
            expression,
            period,
            properties["EvaluationPeriods"],
            properties["Threshold"],
            properties["ComparisonOperator"],
            MISSING[properties["TreatMissingData"]],
        )

    @property
    def span(self) -> float:
        """Seconds that it looks back."""
        return self.period * self.periods

    def rings(self, told: Points, at: float) -> bool:
        """Whether it is in the state ALARM at that time: its last periods all breach."""
        ends = (at - number * self.period for number in range(self.periods))
        return all(self._breaches(told, end - self.period, end) for end in ends)

    def _breaches(self, told: Points, since: float, until: float) -> bool:
        values = {name: _statistic(told.between(of, since, until), how) for name, (of, how) in self.terms.items()}
        value = _value(self.expression, values)
        return self.missing if value is None else COMPARISONS[self.comparison](value, self.threshold)


def rings(name: str, alarms: Mapping[str, Alarm], rules: Mapping[str, str], told: Points, at: float) -> bool:
    """The same of a metric alarm, or of one composed of others: by its rule, `ALARM(…)` joined by AND, then by OR."""
    if name in alarms:
        return alarms[name].rings(told, at)
    ways = rules[name].split(" OR ")
    return any(all(rings(one, alarms, rules, told, at) for one in _ALARM.findall(way)) for way in ways)


def fires(
    names: Iterable[str],
    alarms: Mapping[str, Alarm],
    rules: Mapping[str, str],
    told: Points,
    span: tuple[float, float],
) -> set[str]:
    """Those of these alarms that fire in that time. Of what was before it nothing is known: that is not missing."""
    minutes = [span[0] + number * MINUTE for number in range(1, int((span[1] - span[0]) // MINUTE) + 1)]

    def known(name: str, at: float) -> bool:
        return name not in alarms or not alarms[name].missing or at - alarms[name].span >= span[0]

    return {name for name in names if any(known(name, at) and rings(name, alarms, rules, told, at) for at in minutes)}


def _measured(properties: Json, resolved: Callable[[Any], str]) -> tuple[Mapping[str, tuple[Series, str]], str, float]:
    if "Metrics" not in properties:
        return {"m": (_series(properties, resolved), properties["Statistic"])}, "m", float(properties["Period"])
    stats = {one["Id"]: one["MetricStat"] for one in properties["Metrics"] if "MetricStat" in one}
    (expression,) = (one["Expression"] for one in properties["Metrics"] if "Expression" in one)
    (period,) = {one["Period"] for one in stats.values()}
    terms = {name: (_series(one["Metric"], resolved), one["Stat"]) for name, one in stats.items()}
    return terms, expression, float(period)


def _series(metric: Json, resolved: Callable[[Any], str]) -> Series:
    dimensions = ((one["Name"], resolved(one["Value"])) for one in metric.get("Dimensions", ()))
    return Series(metric["Namespace"], metric["MetricName"], frozenset(dimensions))


def _statistic(values: Sequence[float], how: str) -> float | None:
    return STATISTICS[how](values) if values else None


def _value(expression: str, values: Mapping[str, float | None]) -> float | None:
    if expression in values:
        return values[expression]
    condition, least, then = _IF.fullmatch(expression).groups()  # type: ignore[union-attr]  # we know no other
    told = values[condition]
    return None if told is None else values[then] if told >= float(least) else 0.0
