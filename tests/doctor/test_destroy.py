"""A stack is let go of only while none of its operations runs; that it is let go of then, `stacks.cli_smoke` shows."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from doctor.deployed import Clients
from doctor.destroy import destroy
from doctor.report import Weight
from lambdas.dynamo import DynamoTable
from lambdas.rows import Control, Status, control_key, item_of
from lambdas.table import Put, Update

STACK, TABLE = "Windlass", "operations"
PLACE = ("prod", "us-east-1", "shop", "shop-prod")
RUNNING = Control("one", "ResizeServerGroup", Status.RUNNING, 1, *PLACE, "", "", 0.0, 9e9, due=1.0)


def _key(*names: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "KeyType": kind} for name, kind in zip(names, ("HASH", "RANGE"), strict=False)]


def _index(name: str, *names: str) -> dict[str, Any]:
    return {"IndexName": name, "KeySchema": _key(*names), "Projection": {"ProjectionType": "ALL"}}


TYPES = {"pk": "S", "sk": "S", "shard": "S", "due": "N", "roll": "S", "accepted": "N"}
TEMPLATE = {
    "Resources": {
        "Operations": {
            "Type": "AWS::DynamoDB::Table",
            "DeletionPolicy": "Delete",
            "Properties": {
                "TableName": TABLE,
                "BillingMode": "PAY_PER_REQUEST",
                "DeletionProtectionEnabled": True,
                "KeySchema": _key("pk", "sk"),
                "AttributeDefinitions": [{"AttributeName": n, "AttributeType": t} for n, t in TYPES.items()],
                "GlobalSecondaryIndexes": [_index("due", "shard", "due"), _index("rolls", "roll", "accepted")],
            },
        }
    }
}
"""As far as it is looked at."""


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clients]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        found: Clients = lambda service: boto3.client(service, "us-east-1")  # type: ignore[call-overload]  # noqa: E731
        found("cloudformation").create_stack(
            StackName=STACK, TemplateBody=json.dumps(TEMPLATE), EnableTerminationProtection=True
        )
        found("dynamodb").update_table(TableName=TABLE, DeletionProtectionEnabled=True)
        DynamoTable(found("dynamodb"), TABLE).write(Put(control_key("one"), item_of(RUNNING)))
        yield found


def test_not_while_an_operation_runs(clients: Clients) -> None:
    report = destroy(clients, STACK, lift=True)

    (finding,) = report.findings
    assert (report.code, finding.weight, finding.about) == (1, Weight.BREAKS, "operation one (resizeServerGroup)")
    assert _protected(clients) == (True, True)


def test_nothing_is_let_go_of_unasked(clients: Clients) -> None:
    _over(clients)

    assert destroy(clients, STACK, lift=False).code == 0
    assert _protected(clients) == (True, True)


def _over(clients: Clients) -> None:
    ended = {"status": Status.SUCCEEDED, "due": None, "closed": 1.0}
    DynamoTable(clients("dynamodb"), TABLE).write(Update(control_key("one"), ended))


def _protected(clients: Clients) -> tuple[bool, bool]:
    (stack,) = clients("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    table = clients("dynamodb").describe_table(TableName=TABLE)["Table"]
    return stack["EnableTerminationProtection"], table["DeletionProtectionEnabled"]
