"""Numbers about many runs: percentiles, and how sure a rate is."""

import math
from collections.abc import Mapping

CONFIDENCE = 0.95


def upper_bound(failures: int, runs: int, confidence: float = CONFIDENCE) -> float:
    """The exact (Clopper-Pearson) one-sided upper bound of a failure rate of which `runs` independent runs are known.

    The rate at which so few failures would be seen with a probability of 1 - confidence: for none in n runs it is
    1 - (1 - confidence) ** (1 / n), about 3 / n.
    """
    if failures >= runs:
        return 1.0
    unlikely = 1 - confidence
    if failures == 0:
        return -math.expm1(math.log(unlikely) / runs)
    low, high = failures / runs, 1.0
    while high - low > 1e-12 + 1e-9 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if _at_most(failures, runs, middle) > unlikely else (low, middle)
    return high


def _at_most(failures: int, runs: int, rate: float) -> float:
    """The probability of no more failures than that: the binomial's tail, summed from its largest term."""
    if rate >= 1:
        return 0.0
    ways = math.lgamma(runs + 1) - math.lgamma(failures + 1) - math.lgamma(runs - failures + 1)
    term = math.exp(ways + failures * math.log(rate) + (runs - failures) * math.log1p(-rate))
    total, odds = term, (1 - rate) / rate
    for count in range(failures, 0, -1):
        term *= count / (runs - count + 1) * odds
        total += term
        if term < total * 1e-17:
            break
    return total


def percentile(counted: Mapping[int, int], share: float) -> int:
    """The smallest value that at least this share of all is not above."""
    wanted, seen = share * sum(counted.values()), 0
    for value in sorted(counted):
        seen += counted[value]
        if seen >= wanted:
            return value
    return 0
