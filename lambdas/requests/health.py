"""What a caller may say of health: who judges, how many instances, for how long, and what becomes of a sick group."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Literal, get_args

from pydantic import BeforeValidator, Field

from lambdas.requests import Value

REASONABLE = timedelta(hours=24)
NO_HTTP = (
    "http: Windlass's functions do not reach instances in your VPC; "
    "give path, port and expected status to a target group's own health check, and let targetGroup count"
)


def _reachable(value: object) -> object:
    """A check by HTTP is the load balancers' work: they stand where the instances are (docs/adr/0009)."""
    if value == "http":
        raise ValueError(NO_HTTP)
    return value


Named = Literal["asg", "targetGroup", "elb"]
Provider = Annotated[Named, BeforeValidator(_reachable)]
OnUnhealthy = Literal["ROLL_BACK", "KEEP_DISABLED", "PARK"]
"""At the deadline of health: put back; keep it, out of traffic, and call a person; hold, and ask a person."""
OnUnhealthyExisting = Literal["ROLL_BACK", "PARK"]
"""Of a group that was there before: what it was is known, and is its way out of traffic."""


class Health(Value):
    """What counts as healthy: by default every instance, to Auto Scaling and behind all load balancers it has."""

    providers: tuple[Provider, ...] | None = None
    """Whose word counts: `asg` (in service), `targetGroup`, `elb` (classic). By default all that the group has.

    Empty: nobody's; it is enough that there are so many instances. `http` is a target group's own health check.
    """
    ignore: tuple[Provider, ...] = ()
    """Whose word does not count."""
    percentage: int = Field(100, ge=0, le=100)
    """So many of the instances wanted have to be healthy; as in Orca rounded half up, and at least one unless it is 0.
    """
    stable_for: Annotated[timedelta, Field(ge=timedelta(0), le=REASONABLE)] = timedelta(0)
    """How long they have to stay so: seconds or ISO 8601. Looked at each 5 s in the first minute, then each 15 s."""

    @property
    def judges(self) -> tuple[Named, ...]:
        """Whose word counts, if the group has it."""
        named = get_args(Named) if self.providers is None else self.providers
        return tuple(one for one in get_args(Named) if one in named and one not in self.ignore)

    def contradictions(self) -> Iterator[str]:
        for one in self.ignore:
            if one in (self.providers or ()):
                yield f"{one} is in providers and in ignore; leave it out of one of them"
        if self.providers is None and {*self.ignore} == {*get_args(Named)}:
            yield "ignore leaves nobody to judge; say providers [] to count instances only"


def contradictions(health: Health | None, on_unhealthy: str, healthy_within: timedelta, wait_for: str) -> Iterator[str]:
    """What of a request about health cannot be true together."""
    if wait_for != "healthy" and (health is not None or on_unhealthy != "ROLL_BACK"):
        yield f"health, onUnhealthy: nobody waits for health with waitFor {wait_for}; leave one out"
    if health is not None and health.stable_for >= healthy_within:
        yield (
            f"health.stableFor ({health.stable_for.total_seconds():.0f} s) must be shorter than "
            f"healthyWithin ({healthy_within.total_seconds():.0f} s): it is a part of it"
        )
