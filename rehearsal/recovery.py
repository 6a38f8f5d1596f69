"""Retry and Catch, for the states that have them: Task, Parallel, Map."""

import random
from abc import abstractmethod

from .execution import Branch
from .expressions import template
from .failures import Failure
from .jsontext import Json
from .paths import writer
from .states import Definition, Working

_LONGEST = 31_622_400.0
"""Seconds: the largest MaxDelaySeconds there is."""


class Retrier:
    """https://states-language.net/#retrying-after-error; JitterStrategy FULL draws evenly from zero to the delay."""

    def __init__(self, definition: Definition) -> None:
        self.names = frozenset(definition["ErrorEquals"])
        self.attempts: int = definition.get("MaxAttempts", 3)
        self.interval = float(definition.get("IntervalSeconds", 1))
        self.rate = float(definition.get("BackoffRate", 2.0))
        self.cap = float(definition.get("MaxDelaySeconds", _LONGEST))
        self.jitter = definition.get("JitterStrategy", "NONE") == "FULL"

    def delay(self, before: int, rng: random.Random) -> float:
        """Seconds until the next attempt, when it has retried so many times before."""
        delay = self._full(before)
        return rng.random() * delay if self.jitter else delay

    def _full(self, before: int) -> float:
        try:
            return min(self.interval * self.rate**before, self.cap)
        except OverflowError:
            return self.cap


class Catcher:
    def __init__(self, definition: Definition) -> None:
        self.names = frozenset(definition["ErrorEquals"])
        self.next: str = definition["Next"]
        self.put = writer(definition.get("ResultPath", "$"))
        self.assigned = template(definition["Assign"]) if "Assign" in definition else None


class Recovering(Working):
    """Every retrier counts for itself, from the moment the state is entered."""

    def __init__(self, name: str, definition: Definition) -> None:
        super().__init__(name, definition)
        self.retriers = [Retrier(retrier) for retrier in definition.get("Retry", [])]
        self.catchers = [Catcher(catcher) for catcher in definition.get("Catch", [])]
        for handlers in (definition.get("Retry", []), definition.get("Catch", [])):
            _refuse_misplaced_wildcard(name, handlers)

    def run(self, branch: Branch) -> str | None:
        branch.counts = [0] * len(self.retriers)
        return self.attempt(branch)

    @abstractmethod
    def attempt(self, branch: Branch) -> str | None:
        """Do the work, once more or for the first time."""

    def given_up(self, branch: Branch) -> None:
        """Nothing retries the failure."""

    def failed(self, branch: Branch, failure: Failure) -> str | None:
        """The first retrier that names the failure decides; when it has no attempt left, the first catcher does."""
        branch.settle()
        delay = self._retry_in(branch, failure)
        if delay is not None:
            branch.execution.transitions += 1
            branch.after(delay, self.attempt)
            return None
        self.given_up(branch)
        for catcher in self.catchers:
            if failure.matches(catcher.names):
                return self._caught(branch, failure, catcher)
        branch.fail(failure)
        return None

    def _retry_in(self, branch: Branch, failure: Failure) -> float | None:
        counts = branch.counts or []
        for index, retrier in enumerate(self.retriers):
            if failure.matches(retrier.names):
                if counts[index] >= retrier.attempts:
                    return None
                counts[index] += 1
                return retrier.delay(counts[index] - 1, branch.rng)
        return None

    def _caught(self, branch: Branch, failure: Failure, catcher: Catcher) -> str | None:
        """The error output takes the result's place; OutputPath does not apply to it."""
        error: dict[str, Json] = {"Error": failure.error or "", "Cause": failure.cause or ""}
        try:
            self.assign(branch, catcher.assigned, error)
            output = catcher.put(branch.data, error)
        except Failure as second:
            branch.fail(second)
            return None
        branch.most = None
        return self.go_on(branch, output, catcher.next)


def _refuse_misplaced_wildcard(name: str, handlers: list[Definition]) -> None:
    for handler in handlers:
        if "States.ALL" in handler["ErrorEquals"] and (len(handler["ErrorEquals"]) > 1 or handler is not handlers[-1]):
            raise ValueError(f"{name}: States.ALL must stand alone, in the last retrier or catcher")
