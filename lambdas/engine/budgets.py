"""How many calls one function may make that makes them alone: at most half of AWS's bucket.

What it has taken is kept with its own row and leaks away at half of the bucket's rate. Calls that many functions make
are braked from a row that they share (`lambdas.brakes`).
"""

from collections.abc import Callable, Mapping

from lambdas.families import Bucket

SHARE = 0.5
"""Of every bucket: others work in the same account, and the activities' own reads come from the same buckets."""

Levels = Mapping[str, tuple[float, float]]
"""By place and API: how much was taken, and when that was true."""


STARTS = "starts"
BUCKETS = {
    # StartExecution, outside the three largest Regions: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
    STARTS: Bucket(800, 150),
}
HUB = "hub"
"""The place of our own Step Functions."""


class Budgets:
    """What is left, by place (`account/region`) and API."""

    def __init__(self, now: Callable[[], float], levels: Levels) -> None:
        self._now = now
        self._levels = {key: one for key, one in levels.items() if key.rpartition(" ")[2] in BUCKETS}

    def take(self, place: str, api: str, calls: int = 1) -> None:
        """Count calls. They may overdraw: a row that was begun is finished."""
        self._set(_key(place, api), self._level(_key(place, api)) + calls)

    def left(self, place: str, api: str) -> int:
        """How many calls may be made now."""
        return max(int(_most(_key(place, api)) - self._level(_key(place, api))), 0)

    def drain(self, place: str, api: str) -> None:
        """AWS asks for fewer calls: somebody else has taken more than his half."""
        key = _key(place, api)
        self._set(key, max(self._level(key), _most(key)))

    @property
    def levels(self) -> Levels:
        """What has not leaked away yet."""
        now = {key: (self._level(key), self._now()) for key in self._levels}
        return {key: level for key, level in now.items() if level[0] > 0}

    def _level(self, key: str) -> float:
        level, at = self._levels.get(key, (0.0, 0.0))
        return max(level - SHARE * _bucket(key).refill * max(self._now() - at, 0.0), 0.0)

    def _set(self, key: str, level: float) -> None:
        self._levels[key] = (level, self._now())


def _key(place: str, api: str) -> str:
    return f"{place} {api}"


def _bucket(key: str) -> Bucket:
    return BUCKETS[key.rpartition(" ")[2]]


def _most(key: str) -> float:
    return SHARE * _bucket(key).size
