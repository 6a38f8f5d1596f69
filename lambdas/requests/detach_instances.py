"""detachInstances: let instances go from their server group, to live on or to end."""

from collections.abc import Iterator, Mapping
from typing import ClassVar, Self

from pydantic import Field

from lambdas.accounts import Account
from lambdas.requests import Flag, Invalid, Json, TakesOutOfService, account_of
from lambdas.requests.of_instances import MOST, InstancesDescription, strange

KIND = "DetachInstancesDescription"


class DetachDescription(InstancesDescription):
    decrement_desired_capacity: Flag = None
    terminate_detached_instances: Flag = None
    adjust_min_if_necessary: Flag = None

    def problems(self, account: Account | None) -> list[str]:
        """`DetachInstancesDescriptionValidator.groovy`."""
        found = [*self.blank(KIND), *self.misplaced(KIND, account)]
        return found if self.group else [*found, f"{KIND}.asgName.empty"]


class DetachInstances(TakesOutOfService):
    """Detach instances from their server group and its load balancers. They run on unless they are to end."""

    instance_ids: tuple[str, ...] = Field(min_length=1, max_length=MOST)
    """Ids of the instances."""
    decrement_desired_capacity: bool = False
    """Let the group have so many fewer; else it launches others instead."""
    terminate_detached_instances: bool = False
    """Terminate them when they are detached."""
    adjust_min_if_necessary: bool = False
    """Lower the group's minimum where it does not allow so many fewer."""
    tolerant: bool = False
    """As Clouddriver does: pass over instances that the group does not have or that are not in service there."""

    clouddriver_names: ClassVar[frozenset[str]] = frozenset({"detachInstances", "detachInstancesDescription"})

    def contradictions(self) -> Iterator[str]:
        yield from super().contradictions()
        yield from strange("instanceIds", self.instance_ids)
        if self.adjust_min_if_necessary and not self.decrement_desired_capacity:
            yield "adjustMinIfNecessary: the minimum matters only with `decrementDesiredCapacity`; say both"

    @classmethod
    def of_clouddriver(cls, description: Json, accounts: Mapping[str, Account]) -> list[Self]:
        account, read = account_of(description), DetachDescription.read(description)
        if found := read.problems(accounts.get(account)):
            raise Invalid(found)
        decrement = bool(read.decrement_desired_capacity)
        fields = read.of_instances(account) | {
            "decrement_desired_capacity": decrement,
            "terminate_detached_instances": bool(read.terminate_detached_instances),
            "adjust_min_if_necessary": decrement and bool(read.adjust_min_if_necessary),
            "override_traffic_guard": bool(read.override_traffic_guard),
            "tolerant": True,
        }
        return [cls.normalised(fields)]
