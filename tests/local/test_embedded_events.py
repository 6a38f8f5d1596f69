"""What the deployed stack does when something happens: streams, queues, rules, schedules."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.conftest import Embedded, eventually


def test_a_stream_is_delivered_in_order_with_retry_and_filter(aws: Embedded) -> None:
    table = aws.client("dynamodb")
    keys = ["first", "flaky", "last"]
    for key in keys:
        table.put_item(TableName=aws.outputs["Things"], Item={"id": {"S": key}})
    table.put_item(TableName=aws.outputs["Things"], Item={"id": {"S": "first"}, "x": {"S": "changed"}})
    table.delete_item(TableName=aws.outputs["Things"], Key={"id": {"S": "last"}})

    told = eventually(lambda: [t for t in aws.seen("stream") if t == ["REMOVE", "last"]] and aws.seen("stream"))

    ours = [event for event in told if event[1] in keys]
    once = [event for n, event in enumerate(ours) if event not in ours[:n]]
    assert once == [["INSERT", "first"], ["INSERT", "flaky"], ["INSERT", "last"], ["REMOVE", "last"]]
    assert aws.seen("flaky") == ["failed"]


def test_batches_of_a_stream_side_by_side_keep_each_item_in_order_and_others_from_waiting(aws: Embedded) -> None:
    table, name = aws.client("dynamodb"), aws.outputs["Others"]
    keys = ["stuck", *(f"beside {number}" for number in range(12))]
    for key in keys:
        table.put_item(TableName=name, Item={"id": {"S": key}})
        table.delete_item(TableName=name, Key={"id": {"S": key}})

    def told() -> list[Any]:
        return [one for one in aws.seen("stream") if one[1] in keys]

    assert eventually(lambda: [key for what, key in told() if what == "REMOVE"])
    assert "stuck" not in [key for _, key in told()]
    aws.invoke({"do": "note", "kind": "let go"})

    assert eventually(lambda: len({tuple(one) for one in told()}) == 2 * len(keys))
    for key in keys:
        whats = [what for what, of in told() if of == key]
        assert list(dict.fromkeys(whats)) == ["INSERT", "REMOVE"]


def test_a_failed_transaction_changes_nothing_and_streams_nothing(aws: Embedded) -> None:
    table, name = aws.client("dynamodb"), aws.outputs["Things"]
    table.put_item(TableName=name, Item={"id": {"S": "kept"}, "n": {"N": "1"}})
    change = {
        "TableName": name,
        "Key": {"id": {"S": "kept"}},
        "UpdateExpression": "SET n = :two",
        "ExpressionAttributeValues": {":two": {"N": "2"}},
    }
    clash = {
        "TableName": name,
        "Item": {"id": {"S": "other"}},
        "ConditionExpression": "attribute_exists(id)",
    }

    with pytest.raises(ClientError) as refused:
        table.transact_write_items(TransactItems=[{"Update": change}, {"Put": clash}])

    reasons = [reason["Code"] for reason in refused.value.response["CancellationReasons"]]
    assert reasons == ["None", "ConditionalCheckFailed"]
    assert table.get_item(TableName=name, Key={"id": {"S": "kept"}})["Item"]["n"] == {"N": "1"}
    table.put_item(TableName=name, Item={"id": {"S": "marker"}})
    assert eventually(lambda: ["INSERT", "marker"] in aws.seen("stream"))
    assert ["INSERT", "other"] not in aws.seen("stream")


def test_of_concurrent_conditional_writes_one_succeeds(aws: Embedded) -> None:
    table, name = aws.client("dynamodb"), aws.outputs["Things"]

    def claim(number: int) -> bool:
        item = {"id": {"S": "claim"}, "by": {"N": str(number)}}
        try:
            table.transact_write_items(
                TransactItems=[
                    {"Put": {"TableName": name, "Item": item, "ConditionExpression": "attribute_not_exists(id)"}}
                ]
            )
        except ClientError:
            return False
        return True

    with ThreadPoolExecutor(10) as threads:
        won = list(threads.map(claim, range(20)))

    assert won.count(True) == 1


def test_a_queue_delays_reports_single_failures_and_buries(aws: Embedded) -> None:
    sqs, started = aws.client("sqs"), time.monotonic()
    sqs.send_message(QueueUrl=aws.outputs["Queue"], MessageBody="late", DelaySeconds=2)
    for body in ("good", "bad"):
        sqs.send_message(QueueUrl=aws.outputs["Queue"], MessageBody=body)

    late = eventually(lambda: any("late" in batch for batch in aws.seen("batch")) and time.monotonic())
    dead = eventually(lambda: sqs.receive_message(QueueUrl=aws.outputs["Dead"]).get("Messages"))

    assert late - started >= 2
    assert [message["Body"] for message in dead] == ["bad"]
    handled = [body for batch in aws.seen("batch") for body in batch]
    assert handled.count("good") == 1
    assert handled.count("bad") == 2


def test_a_rule_calls_a_function_and_starts_a_machine(aws: Embedded) -> None:
    events = [
        {"Source": "test", "DetailType": "happened", "Detail": json.dumps({"n": 1})},
        {"Source": "start", "DetailType": "go", "Detail": json.dumps({"do": "echo", "why": "event"})},
        {"Source": "nobody", "DetailType": "unheard", "Detail": "{}"},
    ]

    aws.client("events").put_events(Entries=events)

    told = eventually(lambda: aws.seen("happened"))
    assert told[0]["detail"] == {"n": 1}
    assert told[0]["source"] == "test"
    started = eventually(lambda: _started_by_event(aws))
    assert started
    aws.client("stepfunctions").stop_execution(executionArn=started[0])


def _started_by_event(aws: Embedded) -> list[str]:
    machines = aws.client("stepfunctions")
    listed = machines.list_executions(stateMachineArn=aws.outputs["Held"])["executions"]
    arns = [execution["executionArn"] for execution in listed]
    return [arn for arn in arns if '"why": "event"' in machines.describe_execution(executionArn=arn)["input"]]


def test_a_schedule_fires_again_and_again(aws: Embedded) -> None:
    before = len(aws.seen("minute"))

    assert eventually(lambda: len(aws.seen("minute")) >= before + 2)


def test_a_delayed_message_is_not_seen_before_its_time(aws: Embedded) -> None:
    sqs: Any = aws.client("sqs")
    url = sqs.create_queue(QueueName="plain", Attributes={"DelaySeconds": "1"})["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="x")

    at_once = sqs.receive_message(QueueUrl=url).get("Messages", [])
    waited = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5).get("Messages", [])

    assert at_once == []
    assert [message["Body"] for message in waited] == ["x"]
