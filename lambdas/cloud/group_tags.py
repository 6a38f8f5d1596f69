"""Tags of server groups, each with whether the group's new instances get it too."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from lambdas.nouns import Noun, changes, reads


@dataclass(frozen=True)
class GroupTag:
    key: str
    value: str
    propagate: bool = True
    """Whether instances that the group launches from now on get it."""


class GroupTags(Noun):
    noun, service = "group_tags", "autoscaling"
    adapter = "lambdas.aws.group_tags:AutoScalingTags"

    @abstractmethod
    @reads("autoscaling:DescribeTags")
    def find(self, group: str) -> tuple[GroupTag, ...]:
        """By key, without those that only AWS may write. Empty for an absent group."""

    @abstractmethod
    @changes("autoscaling:CreateOrUpdateTags")
    def put(self, group: str, tags: Sequence[GroupTag]) -> None:
        """Create or replace them, all in one call. Raises NotFound for the group."""

    @abstractmethod
    @changes("autoscaling:DeleteTags")
    def delete(self, group: str, keys: Sequence[str]) -> None:
        """All in one call; absent ones are no error. Raises NotFound for the group."""
