"""Lifecycle hooks on EC2 Auto Scaling."""

from typing import TYPE_CHECKING, Any

from lambdas import nouns
from lambdas.cloud import LifecycleHook
from lambdas.cloud.hooks import Hooks
from lambdas.error_codes import translating

if TYPE_CHECKING:
    from mypy_boto3_autoscaling import AutoScalingClient

SERVICE = "autoscaling"


class AutoScalingHooks(Hooks):
    def __init__(self, clients: nouns.Clients) -> None:
        self._client: AutoScalingClient = clients[SERVICE]

    def put(self, group: str, hook: LifecycleHook, over: LifecycleHook | None = None) -> None:
        """What is not given stays as it stands, so a target that goes is given as empty.

        https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutLifecycleHook.html
        """
        optional = {
            "RoleARN": hook.role,
            "NotificationTargetARN": hook.target,
            "NotificationMetadata": hook.metadata,
        }
        given: Any = {field: value for field, value in optional.items() if value}
        if over is not None and over.target and not hook.target:
            given["NotificationTargetARN"] = ""
        with translating(SERVICE, f"group {group}, lifecycle hook {hook.name}"):
            self._client.put_lifecycle_hook(
                AutoScalingGroupName=group,
                LifecycleHookName=hook.name,
                LifecycleTransition=hook.transition,
                HeartbeatTimeout=hook.heartbeat,
                DefaultResult=hook.default_result,
                **given,
            )

    def delete(self, group: str, name: str) -> None:
        with translating(SERVICE, f"group {group}, lifecycle hook {name}"):
            self._client.delete_lifecycle_hook(AutoScalingGroupName=group, LifecycleHookName=name)
