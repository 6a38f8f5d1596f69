"""enableServerGroup: put a server group into traffic."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import ClassVar, Literal, Self

from lambdas.accounts import Account
from lambdas.requests import AsgsDescription, Json, OfOneServerGroup, Patience, account_of
from lambdas.requests.health import Health, OnUnhealthyExisting
from lambdas.requests.health import contradictions as of_health


class EnableServerGroup(OfOneServerGroup):
    """Put one server group into traffic: its processes run, its instances are behind its load balancers."""

    wait_for: Literal["registered", "healthy"] = "healthy"
    """`healthy`: end when all instances are healthy behind the load balancers. `registered`: when these know them."""
    healthy_within: Patience = timedelta(minutes=20)
    """How long that may take: seconds or ISO 8601."""
    health: Health | None = None
    """What counts as healthy; by default every instance, to Auto Scaling and behind all its load balancers."""
    on_unhealthy: OnUnhealthyExisting = "ROLL_BACK"
    """When that time is over. `ROLL_BACK`: it is taken out of traffic again. `PARK`: a person decides."""
    tolerant: bool = False
    """As Clouddriver does: succeed with nothing done if the group is absent or being deleted."""

    clouddriver_names: ClassVar[frozenset[str]] = frozenset({"enableServerGroup", "enableAsgDescription"})

    def contradictions(self) -> Iterator[str]:
        return of_health(self.health, self.on_unhealthy, self.healthy_within, self.wait_for)

    @classmethod
    def of_clouddriver(cls, description: Json, accounts: Mapping[str, Account]) -> list[Self]:
        account = account_of(description)
        asgs = AsgsDescription.read(description).groups("EnableAsgDescription", accounts.get(account))
        # Orca waits for health itself.
        shared = {"account": account, "wait_for": "registered", "tolerant": True}
        return [cls.normalised(shared | {"region": asg.region, "server_group_name": asg.name}) for asg in asgs]
