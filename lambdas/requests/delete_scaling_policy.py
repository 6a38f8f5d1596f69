"""deleteScalingPolicy: delete a scaling policy of a server group, and the alarms that serve nothing else."""

from collections.abc import Iterator, Mapping
from typing import ClassVar, Self

from pydantic import Field

from lambdas.accounts import Account
from lambdas.requests import Description, Invalid, Json, OfOneServerGroup, account_of

KIND = "deleteScalingPolicyDescription"


class PolicyNameDescription(Description):
    region: str | None = None
    server_group_name: str | None = None
    asg_name: str | None = None
    policy_name: str | None = None

    def problems(self, account: Account | None) -> Iterator[str]:
        """The codes of `DeleteScalingPolicyDescriptionValidator.groovy`."""
        if account and account.regions and self.region not in account.regions:
            yield f"{KIND}.regions.not.configured"
        if not (self.server_group_name or self.asg_name):
            yield f"{KIND}.serverGroupName.not.nullable"
        if not self.policy_name:
            yield f"{KIND}.policyName.not.nullable"


class DeleteScalingPolicy(OfOneServerGroup):
    """Delete one scaling policy; one that is not there is no error."""

    policy_name: str = Field(min_length=1, max_length=255)

    clouddriver_names: ClassVar[frozenset[str]] = frozenset({"deleteScalingPolicy", KIND})

    @classmethod
    def of_clouddriver(cls, description: Json, accounts: Mapping[str, Account]) -> list[Self]:
        account = account_of(description)
        read = PolicyNameDescription.read(description)
        if found := list(read.problems(accounts.get(account))):
            raise Invalid(found)
        fields = {"account": account, "region": read.region, "policy_name": read.policy_name}
        return [cls.normalised(fields | {"server_group_name": read.server_group_name or read.asg_name})]
