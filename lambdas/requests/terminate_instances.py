"""terminateInstances: end instances for good."""

from collections.abc import Mapping
from typing import ClassVar, Self

from lambdas.accounts import Account
from lambdas.requests import Invalid, Json, account_of
from lambdas.requests.of_instances import InstancesDescription, TakesInstancesOut

KIND = "TerminateInstancesDescription"


class TerminateInstances(TakesInstancesOut):
    """Terminate instances; their server groups launch others instead. One that is not there is success: it is gone."""

    clouddriver_names: ClassVar[frozenset[str]] = frozenset({"terminateInstances", "terminateInstancesDescription"})

    @classmethod
    def of_clouddriver(cls, description: Json, accounts: Mapping[str, Account]) -> list[Self]:
        account, read = account_of(description), InstancesDescription.read(description)
        # `TerminateInstancesDescriptionValidator.groovy`
        if found := [*read.blank(KIND), *read.misplaced(KIND, accounts.get(account))]:
            raise Invalid(found)
        fields = read.of_instances(account) | {"override_traffic_guard": bool(read.override_traffic_guard)}
        return [cls.normalised(fields)]
