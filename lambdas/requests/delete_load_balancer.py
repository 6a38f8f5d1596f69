"""deleteLoadBalancer: delete a load balancer with its listeners, and the target groups that only it sends to."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

from pydantic import Field

from lambdas.accounts import Account
from lambdas.requests import Description, Invalid, Json, account_of
from lambdas.requests.of_things import OfOneThing, regions_of

Kind = Literal["classic", "application", "network"]


class DeletionDescription(Description):
    load_balancer_type: str | None = None
    load_balancer_name: str | None = None
    regions: tuple[str, ...] = ()


class DeleteLoadBalancer(OfOneThing):
    """Delete one load balancer."""

    load_balancer_name: str = Field(min_length=1, max_length=255)
    """Name of the load balancer."""
    load_balancer_type: Kind
    """What it is."""
    tolerant: bool = False
    """As Clouddriver does: succeed with nothing done if it is absent."""

    kind: ClassVar[str] = "loadBalancer"
    named_by: ClassVar[str] = "load_balancer_name"
    clouddriver_names: ClassVar[frozenset[str]] = frozenset(
        {"deleteLoadBalancer", "deleteAmazonLoadBalancerDescription", "deleteAmazonLoadBalancer"}
    )

    @property
    def thing(self) -> str:
        return thing_of(self.load_balancer_type, self.load_balancer_name)

    @classmethod
    def of_clouddriver(cls, description: Json, accounts: Mapping[str, Account]) -> list[Self]:
        """One request for each Region; classic unless it is said."""
        read, account = DeletionDescription.read(description), account_of(description)
        kind = "deleteAmazonLoadBalancerDescription"  # `DeleteAmazonLoadBalancerDescriptionValidator.groovy`
        found = list(regions_of(kind, read.regions, accounts.get(account)))
        if not read.load_balancer_name:
            found.append(f"{kind}.loadBalancerName.empty")
        if found:
            raise Invalid(found)
        fields: dict[str, Any] = {
            "account": account,
            "load_balancer_name": read.load_balancer_name,
            "load_balancer_type": read.load_balancer_type or "classic",
            "tolerant": True,
        }
        return [cls.normalised(fields | {"region": region}) for region in read.regions]


def thing_of(kind: str, name: str) -> str:
    """Classic load balancers have names of their own: both APIs may have one so called."""
    return f"classic:{name}" if kind == "classic" else name
