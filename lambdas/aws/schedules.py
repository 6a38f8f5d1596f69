"""Scheduled actions on EC2 Auto Scaling."""

from typing import TYPE_CHECKING

from lambdas import nouns
from lambdas.cloud.schedules import Schedules
from lambdas.error_codes import translating

if TYPE_CHECKING:
    from mypy_boto3_autoscaling import AutoScalingClient

SERVICE = "autoscaling"


class AutoScalingSchedules(Schedules):
    def __init__(self, clients: nouns.Clients) -> None:
        self._client: AutoScalingClient = clients[SERVICE]

    def delete(self, group: str, name: str) -> None:
        with translating(SERVICE, f"group {group}, scheduled action {name}"):
            self._client.delete_scheduled_action(AutoScalingGroupName=group, ScheduledActionName=name)
