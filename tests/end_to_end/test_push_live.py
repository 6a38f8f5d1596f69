"""What the world is told of an operation, as deployed: a rule on the bus gets each event."""

import json
from typing import Any

import pytest

from local.client import Json
from tests.end_to_end.live import Live, creation, eventually, plays, told

pytestmark = pytest.mark.xdist_group("embedded")


def heard(live: Live) -> tuple[Json, list[Json], Json]:
    """An operation that a queue behind a rule listens to: how it ended, what the queue got, what the API tells."""
    queue = listening(live, "heard")
    ended = live.run("createServerGroup", creation("heard"))
    got: dict[str, Json] = {}
    eventually(lambda: _drained(live, queue, got) and any(one["type"].endswith("succeeded") for one in got.values()))
    return ended, list(got.values()), live.client.get(f"/operations/{ended['id']}/events")


def listening(live: Live, application: str) -> str:
    """URL of a queue behind a rule for the application's events."""
    sqs, events = live.aws("sqs"), live.aws("events")
    queue = sqs.create_queue(QueueName=f"{application}-events")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = {"source": ["windlass"], "detail": {"data": {"application": [application]}}}
    place = {"EventBusName": live.stage.outputs["BusName"]}
    events.put_rule(Name=application, EventPattern=json.dumps(pattern), **place)
    events.put_targets(Rule=application, Targets=[{"Id": "queue", "Arn": arn}], **place)
    return str(queue)


def _drained(live: Live, queue: str, got: dict[str, Json]) -> bool:
    messages = live.aws("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
    for one in messages:
        event: Any = json.loads(one["Body"])["detail"]
        got[event["id"]] = event
        live.aws("sqs").delete_message(QueueUrl=queue, ReceiptHandle=one["ReceiptHandle"])
    return bool(got)


@plays([heard])
def test_a_rule_on_the_bus_gets_each_event(played: tuple[Json, list[Json], Json]) -> None:
    ended, got, _ = played
    ordered = sorted(got, key=lambda one: str(one["sequence"]))

    assert ended["status"] == "SUCCEEDED", told(ended)
    assert [one["type"] for one in ordered] == [
        f"windlass.operation.{kind}" for kind in ("accepted", "started", "succeeded")
    ]
    assert {one["subject"] for one in got} == {ended["id"]}
    assert {one["source"] for one in got} == {"urn:windlass:123456789012:us-east-1:windlass"}


@plays([heard])
def test_the_api_tells_the_same_events_and_the_steps(played: tuple[Json, list[Json], Json]) -> None:
    ended, got, answer = played
    pushed = {one["id"]: known(one) for one in answer["events"] if one["sequence"]}
    steps = [one["data"]["step"] for one in answer["events"] if not one["sequence"]]

    assert pushed == {one["id"]: one for one in got}
    assert steps == [one["name"] for one in ended["steps"]]
    assert answer["over"] is True


def known(event: Json) -> Json:
    """Without what is null."""
    return event | {"data": {name: value for name, value in event["data"].items() if value is not None}}
