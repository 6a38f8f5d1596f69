"""registerInstancesWithLoadBalancer and deregisterInstancesFromLoadBalancer: instances behind load balancers."""

from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal, Self

from pydantic import Field

from lambdas.accounts import Account
from lambdas.requests import UNOWNED, Invalid, Json, account_of
from lambdas.requests.of_instances import InstancesDescription, OfInstances, TakesInstancesOut

Kind = Literal["loadBalancers", "targetGroups"]
CLASSIC: Kind = "loadBalancers"
TARGET_GROUPS: Kind = "targetGroups"
KEY = "targetGroupNames"
"""Where a description has it, Clouddriver's converter takes it for one about target groups, whatever it holds."""


class RegistrationDescription(InstancesDescription):
    load_balancer_names: tuple[str, ...] | None = None
    target_group_names: tuple[str, ...] | None = None


class _Registration(OfInstances):
    load_balancer_names: tuple[str, ...] = Field((), max_length=50)
    """Names of classic load balancers."""
    target_group_names: tuple[str, ...] = Field((), max_length=50)
    """Names or ARNs of target groups."""
    of_group: tuple[Kind, ...] = (CLASSIC, TARGET_GROUPS)
    """Where neither is named: which of the server group's own load balancers; only its instances are concerned then."""

    @property
    def owners(self) -> tuple[str, ...]:
        """Beside load balancers that are named, instances are taken as they are."""
        named = (*self.load_balancer_names, *(one.rpartition(":targetgroup/")[2] for one in self.target_group_names))
        return *super().owners, *(one.partition("-")[0] for one in named), *((UNOWNED,) if named else ())

    def contradictions(self) -> Iterator[str]:
        yield from super().contradictions()
        if not (self.load_balancer_names or self.target_group_names or self.server_group_name):
            yield "name loadBalancerNames, targetGroupNames, or a serverGroupName whose load balancers are meant"

    @classmethod
    def of_clouddriver(cls, description: Json, accounts: Mapping[str, Account]) -> list[Self]:
        account, read = account_of(description), RegistrationDescription.read(description)
        kind = TARGET_GROUPS if KEY in description else CLASSIC
        named = f"Instance{'TargetGroup' if kind == TARGET_GROUPS else 'LoadBalancer'}RegistrationDescription"
        # `AmazonDescriptionValidationSupport.validateAsgNameAndRegionAndInstanceIds`
        if found := [*read.misplaced(named, accounts.get(account)), *read.missing(named)]:
            raise Invalid(found)
        fields = read.of_instances(account) | {"of_group": (kind,)}
        if not read.group:  # a server group's own count, whatever else is named
            balancers = read.target_group_names if kind == TARGET_GROUPS else read.load_balancer_names
            name = "target_group_names" if kind == TARGET_GROUPS else "load_balancer_names"
            fields |= {name: tuple(dict.fromkeys(balancers or ()))}
        return [cls.normalised(fields | cls._leaving(read))]

    @classmethod
    def _leaving(cls, read: RegistrationDescription) -> Json:
        """What only instances that leave traffic have."""
        return {}


class RegisterInstancesWithLoadBalancer(_Registration):
    """Register instances with load balancers. It ends when these know of them, not when they call them healthy."""

    clouddriver_names: ClassVar[frozenset[str]] = frozenset(
        {"registerInstancesWithLoadBalancer", "registerInstancesWithLoadBalancerDescription"}
    )


class DeregisterInstancesFromLoadBalancer(_Registration, TakesInstancesOut):
    """Deregister instances from load balancers."""

    wait_for: Literal["deregistered", "drained"] = "drained"
    """`drained`: end when the last connection has ended, for which a load balancer allows an hour at most.
    `deregistered`: when no new ones are made.
    """

    clouddriver_names: ClassVar[frozenset[str]] = frozenset(
        {"deregisterInstancesFromLoadBalancer", "deregisterInstancesFromLoadBalancerDescription"}
    )

    @classmethod
    def _leaving(cls, read: RegistrationDescription) -> Json:
        """Orca waits itself until the instances are down."""
        return {"wait_for": "deregistered", "override_traffic_guard": bool(read.override_traffic_guard)}
