"""resizeServerGroup: change a server group's capacity and wait until it is met."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import ClassVar, Self

from pydantic import Field

from lambdas.accounts import Account
from lambdas.requests import (
    LARGEST,
    AsgDescription,
    AsgsDescription,
    CapacityDescription,
    Json,
    Patience,
    TakesOutOfService,
    Value,
    WaitFor,
    account_of,
)
from lambdas.requests.health import Health, OnUnhealthyExisting
from lambdas.requests.health import contradictions as of_health


class Sizes(Value):
    """A capacity of which any part may be left open."""

    min: int | None = Field(None, ge=0, le=LARGEST)
    """The fewest instances."""
    desired: int | None = Field(None, ge=0, le=LARGEST)
    """The instances wanted now."""
    max: int | None = Field(None, ge=0, le=LARGEST)
    """The most instances."""

    @property
    def empty(self) -> bool:
        return self.min is None and self.desired is None and self.max is None

    def contradictions(self) -> Iterator[str]:
        for smaller, larger in (("min", "desired"), ("desired", "max"), ("min", "max")):
            low, high = getattr(self, smaller), getattr(self, larger)
            if low is not None and high is not None and low > high:
                yield f"{smaller} ({low}) is greater than {larger} ({high})"


class ResizeServerGroup(TakesOutOfService):
    """Give one server group another capacity."""

    capacity: Sizes = Field(default_factory=Sizes)
    """The new capacity; what is left out stays as it is."""
    expected: Sizes | None = None
    """Only if the group's capacity is this now (Clouddriver's `constraints`); what is left out may be anything."""
    wait_for: WaitFor = "healthy"
    """`healthy`: end when the instances wanted are healthy and surplus ones gone. `created`: when AWS took the size."""
    healthy_within: Patience = timedelta(minutes=20)
    """How long it may take until the group is healthy: seconds or ISO 8601."""
    health: Health | None = None
    """What counts as healthy; by default every instance, to Auto Scaling and behind all its load balancers."""
    on_unhealthy: OnUnhealthyExisting = "ROLL_BACK"
    """When that time is over. `ROLL_BACK`: the old capacity comes back. `PARK`: a person decides."""
    tolerant: bool = False
    """As Clouddriver does: succeed with nothing done if the group is absent, being deleted, or no capacity is given."""

    otherwise: ClassVar[tuple[str, ...]] = (
        "At a capacity of 0 Auto Scaling terminates the instances, within a minute or so, and their end is waited for. "
        "Clouddriver then also terminates them itself, where the group has neither load balancers nor a hook at "
        "termination. That would be past the point of no return: as it is, a resize to 0 can be cancelled and put "
        "back, and no instance is named that Auto Scaling has replaced since it was read.",
    )

    clouddriver_names: ClassVar[frozenset[str]] = frozenset({"resizeServerGroup", "resizeAsgDescription"})

    def contradictions(self) -> Iterator[str]:
        yield from super().contradictions()
        if self.capacity.empty and not self.tolerant:
            yield "capacity: give at least one of min, desired and max"
        yield from of_health(self.health, self.on_unhealthy, self.healthy_within, self.wait_for)

    @classmethod
    def of_clouddriver(cls, description: Json, accounts: Mapping[str, Account]) -> list[Self]:
        account = account_of(description)
        read = AsgsDescription.read(description)
        asgs = read.groups("ResizeAsgDescription", accounts.get(account), capacities=True)
        return [cls._of(account, asg, overridden=bool(read.override_traffic_guard)) for asg in asgs]

    @classmethod
    def _of(cls, account: str, asg: AsgDescription, *, overridden: bool) -> Self:
        constrained = asg.constraints.capacity if asg.constraints else None
        return cls.normalised(
            {
                "account": account,
                "region": asg.region,
                "server_group_name": asg.name,
                "capacity": (asg.capacity or CapacityDescription()).model_dump(),
                "expected": constrained.model_dump() if constrained else None,
                "wait_for": "created",  # Orca waits for health itself
                "tolerant": True,
                "override_traffic_guard": overridden,
            }
        )
