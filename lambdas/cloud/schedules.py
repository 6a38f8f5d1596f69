"""Scheduled actions of server groups, as far as `lambdas.cloud.Scaling` does not know: that they go."""

from abc import abstractmethod

from lambdas.nouns import Noun, changes


class Schedules(Noun):
    noun, service = "schedules", "autoscaling"
    adapter = "lambdas.aws.schedules:AutoScalingSchedules"

    @abstractmethod
    @changes("autoscaling:DeleteScheduledAction")
    def delete(self, group: str, name: str) -> None:
        """Raises NotFound for the action, and for the group."""
