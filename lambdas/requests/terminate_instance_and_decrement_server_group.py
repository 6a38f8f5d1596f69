"""terminateInstanceAndDecrementServerGroup: end one instance, and let its server group have one fewer."""

from collections.abc import Iterator, Mapping
from typing import ClassVar, Self

from pydantic import Field

from lambdas.accounts import Account
from lambdas.requests import Flag, Invalid, Json, TakesOutOfService, account_of
from lambdas.requests.of_instances import InstancesDescription, strange

KIND = "TerminateInstanceAndDecrementAsgDescription"


class DecrementDescription(InstancesDescription):
    instance: str | None = None
    adjust_min_if_necessary: Flag = None
    set_max_to_new_desired: Flag = None

    def problems(self, account: Account | None) -> list[str]:
        """`TerminateInstanceAndDecrementAsgDescriptionValidator.groovy`."""
        found = [] if self.group else [f"{KIND}.asgName.empty"]
        found += [] if self.instance else [f"{KIND}.instance.empty"]
        return [*found, *self.misplaced(KIND, account)]


class TerminateInstanceAndDecrementServerGroup(TakesOutOfService):
    """Terminate one instance of a server group, which has one instance fewer from then on."""

    instance: str = Field(min_length=1)
    """Id of the instance."""
    adjust_min_if_necessary: bool = False
    """Lower the group's minimum where it does not allow one fewer."""
    set_max_to_new_desired: bool = False
    """Let the group never have more instances than then."""

    clouddriver_names: ClassVar[frozenset[str]] = frozenset(
        {"terminateInstanceAndDecrementServerGroup", "terminateInstanceAndDecrementAsgDescription"}
    )

    def contradictions(self) -> Iterator[str]:
        yield from super().contradictions()
        yield from strange("instance", [self.instance])

    @classmethod
    def of_clouddriver(cls, description: Json, accounts: Mapping[str, Account]) -> list[Self]:
        account, read = account_of(description), DecrementDescription.read(description)
        if found := read.problems(accounts.get(account)):
            raise Invalid(found)
        return [
            cls.normalised(
                {
                    "account": account,
                    "region": read.region,
                    "server_group_name": read.group,
                    "instance": read.instance,
                    "adjust_min_if_necessary": bool(read.adjust_min_if_necessary),
                    "set_max_to_new_desired": bool(read.set_max_to_new_desired),
                    "override_traffic_guard": bool(read.override_traffic_guard),
                }
            )
        ]
