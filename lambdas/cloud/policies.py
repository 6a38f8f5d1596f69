"""Scaling policies of server groups, each with the ARN by which alarms set it off."""

from abc import abstractmethod
from dataclasses import dataclass

from lambdas.nouns import Noun, changes, reads


@dataclass(frozen=True)
class Policy:
    name: str
    specification: str
    """All but group, name and ARN, as canonical JSON in Auto Scaling's own words."""
    arn: str
    """Another one for each policy that is made, also under a name that was there before."""
    alarms: tuple[str, ...] = ()
    """Names of the alarms that set it off, without those that Auto Scaling makes for itself."""


class Policies(Noun):
    noun, service = "policies", "autoscaling"
    adapter = "lambdas.aws.policies:AutoScalingPolicies"

    @abstractmethod
    @reads("autoscaling:DescribePolicies")
    def find(self, group: str, name: str) -> Policy:
        """Raises NotFound for the policy, and for the group."""

    @abstractmethod
    @changes("autoscaling:PutScalingPolicy")
    def put(self, group: str, name: str, specification: str) -> str:
        """Create or replace; the policy's ARN. Raises NotFound for the group."""

    @abstractmethod
    @changes("autoscaling:DeletePolicy")
    def delete(self, group: str, name: str) -> None:
        """Alarms stay, and set it off no more. Raises NotFound for the policy, and for the group."""
