"""Network interfaces that stand by themselves, to be attached to instances."""

from abc import abstractmethod
from dataclasses import dataclass

from lambdas.cloud import Tags
from lambdas.nouns import Noun, changes, reads


@dataclass(frozen=True)
class NetworkInterface:
    """What a new one is made from."""

    subnet: str
    """Id."""
    description: str = ""
    security_groups: tuple[str, ...] = ()
    """Ids; where there are none, the VPC's default one."""
    address: str | None = None
    """Its primary private IPv4 address; None: one that is free."""
    addresses: tuple[str, ...] = ()
    """Secondary ones."""
    more: int = 0
    """How many secondary ones more, whichever are free."""
    tags: Tags = ()


class NetworkInterfaces(Noun):
    noun, service = "network_interfaces", "ec2"
    adapter = "lambdas.aws.network_interfaces:Ec2"

    @abstractmethod
    @changes("ec2:CreateNetworkInterface")
    def create(self, interface: NetworkInterface, token: str) -> str:
        """Create, and answer its id; the same token again is the same creation."""

    @abstractmethod
    @reads("ec2:DescribeNetworkInterfaces")
    def made_by(self, operation: str) -> tuple[str, ...]:
        """Ids of those that carry the operation's tag."""

    @abstractmethod
    @changes("ec2:DeleteNetworkInterface")
    def delete(self, interface: str) -> None:
        """Raises NotFound; Conflict while it is attached to an instance."""
