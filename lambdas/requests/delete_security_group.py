"""deleteSecurityGroup: delete a security group that nothing uses."""

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import Field

from lambdas.accounts import Account
from lambdas.requests import Description, Invalid, Json, account_of
from lambdas.requests.of_things import OfOneThing, regions_of
from lambdas.requests.upsert_security_group import NO_CLASSIC


class DeletionDescription(Description):
    security_group_name: str | None = None
    vpc_id: str | None = None
    regions: tuple[str, ...] = ()


class DeleteSecurityGroup(OfOneThing):
    """Delete one security group of a VPC."""

    security_group_name: str = Field(min_length=1, max_length=255)
    """Name of the security group."""
    vpc_id: str = Field(pattern="^vpc-")
    """The VPC in which it is."""
    tolerant: bool = False
    """As Clouddriver does: succeed with nothing done if the group is absent."""

    kind: ClassVar[str] = "securityGroup"
    named_by: ClassVar[str] = "security_group_name"
    clouddriver_names: ClassVar[frozenset[str]] = frozenset({"deleteSecurityGroup", "deleteSecurityGroupDescription"})

    @property
    def thing(self) -> str:
        return f"{self.vpc_id}:{self.security_group_name}"

    @classmethod
    def of_clouddriver(cls, description: Json, accounts: Mapping[str, Account]) -> list[Self]:
        """One request for each Region."""
        read, account = DeletionDescription.read(description), account_of(description)
        kind = "deleteSecurityGroupDescription"  # `DeleteSecurityGroupDescriptionValidator.groovy`
        found = list(regions_of(kind, read.regions, accounts.get(account)))
        if not read.security_group_name:
            found.append(f"{kind}.securityGroupName.empty")
        if found:
            raise Invalid(found)
        if not read.vpc_id:
            raise Invalid((NO_CLASSIC,))
        fields = read.model_dump(exclude={"regions"}) | {"account": account, "tolerant": True}
        return [cls.normalised(fields | {"region": region}) for region in read.regions]
