"""Security groups of a VPC and the inbound rules in them."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from lambdas.cloud import OPERATION_TAG, Tags
from lambdas.nouns import Noun, changes, reads

ALL = -1
"""As a port: all of them, where the protocol is `-1`; all types or codes of ICMP."""


@dataclass(frozen=True)
class Rule:
    """One inbound permission for one source. A group has no two with the same `permission`."""

    protocol: str
    """`tcp`, `udp`, `icmp`, `icmpv6`, another's number, or `-1` for all."""
    start: int
    end: int
    source: str
    """A CIDR block, the id of a prefix list or of a security group; another account's as `123456789012/sg-…`."""
    description: str = ""

    @property
    def permission(self) -> tuple[str, int, int, str]:
        """What it permits, whatever is said about it."""
        return (self.protocol, self.start, self.end, self.source)

    def __str__(self) -> str:
        ports = f"{self.start}" if self.start == self.end else f"{self.start}-{self.end}"
        return f"{self.protocol} {ports} from {self.source}"


@dataclass(frozen=True)
class SecurityGroup:
    """A security group with what it lets in."""

    id: str
    name: str
    vpc: str
    description: str
    rules: tuple[Rule, ...] = ()
    """In order of what they permit."""
    tags: Tags = ()

    @property
    def operation(self) -> str | None:
        """Which operation made it."""
        return dict(self.tags).get(OPERATION_TAG)


class SecurityGroups(Noun):
    noun, service = "security_groups", "ec2"
    adapter = "lambdas.aws.security_groups:Ec2SecurityGroups"

    @abstractmethod
    @reads("ec2:DescribeSecurityGroups")
    def find(self, vpc: str, name: str) -> SecurityGroup:
        """Raises NotFound."""

    @abstractmethod
    @reads("ec2:DescribeSecurityGroups")
    def ids(self, vpc: str, names: Sequence[str]) -> dict[str, str]:
        """The ids of those of that VPC that exist, by name."""

    @abstractmethod
    @reads("ec2:DescribeSecurityGroups", "ec2:DescribeNetworkInterfaces")
    def dependents(self, group: str) -> tuple[str, ...]:
        """What keeps the group (by id) from being deleted: other groups' rules and network interfaces, in words."""

    @abstractmethod
    @changes("ec2:CreateSecurityGroup", "ec2:CreateTags")
    def create(self, vpc: str, name: str, description: str, tags: Tags) -> None:
        """Create without inbound rules. Raises AlreadyExists."""

    @abstractmethod
    @changes("ec2:AuthorizeSecurityGroupIngress")
    def authorize(self, group: str, rules: Sequence[Rule]) -> None:
        """Add all of them to the group (by id), or none. Raises AlreadyExists where one is there, NotFound."""

    @abstractmethod
    @changes("ec2:RevokeSecurityGroupIngress")
    def revoke(self, group: str, rules: Sequence[Rule]) -> None:
        """Remove them from the group (by id), whatever their descriptions. Raises NotFound where one is not there."""

    @abstractmethod
    @changes("ec2:UpdateSecurityGroupRuleDescriptionsIngress")
    def describe(self, group: str, rules: Sequence[Rule]) -> None:
        """Give rules that are there these descriptions. Raises NotFound for the group."""

    @abstractmethod
    @changes("ec2:CreateTags")
    def tag(self, group: str, tags: Tags) -> None:
        """Create or replace tags. Raises NotFound."""

    @abstractmethod
    @changes("ec2:DeleteTags")
    def untag(self, group: str, keys: Sequence[str]) -> None:
        """Absent ones are no error."""

    @abstractmethod
    @changes("ec2:DeleteSecurityGroup")
    def delete(self, group: str) -> None:
        """Delete the group (by id). Raises NotFound, and Conflict while something depends on it."""
