"""A flood at a small scale: what is promised of the large one holds, however StartExecution fails."""

import io
import logging
from collections.abc import Iterator

import pytest
from rich.console import Console

from rehearsal.flood import Flood, Script
from rehearsal.flood_command import flood
from rehearsal.flood_verdicts import Drained, shares, verdicts
from rehearsal.published import OUTAGES

SMALL = Script(rate=40, seconds=5, down=20, callers=3, fresh=10, processes=40)
LONG = Script(rate=200, seconds=10, down=20, fresh=20)
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


def drained(caller: str, count: int, started: range, due: float = 0) -> list[Drained]:
    """So many of the caller's are started in each of these seconds."""
    return [Drained(caller, due, second) for second in started for _ in range(count)]


TWENTY = range(100, 120)


@pytest.mark.parametrize(
    ("theirs", "least"),
    [
        (drained("b", 35, TWENTY), 1.0),
        (drained("b", 17, TWENTY) + drained("b", 18, range(120, 140)), 17 / 35),
        (drained("b", 3, range(100, 101)), 1.0),
        (drained("b", 1, range(119, 120)), 0.0),
        (drained("b", 1, TWENTY, due=100), 10 / 20),
        ([Drained("b", second + 0.2, second + 0.7) for second in TWENTY], None),
        ([], None),
    ],
    ids=[
        "each has his half",
        "he has a quarter while more of his waits",
        "whoever starts all his few is not kept short",
        "he waits for long, however little it is",
        "he has fewer than his share, and not all of them",
        "nothing of his ever waits when a window begins",
        "nobody to share with",
    ],
)
def test_a_share_is_a_kth_of_the_drain_or_all_that_waits(theirs: list[Drained], least: float | None) -> None:
    ours = drained("a", 70 - len([one for one in theirs if one.started == 105]), TWENTY)

    found = list(shares([*ours, *theirs]))

    assert min(found, default=None) == (None if least is None else pytest.approx(least))


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
