"""What the world is told of an operation, as deployed: a rule on the bus gets each event."""

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

import pytest

from local.client import Json
from tests.end_to_end.live import TOLD, Live, creation, eventually, plays, told
from tests.push.test_signature import snippet

pytestmark = pytest.mark.xdist_group("embedded")


def heard(live: Live) -> tuple[Json, list[Json], Json]:
    """An operation that a queue behind a rule listens to: how it ended, what the queue got, what the API tells."""
    queue = listening(live, "heard")
    ended = live.run("createServerGroup", creation("heard"))
    got: dict[str, Json] = {}
    eventually(
        lambda: _drained(live, queue, got) and any(one["type"].endswith("succeeded") for one in got.values()),
        within=TOLD,
    )
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


SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two characters").decode()


class Receiver(ThreadingHTTPServer):
    """Fails five times, then takes whatever comes."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Door)
        self.got: list[tuple[int, dict[str, str], bytes]] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"


class Door(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server = cast(Receiver, self.server)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = 503 if len(server.got) < 5 else 204
        server.got.append((status, {name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def notified(live: Live) -> tuple[Json, Json]:
    """An operation of whose end a topic is told, in the words of a chat: how it ended, what a subscriber got."""
    sqs, sns = live.aws("sqs"), live.aws("sns")
    topic = sns.create_topic(Name="windlass-notified")["TopicArn"]
    queue = sqs.create_queue(QueueName="notified")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    team = {"topic": topic, "format": "slack", "events": ["succeeded"]}
    live.ask("PUT", "/applications/notified/notifications/team", team)
    ended = live.run("createServerGroup", creation("notified"))
    (message,) = eventually(lambda: sqs.receive_message(QueueUrl=queue).get("Messages", []), within=TOLD)
    return ended, json.loads(message["Body"])


@plays([notified])
def test_a_topic_is_told_in_the_words_of_a_chat_in_the_operation_s_thread(played: tuple[Json, Json]) -> None:
    ended, got = played

    assert got["metadata"]["threadId"] == ended["id"]
    assert got["content"]["title"].endswith("createServerGroup of notified-prod in us-east-1 succeeded")


def called_back(live: Live) -> tuple[Receiver, Json, Json]:
    """A request whose callback fails five times."""
    receiver = Receiver()
    try:
        hook = {"url": receiver.url, "secret": SECRET, "events": ["succeeded"]}
        live.ask("PUT", "/applications/backcall/webhooks/ci", hook)
        ended = live.run("createServerGroup", creation("backcall"))
        path = f"/operations/{ended['id']}/deliveries"
        eventually(
            lambda: [one["state"] for one in live.client.get(path)["deliveries"]] == ["taken"], within=TOLD, pause=1
        )
        return receiver, ended, live.client.get(path)
    finally:
        receiver.shutdown()
        receiver.server_close()


@plays([called_back])
def test_a_receiver_that_fails_five_times_gets_its_signed_event_the_sixth(
    played: tuple[Receiver, Json, Json],
) -> None:
    receiver, ended, listed = played
    status, headers, body = receiver.got[-1]
    event = json.loads(body)

    assert [one[0] for one in receiver.got] == [503, 503, 503, 503, 503, 204]
    assert status == 204
    assert snippet()(headers, body, SECRET) is True
    assert (event["type"], event["subject"]) == ("windlass.operation.succeeded", ended["id"])
    assert {one[1]["webhook-id"] for one in receiver.got} == {event["id"]}
    assert [(one["state"], one["tries"]) for one in listed["deliveries"]] == [("taken", 6)]
