"""Stacks and change sets on CloudFormation."""

from collections.abc import Iterator
from itertools import chain, islice, takewhile
from typing import TYPE_CHECKING, Any

from lambdas import nouns
from lambdas.cloud import Tags
from lambdas.cloud.stacks import ChangeSet, Needs, Specification, Stack, Stacks
from lambdas.error_codes import translating
from lambdas.errors import NotFound

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

SERVICE = "cloudformation"
PAGES = 10
"""Of a hundred events each, read for the reason of a failure: a stack has at most 500 resources."""
CONSEQUENCES = ("cancelled", "The following resource(s) failed")
"""What resources say that failed only because another did."""
MOST = 3
"""Reasons told."""


class CloudFormation(Stacks):
    def __init__(self, clients: nouns.Clients) -> None:
        self._client: CloudFormationClient = clients[SERVICE]

    def validate(self, specification: Specification) -> Needs:
        with translating(SERVICE, f"template of stack {specification.name}"):
            answer = self._client.validate_template(**_template(specification))
        required = (one["ParameterKey"] for one in answer.get("Parameters", []) if "DefaultValue" not in one)
        return Needs(tuple(answer.get("Capabilities", [])), tuple(sorted(required)))

    def find(self, stack: str) -> Stack:
        with translating(SERVICE, f"stack {stack}"):
            found = self._client.describe_stacks(StackName=stack)["Stacks"]
        if not found:
            raise NotFound(f"stack {stack}: there is none")
        return _stack(found[0])

    def begun(self, stack: str, token: str, pages: int = 1) -> bool:
        events = (event for page in islice(self._events(stack), pages) for event in page)
        return any(event.get("ClientRequestToken") == token for event in events)

    def failures(self, stack: str, token: str = "") -> tuple[str, ...]:
        events = (event for page in islice(self._events(stack), PAGES) for event in page)
        found = [_failure(event) for event in _of_last(events, token) if _failed(event)]
        return tuple(reversed(found))[:MOST]

    def _events(self, stack: str) -> Iterator[Any]:
        """Page by page, newest first."""
        pages = self._client.get_paginator("describe_stack_events").paginate(StackName=stack)
        with translating(SERVICE, f"stack {stack}"):
            for page in pages:
                yield page["StackEvents"]

    def create(self, specification: Specification, token: str) -> str:
        with translating(SERVICE, f"stack {specification.name}"):
            return self._client.create_stack(**_given(specification), ClientRequestToken=token)["StackId"]

    def update(self, specification: Specification, token: str) -> str:
        with translating(SERVICE, f"stack {specification.name}"):
            return self._client.update_stack(**_given(specification), ClientRequestToken=token)["StackId"]

    def delete(self, stack: str, role: str | None) -> None:
        given: Any = {"StackName": stack} | ({"RoleARN": role} if role else {})
        with translating(SERVICE, f"stack {stack}"):
            self._client.delete_stack(**given)

    def change_set(self, stack: str, name: str) -> ChangeSet:
        with translating(SERVICE, f"change set {name} of stack {stack}"):
            found = self._client.describe_change_set(StackName=stack, ChangeSetName=name)
        return ChangeSet(
            id=found["ChangeSetId"],
            name=found["ChangeSetName"],
            stack=found["StackId"],
            status=found["Status"],
            execution=found.get("ExecutionStatus", ""),
            reason=found.get("StatusReason") or "",
            description=found.get("Description") or "",
        )

    def create_change_set(
        self, specification: Specification, name: str, purpose: str, description: str, token: str
    ) -> str:
        more: Any = {"ChangeSetName": name, "ChangeSetType": purpose, "Description": description, "ClientToken": token}
        with translating(SERVICE, f"change set {name} of stack {specification.name}"):
            return self._client.create_change_set(**_given(specification), **more)["StackId"]

    def execute(self, stack: str, name: str, token: str) -> None:
        with translating(SERVICE, f"change set {name} of stack {stack}"):
            self._client.execute_change_set(StackName=stack, ChangeSetName=name, ClientRequestToken=token)

    def delete_change_set(self, stack: str, name: str) -> None:
        with translating(SERVICE, f"change set {name} of stack {stack}"):
            self._client.delete_change_set(StackName=stack, ChangeSetName=name)


def _stack(found: Any) -> Stack:
    return Stack(
        id=found["StackId"],
        name=found["StackName"],
        status=found["StackStatus"],
        reason=found.get("StackStatusReason") or "",
        protected=found.get("EnableTerminationProtection", False),
    )


def _template(specification: Specification) -> Any:
    if specification.url is not None:
        return {"TemplateURL": specification.url}
    return {"TemplateBody": specification.template}


def _given(specification: Specification) -> Any:
    given = {
        "StackName": specification.name,
        **_template(specification),
        "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in specification.parameters],
        "Tags": _pairs(specification.tags),
        "Capabilities": list(specification.capabilities),
        "NotificationARNs": list(specification.notifications),
        "RoleARN": specification.role,
    }
    return {name: value for name, value in given.items() if value}


def _pairs(tags: Tags) -> Any:
    return [{"Key": key, "Value": value} for key, value in tags]


def _of_last(events: Iterator[Any], token: str) -> Iterator[Any]:
    """Those of one operation on the stack carry one token, and are the newest."""
    first = next(events, None)
    if first is None:
        return
    wanted = token or first.get("ClientRequestToken")
    yield from takewhile(lambda one: one.get("ClientRequestToken") == wanted, chain([first], events))


def _failed(event: Any) -> bool:
    reason = event.get("ResourceStatusReason") or ""
    return event["ResourceStatus"].endswith("_FAILED") and not any(one in reason for one in CONSEQUENCES)


def _failure(event: Any) -> str:
    return f"{event['LogicalResourceId']} {event['ResourceStatus']}: {event.get('ResourceStatusReason') or 'no reason'}"
