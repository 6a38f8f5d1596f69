"""moto, made to refuse what AWS refuses: unextended it overwrites groups, or fails with an error of Python's.

The sentences are AWS's own, as people have reported them (`lambdas/error_codes.py` names the reports). Everything is
undone after the test, nothing takes time: the embedded AWS of `local`, which extends moto too, is for whole operations.
"""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, NoReturn

import pytest
from moto.autoscaling.exceptions import AutoscalingClientError, ValidationError
from moto.autoscaling.models import AutoScalingBackend, autoscaling_backends
from moto.ec2.exceptions import InvalidLaunchTemplateNameNotFoundWithNameError, InvalidSecurityGroupNotFoundError
from moto.ec2.models.instances import InstanceBackend
from moto.ec2.models.launch_templates import LaunchTemplateBackend
from moto.elb.exceptions import LoadBalancerNotFoundError
from moto.elb.models import ELBBackend
from moto.route53.exceptions import InvalidInput, Route53ClientError
from moto.route53.models import Route53Backend

from local import template_versions
from tests.contract import honest_balancers, honest_images, honest_parts, honest_security_groups, honest_stacks
from tests.contract.recording import REGION

ACCOUNT = "123456789012"
"""moto's."""

Method = Callable[..., Any]

CHANGES = {
    "update_auto_scaling_group": "name",
    "suspend_processes": "group_name",
    "resume_processes": "group_name",
    "enable_metrics_collection": "group_name",
    "create_lifecycle_hook": "as_name",
    "put_scaling_policy": "as_name",
    "put_scheduled_update_group_action": "name",
}
"""Methods of moto's backend that change a group, and the parameter that names it."""


def install(monkeypatch: pytest.MonkeyPatch, deleting: set[str]) -> None:
    """`deleting` names the groups that are pending delete: moto's own go at once."""

    def replace(owner: Any, method: str, guard: Callable[[Any, str], Exception | None], parameter: str) -> None:
        monkeypatch.setattr(owner, method, _guarded(getattr(owner, method), guard, parameter))

    def missing(backend: Any, name: str) -> Exception | None:
        known = name in backend.autoscaling_groups
        return None if known else ValidationError("AutoScalingGroup name not found - null")

    def immovable(backend: Any, name: str) -> Exception | None:
        pending = "The AutoScaling group may not be modified while it is pending delete"
        return missing(backend, name) or (ValidationError(pending) if name in deleting else None)

    def taken(backend: Any, name: str) -> Exception | None:
        known = name in backend.autoscaling_groups
        return _already_exists(name, pending=name in deleting) if known else None

    def busy(_: Any, name: str) -> Exception | None:
        said = "You cannot delete an AutoScalingGroup while there are scaling activities in progress for that group."
        return AutoscalingClientError("ScalingActivityInProgress", said) if name in deleting else None

    def no_template(backend: Any, name: str) -> Exception | None:
        known = name == str(None) or name in backend.launch_template_name_to_ids  # without one, its id is given
        return None if known else InvalidLaunchTemplateNameNotFoundWithNameError(name)

    def no_load_balancer(backend: Any, name: str) -> Exception | None:
        return None if name in backend.load_balancers else LoadBalancerNotFoundError(name)

    for method, parameter in CHANGES.items():
        replace(AutoScalingBackend, method, immovable, parameter)
    replace(AutoScalingBackend, "describe_lifecycle_hooks", missing, "as_name")
    replace(AutoScalingBackend, "create_auto_scaling_group", taken, "name")
    replace(AutoScalingBackend, "delete_auto_scaling_group", busy, "group_name")
    replace(LaunchTemplateBackend, "delete_launch_template", no_template, "name")
    replace(ELBBackend, "register_instances", no_load_balancer, "load_balancer_name")
    replace(ELBBackend, "deregister_instances", no_load_balancer, "load_balancer_name")
    honest_parts.install(monkeypatch, deleting)
    monkeypatch.setattr(AutoScalingBackend, "detach_instances", _of_the_group(AutoScalingBackend.detach_instances))
    monkeypatch.setattr(AutoScalingBackend, "terminate_instance", _managed(AutoScalingBackend.terminate_instance))
    secure = "modify_instance_security_groups"
    monkeypatch.setattr(InstanceBackend, secure, _known_groups(getattr(InstanceBackend, secure)))
    monkeypatch.setattr(Route53Backend, "change_resource_record_sets", _exact(Route53Backend))
    honest_security_groups.install(monkeypatch)
    honest_images.install(monkeypatch)
    template_versions.install(lambda owner, name, value: monkeypatch.setattr(owner, name, value, raising=False))
    honest_balancers.install(monkeypatch)
    honest_stacks.install(monkeypatch)


