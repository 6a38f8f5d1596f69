"""moto's Auto Scaling, made to keep and refuse what AWS keeps and refuses of what groups have about them."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import pytest
from moto.autoscaling.exceptions import AutoscalingClientError, ValidationError
from moto.autoscaling.models import AutoScalingBackend
from moto.autoscaling.responses import AutoScalingResponse
from moto.cloudwatch.models import CloudWatchBackend
from moto.core.responses import EmptyResult

from local import group_metrics, scaling_policies

MOST_TAGS = 50
HOOK_FIELDS = {
    "role_arn": "RoleARN",
    "notification_target_arn": "NotificationTargetARN",
    "notification_metadata": "NotificationMetadata",
}


def install(monkeypatch: pytest.MonkeyPatch, deleting: set[str]) -> None:
    """`deleting` names the groups that are pending delete."""
    _tags(monkeypatch, deleting)
    _attributes(monkeypatch, deleting)
    _hooks(monkeypatch)
    _deletions(monkeypatch, deleting)
    _policies(monkeypatch, deleting)


def _policies(monkeypatch: pytest.MonkeyPatch, deleting: set[str]) -> None:
    def delete(response: Any) -> Any:
        backend, group = response.autoscaling_backend, response._get_param("AutoScalingGroupName")
        immovable(backend, group, deleting)
        policy = backend.policies.get(response._get_param("PolicyName"))
        if policy is None or policy.auto_scaling_group_name != group:
            raise ValidationError(f"Policy {response._get_param('PolicyName')} not found")
        del backend.policies[policy.name]
        scaling_policies.forget(backend, policy.arn)
        return EmptyResult()

    def put_alarm(backend: Any, name: str, *given: Any, tags: Any = None, **named: Any) -> Any:
        """Tags count only for a new one.

        https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
        """
        if name not in backend.alarms:
            named["tags"] = tags
        return put(backend, name, *given, **named)

    put = CloudWatchBackend.put_metric_alarm
    monkeypatch.setattr(CloudWatchBackend, "put_metric_alarm", put_alarm)
    monkeypatch.setattr(AutoScalingResponse, "delete_policy", delete)
    for method, told in (
        ("put_scaling_policy", scaling_policies.telling_arn),
        ("describe_policies", scaling_policies.telling_alarms),
    ):
        monkeypatch.setattr(AutoScalingResponse, method, told(getattr(AutoScalingResponse, method)))


def _hooks(monkeypatch: pytest.MonkeyPatch) -> None:
    def put_whole(response: Any) -> Any:
        """moto tells every hook the same role and queue. What is not given stays, an empty target goes."""
        key = "_".join(response._get_param(name) for name in ("AutoScalingGroupName", "LifecycleHookName"))
        before = response.autoscaling_backend.lifecycle_hooks.get(key)
        answer = put(response)
        hook = response.autoscaling_backend.lifecycle_hooks[key]
        for name, field in HOOK_FIELDS.items():
            given = response._get_param(field)
            setattr(hook, name, (getattr(before, name, None) if given is None else given) or None)
        return answer

    put = AutoScalingResponse.put_lifecycle_hook
    monkeypatch.setattr(AutoScalingResponse, "put_lifecycle_hook", put_whole)


def _deletions(monkeypatch: pytest.MonkeyPatch, deleting: set[str]) -> None:
    def delete_hook(backend: Any, as_name: str, name: str) -> None:
        immovable(backend, as_name, deleting)
        if backend.lifecycle_hooks.pop(f"{as_name}_{name}", None) is None:
            raise ValidationError(f"No Lifecycle Hook found with name: {name}")

    def delete_action(backend: Any, auto_scaling_group_name: str, scheduled_action_name: str) -> None:
        immovable(backend, auto_scaling_group_name, deleting)
        deleted(backend, auto_scaling_group_name, scheduled_action_name)

    deleted = AutoScalingBackend.delete_scheduled_action
    monkeypatch.setattr(AutoScalingBackend, "delete_lifecycle_hook", delete_hook)
    monkeypatch.setattr(AutoScalingBackend, "delete_scheduled_action", delete_action)


def _attributes(monkeypatch: pytest.MonkeyPatch, deleting: set[str]) -> None:
    def update(response: Any) -> Any:
        """moto drops these three."""
        answer = updated(response)
        group = response.autoscaling_backend.autoscaling_groups[response._get_param("AutoScalingGroupName")]
        for name in ("default_cooldown", "termination_policies", "capacity_rebalance"):
            if (value := response._get_param(pascal(name))) is not None:
                setattr(group, name, value)
        return answer

    def disable(response: Any) -> Any:
        immovable(response.autoscaling_backend, response._get_param("AutoScalingGroupName"), deleting)
        return group_metrics.disable(response)

    def enable(response: Any) -> Any:
        immovable(response.autoscaling_backend, response._get_param("AutoScalingGroupName"), deleting)
        return group_metrics.enable(response)

    updated = AutoScalingResponse.update_auto_scaling_group
    monkeypatch.setattr(AutoScalingResponse, "update_auto_scaling_group", update)
    monkeypatch.setattr(AutoScalingResponse, "disable_metrics_collection", disable, raising=False)
    monkeypatch.setattr(AutoScalingResponse, "enable_metrics_collection", enable)


def pascal(name: str) -> str:
    return name.title().replace("_", "")


def _tags(monkeypatch: pytest.MonkeyPatch, deleting: set[str]) -> None:
    def limited(backend: Any, tags: list[dict[str, Any]]) -> None:
        group = backend.autoscaling_groups[tags[0]["ResourceId"]]
        if len({tag["Key"] for tag in (*group.tags, *tags)}) > MOST_TAGS:
            raise AutoscalingClientError("LimitExceeded", f"A group can have at most {MOST_TAGS} tags")

    for method, limit in (("create_or_update_tags", limited), ("delete_tags", lambda *_: None)):
        changed = getattr(AutoScalingBackend, method)
        monkeypatch.setattr(AutoScalingBackend, method, _of_standing_groups(changed, deleting, limit))


def _of_standing_groups(
    changed: Callable[..., None], deleting: set[str], limit: Callable[[Any, list[dict[str, Any]]], None]
) -> Callable[..., None]:
    @wraps(changed)
    def guarded(backend: Any, tags: list[dict[str, Any]]) -> None:
        for tag in tags:
            immovable(backend, tag["ResourceId"], deleting)
        limit(backend, tags)
        changed(backend, tags)

    return guarded


def immovable(backend: Any, group: str, deleting: set[str]) -> None:
    """Refuse for a group that is absent, or on its way out."""
    if group not in backend.autoscaling_groups:
        raise ValidationError("AutoScalingGroup name not found - null")
    if group in deleting:
        raise ValidationError("The AutoScaling group may not be modified while it is pending delete")
