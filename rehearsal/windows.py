"""How long Step Functions retries a state: simulated with the compiled machine's own retrier and its jitter."""

import random
from functools import lru_cache

from rehearsal.asl import Machine
from rehearsal.recovery import Recovering, Retrier
from saga.compiler import compile_saga
from statemachines import ALL

SIMULATED = 2000


@lru_cache(maxsize=4)
def windows(seed: int = 0) -> tuple[float, float, float]:
    """Seconds from the first failure to the last retry: what 99 % of windows outlast, what half do, what 1 % do."""
    retrier, rng = _last_retrier(), random.Random(seed)
    lasted = sorted(sum(retrier.delay(n, rng) for n in range(retrier.attempts)) for _ in range(SIMULATED))
    return lasted[SIMULATED // 100], lasted[SIMULATED // 2], lasted[-SIMULATED // 100]


def _last_retrier() -> Retrier:
    """States.ALL of the first step: all of them are written by one rule."""
    state = next(
        one for one in Machine(compile_saga(ALL[0])).states.values() if isinstance(one, Recovering) and one.retriers
    )
    return state.retriers[-1]
