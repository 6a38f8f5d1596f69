"""Auto Scaling's manners: errors, limits, deletion that takes its time, activities. The work itself is the fleet's."""

from __future__ import annotations

import functools
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from moto.autoscaling.exceptions import AutoscalingClientError, ValidationError
from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.exceptions import EC2ClientError

from local import group_metrics, launch_templates, load_balancers, scaling_policies
from local.fleet import DELETING, Fleet, MotoGroup, forget_group
from local.patches import replace
from local.settings import Settings

Json = dict[str, Any]


class Groups(OrderedDict[str, Any]):
    def __missing__(self, name: str) -> Any:
        raise ValidationError(f"AutoScalingGroup name not found - AutoScalingGroup '{name}' not found")


class PerGroup(OrderedDict[str, Any]):
    """Policies and scheduled actions: moto would let two groups' actions of one name overwrite each other."""

    def __setitem__(self, name: str, value: Any) -> None:
        super().__setitem__(f"{value.auto_scaling_group_name}/{name}", value)


def install(fleet: Fleet, settings: Settings) -> None:
    _keep_by_group()
    _leave_work_to_fleet()
    _create_as_aws()
    _update_as_aws()
    _delete_as_aws(settings)
    _remove_instances_as_aws(fleet)
    _list_activities(fleet)
    _keep_whole_hooks()
    group_metrics.install()
    scaling_policies.install()
    _know_groups()
    _policies_of_groups()


def _keep_by_group() -> None:
    initialised = AutoScalingBackend.__init__

    def init(backend: Any, *arguments: Any, **options: Any) -> None:
        initialised(backend, *arguments, **options)
        backend.autoscaling_groups, backend.policies, backend.scheduled_actions = Groups(), PerGroup(), PerGroup()

    replace(AutoScalingBackend, __init__=init)


def _leave_work_to_fleet() -> None:
    def set_desired_capacity(group: MotoGroup, new_capacity: int | None) -> None:
        group.desired_capacity = group.min_size if new_capacity is None else new_capacity

    replace(FakeAutoScalingGroup, set_desired_capacity=set_desired_capacity)
    nothing: Callable[..., None] = lambda *_, **__: None  # noqa: E731
    replace(
        AutoScalingBackend,
        update_attached_elbs=nothing,
        update_attached_target_groups=nothing,
        notify_terminate_instances=nothing,
    )


def _create_as_aws() -> None:
    created = AutoScalingBackend.create_auto_scaling_group

    def create(backend: AutoScalingBackend, name: str, **given: Any) -> MotoGroup:
        if name in backend.autoscaling_groups:
            raise _already_exists(backend.autoscaling_groups[name])
        _check_sizes(given["min_size"], given["max_size"], given["desired_capacity"])
        _check_template(backend, given["launch_template"])
        _check_balancers(backend, given["target_group_arns"], given["load_balancers"])
        try:
            group: MotoGroup = created(backend, name=name, **given)
        except EC2ClientError as error:
            raise ValidationError(error.message) from error
        group.health_check_grace_period = int(given["health_check_period"] or 0)
        return group

    replace(AutoScalingBackend, create_auto_scaling_group=create)


def _already_exists(group: MotoGroup) -> AutoscalingClientError:
    pending = " and is pending delete" if getattr(group, "status", None) == DELETING else ""
    message = f"A group with the name {group.name} already exists{pending}"
    return AutoscalingClientError("AlreadyExists", f"AutoScalingGroup by this name already exists - {message}")


def _check_sizes(least: int, most: int, desired: int | None) -> None:
    if least > most:
        raise ValidationError(f"Max bound, {most}, must be greater than or equal to min bound, {least}")
    if desired is not None and not least <= desired <= most:
        raise ValidationError(
            f"Desired capacity:{desired} must be between the specified min size:{least} and max size:{most}"
        )


def _check_template(backend: AutoScalingBackend, specification: Json | None) -> None:
    fault = launch_templates.fault_of(backend.ec2_backend, specification) if specification else None
    if fault:
        raise ValidationError(f"You must use a valid fully-formed launch template. {fault}")


def _check_balancers(backend: AutoScalingBackend, target_groups: list[str], classic: list[str]) -> None:
    known = backend.elbv2_backend.target_groups
    if any(arn not in known for arn in target_groups):
        raise ValidationError("Provided Target Groups may not be valid. Please ensure they exist and try again.")
    if any(backend.elb_backend.get_load_balancer(name) is None for name in classic):
        raise ValidationError("Provided Load Balancers may not be valid. Please ensure they exist and try again.")


