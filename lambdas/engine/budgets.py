"""How many calls the sweep may make: at most half of each API's bucket, the rest is for whoever else calls it.

AWS counts calls per account, Region and API in buckets of a size that refill at a rate. What a sweep has taken is kept
with the heartbeat and leaks away at half of that rate.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

SHARE = 0.5
"""Of every bucket: others work in the same account, and the activities' own reads come from the same buckets."""

Levels = Mapping[str, tuple[float, float]]
"""By place and API: how much was taken, and when that was true."""


@dataclass(frozen=True)
class Bucket:
    """Calls at once, and calls a second for good."""

    size: float
    refill: float


STARTS = "starts"
BUCKETS = {
    # Auto Scaling publishes none, only the error: a cautious guess, half of EC2's.
    "autoscaling": Bucket(50, 10),
    # DescribeAlarms: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html
    "cloudwatch": Bucket(9, 9),
    # Describe*: https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
    "ec2": Bucket(100, 20),
    # Describe*: https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/load-balancer-limits.html
    "elasticloadbalancing": Bucket(40, 10),
    # DescribeExecution, outside the three largest Regions: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
    "states": Bucket(250, 10),
    # StartExecution, the same page, the same Regions.
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

    def spent(self, place: str, part: float = 1.0) -> bool:
        """Whether no further row of that place may be begun: some API of it has nothing left of that part."""
        keys = (_key(place, api) for api in BUCKETS)
        return any(self._level(key) + 1 > part * _most(key) for key in keys if key in self._levels)

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
