"""A deployed stack as it stands: what it is made of, and what of it is unwell. Reads only."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from lambdas.dynamo import DynamoTable
from lambdas.table import Table

Json = dict[str, Any]
Clients = Callable[[str], Any]
"""boto3 clients by service, with whatever credentials the caller has."""
LIVE = "live"
STEADY = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE"})
"""Statuses of a stack that can be updated."""

READS = (
    "cloudformation:DescribeStacks",
    "cloudformation:GetTemplate",
    "cloudformation:ListStackResources",
    "cloudwatch:DescribeAlarms",
    "dynamodb:GetItem",
    "dynamodb:Query",
    "kms:Decrypt",  # of the table's key, which DynamoDB asks for in the caller's name
    "lambda:GetAlias",
    "sqs:GetQueueAttributes",
    "states:DescribeStateMachineForExecution",
)
"""The permissions that a look takes."""


class NotSeen(Exception):
    """The stack cannot be looked at; the message says why."""


@dataclass(frozen=True)
class Deployed:
    name: str
    status: str
    template: Json
    ids: dict[str, tuple[str, str]]
    """Of each resource, by its name in the template: type and id."""

    def of_type(self, kind: str) -> list[str]:
        return [id_ for found, id_ in self.ids.values() if found == kind]

    @property
    def machines(self) -> dict[str, str]:
        """ARNs by name."""
        return {arn.rpartition(":")[2]: arn for arn in self.of_type("AWS::StepFunctions::StateMachine")}

    @property
    def prefix(self) -> str:
        """Of all names: `windlass-` of `windlass-CreateServerGroup`."""
        return next((f"{name.rpartition('-')[0]}-" for name in self.machines), "")

    @property
    def functions(self) -> set[str]:
        return set(self.of_type("AWS::Lambda::Function"))

    def table(self, clients: Clients) -> Table:
        tables = self.of_type("AWS::DynamoDB::Table")
        if len(tables) != 1:
            raise NotSeen(f"stack {self.name} has {len(tables)} tables; is it Windlass's?")
        return DynamoTable(clients("dynamodb"), tables[0])


def deployed(clients: Clients, name: str) -> Deployed:
    """Raises botocore's errors."""
    cloudformation = clients("cloudformation")
    (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    body = cloudformation.get_template(StackName=name)["TemplateBody"]
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=name)
    ids = {
        one["LogicalResourceId"]: (one["ResourceType"], one.get("PhysicalResourceId", ""))
        for page in pages
        for one in page["StackResourceSummaries"]
    }
    return Deployed(name, stack["StackStatus"], json.loads(body) if isinstance(body, str) else dict(body), ids)


TAKE_BACK = ("broken", "ended-from-outside")
"""Alarms that take a release back while it shifts gradually, without the prefix (`stacks/windlass.py`)."""


def ringing(clients: Clients, stack: Deployed) -> list[str]:
    """Names of its alarms that ring; those of the stacks that watch it have its prefix too."""
    asked = {"StateValue": "ALARM", "AlarmNamePrefix": stack.prefix}
    pages = clients("cloudwatch").get_paginator("describe_alarms").paginate(**asked)
    alarms = (one for page in pages for one in page["MetricAlarms"])
    return sorted(one["AlarmName"] for one in alarms if one["StateValue"] == asked["StateValue"])


def shifting(clients: Clients, stack: Deployed) -> Iterator[tuple[str, str]]:
    """Functions between two versions, and how far each is."""
    for function in sorted(stack.functions):
        alias = clients("lambda").get_alias(FunctionName=function, Name=LIVE)
        weights = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
        for version, weight in weights.items():
            yield function, f"version {version} gets {weight:.0%}, version {alias['FunctionVersion']} the rest"


def given_up(clients: Clients, stack: Deployed) -> Iterator[tuple[str, int]]:
    """Dead letter queues that hold something, and how much."""
    for url in stack.of_type("AWS::SQS::Queue"):
        asked = ["ApproximateNumberOfMessages", "RedrivePolicy"]
        attributes = clients("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=asked).get("Attributes", {})
        waiting = int(attributes.get("ApproximateNumberOfMessages", 0))
        if waiting and "RedrivePolicy" not in attributes:
            yield url.rpartition("/")[2], waiting