def _update_as_aws() -> None:
    updated, answered = AutoScalingBackend.update_auto_scaling_group, AutoScalingResponse.update_auto_scaling_group

    def update(backend: AutoScalingBackend, name: str, **given: Any) -> MotoGroup:
        group: MotoGroup = backend.autoscaling_groups[name]
        least = group.min_size if given["min_size"] is None else given["min_size"]
        most = group.max_size if given["max_size"] is None else given["max_size"]
        _check_sizes(least, most, given["desired_capacity"])
        _check_template(backend, given["launch_template"])
        if given["desired_capacity"] is None:
            given["desired_capacity"] = min(max(int(group.desired_capacity), least), most)
        given["mixed_instances_policy"] = given.get("mixed_instances_policy") or group.mixed_instances_policy
        try:
            return updated(backend, name=name, **given)
        except EC2ClientError as error:
            raise ValidationError(error.message) from error

    def update_response(response: AutoScalingResponse) -> ActionResult:
        """moto drops these three."""
        answer = answered(response)
        group: MotoGroup = response.autoscaling_backend.autoscaling_groups[response._get_param("AutoScalingGroupName")]
        for name, attribute in _ALSO_UPDATED.items():
            value = response._get_param(name)
            if value is not None:
                setattr(group, attribute, int(value) if name == "DefaultCooldown" else value)
        return answer

    def set_desired(backend: AutoScalingBackend, group_name: str, desired_capacity: int | None) -> None:
        group: MotoGroup = backend.autoscaling_groups[group_name]
        wanted = int(desired_capacity or 0)
        limit = "New SetDesiredCapacity value {} is {} value {} for the AutoScalingGroup."
        if wanted > group.max_size:
            raise ValidationError(limit.format(wanted, "above max", group.max_size))
        if wanted < group.min_size:
            raise ValidationError(limit.format(wanted, "below min", group.min_size))
        group.set_desired_capacity(wanted)

    replace(AutoScalingBackend, update_auto_scaling_group=update, set_desired_capacity=set_desired)
    replace(AutoScalingResponse, update_auto_scaling_group=update_response)


_ALSO_UPDATED = {
    "DefaultCooldown": "default_cooldown",
    "TerminationPolicies": "termination_policies",
    "CapacityRebalance": "capacity_rebalance",
}


def _delete_as_aws(settings: Settings) -> None:
    def delete(response: AutoScalingResponse) -> ActionResult:
        backend, force = response.autoscaling_backend, response._get_bool_param("ForceDelete", False)
        group: MotoGroup = backend.autoscaling_groups[response._get_param("AutoScalingGroupName")]
        if getattr(group, "status", None) == DELETING:
            raise AutoscalingClientError("ScalingActivityInProgress", _BUSY)
        if group.instance_states and not force:
            raise AutoscalingClientError("ResourceInUse", _IN_USE)
        if not force:
            forget_group(backend, group.name)
            return EmptyResult()
        group.status, group.deleted_at = DELETING, time.monotonic() + settings.deleted_after.total_seconds()
        group.min_size = group.max_size = group.desired_capacity = 0
        return EmptyResult()

    replace(AutoScalingResponse, delete_auto_scaling_group=delete)


_BUSY = "You cannot delete an AutoScalingGroup while there are scaling activities in progress for that group."
_IN_USE = (
    "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) "
    "still in the group."
)


def _remove_instances_as_aws(fleet: Fleet) -> None:
    detached = AutoScalingBackend.detach_instances

    def terminate(response: AutoScalingResponse) -> ActionResult:
        backend, instance = response.autoscaling_backend, response._get_param("InstanceId")
        states = [s for group in backend.autoscaling_groups.values() for s in group.instance_states]
        state = next((s for s in states if s.instance.id == instance), None)
        if state is None:
            raise ValidationError(f"Instance Id not found - No managed instance found for instance ID: {instance}")
        if response._get_bool_param("ShouldDecrementDesiredCapacity", False):
            _decrement(state.auto_scaling_group)
        cause = f"instance {instance} was taken out of service in response to a user request."
        return ActionResult({"Activity": fleet.terminate(backend, state, cause).described()})

    def detach(backend: AutoScalingBackend, group_name: str, instance_ids: list[str], should_decrement: bool) -> Any:
        activities = detached(backend, group_name, instance_ids, should_decrement)
        for instance in instance_ids:
            load_balancers.forget(backend.account_id, backend.region_name, instance)
        return activities

    replace(AutoScalingResponse, terminate_instance_in_auto_scaling_group=terminate)
    replace(AutoScalingBackend, detach_instances=detach)


def _decrement(group: MotoGroup) -> None:
    if group.desired_capacity <= group.min_size:
        raise ValidationError(
            f"Currently, desiredSize equals minSize ({group.min_size}). Terminating instance without replacement "
            "will violate group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false "
            "or lower group's min size."
        )
    group.desired_capacity -= 1


