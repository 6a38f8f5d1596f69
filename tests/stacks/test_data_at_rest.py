"""Everything that keeps data is encrypted with the one key, restorable where it is the record, and kept for so long."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lambdas.table import KEPT_UNTIL

Json = dict[str, Any]
OfType = Callable[[str], dict[str, Json]]

KEY_OF: dict[str, Callable[[Json], Json]] = {
    "AWS::DynamoDB::Table": lambda table: table["SSESpecification"]["KMSMasterKeyId"],
    "AWS::Events::EventBus": lambda bus: bus["KmsKeyIdentifier"],
    "AWS::Logs::LogGroup": lambda group: group["KmsKeyId"],
    "AWS::S3::Bucket": lambda bucket: bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"][0][
        "ServerSideEncryptionByDefault"
    ]["KMSMasterKeyID"],
    "AWS::SQS::Queue": lambda queue: queue["KmsMasterKeyId"],
    "AWS::StepFunctions::StateMachine": lambda machine: machine["EncryptionConfiguration"]["KmsKeyId"],
}
"""What keeps data, and where it says with which key. Functions keep none: their variables are names."""


@pytest.mark.parametrize("kind", KEY_OF)
def test_whatever_keeps_data_is_encrypted_with_the_one_key(kind: str, of_type: OfType) -> None:
    (key,) = of_type("AWS::KMS::Key")

    assert {json.dumps(KEY_OF[kind](one)) for one in of_type(kind).values()} == {
        json.dumps({"Fn::GetAtt": [key, "Arn"]})
    }


def test_the_key_turns_and_serves_this_stack_alone(of_type: OfType) -> None:
    (key,) = of_type("AWS::KMS::Key").values()
    root, *services = key["KeyPolicy"]["Statement"]

    assert key["EnableKeyRotation"]
    assert ":root" in json.dumps(root["Principal"])

    unconditional = [one["Principal"] for one in services if "Condition" not in one]
    # Log delivery tells no source: https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html
    assert unconditional == [{"Service": "delivery.logs.amazonaws.com"}]
    assert not [action for one in services for action in actions(one) if "*" in action]


def test_functions_use_the_key_only_through_the_services_that_they_call(statements: dict[str, list[Json]]) -> None:
    through = {name: sorted(services(some)) for name, some in statements.items()}
    functions = {name: one for name, one in through.items() if one}

    assert functions["windlass-Api"] == ["dynamodb", "sqs", "states"]
    assert functions["windlass-Nudge"] == ["dynamodb", "sqs"]
    assert functions["windlass-Reader"] == functions["windlass-ServerGroups"] == ["dynamodb"]


def test_a_machine_uses_the_key_for_its_own_history_and_its_log(
    machines: dict[str, Json], statements: dict[str, list[Json]]
) -> None:
    for name in machines:
        uses = [one for one in statements[name] if any(action.startswith("kms:") for action in actions(one))]
        conditions = [one["Condition"]["StringEquals"] for one in uses]

        assert [*map(list, conditions)] == [
            ["kms:EncryptionContext:aws:states:stateMachineArn"],
            ["kms:EncryptionContext:SourceArn"],
        ]
        assert f":stateMachine:{name}" in json.dumps(conditions[0])


def test_logs_are_kept_as_long_as_histories(of_type: OfType) -> None:
    assert {one.get("RetentionInDays") for one in of_type("AWS::Logs::LogGroup").values()} == {90}


def test_queues_keep_what_nobody_took_for_at_most_two_weeks(of_type: OfType) -> None:
    assert max(one["MessageRetentionPeriod"] for one in of_type("AWS::SQS::Queue").values()) == 14 * 86_400


def test_the_table_is_restorable_protected_and_forgets_operations_in_time(
    of_type: OfType, functions: dict[str, Json]
) -> None:
    (table,) = of_type("AWS::DynamoDB::Table").values()

    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["DeletionProtectionEnabled"]
    assert table["TimeToLiveSpecification"] == {"AttributeName": KEPT_UNTIL, "Enabled": True}
    assert {one["Environment"]["Variables"]["WINDLASS_KEPT"] for one in functions.values()} == {f"{400 * 86_400}"}


@pytest.mark.parametrize(
    ("context", "protected"),
    [
        ({"removal": "destroy"}, False),
        ({"removal": "destroy", "deletionProtection": "true"}, True),
        ({"deletionProtection": "false"}, False),
    ],
)
def test_a_sandbox_can_be_thrown_away(
    context: dict[str, str], protected: bool, synthesised: Callable[..., Path]
) -> None:
    resources = json.loads((synthesised(**context) / "Windlass.template.json").read_text())["Resources"]
    (table,) = (one["Properties"] for one in resources.values() if one["Type"] == "AWS::DynamoDB::Table")

    assert table["DeletionProtectionEnabled"] is protected


def test_what_stands_in_the_book_is_locked_versioned_and_nobody_else_s(of_type: OfType) -> None:
    (bucket,) = of_type("AWS::S3::Bucket").values()

    assert bucket["ObjectLockConfiguration"]["Rule"]["DefaultRetention"] == {"Mode": "GOVERNANCE", "Days": 400}
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]["BucketKeyEnabled"]


def test_only_the_herald_writes_the_book_and_nothing_deletes_or_unlocks_a_page(
    statements: dict[str, list[Json]],
) -> None:
    of_s3 = {
        name: sorted(action for one in some for action in actions(one) if action.startswith("s3:"))
        for name, some in statements.items()
    }

    assert {name: some for name, some in of_s3.items() if some} == {"windlass-Herald": ["s3:GetObject", "s3:PutObject"]}


@pytest.mark.parametrize(
    ("context", "retention"),
    [
        ({"removal": "destroy"}, None),
        ({"auditLock": "compliance", "auditKept": "2557"}, {"Mode": "COMPLIANCE", "Days": 2557}),
    ],
)
def test_how_the_book_is_locked_is_a_setting(
    context: dict[str, str], retention: Json | None, synthesised: Callable[..., Path]
) -> None:
    resources = json.loads((synthesised(**context) / "Windlass.template.json").read_text())["Resources"]
    (bucket,) = (one["Properties"] for one in resources.values() if one["Type"] == "AWS::S3::Bucket")

    assert bucket.get("ObjectLockConfiguration", {}).get("Rule", {}).get("DefaultRetention") == retention


def actions(one: Json) -> list[str]:
    return [one["Action"]] if isinstance(one["Action"], str) else list(one["Action"])


def services(statements: list[Json]) -> Iterator[str]:
    for one in statements:
        via = one.get("Condition", {}).get("StringEquals", {}).get("kms:ViaService", [])
        for name in via if isinstance(via, list) else [via]:
            yield name["Fn::Join"][1][0].rstrip(".")
