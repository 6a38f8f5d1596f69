"""`python -m rehearsal run` and `replay`: what they print, write and answer."""

import io
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from rich.console import Console

from rehearsal.__main__ import main
from rehearsal.command import replay, run
from rehearsal.crew import CLOUDDRIVER, Cast, tallies
from rehearsal.score import Plan, rehearse
from rehearsal.tally import Tally


@pytest.fixture(autouse=True)
def _loud() -> Iterator[None]:
    """The commands switch logging off."""
    yield
    logging.disable(logging.NOTSET)


def printed(command: object, *arguments: str) -> tuple[int, str]:
    out = io.StringIO()
    code = command(arguments, Console(file=out, width=200))  # type: ignore[operator]
    return code, out.getvalue()


def test_a_run_tells_the_ends_and_how_sure_they_are() -> None:
    code, text = printed(
        run, "createServerGroup", "--faults", "independent:0.04", "--runs", "30", "--only", "--processes", "1"
    )

    assert code == 0
    assert "30 succeeded" in text
    assert "9.50 %" in text  # 1 - 0.05 ** (1 / 30)
    assert "the wait sweep" in text
    assert "table.write" in text
    assert "vanishingly small" in text
    assert "99 % of its windows last longer than 2.1" in text
    assert "python -m rehearsal run createServerGroup --faults independent:0.04 --severity 1 --runs 30 --seed 0" in text


def test_a_failing_seed_names_the_command_that_replays_it() -> None:
    code, text = printed(
        run, "createServerGroup", "--faults", "outage:autoscaling:86400", "--runs", "2", "--only", "--seed", "5"
    )

    assert code == 1
    assert (
        "python -m rehearsal replay createServerGroup --faults outage:autoscaling:86400 --severity 1 --seed 5" in text
    )


def test_a_replay_shows_the_whole_history_and_what_went_wrong() -> None:
    code, text = printed(replay, "createServerGroup", "--faults", "independent:0.2", "--seed", "3")

    assert code == 0
    assert "ExecutionStarted" in text
    assert "LambdaFunctionFailed" in text or "TaskFailed" in text
    assert "calls went wrong" in text
    assert "ended SUCCEEDED" in text


