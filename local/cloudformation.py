"""Stacks: moto's CloudFormation API on an engine that creates, updates, replaces, rolls back and deletes."""

from __future__ import annotations

import contextlib
import json
from typing import Any

from moto.cloudformation.exceptions import AlreadyExistsException, ValidationError
from moto.cloudformation.models import ChangeSet, CloudFormationBackend, Stack, cloudformation_backends
from moto.cloudformation.responses import CloudFormationResponse
from moto.cloudformation.utils import generate_stack_id
from moto.core.responses import ActionResult, EmptyResult

from local.clients import Clients
from local.patches import replace
from local.resources.kinds import Json
from local.stack import MotoStack, Outputs, ResourceError, Resources
from local.stack_tokens import noted, tokened
from local.templates import TemplateError


def install(clients: Clients) -> None:
    """Make moto's stacks use this engine."""
    parsed = Stack.parse_template

    def parse_template(template: str) -> Json:
        """As JSON if it is: moto's YAML reader takes a second for what takes json a millisecond."""
        try:
            return json.loads(template)  # type: ignore[no-any-return]
        except ValueError:
            return parsed(template)

    def parse_change_set(change_set: MotoStack) -> None:
        change_set.template_dict = parse_template(change_set.template)

    replace(ChangeSet, _parse_template=parse_change_set)
    replace(
        Stack,
        parse_template=staticmethod(parse_template),
        _create_resource_map=lambda stack: Resources(stack, clients),
        _create_output_map=lambda stack: Outputs(stack, stack.resource_map),
        create_resources=_create_resources,
        update=_update,
        delete=_delete,
    )
    _extend_backend()
    _extend_change_sets()
    _protect_stacks()
    replace(Stack, _add_stack_event=noted(Stack._add_stack_event))
    begin = ("create_stack", "update_stack", "execute_change_set")
    replace(CloudFormationResponse, **{name: tokened(getattr(CloudFormationResponse, name)) for name in begin})


def _create_resources(stack: MotoStack) -> None:
    stack.status = "CREATE_IN_PROGRESS"
    try:
        stack.resource_map.apply(stack.template_dict, stack.parameters)
        _publish(stack)
    except (ResourceError, TemplateError, ValidationError) as error:
        _fail_create(stack, error)
        return
    stack.mark_creation_complete()


def _update(
    stack: MotoStack,
    template: str,
    role_arn: str | None = None,
    parameters: Json | None = None,
    tags: dict[str, str] | None = None,
) -> None:
    before, had = stack.template, stack.parameters
    stack._add_stack_event("UPDATE_IN_PROGRESS", resource_status_reason="User Initiated")
    try:
        _apply(stack, template, parameters or {})
    except (ResourceError, TemplateError, ValidationError) as error:
        _roll_back(stack, before, had, error)
        return
    stack.status = "UPDATE_COMPLETE"
    stack.role_arn = role_arn
    stack.tags = stack.tags if tags is None else tags
    stack._add_stack_event("UPDATE_COMPLETE")


def _delete(stack: MotoStack) -> None:
    stack.status = "DELETE_IN_PROGRESS"
    stack._add_stack_event("DELETE_IN_PROGRESS", resource_status_reason="User Initiated")
    stack.resource_map.clear()
    stack.status = "DELETE_COMPLETE"
    stack._add_stack_event("DELETE_COMPLETE")


def _apply(stack: MotoStack, template: str, parameters: Json) -> None:
    stack.template = template
    stack._parse_template()
    stack.parameters = parameters
    stack.resource_map.apply(stack.template_dict, parameters)
    _publish(stack)


def _publish(stack: MotoStack) -> None:
    """Make the exports known; those of the last version that are no longer made disappear."""
    exports = cloudformation_backends[stack.account_id][stack.region_name].exports
    mine = {export.name: export for export in stack.output_map.exports}
    for name, export in list(exports.items()):
        if export.exporting_stack_id == stack.stack_id and name not in mine:
            del exports[name]
        elif name in mine and export.exporting_stack_id != stack.stack_id:
            raise TemplateError(f"Export with name {name} is already exported by stack {export.exporting_stack_id}")
    exports.update(mine)


def _fail_create(stack: MotoStack, error: Exception) -> None:
    reason = _reason(error)
    stack.status_reason = stack.stack_status_reason = reason
    stack._add_stack_event("ROLLBACK_IN_PROGRESS", reason)
    with contextlib.suppress(ResourceError):
        stack.resource_map.clear()
    stack.status = "ROLLBACK_COMPLETE"
    stack._add_stack_event("ROLLBACK_COMPLETE")


def _roll_back(stack: MotoStack, template: Any, parameters: Json, error: Exception) -> None:
    reason = _reason(error)
    stack.status_reason = stack.stack_status_reason = reason
    stack._add_stack_event("UPDATE_ROLLBACK_IN_PROGRESS", reason)
    try:
        _apply(stack, template, parameters)
        stack.status = "UPDATE_ROLLBACK_COMPLETE"
    except (ResourceError, TemplateError, ValidationError) as second:
        stack.status = "UPDATE_ROLLBACK_FAILED"
        stack.stack_status_reason = f"{reason}; and rolling back failed: {_reason(second)}"
    stack._add_stack_event(stack.status)


def _reason(error: Exception) -> str:
    return f"The following resource(s) failed: {error}" if isinstance(error, ResourceError) else str(error)


