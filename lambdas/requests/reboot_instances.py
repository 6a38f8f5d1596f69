"""rebootInstances: start instances anew."""

from collections.abc import Mapping
from typing import ClassVar, Self

from lambdas.accounts import Account
from lambdas.requests import Invalid, Json, account_of
from lambdas.requests.of_instances import InstancesDescription, OfInstances

KIND = "RebootInstancesDescription"


class RebootInstances(OfInstances):
    """Reboot instances. They stay where they are: in their server groups and behind their load balancers."""

    clouddriver_names: ClassVar[frozenset[str]] = frozenset({"rebootInstances", "rebootInstancesDescription"})

    @classmethod
    def of_clouddriver(cls, description: Json, accounts: Mapping[str, Account]) -> list[Self]:
        account, read = account_of(description), InstancesDescription.read(description)
        # `RebootInstancesDescriptionValidator.groovy`
        if found := [*read.missing(KIND), *read.misplaced(KIND, accounts.get(account))]:
            raise Invalid(found)
        return [cls.normalised(read.of_instances(account))]
