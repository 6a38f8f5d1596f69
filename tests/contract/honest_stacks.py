"""moto's CloudFormation, made to keep client request tokens, to find and refuse what CloudFormation does, and to fail.

A template that says `BREAKS` fails while its resources are made, as the fake cloud's do: moto's own always succeed.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import CloudFormationBackend, Stack
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.responses import ActionResult, EmptyResult

from local.stack_tokens import noted, tokened
from rehearsal.fake_cloud.stacks import BREAKS, SPENT, STUCK


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Stack, "_add_stack_event", noted(Stack._add_stack_event))
    for name, method in (
        ("create_stack", CloudFormationResponse.create_stack),
        ("update_stack", CloudFormationResponse.update_stack),
        ("execute_change_set", _of_known(CloudFormationResponse.execute_change_set)),
    ):
        monkeypatch.setattr(CloudFormationResponse, name, tokened(method))
    validated = _validated(CloudFormationResponse.validate_template)
    monkeypatch.setattr(CloudFormationResponse, "validate_template", validated)
    monkeypatch.setattr(Stack, "update", _updated(Stack.update))
    monkeypatch.setattr(Stack, "create_resources", _created(Stack.create_resources))
    monkeypatch.setattr(
        CloudFormationBackend, "execute_change_set", _executed(CloudFormationBackend.execute_change_set)
    )
    monkeypatch.setattr(CloudFormationResponse, "describe_change_set", _described)
    monkeypatch.setattr(CloudFormationResponse, "delete_change_set", _deleted)
    monkeypatch.setattr(CloudFormationResponse, "_validate_different_update", _changing)


def _validated(method: Any) -> Any:
    """moto does not tell the parameters."""

    def validate(response: Any) -> ActionResult:
        found = method(response).result
        said = json.loads(response._get_param("TemplateBody")).get("Parameters", {}).items()
        keyed = (({"ParameterKey": name}, one) for name, one in said)
        parameters = [key | ({"DefaultValue": one["Default"]} if "Default" in one else {}) for key, one in keyed]
        return ActionResult(found | {"Parameters": parameters})

    return validate


def _updated(method: Any) -> Any:
    def update(stack: Any, template: str, *given: Any, **named: Any) -> Any:
        if BREAKS not in template:
            return method(stack, template, *given, **named)
        stack._add_stack_event("UPDATE_IN_PROGRESS", resource_status_reason="User Initiated")
        return _rolled_back(stack, "UPDATE_ROLLBACK", template)

    return update


def _created(method: Any) -> Any:
    def create_resources(stack: Any) -> Any:
        return _rolled_back(stack, "ROLLBACK", stack.template) if BREAKS in stack.template else method(stack)

    return create_resources


def _executed(method: Any) -> Any:
    def execute(backend: Any, change_set_name: str, stack_name: str) -> Any:
        for one in backend.change_sets.values():
            if one.change_set_name == change_set_name and BREAKS in one.template:
                one.execution_status = SPENT
                return _fails(backend.stacks[one.stack_id], one)
        return method(backend, change_set_name, stack_name)

    return execute


def _fails(stack: Any, change_set: Any) -> None:
    creates = change_set.change_set_type == "CREATE"
    stack._add_stack_event("CREATE_IN_PROGRESS" if creates else "UPDATE_IN_PROGRESS")
    _rolled_back(stack, "ROLLBACK" if creates else "UPDATE_ROLLBACK", change_set.template)


def _rolled_back(stack: Any, how: str, template: str) -> None:
    stack._add_stack_event("CREATE_FAILED", resource_status_reason="Resource handler returned message: it breaks")
    stack.events[-1].logical_resource_id = "Queue"
    consequence = "The following resource(s) failed to create: [Queue]."
    stack._add_stack_event(f"{how}_IN_PROGRESS", resource_status_reason=consequence)
    stack.status = f"{how}_{'FAILED' if STUCK in template else 'COMPLETE'}"
    stack._add_stack_event(stack.status, resource_status_reason=consequence if STUCK in template else None)


def _described(response: Any) -> ActionResult:
    for found in _named(response):
        return ActionResult(found)
    raise _missing(response)


def _deleted(response: Any) -> EmptyResult:
    for found in list(_named(response)):
        response.cloudformation_backend.change_sets.pop(found.change_set_id)
    return EmptyResult()


def _of_known(method: Any) -> Any:
    def executed(response: Any) -> Any:
        if not list(_named(response)):
            raise _missing(response)
        return method(response)

    return executed


def _changing(response: Any, parameters: Any, template: Any, stack: Any) -> None:
    """moto looks only where there are parameters."""
    given = {one["ParameterKey"]: one["ParameterValue"] for one in parameters or []}
    if (stack.template, stack.stack_parameters) == (template, given):
        raise ValidationError(stack.name, message="No updates are to be performed.")


def _named(response: Any) -> Iterator[Any]:
    name, stack = response._get_param("ChangeSetName"), response._get_param("StackName")
    for one in response.cloudformation_backend.change_sets.values():
        if one.change_set_name == name and stack in (one.stack_name, one.stack_id):
            yield one


def _missing(response: Any) -> ValidationError:
    return ValidationError(message=f"ChangeSet [{response._get_param('ChangeSetName')}] does not exist")
