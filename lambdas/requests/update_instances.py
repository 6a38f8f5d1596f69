"""updateInstances: give the instances of a server group other security groups."""

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import Field

from lambdas.accounts import Account
from lambdas.requests import Description, Flag, Invalid, Json, OfOneServerGroup, account_of

KIND = "updateSecurityGroupsDescription"


class UpdateDescription(Description):
    server_group_name: str | None = None
    region: str | None = None
    security_groups: tuple[str, ...] | None = None
    security_groups_append_only: Flag = None

    @property
    def problems(self) -> list[str]:
        """`UpdateInstancesDescriptionValidator.groovy`."""
        found = [] if self.server_group_name else [f"{KIND}.name.not.nullable"]
        found += [] if self.region else [f"{KIND}.region.not.nullable"]
        lacking = self.security_groups_append_only and not self.security_groups
        return [*found, f"{KIND}.securityGroups.not.nullable"] if lacking else found


class UpdateInstances(OfOneServerGroup):
    """Give the instances of a server group other security groups. Those launched later have what its template says."""

    security_groups: tuple[str, ...] = Field(min_length=1, max_length=16)
    """Ids or names of the security groups; AWS allows an interface up to sixteen."""
    append_only: bool = Field(False, alias="securityGroupsAppendOnly")
    """Besides those that each instance has; else instead of them."""

    clouddriver_names: ClassVar[frozenset[str]] = frozenset({"updateInstances", "updateInstancesDescription"})

    @classmethod
    def of_clouddriver(cls, description: Json, accounts: Mapping[str, Account]) -> list[Self]:
        read = UpdateDescription.read(description)
        if found := read.problems:
            raise Invalid(found)
        fields: Json = {
            "account": account_of(description),
            "region": read.region,
            "server_group_name": read.server_group_name,
            "append_only": bool(read.security_groups_append_only),
        }
        if read.security_groups:
            fields |= {"securityGroups": read.security_groups}
        return [cls.normalised(fields)]
