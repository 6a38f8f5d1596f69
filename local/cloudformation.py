"""Stacks: moto's CloudFormation API on an engine that creates, updates, replaces, rolls back and deletes."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from moto.cloudformation.exceptions import AlreadyExistsException, ValidationError
from moto.cloudformation.models import ChangeSet, CloudFormationBackend, Stack, cloudformation_backends
from moto.cloudformation.parsing import Export, Output
from moto.cloudformation.responses import CloudFormationResponse
from moto.cloudformation.utils import generate_stack_id
from moto.core.responses import ActionResult, EmptyResult

from local.clients import Clients
from local.patches import replace
from local.resources.kinds import Json, Kind, Made, Wanted
from local.resources.registry import KINDS
from local.templates import NO_VALUE, TemplateError, in_order, resolved

MotoStack = Any
"""moto's `Stack`, whose parts are replaced here and no longer have its types."""

_SKIPPED = {"AWS::CDK::Metadata"}


class ResourceError(Exception):
    """A resource could not be made, changed or deleted."""

    def __init__(self, logical_id: str, type_: str, reason: str, physical_id: str = "") -> None:
        super().__init__(f"{logical_id} ({type_}): {reason}")
        self.logical_id, self.type, self.reason, self.physical_id = logical_id, type_, reason, physical_id


@dataclass
class Resource:
    wanted: Wanted
    made: Made
    retained: bool = False
    retained_replaced: bool = False
    replaced: list[tuple[Wanted, Made]] = field(default_factory=list)

    # These names are what moto's responses read.
    @property
    def logical_resource_id(self) -> str:
        return self.wanted.logical_id

    @property
    def physical_resource_id(self) -> str:
        return self.made.id

    @property
    def cf_resource_type(self) -> str:
        return self.wanted.type


