"""Machine images as things that are changed: who may launch them, their tags, their end; and the snapshots under them.

`lambdas.cloud.Images` is where a server group's image is looked up.
"""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from lambdas.cloud import Tags
from lambdas.nouns import Noun, changes, reads


@dataclass(frozen=True)
class Ami:
    id: str
    name: str
    owner: str
    """Twelve digits."""
    public: bool = False
    architecture: str = "x86_64"
    virtualization: str = "hvm"
    devices: str = "[]"
    """Its block devices, as JSON in EC2's words with a small first letter: as Clouddriver gives them on."""


@dataclass(frozen=True)
class Snapshot:
    id: str
    owner: str
    """Twelve digits."""


class Amis(Noun):
    noun, service = "amis", "ec2"
    adapter = "lambdas.aws.amis:Ec2Amis"

    @abstractmethod
    @reads("ec2:DescribeImages")
    def find(self, name: str) -> tuple[Ami, ...]:
        """The images of that id or exact name that the account may launch, newest first; none is no error."""

    @abstractmethod
    @reads("ec2:DescribeImageAttribute")
    def launchers(self, image: str) -> tuple[str, ...]:
        """The accounts that the image is shared with, by their numbers; only its owner may ask. Raises NotFound."""

    @abstractmethod
    @changes("ec2:ModifyImageAttribute")
    def allow(self, image: str, account: str) -> None:
        """Let an account launch the image; only its owner may. Raises NotFound."""

    @abstractmethod
    @changes("ec2:ModifyImageAttribute")
    def forbid(self, image: str, account: str) -> None:
        """The opposite. Raises NotFound."""

    @abstractmethod
    @reads("ec2:DescribeTags")
    def tags(self, image: str) -> Tags:
        """This account's own tags of the image, whoever owns it; none for an image that it does not know."""

    @abstractmethod
    @changes("ec2:CreateTags")
    def tag(self, image: str, tags: Tags) -> None:
        """Create or overwrite this account's tags. Raises NotFound."""

    @abstractmethod
    @changes("ec2:DeleteTags")
    def untag(self, image: str, tags: Tags) -> None:
        """Delete those that have exactly these values; others are no error. Raises NotFound."""

    @abstractmethod
    @changes("ec2:DeregisterImage")
    def deregister(self, image: str) -> None:
        """From now on nothing is launched from it. Raises NotFound."""

    @abstractmethod
    @reads("ec2:DescribeSnapshots")
    def snapshot(self, snapshot: str) -> Snapshot:
        """Raises NotFound."""

    @abstractmethod
    @reads("ec2:DescribeImages")
    def made_of(self, snapshot: str) -> Sequence[str]:
        """Ids of the account's own images that need the snapshot, in order."""

    @abstractmethod
    @changes("ec2:DeleteSnapshot")
    def delete_snapshot(self, snapshot: str) -> None:
        """Raises NotFound; Rejected where an image needs it."""
