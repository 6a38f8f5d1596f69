"""The resources of one stack: created in order, changed in place or replaced, rolled back, deleted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import cloudformation_backends
from moto.cloudformation.parsing import Export, Output

from local.clients import Clients
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
        # Deleted in part, it is asked for all the time: whoever waits for the end asks for the status.
        if not self._scope.values() or self._stack.status.startswith("DELETE"):
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
