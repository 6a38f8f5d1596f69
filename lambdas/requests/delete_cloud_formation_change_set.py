"""deleteCloudFormationChangeSet: delete a change set that nobody has executed."""

from collections.abc import Mapping
from typing import ClassVar, Self

from lambdas.accounts import Account
from lambdas.requests import Json, account_of
from lambdas.requests.execute_cloud_formation_change_set import ChangeSetDescription
from lambdas.requests.stacks import ChangeSetName, OfOneStack


class DeleteCloudFormationChangeSet(OfOneStack):
    """Delete a change set of a CloudFormation stack; one that is not there is deleted already."""

    change_set_name: ChangeSetName
    """Name of the change set."""

    clouddriver_names: ClassVar[frozenset[str]] = frozenset(
        {"deleteCloudFormationChangeSet", "deleteCloudFormationChangeSetDescription"}
    )

    @classmethod
    def of_clouddriver(cls, description: Json, accounts: Mapping[str, Account]) -> list[Self]:
        """Clouddriver validates nothing here, and fails while working."""
        read = ChangeSetDescription.read(description)
        return [cls.normalised({"account": account_of(description)} | read.model_dump(by_alias=True))]
