"""enableInstancesInDiscovery and disableInstancesInDiscovery: whether others find instances."""

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import Field

from lambdas.accounts import Account
from lambdas.requests import Invalid, Json, Number, account_of
from lambdas.requests.of_instances import InstancesDescription, OfInstances, TakesInstancesOut

KIND = "EnableDisableInstanceDiscoveryDescription"


class DiscoveryDescription(InstancesDescription):
    target_healthy_deploy_percentage: Number = None

    def problems(self, account: Account | None) -> list[str]:
        """Clouddriver's codes (`EnableInstancesInDiscoveryDescriptionValidator.groovy` and its twin)."""
        found = [*self.misplaced(KIND, account), *self.missing(KIND)]
        has_one = account is not None and "discovery" in dict(account.plays)
        return found if has_one else [*found, f"{KIND}.credentials.discovery.not.configured"]


class _InDiscovery(OfInstances):
    target_healthy_deploy_percentage: int = Field(100, ge=0, le=100)
    """How many of the instances have to be registered there, in per cent; the others are passed over."""

    def unfit(self, account: Account) -> tuple[str, ...]:
        if "discovery" in dict(account.plays):
            return ()
        return (f"account: {account.name} has no service discovery; name an account that has, or say who plays it",)

    @classmethod
    def of_clouddriver(cls, description: Json, accounts: Mapping[str, Account]) -> list[Self]:
        account, read = account_of(description), DiscoveryDescription.read(description)
        if found := read.problems(accounts.get(account)):
            raise Invalid(found)
        fields = read.of_instances(account)
        if read.target_healthy_deploy_percentage is not None:
            fields |= {"target_healthy_deploy_percentage": read.target_healthy_deploy_percentage}
        if read.override_traffic_guard and "override_traffic_guard" in cls.model_fields:
            fields |= {"override_traffic_guard": True}
        return [cls.normalised(fields)]


class EnableInstancesInDiscovery(_InDiscovery):
    """Let others find instances: their status in service discovery is their own word again."""

    clouddriver_names: ClassVar[frozenset[str]] = frozenset(
        {"enableInstancesInDiscovery", "enableInstancesInDiscoveryDescription"}
    )


class DisableInstancesInDiscovery(_InDiscovery, TakesInstancesOut):
    """Keep others from finding instances: service discovery calls them out of service."""

    clouddriver_names: ClassVar[frozenset[str]] = frozenset(
        {"disableInstancesInDiscovery", "disableInstancesInDiscoveryDescription"}
    )
