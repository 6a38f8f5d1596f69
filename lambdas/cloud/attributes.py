"""What may be changed of a server group as it stands, but for its size: see `lambdas.cloud.GroupSettings`."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from lambdas.nouns import Noun, changes


@dataclass(frozen=True)
class Attributes:
    """Some of a group's attributes; None is one that is not told of."""

    cooldown: int | None = None
    """Seconds."""
    health_check_grace: int | None = None
    """Seconds."""
    health_check_type: str | None = None
    termination_policies: tuple[str, ...] | None = None
    capacity_rebalance: bool | None = None


class GroupAttributes(Noun):
    noun, service = "attributes", "autoscaling"
    adapter = "lambdas.aws.attributes:AutoScalingAttributes"

    @abstractmethod
    @changes("autoscaling:UpdateAutoScalingGroup")
    def update(self, group: str, attributes: Attributes) -> None:
        """Set those that are told, in one call. Raises NotFound."""

    @abstractmethod
    @changes("autoscaling:DisableMetricsCollection")
    def disable_metrics(self, group: str, metrics: Sequence[str]) -> None:
        """Collect these group metrics no more; those that are not collected are no error. Raises NotFound."""