def _list_activities(fleet: Fleet) -> None:
    def describe(response: AutoScalingResponse) -> ActionResult:
        backend, name = response.autoscaling_backend, response._get_param("AutoScalingGroupName")
        deleted = response._get_bool_param("IncludeDeletedGroups", False)
        if name and not deleted:
            _ = backend.autoscaling_groups[name]
        wanted = response._get_param("ActivityIds", [])
        newest = [
            activity.described()
            for (account, region, group), activities in fleet.activities.items()
            for activity in reversed(activities)
            if (account, region) == (backend.account_id, backend.region_name) and (not name or group == name)
            if deleted or backend.autoscaling_groups.get(group) is activity.group
            if not wanted or activity.id in wanted
        ]
        start, count = int(response._get_param("NextToken") or 0), response._get_int_param("MaxRecords") or 100
        more = {"NextToken": str(start + count)} if start + count < len(newest) else {}
        return ActionResult({"Activities": newest[start : start + count], **more})

    replace(AutoScalingResponse, describe_scaling_activities=describe)


def _keep_whole_hooks() -> None:
    """moto tells every hook the same role and queue."""
    put = AutoScalingResponse.put_lifecycle_hook

    def put_lifecycle_hook(response: AutoScalingResponse) -> ActionResult:
        answer = put(response)
        group, name = (response._get_param(field) for field in ("AutoScalingGroupName", "LifecycleHookName"))
        hook: Any = response.autoscaling_backend.lifecycle_hooks[f"{group}_{name}"]
        hook.role_arn = response._get_param("RoleARN")
        hook.notification_target_arn = response._get_param("NotificationTargetARN")
        hook.notification_metadata = response._get_param("NotificationMetadata")
        return answer

    replace(AutoScalingResponse, put_lifecycle_hook=put_lifecycle_hook)


def _know_groups() -> None:
    """These would take any name, or answer with a server error."""
    for name in ("put_scaling_policy", "put_lifecycle_hook", "put_scheduled_update_group_action",
                 "enable_metrics_collection", "describe_lifecycle_hooks"):  # fmt: skip
        replace(AutoScalingResponse, **{name: _knowing(getattr(AutoScalingResponse, name))})

    attached = AutoScalingBackend.attach_load_balancer_target_groups
    attached_classic = AutoScalingBackend.attach_load_balancers

    def attach(backend: AutoScalingBackend, group_name: str, target_group_arns: list[str]) -> None:
        _check_balancers(backend, target_group_arns, [])
        attached(backend, group_name, target_group_arns)

    def attach_classic(backend: AutoScalingBackend, group_name: str, load_balancer_names: list[str]) -> None:
        _check_balancers(backend, [], load_balancer_names)
        attached_classic(backend, group_name, load_balancer_names)

    replace(AutoScalingBackend, attach_load_balancer_target_groups=attach, attach_load_balancers=attach_classic)


def _knowing(method: Callable[[AutoScalingResponse], ActionResult]) -> Callable[[AutoScalingResponse], ActionResult]:
    @functools.wraps(method)
    def checked(response: AutoScalingResponse) -> ActionResult:
        _ = response.autoscaling_backend.autoscaling_groups[response._get_param("AutoScalingGroupName")]
        return method(response)

    return checked


def _policies_of_groups() -> None:
    def delete_policy(response: AutoScalingResponse) -> ActionResult:
        policies: Any = response.autoscaling_backend.policies
        keys = _policy_keys(response)
        if not keys:
            raise ValidationError(f"Policy {response._get_param('PolicyName')} not found")
        for key in keys:
            scaling_policies.forget(response.autoscaling_backend, policies.pop(key).arn)
        return EmptyResult()

    def execute_policy(response: AutoScalingResponse) -> ActionResult:
        keys = _policy_keys(response)
        if not keys:
            raise ValidationError("PolicyARN not found")
        response.autoscaling_backend.policies[keys[0]].execute()
        return EmptyResult()

    def delete_scheduled_action(
        backend: AutoScalingBackend, auto_scaling_group_name: str, scheduled_action_name: str
    ) -> None:
        actions: Any = backend.scheduled_actions
        if actions.pop(f"{auto_scaling_group_name}/{scheduled_action_name}", None) is None:
            raise ValidationError("Scheduled action name not found")

    replace(AutoScalingResponse, delete_policy=delete_policy, execute_policy=execute_policy)
    replace(AutoScalingBackend, delete_scheduled_action=delete_scheduled_action)


def _policy_keys(response: AutoScalingResponse) -> list[str]:
    """A policy is named by its ARN, or by its name and its group's."""
    named, group = response._get_param("PolicyName"), response._get_param("AutoScalingGroupName")
    return [
        key
        for key, policy in response.autoscaling_backend.policies.items()
        if named in {policy.arn, policy.name} and (not group or policy.auto_scaling_group_name == group)
    ]
