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
    assert "30 SUCCEEDED" in text
    assert "9.50%" in text  # 1 - 0.05 ** (1 / 30)
    assert "dollars" in text


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
        ((), "there is no command ''"),
        (("walk",), "there is no command 'walk'"),
        (("run", "flyToTheMoon"), "there is no operation 'flyToTheMoon'; the operations are createServerGroup"),
        (("run", "all", "--faults", "typhoon"), "there is no fault model 'typhoon'"),
        (("run", "all", "--faults", "outage:ec2"), "outage is written outage:SERVICE:SECONDS, not outage:ec2"),
        (("run", "all", "--runs", "0"), "a whole number from 1 to 1,000,000,000 is needed, not '0'"),
        (("run", "all", "--runs", "many"), "not 'many'"),
        (("run", "all", "--severity", "-1"), "a severity is a number above 0"),
        (("run", "all", "--seed", "x"), "a seed is a whole number, not 'x'"),
        (("run", "all", "--html", "/nowhere/at/all.html"), "name one in a folder that exists"),
        (("replay", "all"), "there is no operation 'all'"),
        (("run", "all", "--door", "back"), "invalid choice: 'back'"),
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


def test_however_many_processes_play_the_tally_is_the_same() -> None:
    cast = Cast("resizeServerGroup", "independent:0.05")

    one, two = (_sum(tallies(cast, runs=250, seed=9, processes=processes)) for processes in (1, 2))

    assert one == two
    assert one.runs == 250


def _sum(parts: Iterator[Tally]) -> Tally:
    total = Tally()
    for part in parts:
        total.merge(part)
    total.working = round(total.working, 6)
    return total


def test_both_policies_meet_the_same_faults_and_the_breaking_point_is_searched() -> None:
    plan = Plan(("createServerGroup",), "outage:autoscaling:7200", 1.0, runs=4, seed=1, processes=1, around=4)

    score = rehearse(plan)

    assert {cast.policy for cast in score.played} == {"windlass", CLOUDDRIVER}
    assert {cast.severity for cast in score.played} == {1.0, 3.0, 10.0}
    breaks = score.breaks["createServerGroup"]
    assert breaks is not None
    assert 0.5 < breaks <= 2.1  # retried for two hours, and an outage of two hours is at the edge
