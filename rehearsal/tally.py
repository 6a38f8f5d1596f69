"""What many runs came to: small however many they are, and the same whoever ran which."""

import re
from collections import Counter
from dataclasses import dataclass, field

from rehearsal.prices import Use
from rehearsal.runs import Outcome
from rehearsal.statistics import percentile, upper_bound

SUCCEEDED = "SUCCEEDED"
"""The end that both policies are for."""
Failure = tuple[int, str]
"""A seed, and what went wrong."""
SHOWN = 20
"""Failing seeds that are kept."""


@dataclass
class Tally:
    """Sums and counts over runs; `merge` is associative and commutative."""

    runs: int = 0
    failed: int = 0
    orphaned: int = 0
    held: int = 0
    struck: int = 0
    clean: int = 0
    """Runs in which no call went wrong."""
    ends: Counter[str] = field(default_factory=Counter)
    seconds: Counter[int] = field(default_factory=Counter)
    """How many runs took so many whole seconds."""
    succeeded: Counter[int] = field(default_factory=Counter)
    """The same of those that succeeded."""
    reasons: Counter[str] = field(default_factory=Counter)
    """Why runs failed, without the numbers that make each a case of its own."""
    transitions: Counter[int] = field(default_factory=Counter)
    retries: Counter[int] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)
    invocations: int = 0
    working: int = 0
    """Milliseconds for which functions ran: whole, so that sums are the same in any order."""
    metered: int = 0
    reads: int = 0
    writes: int = 0
    failures: list[Failure] = field(default_factory=list)
    """The first of them."""

    def add(self, one: Outcome) -> None:
        self.runs += 1
        self.failed += bool(one.wrong)
        self.orphaned += bool(one.orphans)
        self.held += one.holds > 0
        self.struck += one.struck
        self.clean += one.struck == 0
        self.ends[one.end] += 1
        self.seconds[round(one.seconds)] += 1
        if one.end == SUCCEEDED:
            self.succeeded[round(one.seconds)] += 1
        self.transitions[one.transitions] += 1
        self.retries[one.retries] += 1
        for name, calls in one.calls.items():
            self.calls[name] += calls
        self.invocations += one.invocations
        self.working += round(one.working * 1000)
        if one.units is not None:
            self.metered += 1
            self.reads += one.units[0]
            self.writes += one.units[1]
        if one.wrong:
            self.reasons[_reason(one.wrong)] += 1
            self._keep([(one.seed, one.wrong)])

    def merge(self, other: "Tally") -> None:
        for name in ("runs", "failed", "orphaned", "held", "struck", "clean", "invocations"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("working", "metered", "reads", "writes"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("ends", "seconds", "succeeded", "reasons", "transitions", "retries", "calls"):
            getattr(self, name).update(getattr(other, name))
        self._keep(other.failures)

    def _keep(self, more: list[Failure]) -> None:
        self.failures = sorted([*self.failures, *more])[:SHOWN]

    @property
    def rate(self) -> float:
        """Failed runs, as a share of all."""
        return self.failed / self.runs if self.runs else 0.0

    @property
    def bound(self) -> float:
        """The true rate is below this, with 95 % confidence."""
        return upper_bound(self.failed, self.runs)

    @property
    def orphan_bound(self) -> float:
        """The same for runs that left something behind."""
        return upper_bound(self.orphaned, self.runs)

    def took(self, share: float) -> int:
        """Seconds within which that share of the runs ended."""
        return percentile(self.seconds, share)

    def mean(self, counted: Counter[int]) -> float:
        return sum(value * count for value, count in counted.items()) / self.runs if self.runs else 0.0

    @property
    def use(self) -> Use:
        """What one operation used, on average."""
        runs, metered = max(self.runs, 1), max(self.metered, 1)
        return Use(
            transitions=self.mean(self.transitions),
            invocations=self.invocations / runs,
            working=self.working / 1000 / runs,
            reads=self.reads / metered,
            writes=self.writes / metered,
            messages=self.calls["sweeper.after"] / runs,
        )


def _reason(wrong: str) -> str:
    """`Transient: rehearsed: an outage at call 17, groups.create in ScaleUp` is `Transient: an outage`."""
    return re.sub(r"\d+", "n", re.sub(r"['\"]|rehearsed:? |( at|:)? ?call \d+.*", "", wrong))
