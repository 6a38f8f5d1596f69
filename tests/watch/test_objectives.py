"""Objectives: computed from what a rehearsal measures, and alarms on how fast their budgets are spent."""

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from lambdas.objectives import BURNS, OTHERS, Objective, parsed
from rehearsal.cloudwatch import Point, Points, fires, series
from rehearsal.objectives_command import computed, measured, objectives
from rehearsal.synthesised import Watching

Json = dict[str, Any]
DAY = 86_400.0


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def test_under_the_calibrated_mix_of_faults_every_objective_is_met() -> None:
    known = {OTHERS: Objective(), "shop": Objective(99.99, 99.9, 30)}
    kept = {(one.application, one.promise.name): one for one in computed(lines("calibrated", 20), known)}

    assert all(one.met for one in kept.values())
    assert kept[OTHERS, "good"].all == 20


def test_an_outage_that_outlasts_what_we_promise_spends_the_budget() -> None:
    kept = {one.promise.name: one for one in computed(lines("outage:autoscaling:90000", 2), {OTHERS: Objective()})}

    assert (kept["good"].bad, kept["good"].met) == (2, False)
    assert kept["good"].spent == pytest.approx(1000)


def lines(faults: str, runs: int) -> list[Json]:
    return measured("createServerGroup", faults, 1.0, "windlass", 0, runs)


def test_the_command_tells_each_objective_and_fails_for_one_that_is_missed(tmp_path: Path) -> None:
    console = Console(file=io.StringIO(), width=140)
    strict = tmp_path / "objectives.json"
    strict.write_text(json.dumps({"*": {"beginWithin": 0.001, "begin": 99}}))

    asked = ("createServerGroup", "--runs", "2", "--faults", "calibrated")
    assert objectives(asked, console) == 0
    assert objectives((*asked, "--file", str(strict)), console) in (0, 1)
    told = console.file.getvalue()  # type: ignore[attr-defined]
    assert "good 99.9 %" in told
    assert "begin 99 %" in told


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"shop": {"god": 1}}', "objective of shop: say good, begin (per cent) and beginWithin (seconds), no more"),
        ('{"shop": {"good": 100}}', "objective of shop: good is above 0 and below 100, not 100"),
        ('{"*": {"beginWithin": "soon"}}', "objective of *: beginWithin is above 0 and below 86400, not 'soon'"),
        ("[]", "objectives are one JSON object, by application"),
    ],
)
def test_a_wrong_objective_is_refused_in_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence.replace("(", r"\(").replace(")", r"\)").replace("*", r"\*")):
        parsed(text)


def test_what_an_application_leaves_out_is_as_for_all() -> None:
    assert parsed('{"*": {"good": 99}, "shop": {"begin": 90}}') == {
        OTHERS: Objective(99, 99, 60),
        "shop": Objective(99, 90, 60),
    }


def spoiled(part: float, seconds: float, operations: float = 1200) -> list[Point]:
    """So many operations an hour: for a day all are good, then so long that part of them is our fault."""
    of, step = series("Windlass", "OurFault", Hub="windlass"), 3600 / operations
    every = round(1 / part) if part else 0
    good = [Point(of, -DAY + number * step, 0.0) for number in range(int(DAY / step))]
    bad = [float(bool(every) and number % every == 0) for number in range(int(seconds / step))]
    return [*good, *(Point(of, number * step, value) for number, value in enumerate(bad))]


PAGE, TICKET = "windlass-hub-good-burns", "windlass-hub-good-burns-slowly"


@pytest.mark.parametrize(
    ("part", "hours", "names"),
    [
        (0.0, 30, set()),
        (0.0005, 30, set()),
        (0.0125, 30, {PAGE, TICKET}),
        (0.004, 30, {TICKET}),
        (0.05, 1, {PAGE}),
    ],
)
def test_an_alarm_fires_when_the_budget_is_spent_so_fast_in_both_windows(
    watched: Watching, part: float, hours: float, names: set[str]
) -> None:
    told = Points(spoiled(part, hours * 3600))

    assert fires(watched.rules, watched.alarms, watched.rules, told, (0.0, hours * 3600)) == names


def test_a_single_failure_among_few_operations_wakes_nobody(watched: Watching) -> None:
    of = series("Windlass", "OurFault", Hub="windlass")

    assert fires(watched.rules, watched.alarms, watched.rules, Points([Point(of, 30.0, 1.0)]), (0.0, DAY)) == set()


def test_every_promise_has_an_alarm_that_wakes_and_one_that_does_not(watched: Watching) -> None:
    parts = [name for name in watched.alarms if name.startswith("windlass-hub-")]

    assert set(watched.rules) == {
        f"windlass-hub-{promise}-burns{how}" for promise in ("good", "begin") for how in ("", "-slowly")
    }
    assert len(parts) == 2 * 2 * len(BURNS)
