"""moto's CloudFormation, made to keep client request tokens, and to find and refuse what CloudFormation does."""

from collections.abc import Iterator
from typing import Any

import pytest
from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import Stack
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.responses import ActionResult, EmptyResult

from local.stack_tokens import noted, tokened


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Stack, "_add_stack_event", noted(Stack._add_stack_event))
    for name, method in (
        ("create_stack", CloudFormationResponse.create_stack),
        ("update_stack", CloudFormationResponse.update_stack),
        ("execute_change_set", _of_known(CloudFormationResponse.execute_change_set)),
    ):
        monkeypatch.setattr(CloudFormationResponse, name, tokened(method))
    monkeypatch.setattr(CloudFormationResponse, "describe_change_set", _described)
    monkeypatch.setattr(CloudFormationResponse, "delete_change_set", _deleted)
    monkeypatch.setattr(CloudFormationResponse, "_validate_different_update", _changing)


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
