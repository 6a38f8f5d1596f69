"""Which services have answered sweeps with nothing but errors, and since when: kept with the heartbeat, for people.

A service is in trouble where all calls of it by one sweep failed in a way that time cures. One that answers is not, and
of one that nobody calls any more it is forgotten.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from lambdas.errors import Throttled, Transient

FORGOTTEN = 300.0
"""Seconds after its last error from which on a service's trouble says nothing any more."""


class Trouble(NamedTuple):
    since: float
    last: float
    """When the last error of it was met."""

    def counts(self, now: float) -> bool:
        return now - self.last < FORGOTTEN


Known = Mapping[str, Trouble]
"""By service: `states` and `sqs` of the hub, `prod/us-east-1 autoscaling` of a cloud."""


@dataclass
class Troubles:
    """What one sweep meets."""

    now: Callable[[], float]
    known: Known

    def __post_init__(self) -> None:
        self._failed: set[str] = set()
        self._answered: set[str] = set()

    def met(self, service: str, call: Callable[[], Any]) -> Any:
        """What the call answers; how it went is noted."""
        try:
            answer = call()
        except (Transient, Throttled):
            self._failed.add(service)
            raise
        except Exception:
            self._answered.add(service)
            raise
        self._answered.add(service)
        return answer

    @property
    def met_so_far(self) -> dict[str, list[str]]:
        """Who failed and who answered, for whoever puts it together with what he has met himself."""
        return {"failed": sorted(self._failed), "answered": sorted(self._answered)}

    def also(self, met: Mapping[str, Iterable[str]]) -> None:
        """What another process has met on behalf of this sweep."""
        self._failed.update(met.get("failed", ()))
        self._answered.update(met.get("answered", ()))

    @property
    def left(self) -> Known:
        """What the next sweep has to know."""
        now = self.now()
        kept = {name: one for name, one in self.known.items() if name not in self._answered and one.counts(now)}
        met = {name: Trouble(kept[name].since if name in kept else now, now) for name in self._failed - self._answered}
        return kept | met
