"""Many operations at once, while AWS throttles."""

import io
import logging
from collections.abc import Iterator

import pytest
from rich.console import Console

from rehearsal.models import parse
from rehearsal.scenarios import CREATES
from rehearsal.storm import MOST, storm
from rehearsal.storm_command import run


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def test_forty_operations_under_throttling_all_succeed_with_few_calls_more() -> None:
    calm, braked = (storm(CREATES, parse(faults), 40) for faults in ("none", "throttling"))

    assert braked.wrong(calm) == ""
    assert braked.throttled > 0
    assert calm.calls < braked.calls < MOST * calm.calls


def test_operations_that_keep_coming_take_half_of_each_bucket_at_most() -> None:
    one = storm(CREATES, parse("none"), 60, every=0.2)

    assert one.ends == {"SUCCEEDED": 60}
    assert 0.3 < one.taken <= 0.5


def test_the_same_seed_is_the_same_storm() -> None:
    first, second = (storm(CREATES, parse("throttling"), 10, seed=3) for _ in range(2))

    assert first == second


def test_the_command_tells_what_was_asked_of_the_clouds() -> None:
    out = io.StringIO()

    code = run(["--operations", "10"], Console(file=out, width=160))

    assert code == 0
    assert "10 createServerGroup at once" in out.getvalue()
    assert "10 SUCCEEDED" in out.getvalue()
    assert "times the calls of a run without faults; all succeeded" in out.getvalue()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--operations", "0"], "the number of operations is from 1 to 1000, not '0'"),
        (["--seed", "x"], "a seed is a whole number from 0 on, of at most 18 digits, not 'x'"),
        (["--faults", "rain"], "there is no fault model 'rain'"),
    ],
)
def test_bad_input_is_told_in_one_sentence(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run(arguments, Console(file=io.StringIO()))

    assert ended.value.code == 2
    assert said in capsys.readouterr().err
