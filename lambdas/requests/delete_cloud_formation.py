"""deleteCloudFormation: delete a stack with all that is in it."""

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import Field

from lambdas.accounts import Account
from lambdas.requests import Description, Json, account_of
from lambdas.requests.stacks import HOUR, OfOneStack, StackPatience


class StackDescription(Description):
    stack_name: str = ""
    region: str = ""
    role_arn: str | None = Field(None, alias="roleARN")


class DeleteCloudFormation(OfOneStack):
    """Delete a CloudFormation stack with all that is in it; one that is not there is deleted already."""

    role_arn: str | None = Field(None, alias="roleARN", min_length=20, max_length=2048)
    """Role that CloudFormation acts with; else the one that the stack was made with."""
    gone_within: StackPatience = HOUR
    """How long CloudFormation may take (seconds, or ISO 8601)."""

    clouddriver_names: ClassVar[frozenset[str]] = frozenset({"deleteCloudFormation", "deleteCloudFormationDescription"})

    @classmethod
    def of_clouddriver(cls, description: Json, accounts: Mapping[str, Account]) -> list[Self]:
        """Clouddriver validates nothing here, and fails while working."""
        fields = StackDescription.read(description).model_dump(by_alias=True)
        named = {name: value for name, value in fields.items() if name != "roleARN" or value}
        return [cls.normalised({"account": account_of(description)} | named)]
