"""CloudWatch's metric alarms with all that they set off."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from lambdas.cloud import Tags
from lambdas.nouns import Noun, changes, reads


@dataclass(frozen=True)
class MetricAlarm:
    name: str
    specification: str
    """All but name and ARN, as canonical JSON in CloudWatch's own words."""
    arn: str = ""
    """Empty where it is not there yet."""


class Alarms(Noun):
    noun, service = "alarms", "cloudwatch"
    adapter = "lambdas.aws.alarms:CloudWatchAlarms"

    @abstractmethod
    @reads("cloudwatch:DescribeAlarms")
    def found(self, names: Sequence[str]) -> tuple[MetricAlarm, ...]:
        """Those of these alarms that exist. Raises Rejected for a composite alarm, which is not ours to change."""

    @abstractmethod
    @reads("cloudwatch:ListTagsForResource")
    def tags(self, arn: str) -> Tags:
        """The alarm's tags. Raises NotFound."""

    @abstractmethod
    @changes("cloudwatch:PutMetricAlarm")
    def put(self, name: str, specification: str, tags: Tags = ()) -> None:
        """Create with these tags, or replace: then they stay as they are."""

    @abstractmethod
    @changes("cloudwatch:DeleteAlarms")
    def delete(self, names: Sequence[str]) -> None:
        """At most 100, all in one call; absent ones are no error."""
