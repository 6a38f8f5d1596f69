"""A flood at a small scale: what is promised of the large one holds, however StartExecution fails."""

import io
import logging
from collections.abc import Iterator

import pytest
from rich.console import Console

from rehearsal.flood import Flood, Script
from rehearsal.flood_command import flood
from rehearsal.flood_verdicts import verdicts
from rehearsal.published import OUTAGES

SMALL = Script(rate=40, seconds=5, down=20, callers=3, fresh=10, processes=40)
LONG = Script(rate=200, seconds=10, down=12, callers=2, fresh=2)
FRESH = "fresh ones meanwhile start within: p99"
NOTICED = 2.5
"""Seconds until every process knows that starts succeed again: a pause, and a start that hung until then."""


@pytest.fixture(autouse=True)
def _loud() -> Iterator[None]:
    """The command switches logging off."""
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("how", OUTAGES)
def test_nothing_is_lost_or_doubled_however_starts_fail(how: str) -> None:
    played = Flood(Script(**vars(SMALL) | {"how": how}))

    played.play()

    assert [one for one in verdicts(played) if not one.kept and one.what != FRESH] == []
    recovered = played.began + SMALL.down
    late = [post for post in played.posts if post.fresh and played.started(post) != post.accepted]
    assert [post for post in late if post.accepted > recovered + NOTICED] == []
    assert any(post.fresh for post in played.posts)


def test_what_drains_is_shared_between_the_callers_and_kept_in_order() -> None:
    played = Flood(LONG)

    played.play()

    found = {one.what: one for one in verdicts(played)}
    assert [one for one in found.values() if not one.kept and one.what != FRESH] == []
    assert "windows" in found["least share of a caller in any 10 s"].measured
    assert " 0 of them" not in found["two on one group keep their order"].measured
    assert played.killed


def printed(*arguments: str) -> tuple[int, str]:
    out = io.StringIO()
    code = flood(arguments, Console(file=out, width=200))
    return code, out.getvalue()


def test_the_command_tells_what_was_promised_and_what_was_measured() -> None:
    code, text = printed("--rate", "20", "--seconds", "5", "--down", "15", "--fresh", "0.2", "--how", "throttled")

    assert code == 0
    assert "20 submissions a second for 5 s by 5 callers; for 15 s StartExecution answers ThrottlingException" in text
    assert "0: each is one operation" in text
    assert "NOT KEPT" not in text


def test_a_promise_that_is_not_kept_is_told_and_is_exit_code_1() -> None:
    """It drains within seconds, so that those count whose process did not know yet that starts succeed again."""
    code, text = printed("--rate", "20", "--seconds", "5", "--down", "15", "--fresh", "5")

    assert code == 1
    assert "NOT KEPT" in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--rate", "0"), "a number above 0 and up to 200,000 is needed, not '0'"),
        (("--callers", "many"), "a whole number from 1 to 1,000 is needed, not 'many'"),
        (("--how", "sulks"), "StartExecution cannot fail by 'sulks'; it fails, throttled, denied, hangs"),
        (("--rate", "5000"), "these are more than 200,000 operations: lower --rate, --seconds, --fresh or --down"),
    ],
    ids=str,
)
def test_bad_input_is_told_in_one_sentence(
    arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        flood(arguments)

    assert ended.value.code == 2
    assert said in capsys.readouterr().err
