"""Attributes of server groups on EC2 Auto Scaling."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lambdas import nouns
from lambdas.cloud.attributes import Attributes, GroupAttributes
from lambdas.error_codes import translating

if TYPE_CHECKING:
    from mypy_boto3_autoscaling import AutoScalingClient

SERVICE = "autoscaling"


class AutoScalingAttributes(GroupAttributes):
    def __init__(self, clients: nouns.Clients) -> None:
        self._client: AutoScalingClient = clients[SERVICE]

    def update(self, group: str, attributes: Attributes) -> None:
        """https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_UpdateAutoScalingGroup.html"""
        policies = attributes.termination_policies
        parameters = {
            "DefaultCooldown": attributes.cooldown,
            "HealthCheckGracePeriod": attributes.health_check_grace,
            "HealthCheckType": attributes.health_check_type,
            "TerminationPolicies": None if policies is None else list(policies),
            "CapacityRebalance": attributes.capacity_rebalance,
        }
        given: Any = {name: value for name, value in parameters.items() if value is not None}
        if given:
            with translating(SERVICE, f"group {group}"):
                self._client.update_auto_scaling_group(AutoScalingGroupName=group, **given)

    def disable_metrics(self, group: str, metrics: Sequence[str]) -> None:
        if metrics:  # an empty list means all of them to AWS
            with translating(SERVICE, f"group {group}"):
                self._client.disable_metrics_collection(AutoScalingGroupName=group, Metrics=list(metrics))
