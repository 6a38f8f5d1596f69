"""disableServerGroup: take a server group out of traffic."""

from collections.abc import Mapping
from datetime import timedelta
from typing import ClassVar, Literal, Self

from pydantic import Field

from lambdas.accounts import Account
from lambdas.requests import AsgsDescription, Json, Number, Patience, TakesOutOfService, account_of


class PercentageDescription(AsgsDescription):
    """Server groups, and the part of each."""

    desired_percentage: Number = None


class DisableServerGroup(TakesOutOfService):
    """Take one server group out of traffic; its instances stay. One that is not there is success: it is out."""

    desired_percentage: int = Field(100, ge=1, le=100)
    """How many of the group's instances shall be out of traffic, in per cent and rounded up.

    Below 100 the group's processes go on, and what it launches takes traffic.
    """
    wait_for: Literal["deregistered", "drained"] = "drained"
    """`drained`: end when the last connection has ended. `deregistered`: when no new ones are made."""
    drained_within: Patience = timedelta(minutes=70)
    """How long that may take: seconds or ISO 8601. After that the group is put back into traffic.

    A load balancer lets connections drain for at most an hour.
    """

    clouddriver_names: ClassVar[frozenset[str]] = frozenset({"disableServerGroup", "disableAsgDescription"})

    @classmethod
    def of_clouddriver(cls, description: Json, accounts: Mapping[str, Account]) -> list[Self]:
        account = account_of(description)
        read = PercentageDescription.read(description)
        asgs = read.groups("DisableAsgDescription", accounts.get(account))
        # Orca waits itself until the instances are down.
        shared: Json = {
            "account": account,
            "wait_for": "deregistered",
            "override_traffic_guard": bool(read.override_traffic_guard),
        }
        if read.desired_percentage is not None:
            shared |= {"desiredPercentage": read.desired_percentage}
        return [cls.normalised(shared | {"region": asg.region, "server_group_name": asg.name}) for asg in asgs]
