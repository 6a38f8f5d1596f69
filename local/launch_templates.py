"""Launch templates: client tokens that make a creation idempotent, and the errors AWS gives for absent ones."""

from __future__ import annotations

import json
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import (
    EC2ClientError,
    InvalidLaunchTemplateIdNotFound,
    InvalidLaunchTemplateNameNotFoundError,
    InvalidLaunchTemplateNameNotFoundWithNameError,
)
from moto.ec2.models import EC2Backend
from moto.ec2.models.launch_templates import LaunchTemplate, LaunchTemplateBackend
from moto.ec2.responses.launch_templates import LaunchTemplates

from local.patches import replace

_made: dict[tuple[str, str, str], tuple[str, str, ActionResult]] = {}
"""By account, Region and client token: the request's content, the template's name, and the answer."""

MOST_SHOWN = 10_000


def install() -> None:
    created, numbered = LaunchTemplates.create_launch_template, LaunchTemplates._get_int_param
    deleted, described = LaunchTemplateBackend.delete_launch_template, LaunchTemplateBackend.describe_launch_templates

    def create(response: LaunchTemplates) -> ActionResult:
        token = response._get_param("ClientToken")
        key = (response.current_account, response.region, str(token))
        content = _content(response)
        if token and key in _made:
            before, name, answer = _made[key]
            if before != content:
                raise _mismatch(str(token))
            if name in response.ec2_backend.launch_template_name_to_ids:
                return answer
        answer = created(response)
        _made[key] = content, response._get_param("LaunchTemplateName"), answer
        return answer

    def delete(backend: LaunchTemplateBackend, name: str, tid: str | None) -> LaunchTemplate:
        if name and name not in backend.launch_template_name_to_ids:
            raise InvalidLaunchTemplateNameNotFoundWithNameError(name)
        if tid and tid not in backend.launch_templates:
            raise InvalidLaunchTemplateIdNotFound(tid)
        return deleted(backend, name, tid)

    def describe(
        backend: LaunchTemplateBackend,
        template_names: list[str] | None = None,
        template_ids: list[str] | None = None,
        filters: Any = None,
    ) -> list[LaunchTemplate]:
        for tid in template_ids or []:
            if tid not in backend.launch_templates:
                raise InvalidLaunchTemplateIdNotFound(tid)
        if any(name not in backend.launch_template_name_to_ids for name in template_names or []):
            raise InvalidLaunchTemplateNameNotFoundError
        return described(backend, template_names, template_ids, filters)

    def int_param(response: LaunchTemplates, name: str, default: Any = None) -> Any:
        """moto shows the first fifteen and does not say that there are more."""
        return numbered(response, name, MOST_SHOWN if name == "MaxResults" else default)

    replace(LaunchTemplates, create_launch_template=create, _get_int_param=int_param)
    replace(LaunchTemplateBackend, delete_launch_template=delete, describe_launch_templates=describe)


def _content(response: LaunchTemplates) -> str:
    names = ("LaunchTemplateName", "VersionDescription", "LaunchTemplateData", "TagSpecifications")
    return json.dumps({name: response._get_param(name) for name in names}, sort_keys=True, default=str)


def _mismatch(token: str) -> EC2ClientError:
    message = f"The request with client token {token} was made before with other parameters."
    return EC2ClientError("IdempotentParameterMismatch", message)


def fault_of(backend: EC2Backend, specification: dict[str, Any]) -> str | None:
    """Why Auto Scaling would not take this launch template, or None."""
    tid, name = specification.get("LaunchTemplateId"), specification.get("LaunchTemplateName")
    if tid and tid not in backend.launch_templates:
        return f"The specified launch template, with template ID {tid}, does not exist."
    if name and name not in backend.launch_template_name_to_ids:
        return f"The specified launch template, with template name {name}, does not exist."
    template = backend.launch_templates[tid or backend.launch_template_name_to_ids[str(name)]]
    version = str(specification.get("Version") or "$Default")
    if version not in {"$Default", "$Latest", *(str(v.number) for v in template.versions)}:
        return f"Could not find the specified version {version} for the launch template with ID {template.id}."
    return _fault_of_data(backend, template.get_version(version).data)


def _fault_of_data(backend: EC2Backend, data: dict[str, Any]) -> str | None:
    image = data.get("ImageId")
    if image and image not in backend.amis:
        return f"The image id '[{image}]' does not exist"
    groups = [*data.get("SecurityGroupIds", []), *(g for n in _interfaces(data) for g in n.get("Groups", []))]
    missing = [group for group in groups if not backend.get_security_group_from_id(group)]
    if missing:
        return f"The security group '{missing[0]}' does not exist"
    key = data.get("KeyName")
    if key and key not in backend.key_pairs:
        return f"The key pair '{key}' does not exist"
    return None


def _interfaces(data: dict[str, Any]) -> list[dict[str, Any]]:
    interfaces: list[dict[str, Any]] = data.get("NetworkInterfaces", [])
    return interfaces
