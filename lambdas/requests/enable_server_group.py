"""enableServerGroup: put a server group into traffic."""

from collections.abc import Mapping
from datetime import timedelta
from typing import ClassVar, Literal, Self

from lambdas.accounts import Account
from lambdas.requests import AsgsDescription, Json, OfOneServerGroup, Patience, account_of


class EnableServerGroup(OfOneServerGroup):
    """Put one server group into traffic: its processes run, its instances are behind its load balancers."""

    wait_for: Literal["registered", "healthy"] = "healthy"
    """`healthy`: end when all instances are healthy behind the load balancers. `registered`: when these know them."""
    healthy_within: Patience = timedelta(minutes=20)
    """How long that may take: seconds or ISO 8601. After that the group is taken out of traffic again."""
    tolerant: bool = False
    """As Clouddriver does: succeed with nothing done if the group is absent or being deleted."""

    clouddriver_names: ClassVar[frozenset[str]] = frozenset({"enableServerGroup", "enableAsgDescription"})

    @classmethod
    def of_clouddriver(cls, description: Json, accounts: Mapping[str, Account]) -> list[Self]:
        account = account_of(description)
        asgs = AsgsDescription.read(description).groups("EnableAsgDescription", accounts.get(account))
        # Orca waits for health itself.
        shared = {"account": account, "wait_for": "registered", "tolerant": True}
        return [cls.normalised(shared | {"region": asg.region, "server_group_name": asg.name}) for asg in asgs]
