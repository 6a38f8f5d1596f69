"""Later versions of launch templates, which moto makes and never deletes; groups that change what they start from."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from moto.autoscaling.exceptions import AutoscalingClientError, ValidationError
from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup
from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError, InvalidLaunchTemplateVersionNotFound
from moto.ec2.models.launch_templates import LaunchTemplate, LaunchTemplateVersion
from moto.ec2.responses.launch_templates import LaunchTemplates
from moto.ec2.utils import parse_user_data

Put = Callable[[Any, str, Any], None]
"""Sets a class's attribute, there or not."""

_made: dict[tuple[str, str, str], tuple[str, ActionResult]] = {}
"""By account, Region and client token: the request's content, and the answer."""
CONTENT = ("LaunchTemplateName", "VersionDescription", "LaunchTemplateData")


def install(put: Put = setattr) -> None:
    put(LaunchTemplates, "create_launch_template_version", _created(LaunchTemplates.create_launch_template_version))
    put(LaunchTemplates, "delete_launch_template_versions", _deleted)
    put(LaunchTemplate, "create_version", _numbered)
    put(LaunchTemplate, "get_version", _version)
    put(FakeAutoScalingGroup, "update", _updated(FakeAutoScalingGroup.update))
    for name in ("create_launch_configuration", "delete_launch_configuration"):
        put(AutoScalingBackend, name, _configured(getattr(AutoScalingBackend, name), taken=name.startswith("create")))


def _created(create: Callable[[LaunchTemplates], ActionResult]) -> Callable[[LaunchTemplates], ActionResult]:
    def created(response: LaunchTemplates) -> ActionResult:
        """The same client token again is the same version. User data is kept as moto keeps the first version's."""
        key = (response.current_account, response.region, str(response._get_param("ClientToken")))
        content = json.dumps({name: response._get_param(name) for name in CONTENT}, sort_keys=True, default=str)
        if key in _made and _there(response, _made[key][1].result):
            if _made[key][0] != content:
                raise EC2ClientError("IdempotentParameterMismatch", "the token was used with other parameters")
            return _made[key][1]
        answer = create(response)
        result: Any = answer.result
        made = result["LaunchTemplateVersion"]
        made["LaunchTemplateData"]["UserData"] = parse_user_data(made["LaunchTemplateData"].get("UserData"))
        _made[key] = content, answer
        return answer

    return created


def _there(response: LaunchTemplates, answer: Any) -> bool:
    made = answer["LaunchTemplateVersion"]
    template = response.ec2_backend.launch_templates.get(made["LaunchTemplateId"])
    return template is not None and any(one.number == made["VersionNumber"] for one in template.versions)


def _deleted(response: LaunchTemplates) -> ActionResult:
    template = response.ec2_backend.get_launch_template_by_name(response._get_param("LaunchTemplateName"))
    good, bad = [], []
    for wanted in response._get_param("Versions", []):
        told = {"LaunchTemplateId": template.id, "LaunchTemplateName": template.name, "VersionNumber": int(wanted)}
        known = [one for one in template.versions if one.number == int(wanted)]
        if not known:
            bad.append(told | {"ResponseError": {"Code": "launchTemplateVersionDoesNotExist", "Message": "none"}})
        elif template.is_default(known[0]):
            raise EC2ClientError("InvalidParameterValue", "You cannot delete the default launch template version.")
        else:
            template.versions.remove(known[0])
            good.append(told)
    return ActionResult(
        {
            "SuccessfullyDeletedLaunchTemplateVersions": good,
            "UnsuccessfullyDeletedLaunchTemplateVersions": bad,
        }
    )


def _numbered(template: LaunchTemplate, data: dict[str, Any], description: str) -> LaunchTemplateVersion:
    """A number is never given twice."""
    number = getattr(template, "last_number", 0) + 1
    template.last_number = number  # type: ignore[attr-defined]
    version = LaunchTemplateVersion(template, number, data, description)
    template.versions.append(version)
    return version


def _version(template: LaunchTemplate, wanted: Any) -> LaunchTemplateVersion:
    if str(wanted).lower() == "$latest":
        return template.versions[-1]
    number = template.default_version_number if str(wanted).lower() == "$default" else int(wanted)
    for version in template.versions:
        if version.number == number:
            return version
    raise InvalidLaunchTemplateVersionNotFound(template_id=template.id, version=str(wanted))


def _updated(update: Callable[..., None]) -> Callable[..., None]:
    def updated(group: FakeAutoScalingGroup, **given: Any) -> None:
        """What a group starts from is one of three, and stays where it is not said."""
        configuration, template = given.get("launch_config_name"), given.get("launch_template")
        standing, policy = group.mixed_instances_policy, given.get("mixed_instances_policy")
        policy = None if policy is standing else policy
        if configuration and configuration not in group.autoscaling_backend.launch_configurations:
            raise _no_configuration(configuration)
        _check_version(group, template or _specification(policy))
        update(group, **{**given, "mixed_instances_policy": policy})
        if configuration:
            group.ec2_launch_template = None
        elif template or policy:
            group.launch_config, group.launch_configuration_name = None, None  # type: ignore[assignment]
        else:
            group.mixed_instances_policy = standing

    return updated


def _configuration(group: FakeAutoScalingGroup) -> str | None:
    return getattr(group, "launch_configuration_name", None)


def _no_configuration(name: str) -> ValidationError:
    return ValidationError(f"Launch configuration name not found - Launch configuration {name} not found")


def _specification(policy: dict[str, Any] | None) -> dict[str, Any] | None:
    return policy["LaunchTemplate"]["LaunchTemplateSpecification"] if policy else None


def _check_version(group: FakeAutoScalingGroup, specification: dict[str, Any] | None) -> None:
    if not specification:
        return
    backend = group.autoscaling_backend.ec2_backend
    name, version = specification.get("LaunchTemplateName"), str(specification.get("Version") or "$Default")
    template = backend.get_launch_template_by_name(name) if name else None
    numbers = [str(one.number) for one in template.versions] if template else [version]
    if version not in ("$Default", "$Latest", *numbers):
        said = f"Could not find the specified version {version} for the launch template"
        raise ValidationError(f"You must use a valid fully-formed launch template. {said}")


def _configured(change: Callable[..., Any], *, taken: bool) -> Callable[..., Any]:
    def changed(backend: AutoScalingBackend, *given: Any, **named: Any) -> Any:
        name = str(named["name"] if "name" in named else given[0])
        known = name in backend.launch_configurations
        if taken and known:
            raise AutoscalingClientError("AlreadyExists", f"Launch Configuration by this name already exists - {name}")
        if not taken and not known:
            raise _no_configuration(name)
        users = [one.name for one in backend.autoscaling_groups.values() if _configuration(one) == name]
        if not taken and users:
            raise AutoscalingClientError("ResourceInUse", f"Cannot delete launch configuration {name}: {users[0]}")
        return change(backend, *given, **named)

    return changed
