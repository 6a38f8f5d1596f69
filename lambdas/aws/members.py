"""Instances of Auto Scaling groups."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lambdas import nouns
from lambdas.aws.ec2_instances import each_present
from lambdas.cloud.members import Members
from lambdas.error_codes import translating

if TYPE_CHECKING:
    from mypy_boto3_autoscaling import AutoScalingClient

SERVICE = "autoscaling"


class AutoScaling(Members):
    def __init__(self, clients: nouns.Clients) -> None:
        self._client: AutoScalingClient = clients[SERVICE]

    def terminate(self, instance: str) -> None:
        with translating(SERVICE, f"instance {instance}"):
            self._client.terminate_instance_in_auto_scaling_group(
                InstanceId=instance, ShouldDecrementDesiredCapacity=True
            )

    def detach(self, group: str, instances: Sequence[str], *, decrement: bool) -> None:
        def let_go(some: Sequence[str]) -> None:
            with translating(SERVICE, f"instances {', '.join(some)} of group {group}"):
                self._client.detach_instances(
                    AutoScalingGroupName=group, InstanceIds=list(some), ShouldDecrementDesiredCapacity=decrement
                )

        each_present(instances, let_go)

    def least(self, group: str, instances: int) -> None:
        with translating(SERVICE, f"group {group}"):
            self._client.update_auto_scaling_group(AutoScalingGroupName=group, MinSize=instances)

    def most(self, group: str, instances: int) -> None:
        with translating(SERVICE, f"group {group}"):
            self._client.update_auto_scaling_group(AutoScalingGroupName=group, MaxSize=instances)
