"""destroyServerGroup: take a server group out of traffic, then delete it with its instances."""

from collections.abc import Mapping
from typing import ClassVar, Self

from lambdas.accounts import Account
from lambdas.requests import AsgsDescription, Json, OfOneServerGroup, account_of


class DestroyServerGroup(OfOneServerGroup):
    """Destroy one server group. One that is not there is success: that is what was asked for."""

    clouddriver_names: ClassVar[frozenset[str]] = frozenset({"destroyServerGroup", "destroyAsgDescription"})

    @classmethod
    def of_clouddriver(cls, description: Json, accounts: Mapping[str, Account]) -> list[Self]:
        account = account_of(description)
        asgs = AsgsDescription.read(description).groups("DestroyAsgDescription", accounts.get(account))
        return [
            cls.normalised({"account": account, "region": asg.region, "server_group_name": asg.name}) for asg in asgs
        ]
