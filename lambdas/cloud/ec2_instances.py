"""EC2 instances one by one, whether or not a server group has them."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from lambdas.cloud import Tags
from lambdas.nouns import Noun, changes, reads


@dataclass(frozen=True)
class Ec2Instance:
    id: str
    state: str
    """EC2's word: `pending`, `running`, `shutting-down`, `stopping`, `stopped`."""
    group: str = ""
    """The server group that has it; empty where none does."""
    vpc: str = ""
    security_groups: tuple[str, ...] = ()
    """Ids, sorted."""
    tags: Tags = ()
    """But those that AWS itself keeps."""


class Ec2Instances(Noun):
    noun, service = "ec2_instances", "ec2"
    adapter = "lambdas.aws.ec2_instances:Ec2"

    @abstractmethod
    @reads("ec2:DescribeInstances")
    def found(self, ids: Sequence[str]) -> dict[str, Ec2Instance]:
        """Those of these instances that exist, by id; a terminated one does not."""

    @abstractmethod
    @reads("ec2:DescribeInstanceAttribute")
    def protected(self, instance: str) -> bool:
        """Whether it may not be terminated through the API. Raises NotFound."""

    @abstractmethod
    @changes("ec2:RebootInstances")
    def reboot(self, instances: Sequence[str]) -> None:
        """Request that each starts anew. Raises NotFound where one of them does not exist: then none does."""

    @abstractmethod
    @changes("ec2:TerminateInstances")
    def terminate(self, instances: Sequence[str]) -> None:
        """Terminate for good; it goes on after the answer. Absent ones are no error."""

    @abstractmethod
    @changes("ec2:CreateTags")
    def tag(self, instances: Sequence[str], key: str, value: str) -> None:
        """Put the tag on each, over one of that key. Absent instances are no error."""

    @abstractmethod
    @changes("ec2:DeleteTags")
    def untag(self, instances: Sequence[str], key: str, value: str) -> None:
        """Take the tag off where it has that value. Absent instances are no error."""

    @abstractmethod
    @changes("ec2:ModifyInstanceAttribute")
    def secure(self, instance: str, security_groups: Sequence[str]) -> None:
        """Give it these security groups (ids) instead of those it has. Raises NotFound for the instance."""
