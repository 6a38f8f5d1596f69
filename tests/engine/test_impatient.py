"""Who keeps a caller waiting learns from one failed start, and from one that succeeds."""

from lambdas.errors import Throttled, Transient, WindlassError
from lambdas.hub import ExecutionState, Json
from lambdas.impatient import PAUSE, Impatient


class Struggling:
    """Step Functions that fails for some sagas, after so many seconds."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.fails: dict[str, tuple[float, WindlassError]] = {}
        self.tried: list[str] = []

    def start(self, saga: str, name: str, given: Json) -> bool:
        self.tried.append(name)
        if saga in self.fails:
            took, error = self.fails[saga]
            self.now += took
            raise error
        return True

    def succeed(self, token: str, output: Json) -> None:
        self.tried.append(f"succeed {token}")

    def fail(self, token: str, error: str, cause: str) -> None:
        self.tried.append(f"fail {token}")

    def describe(self, saga: str, name: str) -> ExecutionState | None:
        return ExecutionState("RUNNING")


def machines(took: float = 0.05, **fails: WindlassError) -> tuple[Struggling, Impatient]:
    real = Struggling()
    real.fails = {saga: (took, error) for saga, error in fails.items()}
    return real, Impatient(real, lambda: real.now)


def attempt(tried: Impatient, saga: str, name: str) -> str:
    try:
        return str(tried.start(saga, name, {}))
    except WindlassError as error:
        return type(error).__name__


def test_after_a_failed_start_none_is_tried_for_a_second() -> None:
    real, tried = machines(Grow=Throttled("rehearsed"))
    answers = [attempt(tried, "Grow", name) for name in "ab"]
    real.now += PAUSE

    answers += [attempt(tried, "Grow", name) for name in "cd"]

    assert answers == ["Throttled", "Transient", "Throttled", "Transient"]
    assert real.tried == ["a", "c"]


def test_one_that_succeeds_is_enough_to_go_on() -> None:
    real, tried = machines(Grow=Transient("rehearsed"))
    attempt(tried, "Grow", "a")
    real.now += PAUSE
    real.fails.clear()

    assert [attempt(tried, "Grow", name) for name in "bcd"] == ["True"] * 3


def test_a_machine_that_is_refused_at_once_keeps_no_other_from_being_started() -> None:
    _, tried = machines(Grow=Transient("denied"))
    attempt(tried, "Grow", "a")

    assert attempt(tried, "Shrink", "b") == "True"


def test_while_step_functions_hangs_no_machine_is_tried() -> None:
    real, tried = machines(took=3.0, Grow=Transient("no answer"))
    attempt(tried, "Grow", "a")
    real.now += PAUSE - 0.1
    early = attempt(tried, "Shrink", "b")
    real.now += 0.2

    assert (early, attempt(tried, "Shrink", "c")) == ("Transient", "True")
    assert real.tried == ["a", "c"]


def test_tokens_are_answered_all_the_same() -> None:
    real, tried = machines(Grow=Throttled("rehearsed"))
    attempt(tried, "Grow", "a")

    tried.succeed("one", {})
    tried.fail("two", "Cancelled", "by a caller")

    assert real.tried == ["a", "succeed one", "fail two"]
    assert tried.describe("Grow", "a") == ExecutionState("RUNNING")
