"""Faults that last: the state of a service over time, whoever calls it."""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from lambdas.errors import Throttled, Transient
from rehearsal.fake_cloud import Manners
from rehearsal.faults import Call, Effect, Faults, Kind, Known
from rehearsal.models.model import EVENTS, KNOWN, Stage, Strikes, service_of

SERVICES_IN_ORDER = tuple(sorted(KNOWN))

FAILS_WHEN_BAD = 0.9
"""How likely a call fails in a bad spell: even a service in trouble answers now and then."""


def bursts(share: float = 0.02, spell: float = 60.0) -> Strikes:
    """Gilbert-Elliott: each service is good or bad, for exponentially distributed spells.

    `share` of the time is bad, a bad spell lasts `spell` seconds on average. Severity makes the bad time more.
    """

    def strikes(stage: Stage) -> None:
        bad = stage.chance(share)
        for service in SERVICES_IN_ORDER:
            _Turning(stage, service, spell, spell * (1 - bad) / bad if bad else math.inf)

    return strikes


class _Turning:
    """One service's good and bad spells in turn; only in a bad one is there a model that calls have to ask."""

    def __init__(self, stage: Stage, service: str, bad: float, good: float) -> None:
        self._stage, self._service, self._bad, self._good = stage, service, bad, good
        self._ends: Callable[[], None] = _nothing
        (self._worsens if stage.rng.random() * (bad + good) < bad else self._improves)()

    def _worsens(self) -> None:
        self._ends = self._stage.faults.on(lambda name: service_of(name) == self._service, self._strikes)
        self._stage.clock.at(self._stage.rng.expovariate(1 / self._bad), self._improves)

    def _improves(self) -> None:
        self._ends()
        if self._good < math.inf:
            self._stage.clock.at(self._stage.rng.expovariate(1 / self._good), self._worsens)

    def _strikes(self, call: Call) -> Kind | None:
        return _unwell if self._stage.rng.random() < FAILS_WHEN_BAD else None


def _nothing() -> None:
    """No spell to end."""


def outage(service: str, seconds: float) -> Strikes:
    """The service answers nothing but errors for so long, from a random call of the run on. Severity makes it longer.

    `service` is AWS's name, or `all`. EventBridge (`events`) answers nobody: it delivers nothing.
    """

    def strikes(stage: Stage) -> None:
        first, lasts = stage.rng.randint(1, 60), seconds * stage.severity
        began: list[float] = []

        def model(call: Call) -> Kind | None:
            if call.number < first or (service not in ("all", service_of(call.name))):
                return None
            if not began:
                began.append(stage.clock.now)
            return _down if stage.clock.now < began[0] + lasts else None

        if stage.world is not None and service in ("all", EVENTS):
            stage.faults.before(first, partial(stage.world.fall_silent, lasts))
        if service != EVENTS:
            stage.faults.models.append(model)

    return strikes


BUCKETS = {
    "launch_templates.create": (50.0, 5.0),
    "launch_templates.delete": (50.0, 5.0),
    "launch_templates": (100.0, 20.0),
    "images": (100.0, 20.0),
    "instances": (100.0, 20.0),
    "network": (100.0, 20.0),
    "load_balancers": (40.0, 10.0),
    "groups": (100.0, 10.0),
    "scaling": (50.0, 5.0),
}
"""Size and refill a second of the token bucket behind a call, or a port's calls.

EC2: https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html (mutating 50/5, Describe 100/20);
load balancing: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/throttling.html (Describe 40/10).
Auto Scaling and CloudWatch publish none: taken as small as EC2's.
"""

CALM, BUSY = 0.5, 2.0
"""What others in the account take of the refill, in calm times and in busy ones."""


def throttling(share: float = 0.1, spell: float = 120.0) -> Strikes:
    """Published token buckets, which everybody in the account drains: `share` of the time faster than they refill.

    Severity makes the busy time more.
    """

    def strikes(stage: Stage) -> None:
        busy, rng, clock = stage.chance(share), stage.rng, stage.clock
        buckets: dict[str, _Bucket] = {}

        def model(call: Call) -> Kind | None:
            name, now = _BUCKET_OF[call.name], clock.now
            if name not in buckets:
                buckets[name] = _Bucket(*BUCKETS[name], _Spells(rng, busy, spell, now), now)
            return None if buckets[name].takes(now) else _throttled

        stage.faults.on(_HAS_BUCKET.__getitem__, model)

    return strikes


_BUCKET_OF = Known(lambda call: call if call in BUCKETS else call.partition(".")[0])
_HAS_BUCKET = Known(lambda call: _BUCKET_OF[call] in BUCKETS)


def no_capacity(seconds: float) -> Strikes:
    """EC2 has no instances to give, from the start, for up to so long."""

    def strikes(stage: Stage) -> None:
        lasts = stage.rng.random() * seconds * stage.severity
        for place in stage.cloud.places():
            place.has_no_capacity(lasts)

    return strikes


def lag(manners: Manners, seconds: float) -> Manners:
    """Reads show what was so up to this many seconds ago."""
    return replace(manners, lag=max(manners.lag, min(seconds, 60.0)))


class _Spells:
    """Good and bad spells in turn, found out as far as somebody asks."""

    __slots__ = ("_rng", "_spell", "_until", "bad")

    def __init__(self, rng: random.Random, share: float, spell: float, now: float) -> None:
        self._rng = rng
        self._spell = spell, spell * (1 - share) / share if share else math.inf
        self.bad = self._rng.random() < share
        self._until = now + self._length()

    def bad_at(self, now: float) -> bool:
        while self._until <= now:
            self.bad = not self.bad
            self._until += self._length()
        return self.bad

    def _length(self) -> float:
        mean = self._spell[0 if self.bad else 1]
        return math.inf if mean == math.inf else self._rng.expovariate(1 / mean)


@dataclass
class _Bucket:
    """Tokens, of which others take some all the time."""

    size: float
    refill: float
    spells: _Spells
    at: float
    tokens: float | None = None
    """None: nobody has looked yet."""

    def takes(self, now: float) -> bool:
        """Take one, if there is one."""
        busy = self.spells.bad_at(now)
        if self.tokens is None:
            self.tokens = 0.0 if busy else self.size
        elapsed, self.at = now - self.at, now
        if elapsed:
            gain = self.refill * (1 - (BUSY if busy else CALM))
            self.tokens = min(self.size, max(0.0, self.tokens + gain * elapsed))
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


def _unwell(faults: Faults, call: Call, effect: Effect) -> Any:
    """An error in a bad spell."""
    raise Transient(f"rehearsed: a bad spell at {call}")


def _down(faults: Faults, call: Call, effect: Effect) -> Any:
    """An error in an outage."""
    raise Transient(f"rehearsed: an outage at {call}")


def _throttled(faults: Faults, call: Call, effect: Effect) -> Any:
    """Rate exceeded."""
    raise Throttled(f"rehearsed: rate exceeded at {call}")
