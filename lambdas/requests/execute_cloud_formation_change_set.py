"""executeCloudFormationChangeSet: let a change set change its stack."""

from collections.abc import Mapping
from typing import ClassVar, Self

from lambdas.accounts import Account
from lambdas.requests import Description, Json, account_of
from lambdas.requests.stacks import HOUR, ChangeSetName, OfOneStack, StackPatience


class ChangeSetDescription(Description):
    stack_name: str = ""
    change_set_name: str = ""
    region: str = ""


class ExecuteCloudFormationChangeSet(OfOneStack):
    """Execute a change set of a CloudFormation stack, and wait until that is complete."""

    change_set_name: ChangeSetName
    """Name of the change set."""
    ready_within: StackPatience = HOUR
    """How long CloudFormation may take (seconds, or ISO 8601)."""

    clouddriver_names: ClassVar[frozenset[str]] = frozenset(
        {"executeCloudFormationChangeSet", "executeCloudFormationChangeSetDescription"}
    )

    otherwise: ClassVar[tuple[str, ...]] = (
        "It ends as `deployCloudFormation` does. A change set that failed is used up, though the stack is as before; "
        "one that was to make its stack leaves it empty (`ROLLBACK_COMPLETE`): delete it before it is made anew.",
    )

    @classmethod
    def of_clouddriver(cls, description: Json, accounts: Mapping[str, Account]) -> list[Self]:
        """Clouddriver validates nothing here, and fails while working."""
        read = ChangeSetDescription.read(description)
        return [cls.normalised({"account": account_of(description)} | read.model_dump(by_alias=True))]