class Resources:
    """The resources of one stack, in order of creation: moto's `ResourceMap` by another engine."""

    def __init__(self, stack: MotoStack, clients: Clients) -> None:
        self._stack = stack
        self._clients = clients
        self._resources: dict[str, Resource] = {}
        self.resolved_parameters: Json = {}
        """As given or by default: what moto's responses show and carry over to the next update."""
        self.no_echo_parameter_keys: list[str] = []
        self._read(stack.template_dict, stack.parameters)

    def values(self) -> list[Resource]:
        return list(self._resources.values())

    def _read(self, template: Json, parameters: Json | None) -> None:
        self._template = template
        self._conditions: dict[str, bool] = {}
        slots = template.get("Parameters", {})
        given = {name: slot["Default"] for name, slot in slots.items() if "Default" in slot} | (parameters or {})
        missing = [name for name in slots if name not in given]
        if missing:
            raise ValidationError(self._stack.name, f"Parameters: {missing} must have values")
        self.resolved_parameters = {name: given[name] for name in slots}
        self.no_echo_parameter_keys = [
            name for name, slot in slots.items() if str(slot.get("NoEcho")).lower() == "true"
        ]
        self._parameters = {name: self._parameter(slot, given[name]) for name, slot in slots.items()}

    def _parameter(self, slot: Json, value: Any) -> Any:
        if str(slot.get("Type", "")).startswith("AWS::SSM::Parameter::Value"):
            return self._clients.get("ssm", self._stack.region_name).get_parameter(Name=value)["Parameter"]["Value"]
        if "List" in str(slot.get("Type", "")):
            return value.split(",") if isinstance(value, str) else value
        return value

    # The scope of the template: what its names stand for.

    def ref(self, name: str) -> Any:
        if name in self._resources:
            return self._resources[name].made.id
        if name in self._parameters:
            return self._parameters[name]
        pseudo = {
            "AWS::AccountId": self._stack.account_id,
            "AWS::Region": self._stack.region_name,
            "AWS::StackId": self._stack.stack_id,
            "AWS::StackName": self._stack.name,
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::Partition": "aws",
            "AWS::NotificationARNs": [],
            "AWS::NoValue": NO_VALUE,
        }
        if name not in pseudo:
            raise TemplateError(f"Unresolved reference: there is no {name}")
        return pseudo[name]

    def attribute(self, name: str, attribute: str) -> Any:
        if name not in self._resources:
            raise TemplateError(f"Fn::GetAtt refers to {name}, which does not exist")
        resource = self._resources[name]
        if attribute not in resource.made.attributes:
            raise TemplateError(f"{name} ({resource.wanted.type}) has no attribute {attribute} on the embedded AWS")
        return resource.made.attributes[attribute]

    def condition(self, name: str) -> bool:
        if name not in self._conditions:
            self._conditions[name] = bool(resolved(self._template.get("Conditions", {})[name], self))
        return self._conditions[name]

    def mapping(self, name: str) -> Any:
        return self._template.get("Mappings", {})[name]

    def imported(self, name: str) -> Any:
        exports = cloudformation_backends[self._stack.account_id][self._stack.region_name].exports
        if name not in exports:
            raise TemplateError(f"No export named {name} found")
        return exports[name].value

    # The engine.

    def apply(self, template: Json, parameters: Json | None) -> None:
        """Bring the resources to what the template says; raises ResourceError at the first that cannot be."""
        self._read(template, parameters)
        wanted = self._wanted()
        for name in in_order(wanted):
            self._bring(name, wanted[name])
        # CloudFormation cleans up last, when everything new stands.
        for resource in reversed(self.values()):
            while resource.replaced:
                self._delete(*resource.replaced.pop())
            if resource.logical_resource_id not in wanted:
                self._remove(resource)
        self._resources = {name: self._resources[name] for name in in_order(wanted)}

    def clear(self) -> None:
        """Delete everything, the last made first, what is to be retained only from the stack."""
        for resource in reversed(self.values()):
            self._remove(resource)

    def _wanted(self) -> dict[str, Json]:
        resources: dict[str, Json] = self._template.get("Resources", {})
        return {
            name: resource
            for name, resource in resources.items()
            if resource["Type"] not in _SKIPPED
            and ("Condition" not in resource or self.condition(resource["Condition"]))
        }

    def _bring(self, name: str, resource: Json) -> None:
        type_ = resource["Type"]
        existing = self._resources.get(name)
        try:
            kind = _kind(type_)
            wanted = self._resolved(name, resource)
            if existing is None:
                self._resources[name] = Resource(wanted, kind.create(wanted))
                self._event(self._resources[name], "CREATE_COMPLETE")
            elif wanted.properties != existing.wanted.properties or type_ != existing.wanted.type:
                self._change(existing, wanted, kind)
            self._resources[name].retained = resource.get("DeletionPolicy") == "Retain"
            self._resources[name].retained_replaced = resource.get("UpdateReplacePolicy") == "Retain"
        except Exception as error:
            deed = "UPDATE_FAILED" if existing else "CREATE_FAILED"
            failed = ResourceError(name, type_, str(error) or type(error).__name__)
            self._stack_event(name, "", type_, deed, failed.reason)
            raise failed from error

    def _resolved(self, name: str, resource: Json) -> Wanted:
        return Wanted(
            type=resource["Type"],
            logical_id=name,
            properties=resolved(resource.get("Properties", {}), self),
            stack=self._stack.name,
            account=self._stack.account_id,
            region=self._stack.region_name,
            clients=self._clients,
        )

    def _change(self, resource: Resource, wanted: Wanted, kind: Kind) -> None:
        before = resource.wanted
        made = None
        if kind.update is not None and before.type == wanted.type:
            made = kind.update(wanted, before.properties, resource.made)
        if made is None:
            made = self._replacement(resource, wanted, kind)
        resource.wanted, resource.made = wanted, made
        self._event(resource, "UPDATE_COMPLETE")

    def _replacement(self, resource: Resource, wanted: Wanted, kind: Kind) -> Made:
        before, old = resource.wanted, resource.made
        if kind.deletes_first:
            self._delete(before, old)
            return kind.create(wanted)
        made = kind.create(wanted)
        if made.id != old.id and not resource.retained_replaced:
            resource.replaced.append((before, old))
        return made

    def _remove(self, resource: Resource) -> None:
        if not resource.retained:
            self._delete(resource.wanted, resource.made)
            self._event(resource, "DELETE_COMPLETE")
        self._resources.pop(resource.logical_resource_id, None)

    def _delete(self, wanted: Wanted, made: Made) -> None:
        delete = _kind(wanted.type).delete
        if delete is None:
            return
        try:
            delete(wanted, made)
        except Exception as error:
            if not _is_absence(error):
                raise ResourceError(wanted.logical_id, wanted.type, str(error), made.id) from error

    def _event(self, resource: Resource, status: str) -> None:
        self._stack_event(
            resource.logical_resource_id, resource.physical_resource_id, resource.cf_resource_type, status
        )

    def _stack_event(self, logical: str, physical: str, type_: str, status: str, reason: str | None = None) -> None:
        self._stack._add_stack_event(status, reason)
        event = self._stack.events[-1]
        event.logical_resource_id, event.physical_resource_id, event.resource_type = logical, physical, type_

    # What a change set shows.

    def build_change_set_actions(self, template: Json) -> dict[str, dict[str, dict[str, str]]]:
        old, new = self._template.get("Resources", {}), template.get("Resources", {})
        changed = {
            "Add": [name for name in new if name not in self._resources],
            "Modify": [name for name in new if name in self._resources and new[name] != old.get(name)],
            "Remove": [name for name in self._resources if name not in new],
        }
        types = {name: resource["Type"] for name, resource in (old | new).items()}
        return {
            action: {name: {"LogicalResourceId": name, "ResourceType": types[name]} for name in names}
            for action, names in changed.items()
        }


