"""How long Step Functions retries a state: simulated with the compiled machine's own retrier and its jitter."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from lambdas.hub import Settings
from rehearsal.asl import Machine
from rehearsal.recovery import Recovering, Retrier
from saga.compiler import compile_saga
from statemachines import ALL

SIMULATED = 2000
WINDOW = Settings("").window.total_seconds()
"""Seconds for which the entrypoint lets a step be retried."""


@dataclass(frozen=True)
class Spread:
    """What 99 % are above, half are, and 1 % are."""

    least: float
    usual: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        ordered = sorted(values)
        return cls(ordered[len(ordered) // 100], ordered[len(ordered) // 2], ordered[-1 - len(ordered) // 100])


@dataclass(frozen=True)
class Windows:
    """Of one failing state."""

    attempts: int
    """That its retrier has."""
    lasts: Spread
    """Seconds from the first failure to the last of these attempts."""
    within: Spread
    """Attempts that the entrypoint's window holds, if there were no end to them."""


@lru_cache(maxsize=4)
def windows(seed: int = 0) -> Windows:
    """Simulate the retrier's delays; attempts themselves take no time, which makes windows shorter, not longer."""
    retrier, rng = _last_retrier(), random.Random(seed)
    played = [[*accumulate(retrier.delay(n, rng) for n in range(2 * retrier.attempts))] for _ in range(SIMULATED)]
    return Windows(
        retrier.attempts,
        lasts=Spread.of([begins[retrier.attempts - 1] for begins in played]),
        within=Spread.of([sum(at <= WINDOW for at in begins) for begins in played]),
    )


def _last_retrier() -> Retrier:
    """States.ALL of the first step: all of them are written by one rule."""
    state = next(
        one for one in Machine(compile_saga(ALL[0])).states.values() if isinstance(one, Recovering) and one.retriers
    )
    return state.retriers[-1]
