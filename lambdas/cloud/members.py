"""Instances as members of their server groups: ended with one fewer to have, let go, and how many there may be."""

from abc import abstractmethod
from collections.abc import Sequence

from lambdas.nouns import Noun, changes

AT_ONCE = 20
"""Instances that one DetachInstances takes: https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DetachInstances.html"""


class Members(Noun):
    noun, service = "members", "autoscaling"
    adapter = "lambdas.aws.members:AutoScaling"

    @abstractmethod
    @changes("autoscaling:TerminateInstanceInAutoScalingGroup")
    def terminate(self, instance: str) -> None:
        """Terminate it, and let its group have one instance fewer. Raises NotFound where no group has it."""

    @abstractmethod
    @changes("autoscaling:DetachInstances")
    def detach(self, group: str, instances: Sequence[str], *, decrement: bool) -> None:
        """Let the group go on without these instances, at most `AT_ONCE`; it goes on after the answer.

        `decrement`: the group has so many fewer, else it launches others. Those that are not its are no error. Raises
        Conflict where one leaves it already.
        """

    @abstractmethod
    @changes("autoscaling:UpdateAutoScalingGroup")
    def least(self, group: str, instances: int) -> None:
        """Set the group's minimum alone; where it has fewer, it shall have so many. Raises NotFound."""

    @abstractmethod
    @changes("autoscaling:UpdateAutoScalingGroup")
    def most(self, group: str, instances: int) -> None:
        """Set the group's maximum alone; where it has more, it shall have so many. Raises NotFound."""
