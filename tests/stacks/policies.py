"""The synthesised policies, resolved for a hub, and whether they let a call pass.

Which statement names an action and a resource moto's IAM decides. It passes over conditions that it does not know, and
over keys that a request lacks; here an unknown operator is an error, and a condition whose key is absent does not hold.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from moto.iam.access_control import IAMPolicyStatement, PermissionResult

from local.templates import resolved
from tests.stacks.recorded_calls import ENVIRONMENT, HUB, REGION

Json = dict[str, Any]
Context = Mapping[str, tuple[str, ...]]
_PSEUDO = {
    "AWS::AccountId": HUB,
    "AWS::Region": REGION,
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackName": "Windlass",
}


@dataclass(frozen=True)
class Request:
    """One action on one resource, by whoever has the role."""

    action: str
    resource: str = "*"
    context: Context = field(default_factory=dict)


def allows(statements: Iterable[Json], request: Request) -> bool:
    """Whether one of them lets the request pass. None of ours denies anything: what is not allowed is refused."""
    return any(_allows(one, request) for one in statements)


def _allows(statement: Json, request: Request) -> bool:
    if statement["Effect"] != "Allow":
        raise NotImplementedError(f"no policy of ours has {statement['Effect']}")
    bare = {name: one for name, one in statement.items() if name != "Condition"}
    matched = IAMPolicyStatement(bare).is_action_permitted(request.action, request.resource)
    return matched is PermissionResult.PERMITTED and _holds(statement.get("Condition", {}), request.context)


def _holds(conditions: Mapping[str, Mapping[str, str | list[str]]], context: Context) -> bool:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html"""
    return all(
        _OPERATORS[operator](context.get(key, ()), [wanted] if isinstance(wanted, str) else wanted)
        for operator, keys in conditions.items()
        for key, wanted in keys.items()
    )


def _one_equals(values: tuple[str, ...], wanted: list[str]) -> bool:
    return any(value in wanted for value in values)


def _all_like(values: tuple[str, ...], wanted: list[str]) -> bool:
    return all(any(fnmatchcase(value, pattern) for pattern in wanted) for value in values)


_OPERATORS = {"StringEquals": _one_equals, "ForAllValues:StringLike": _all_like}


class Hub:
    """`local.templates.Scope`: what the template's names stand for in one deployment."""

    def __init__(self, template: Json) -> None:
        self._resources = template["Resources"]
        self._named = dict(_names(self._resources))

    def ref(self, name: str) -> str:
        return _PSEUDO.get(name) or self._named.get(name, name)

    def attribute(self, name: str, attribute: str) -> str:
        service, kind = _ARNS.get(self._resources[name]["Type"], ("unknown", ""))
        plain = self._named.get(name, name).rpartition("/")[2]
        if service == "s3":
            return f"arn:aws:s3:::{plain}"
        return f"arn:aws:{service}:{REGION}:{HUB}:{kind}{plain}" + ("/stream/1" if attribute == "StreamArn" else "")

    def condition(self, name: str) -> bool:
        raise NotImplementedError(name)

    mapping = imported = condition


_ARNS = {
    "AWS::DynamoDB::Table": ("dynamodb", "table/"),
    "AWS::SQS::Queue": ("sqs", ""),
    "AWS::Events::EventBus": ("events", "event-bus/"),
    "AWS::KMS::Key": ("kms", "key/"),
    "AWS::Logs::LogGroup": ("logs", "log-group:"),
    "AWS::S3::Bucket": ("s3", ""),
}


def _names(resources: Mapping[str, Json]) -> Iterable[tuple[str, str]]:
    """What the functions are told of: the physical names are those of the recorded environment."""
    functions = (one for one in resources.values() if one["Type"] == "AWS::Lambda::Function")
    variables = next(functions)["Properties"]["Environment"]["Variables"]
    for variable, value in variables.items():
        if isinstance(value, dict) and "Ref" in value and variable in ENVIRONMENT:
            yield value["Ref"], ENVIRONMENT[variable]


def listed(policy: str) -> list[Json]:
    """The statements of a policy's text, actions and resources always as lists."""
    lists = ("Action", "Resource")
    return [
        one | {name: [one[name]] if isinstance(one[name], str) else one[name] for name in lists}
        for one in json.loads(policy)["Statement"]
    ]


def in_deployment(statements: Mapping[str, list[Json]], template: Json) -> dict[str, list[Json]]:
    """The statements of each function, by its name without the prefix, as IAM gets them."""
    hub = Hub(template)
    return {name.removeprefix("windlass-"): resolved(some, hub) for name, some in statements.items()}
