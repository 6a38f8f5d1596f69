"""Objectives of applications: what part of their operations we may spoil, and what part may begin late.

An operation is good that ended in one of the three right ends without our fault (`lambdas.outcomes`): a rejection, a
cancel, a bad image that is put back are the user's, and good.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from lambdas import metrics
from lambdas.metrics import Metric

OTHERS = "*"
"""Stands for the whole hub, and for every application that has no objective of its own."""


class Burn(NamedTuple):
    """How fast a budget of 30 days is spent that somebody has to hear of it.

    It is so in the long window, and still is in the short one, so that the alarm ends when the trouble does.
    """

    rate: float
    long: int
    """Seconds."""
    short: int
    pages: bool
    """Whether somebody is woken; else it can wait for the morning."""


BURNS = (
    Burn(14.4, 3_600, 300, pages=True),  # 2 % of the budget
    Burn(6.0, 21_600, 1_800, pages=True),  # 5 %
    Burn(3.0, 86_400, 7_200, pages=False),  # 10 %
)
"""The SRE workbook's multi-window, multi-burn-rate alerts (chapter 5, https://sre.google/workbook/alerting-on-slos/).

Its third is a rate of 1 in three days: CloudWatch knows no period longer than one day, in which 3 spends as much."""
LEAST = 2
"""Bad ones in a window: of few operations a single one would spend a month's budget."""


@dataclass(frozen=True)
class Objective:
    good: float = 99.9
    """Per cent of operations that end well, or otherwise without our fault."""
    begin: float = 99.0
    """Per cent of operations that begin in time."""
    begin_within: float = 60.0
    """Seconds."""

    def promises(self) -> tuple["Promise", "Promise"]:
        """Both, with the metric that is 1 for each operation that breaks it and 0 for every other."""
        return Promise("good", metrics.OUR_FAULT, self.good), Promise("begin", metrics.BEGAN_LATE, self.begin)


class Promise(NamedTuple):
    name: str
    metric: Metric
    percent: float

    @property
    def budget(self) -> float:
        """The part that may break it."""
        return round(1 - self.percent / 100, 9)


Objectives = Mapping[str, Objective]
"""By application; `*` is always there."""
DEFAULT: Objectives = {OTHERS: Objective()}
_FIELDS = {"good": "good", "begin": "begin", "beginWithin": "begin_within"}


def parsed(text: str) -> Objectives:
    """From a JSON object: `{"*": {"good": 99.9}, "shop": {"good": 99.99, "begin": 99.9, "beginWithin": 30}}`.

    What is left out is as for `*`. Raises ValueError, in a sentence.
    """
    given = json.loads(text)
    if not isinstance(given, dict):
        raise ValueError("objectives are one JSON object, by application")
    others = _objective(OTHERS, given.get(OTHERS, {}), Objective())
    return {OTHERS: others} | {name: _objective(name, one, others) for name, one in given.items() if name != OTHERS}


def begin_within(objectives: Objectives) -> dict[str, float]:
    """What functions have to know of them (`lambdas.hub.Settings.objectives`)."""
    return {name: one.begin_within for name, one in objectives.items()}


def _objective(application: str, given: Any, others: Objective) -> Objective:
    if not isinstance(given, dict) or set(given) - set(_FIELDS):
        raise ValueError(f"objective of {application}: say good, begin (per cent) and beginWithin (seconds), no more")
    values = {field: given.get(name, getattr(others, field)) for name, field in _FIELDS.items()}
    for name, field in _FIELDS.items():
        most = 100.0 if field != "begin_within" else 86_400.0
        value = values[field]
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < most:
            raise ValueError(f"objective of {application}: {name} is above 0 and below {most:g}, not {value!r}")
    return Objective(**values)