def _extend_backend() -> None:
    def create_stack(
        backend: CloudFormationBackend, name: str, template: str, parameters: Json, **options: Any
    ) -> MotoStack:
        existing = next((s for s in backend.stacks.values() if s.name == name), None)
        if existing is not None:
            raise AlreadyExistsException(f"Stack [{name}] already exists")
        stack = _new_stack(backend, name, template, parameters, options)
        backend.stacks[stack.stack_id] = stack
        stack._add_stack_event("CREATE_IN_PROGRESS", resource_status_reason="User Initiated")
        stack.create_resources()
        return stack

    def resolve_update_parameters(
        backend: CloudFormationBackend, instance: MotoStack, incoming_params: list[Json]
    ) -> Json:
        given = {p["ParameterKey"]: p["ParameterValue"] for p in incoming_params if "ParameterValue" in p}
        kept = [p["ParameterKey"] for p in incoming_params if str(p.get("UsePreviousValue", "")).lower() == "true"]
        # A parameter that has only its default was never given, so there is no previous value to use.
        return given | {key: instance.parameters[key] for key in kept if key in instance.parameters}

    def delete_stack(backend: CloudFormationBackend, name_or_stack_id: str) -> None:
        stack: MotoStack = next((s for s in backend.stacks.values() if name_or_stack_id in {s.name, s.stack_id}), None)
        if stack is None:
            return
        if stack.enable_termination_protection:
            raise ValidationError(
                message=f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled"
            )
        try:
            stack.delete()
        except ResourceError as error:
            stack.status, stack.stack_status_reason = "DELETE_FAILED", _reason(error)
            stack._add_stack_event("DELETE_FAILED", _reason(error))
            return
        backend.deleted_stacks[stack.stack_id] = backend.stacks.pop(stack.stack_id)
        for key, export in list(backend.exports.items()):
            if export.exporting_stack_id == stack.stack_id:
                del backend.exports[key]

    replace(
        CloudFormationBackend,
        create_stack=create_stack,
        _resolve_update_parameters=resolve_update_parameters,
        delete_stack=delete_stack,
    )


def _new_stack(backend: CloudFormationBackend, name: str, template: Any, parameters: Json, options: Json) -> MotoStack:
    new: Any = Stack
    return new(
        stack_id=generate_stack_id(name, backend.region_name, backend.account_id),
        name=name,
        template=template,
        parameters=parameters,
        account_id=backend.account_id,
        region_name=backend.region_name,
        cross_stack_resources=backend.exports,
        **options,
    )


def _protect_stacks() -> None:
    """moto keeps the protection that a stack is created with, and cannot change it."""

    def update_termination_protection(response: CloudFormationResponse) -> ActionResult:
        name = response._get_param("StackName")
        stack: MotoStack = response.cloudformation_backend.get_stack(name)
        stack.enable_termination_protection = bool(response._get_param("EnableTerminationProtection"))
        return ActionResult({"StackId": stack.stack_id})

    CloudFormationResponse.update_termination_protection = update_termination_protection  # type: ignore[attr-defined]


def _extend_change_sets() -> None:
    """Change sets are found by their stack too, carry out their update with this engine, and are gone afterwards."""
    prepared = CloudFormationBackend.create_change_set

    def create_change_set(backend: CloudFormationBackend, **options: Any) -> tuple[str, str]:
        name = options["stack_name"]
        for stack in list(backend.stacks.values()):
            if stack.name == name and options["change_set_type"] == "CREATE" and stack.status == "REVIEW_IN_PROGRESS":
                del backend.stacks[stack.stack_id]
        return prepared(backend, **options)

    def execute_change_set(response: CloudFormationResponse) -> EmptyResult:
        change_set = _change_set(response)
        backend = response.cloudformation_backend
        backend.change_sets.pop(change_set.change_set_id)
        stack = backend.stacks[change_set.stack_id]
        if change_set.change_set_type == "UPDATE":
            stack.update(change_set.template, change_set.role_arn, change_set.parameters, change_set.tags)
            return EmptyResult()
        stack.template, stack.parameters = change_set.template, change_set.parameters
        stack._parse_template()
        stack._add_stack_event("CREATE_IN_PROGRESS", resource_status_reason="User Initiated")
        stack.create_resources()
        return EmptyResult()

    def describe_change_set(response: CloudFormationResponse) -> ActionResult:
        return ActionResult(_change_set(response))

    def delete_change_set(response: CloudFormationResponse) -> EmptyResult:
        with contextlib.suppress(ValidationError):
            response.cloudformation_backend.change_sets.pop(_change_set(response).change_set_id)
        return EmptyResult()

    replace(CloudFormationBackend, create_change_set=create_change_set)
    replace(
        CloudFormationResponse,
        execute_change_set=execute_change_set,
        describe_change_set=describe_change_set,
        delete_change_set=delete_change_set,
    )


def _change_set(response: CloudFormationResponse) -> ChangeSet:
    name, stack = response._get_param("ChangeSetName"), response._get_param("StackName")
    for change_set in response.cloudformation_backend.change_sets.values():
        if change_set.change_set_id == name:
            return change_set
        if change_set.change_set_name == name and stack in {change_set.stack_name, change_set.stack_id}:
            return change_set
    raise ValidationError(message=f"ChangeSet [{name}] does not exist")
