"""destroyServerGroup: take a server group out of traffic, then delete it with its instances."""

from collections.abc import Mapping
from typing import ClassVar, Self

from lambdas.accounts import Account
from lambdas.requests import AsgsDescription, Json, TakesOutOfService, account_of


class DestroyServerGroup(TakesOutOfService):
    """Destroy one server group. One that is not there is success: that is what was asked for."""

    clouddriver_names: ClassVar[frozenset[str]] = frozenset({"destroyServerGroup", "destroyAsgDescription"})

    @classmethod
    def of_clouddriver(cls, description: Json, accounts: Mapping[str, Account]) -> list[Self]:
        account = account_of(description)
        read = AsgsDescription.read(description)
        asgs = read.groups("DestroyAsgDescription", accounts.get(account))
        shared: Json = {"account": account, "override_traffic_guard": bool(read.override_traffic_guard)}
        return [cls.normalised(shared | {"region": asg.region, "server_group_name": asg.name}) for asg in asgs]