class Outputs:
    """The outputs of a stack, in the shape in which moto's responses read them."""

    def __init__(self, stack: MotoStack, scope: Resources) -> None:
        self._stack, self._scope = stack, scope

    def _each(self) -> Iterator[tuple[str, Json]]:
        for key, output in (self._stack.template_dict.get("Outputs") or {}).items():
            if "Condition" not in output or self._scope.condition(output["Condition"]):
                yield key, output

    def values(self) -> list[Output]:
        if not self._scope.values():
            return []
        return [
            Output(key, resolved(output["Value"], self._scope), output.get("Description", ""))
            for key, output in self._each()
        ]

    @property
    def exports(self) -> list[Export]:
        return [
            Export(
                self._stack.stack_id,
                resolved(output["Export"]["Name"], self._scope),
                resolved(output["Value"], self._scope),
            )
            for _, output in self._each()
            if "Export" in output
        ]


def _kind(type_: str) -> Kind:
    if type_ not in KINDS:
        raise TemplateError(f"the embedded AWS does not know the resource type {type_}; add it to local/resources")
    return KINDS[type_]


def _is_absence(error: Exception) -> bool:
    """Deleting what is gone already is success."""
    code = str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))
    return any(word in code for word in ("NotFound", "NoSuch", "NonExistent", "DoesNotExist"))


def install(clients: Clients) -> None:
    """Make moto's stacks use this engine."""

    def create_resources(stack: MotoStack) -> None:
        stack.status = "CREATE_IN_PROGRESS"
        try:
            stack.resource_map.apply(stack.template_dict, stack.parameters)
            _publish(stack)
        except (ResourceError, TemplateError, ValidationError) as error:
            _fail_create(stack, error)
            return
        stack.mark_creation_complete()

    def update(
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

    def delete(stack: MotoStack) -> None:
        stack._add_stack_event("DELETE_IN_PROGRESS", resource_status_reason="User Initiated")
        stack.resource_map.clear()
        stack.status = "DELETE_COMPLETE"
        stack._add_stack_event("DELETE_COMPLETE")

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
        create_resources=create_resources,
        update=update,
        delete=delete,
    )
    _extend_backend()
    _extend_change_sets()


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
