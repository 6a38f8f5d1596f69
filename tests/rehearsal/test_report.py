"""Numbers and pages about rehearsals: exact where a rule exists, self-contained where a page is promised."""

import io
import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from rehearsal.bound import LEAST_RETRIES, calls, outlasted
from rehearsal.crew import CLOUDDRIVER, Cast
from rehearsal.page import page
from rehearsal.prices import IDLE_MONTH, KEY_MONTH, SWEEP_MONTH, Use
from rehearsal.runs import Outcome
from rehearsal.score import Plan, Score
from rehearsal.statistics import percentile, upper_bound
from rehearsal.tally import SHOWN, Tally
from rehearsal.terminal import show
from rehearsal.windows import windows
from rehearsal.words import rate


@pytest.mark.parametrize(
    ("failures", "runs", "bound"),
    [
        (0, 100, 0.029513),
        (1, 100, 0.046560),
        (5, 100, 0.102253),
        (0, 3_000_000, 9.9858e-7),
        (3, 3, 1.0),
        (9, 10, 0.994884),
    ],
)
def test_the_upper_bound_is_the_exact_one(failures: int, runs: int, bound: float) -> None:
    assert upper_bound(failures, runs) == pytest.approx(bound, rel=1e-4)


@given(st.integers(1, 5000), st.data())
def test_the_bound_is_above_the_rate_and_falls_with_more_runs(runs: int, data: st.DataObject) -> None:
    failures = data.draw(st.integers(0, runs))

    assert failures / runs <= upper_bound(failures, runs) <= 1
    assert upper_bound(failures, runs + 1) <= upper_bound(failures, runs)


def test_three_million_clean_runs_show_a_millionth_and_one_million_do_not() -> None:
    assert upper_bound(0, 3_000_000) < 1e-6 < upper_bound(0, 2_990_000)
    assert upper_bound(0, 1_000_000) > 2.9e-6


def test_percentiles_are_values_that_occurred() -> None:
    counted = Counter({10: 50, 20: 49, 900: 1})

    assert [percentile(counted, share) for share in (0.5, 0.51, 0.99, 0.999)] == [10, 20, 20, 900]


@given(st.lists(st.integers(0, 40), max_size=60), st.integers(0, 60))
def test_a_tally_is_the_same_however_the_runs_are_split(seeds: list[int], at: int) -> None:
    whole, left, right = Tally(), Tally(), Tally()
    for number, seed in enumerate(seeds):
        whole.add(_outcome(seed))
        (left if number < at else right).add(_outcome(seed))
    right.merge(left)

    assert right == whole
    assert len(whole.failures) <= SHOWN


def _outcome(seed: int) -> Outcome:
    wrong = "ended ROLLED_BACK" if seed % 3 == 0 else ""
    return Outcome(
        seed,
        "ROLLED_BACK" if wrong else "SUCCEEDED",
        wrong,
        ("group x was absent, is there",) if wrong else (),
        seconds=float(seed),
        transitions=14,
        working=seed / 7,
        calls={"groups.find": seed, "table.write": 1},
        units=(seed, 2 * seed),
    )


def test_an_operation_costs_what_its_parts_cost() -> None:
    use = Use(transitions=25, invocations=12, working=9.6, reads=30, writes=30, messages=2)

    assert use.costs["Step Functions"] == pytest.approx(0.000625)
    assert use.costs["DynamoDB"] == pytest.approx(0.00002325)
    assert use.costs["Lambda"] == pytest.approx(15 * 0.2e-6 + (9.6 * 0.5 + 3 * 0.05) * 0.0000133334)
    assert set(use.costs) >= {"Logs", "Keys", "Traces", "API Gateway", "Queue"}
    assert use.total == pytest.approx(sum(use.costs.values()))


def test_a_month_with_nothing_to_do_costs_the_key_and_the_sweep() -> None:
    assert IDLE_MONTH == KEY_MONTH + SWEEP_MONTH
    assert 0.05 < SWEEP_MONTH < 0.2


@pytest.mark.parametrize(
    ("share", "said"),
    [(0.0, "0"), (0.04012, "4.01 %"), (0.0001498, "0.015 %"), (9.99e-7, "9.99e-07"), (1.0, "100.00 %")],
)
def test_a_rate_is_said_so_that_something_is_seen_of_it(share: float, said: str) -> None:
    assert rate(share) == said


def score() -> Score:
    plan = Plan(("createServerGroup",), "calibrated", 1.0, runs=40, seed=0, processes=2, around=10)
    made = Score(plan, breaks={"createServerGroup": 37.0})
    for severity in (1.0, 3.0, 10.0):
        for policy in ("windlass", CLOUDDRIVER):
            tally = made.played[Cast("createServerGroup", "calibrated", severity, policy=policy)] = Tally()
            for seed in range(40):
                tally.add(_outcome(seed))
    return made


def test_a_page_shows_the_bound_the_command_both_policies_and_the_failing_seeds() -> None:
    text = page(score())

    for said in (
        "95 % confidence",
        "python -m rehearsal run createServerGroup --faults calibrated --severity 1 --runs 40 --seed 0",
        "Clouddriver&#x27;s policy",
        "begins to fail at severity 37",
        "Windlass begins to fail at x37",
        "that of orphans below",
        "vanishingly small",
        "hours that 150 attempts last",
        "dollars a month, idle",
        "p99.9",
        "table.write",
        "rolled back",
        "python -m rehearsal replay createServerGroup --faults calibrated --severity 1 --seed 3",
        "independent",
    ):
        assert said in text or said.replace("&#x27;", "'") in text


def test_in_eighty_columns_nothing_of_the_ends_is_cut() -> None:
    out, large = io.StringIO(), score()
    for _, tally in large.rows:
        tally.runs, tally.failed = 3_000_000, 3_000_000
        tally.ends = Counter({"SUCCEEDED": 2_900_001, "NEEDS_ATTENTION": 99_999})

    show(Console(file=out, width=80), large)

    ends = out.getvalue().partition("one operation")[0]
    assert "99,999 needs attention" in ends
    assert "…" not in ends
    assert "left" in ends


def test_a_page_fetches_nothing_and_runs_nothing() -> None:
    text = page(score())

    assert text.count("<svg") >= 5
    assert not re.search(r"<script|<link|<img|@import|url\(|src=", text)
    assert "http" not in re.sub(r"https://netflixtechblog\.com", "", text)


def test_the_machines_own_retries_outlast_the_two_hours_at_the_99th_percentile_of_the_jitter() -> None:
    found = windows()

    assert 7200 < found.lasts.least < found.lasts.usual < found.lasts.most
    assert LEAST_RETRIES < found.within.least < found.within.usual < found.attempts


def test_independent_faults_need_no_trying() -> None:
    assert sum(calls()) >= 15
    assert outlasted(0.04, calls(), LEAST_RETRIES) < 1e-12
    assert outlasted(0.04, [1] * 10, 3) == pytest.approx(2.56e-5, rel=1e-3)  # of ten Tasks with one call each
    assert outlasted(0.04, [1] * 10, 5) == pytest.approx(4.096e-8, rel=1e-3)
    assert outlasted(0.4, calls(), LEAST_RETRIES) > 0.9
