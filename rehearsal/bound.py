"""What needs no trying: how likely a createServerGroup fails where each of its calls fails independently."""

import math
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

from rehearsal.scenarios import CREATES
from rehearsal.trials import golden_of
from rehearsal.windows import WINDOW

PROBABILITY = 0.04
"""Of one call, for the sentence in the report: as often as whole deployments failed."""
LONGEST_DELAY = 120.0
"""Seconds: the cap of the back-off, so that no jitter holds fewer retries in the window than LEAST_RETRIES."""
LEAST_RETRIES = int(WINDOW / LONGEST_DELAY)


@lru_cache(maxsize=1)
def calls() -> tuple[int, ...]:
    """Calls by Task of a createServerGroup that uses all it can, those of the table included; the most first."""
    golden = golden_of(CREATES)
    counted = Counter(call.where for call in golden.calls if call.where in golden.path)
    return tuple(sorted(counted.values(), reverse=True))


def outlasted(probability: float, calls: Iterable[int], retries: int) -> float:
    """How likely some Task fails in all its attempts: each has (1 - p)^k to go well, with k calls."""
    alone = ((1 - (1 - probability) ** count) ** (retries + 1) for count in calls)
    return -math.expm1(sum(math.log1p(-one) for one in alone))


def sentence() -> str:
    """The bound, in words."""
    rate = outlasted(PROBABILITY, calls(), LEAST_RETRIES)
    return (
        f"For faults that strike each call independently, with probability p, the rate can be worked out: an attempt "
        f"of a Task with k calls fails with q = 1 - (1 - p)^k, and the Task for good with q^(r+1). With p = "
        f"{PROBABILITY:.0%}, the {', '.join(map(str, calls()))} calls of createServerGroup's Tasks, and the "
        f"{LEAST_RETRIES} retries that two hours hold even if each delay is the longest, that is {rate:.0e}: "
        f"vanishingly small. Three million runs are expected to show {3e6 * rate:.0e} failures, so no number of runs "
        f"could measure it. What is left is what is not independent: bursts, outages, our own mistakes. Hence the "
        f"other models."
    )