def test_a_page_is_written_where_asked_for(tmp_path: Path) -> None:
    page = tmp_path / "page.html"

    printed(run, "resumeAsgProcesses", "--faults", "none", "--runs", "3", "--only", "--html", str(page))

    assert page.read_text().startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "a command is missing"),
        (("walk",), "there is no command 'walk'"),
        (("run", "flyToTheMoon"), "there is no operation 'flyToTheMoon'; the operations are allowLaunch"),
        (("run", "all", "--faults", "typhoon"), "there is no fault model 'typhoon'"),
        (("run", "all", "--faults", "outage:ec2"), "outage is written outage:SERVICE:SECONDS, not outage:ec2"),
        (("run", "all", "--runs", "0"), "a whole number from 1 to 1,000,000,000 is needed, not '0'"),
        (("run", "all", "--runs", "many"), "not 'many'"),
        (("run", "all", "--severity", "-1"), "a severity is a number above 0"),
        (("run", "all", "--seed", "x"), "a seed is a whole number from 0 on, of at most 18 digits, not 'x'"),
        (("run", "all", "--html", "/nowhere/at/all.html"), "name one in a folder that exists"),
        (("replay", "all"), "there is no operation 'all'"),
        (("run", "all", "--door", "back"), "there is no door 'back'; the doors are windlass, clouddriver"),
        (("run",), "the following arguments are required: operation"),
        (("run", "all", "more"), "unrecognized arguments: more"),
        (("run", "all", "--run", "5"), "unrecognized arguments: --run 5"),
        (("run", "all", "--seed", "-1"), "a seed is a whole number from 0 on"),
        (("run", "all", "--seed", "²"), "a seed is a whole number from 0 on"),
        (("run", "all", "--processes", "0"), "the number of processes is from 1 to 256, not '0'"),
        (("run", "all", "--html", "/tmp"), "'/tmp' is no file that can be written"),
        (("run", "all", "--faults", "calibrated+"), "there is no fault model ''"),
        (("run", "all", "--faults", "independent:nan"), "independent: probability is a probability"),
        (("run", "all", "--faults", "signals:0"), "signals: latest is a number from 6 to"),
        (("run", "all", "--faults", "bursts:0.1:0"), "bursts: spell is a number from 1 to"),
        (("replay", "createServerGroup", "--runs", "5"), "unrecognized arguments: --runs 5"),
        (("sweep", "mars"), "there is no operation 'mars'"),
        (("sweep", "--kinds", "after,"), "there is no kind of fault ''"),
        (("sweep", "--lag", "-1"), "a lag is a number of seconds from 0 to 900, not '-1'"),
        (("sweep", "--trial", "5:after"), "--trial is one run: name the operation"),
        (("sweep", "resizeServerGroup", "--trial", "5:after", "--doubles"), "leave out --doubles and --kinds"),
        (("sweep", "resizeServerGroup", "--trial", "²:after"), "'²:after' is no fault"),
        (("sweep", "resizeServerGroup", "--trial", "0:after"), "'0:after' is no fault"),
        (("mutants", "all"), "unrecognized arguments: all"),
        (("mutants", "--processes", "nine"), "the number of processes is from 1 to 256, not 'nine'"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(
    arguments: Sequence[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code: object = main(arguments)
    except SystemExit as left:
        code = left.code

    told = capsys.readouterr()
    assert code == 2
    assert said in told.err
    assert told.err.count("\n") == 1
    assert told.out == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--help",), ("run ", "replay ", "sweep ", "mutants ")),
        (("run", "--help"), ("resizeServerGroup", "bursts[:SHARE][:SPELL]", "calibrated", "exit codes", "examples")),
        (("replay", "--help"), ("createServerGroup", "examples")),
        (("sweep", "--help"), ("createServerGroup/hurried", "kill_after", "exit codes", "examples")),
        (("mutants", "--help"), ("exit codes",)),
    ],
)
def test_help_names_what_there_is(
    arguments: Sequence[str], said: Sequence[str], capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code: object = main(arguments)
    except SystemExit as left:
        code = left.code

    told = capsys.readouterr().out
    assert code == 0
    assert [one for one in said if one not in told] == []


def test_what_could_not_be_imported_counts_as_gone_wrong() -> None:
    tally = _sum(tallies(Cast("createServerGroup", "bad-release:600"), runs=8, seed=0, processes=1))

    assert tally.clean == 0
    assert tally.failed == 0


@pytest.mark.parametrize(
    "cast", [Cast("resizeServerGroup", "independent:0.05"), Cast("createServerGroup", "calibrated", policy=CLOUDDRIVER)]
)
def test_however_many_processes_play_the_tally_is_the_same(cast: Cast) -> None:
    one, two = (_sum(tallies(cast, runs=250, seed=9, processes=processes)) for processes in (1, 2))

    assert one == two
    assert one.runs == 250


def _sum(parts: Iterator[Tally]) -> Tally:
    total = Tally()
    for part in parts:
        total.merge(part)
    return total


def test_both_policies_meet_the_same_faults_and_the_breaking_point_is_searched() -> None:
    plan = Plan(("createServerGroup",), "outage:autoscaling:7200", 1.0, runs=4, seed=1, processes=1, around=4)

    score = rehearse(plan)

    assert {cast.policy for cast in score.played} == {"windlass", CLOUDDRIVER}
    breaks = score.breaks["createServerGroup"]
    assert breaks is not None
    assert {cast.severity for cast in score.played} == {1.0, 3.0, 10.0, breaks, 2 * breaks}
    assert [tally.runs for _, tally in score.asked] == [4]
    assert 0.5 < breaks <= 2.1  # retried for two hours, and an outage of two hours is at the edge