def backend() -> Any:
    """moto's Auto Scaling of the suite's account and Region."""
    return autoscaling_backends[ACCOUNT][REGION]


def _guarded(method: Method, guard: Callable[[Any, str], Exception | None], parameter: str) -> Method:
    signature = inspect.signature(method)

    @wraps(method)
    def guarded(backend: Any, *args: Any, **named: Any) -> Any:
        if refused := guard(backend, str(signature.bind(backend, *args, **named).arguments[parameter])):
            raise refused
        try:
            return method(backend, *args, **named)
        except InvalidLaunchTemplateNameNotFoundWithNameError as error:
            _refuse_template(error)

    return guarded


def _of_the_group(method: Method) -> Method:
    """Auto Scaling detaches what the group has, and no more of it than its minimum allows."""

    @wraps(method)
    def detach(backend: Any, group_name: str, instance_ids: list[str], should_decrement: bool) -> Any:
        group = backend.autoscaling_groups.get(group_name)
        if group is None:
            raise ValidationError("AutoScalingGroup name not found - null")
        members = {state.instance.id for state in group.instance_states}
        if strange := [one for one in instance_ids if one not in members]:
            raise ValidationError(f"The instance {strange[0]} is not part of Auto Scaling group {group_name}.")
        _above_minimum(group, len(instance_ids) if should_decrement else 0)
        return method(backend, group_name, instance_ids, should_decrement)

    return detach


def _managed(method: Method) -> Method:
    @wraps(method)
    def terminate(backend: Any, instance_id: str, should_decrement: bool) -> Any:
        every = (one for group in backend.autoscaling_groups.values() for one in group.instance_states)
        if all(one.instance.id != instance_id for one in every):
            said = f"Instance Id not found - No managed instance found for instance ID {instance_id}"
            raise ValidationError(said)
        return method(backend, instance_id, should_decrement)

    return terminate


def _known_groups(method: Method) -> Method:
    @wraps(method)
    def secure(backend: Any, instance_id: str, new_group_id_list: list[str]) -> Any:
        for one in new_group_id_list:
            if backend.get_security_group_from_id(one) is None:
                raise InvalidSecurityGroupNotFoundError(one)
        return method(backend, instance_id, new_group_id_list)

    return secure


def _above_minimum(group: Any, fewer: int) -> None:
    if fewer and group.desired_capacity - fewer < group.min_size:
        raise ValidationError(
            f"Currently, desiredSize equals minSize ({group.min_size}). Terminating instance without replacement will "
            "violate group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or lower "
            "group's min size."
        )


def _exact(owner: Any) -> Method:
    """Route 53 refuses to delete a record that is not there, or is another, as a whole batch that is wrong."""
    method = owner.change_resource_record_sets

    @wraps(method)
    def changed(backend: Any, *given: Any, **named: Any) -> Any:
        try:
            return method(backend, *given, **named)
        except InvalidInput:
            said = "Tried to delete resource record set [name='…', type='…'] but it was not found"
            raise Route53ClientError("InvalidChangeBatch", said) from None

    return changed


def _already_exists(name: str, *, pending: bool) -> Exception:
    said = f"A group with the name {name} already exists{' and is pending delete' if pending else ''}"
    return AutoscalingClientError("AlreadyExists", f"AutoScalingGroup by this name already exists - {said}")


def _refuse_template(error: InvalidLaunchTemplateNameNotFoundWithNameError) -> NoReturn:
    raise ValidationError(f"You must use a valid fully-formed launch template. {error.message}") from None
