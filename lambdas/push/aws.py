"""Herald and courier on AWS: the bus and their queues."""

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from lambdas.error_codes import translating
from lambdas.errors import Broken, Throttled, Transient, WindlassError
from lambdas.push.formats import Message
from lambdas.push.letters import Answered
from lambdas.push.model import Event

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_sqs import SQSClient

SOURCE = "windlass"
"""Of our events in rules; the event's own `source` says which Windlass."""
_REFUSED = {"ThrottlingException": Throttled, "MalformedDetail": Broken, "InvalidArgument": Broken}
"""Codes of an entry that was not taken:
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html"""


class EventBridge:
    """`lambdas.push.office.Bus`: the event is the detail, its type the detail-type."""

    def __init__(self, client: "EventBridgeClient", bus: str) -> None:
        self._client = client
        self._bus = bus

    def put(self, *events: Event) -> None:
        with translating("events", f"bus {self._bus}"):
            answer: Mapping[str, Any] = self._client.put_events(Entries=[self._entry(event) for event in events])
        if answer.get("FailedEntryCount"):
            event, code = next(_refused(events, answer["Entries"]))
            raise _REFUSED.get(code, Transient)(f"bus {self._bus} did not take event {event.id}: {code}")

    def _entry(self, event: Event) -> Any:
        return {
            "EventBusName": self._bus,
            "Source": SOURCE,
            "DetailType": event.type,
            "Time": event.time,
            "Detail": json.dumps(event.json_value),
        }


def _refused(events: Sequence[Event], answers: Sequence[Mapping[str, str]]) -> Iterator[tuple[Event, str]]:
    """Entries are answered in the order in which they were put."""
    return ((event, one["ErrorCode"]) for event, one in zip(events, answers, strict=True) if one.get("ErrorCode"))


class Sns:
    """`lambdas.push.office.Topics`."""

    def __init__(self, client: Callable[[str], Any]) -> None:
        """`client` is that of a Region: a topic is published to where it is."""
        self._client = client

    def publish(self, topic: str, message: Message) -> Answered:
        try:
            with translating("sns", topic):
                self._client(topic.split(":")[3]).publish(**_parameters(topic, message))
        except WindlassError as error:
            return Answered(None, f"{type(error).__name__}: {error}")
        return Answered(200, f"{topic} took it")


def _parameters(topic: str, message: Message) -> Any:
    attributes = {name: {"DataType": "String", "StringValue": value} for name, value in message.attributes.items()}
    known = {"TopicArn": topic, "Message": message.body, "Subject": message.subject, "MessageAttributes": attributes}
    fifo = {"MessageGroupId": message.thread, "MessageDeduplicationId": message.identifier}
    return known | (fifo if topic.endswith(".fifo") else {})


class QueuedPush:
    """`lambdas.hub.Push`: messages to the herald's queue and to the courier's."""

    def __init__(self, client: "SQSClient", tellings: str, errands: str) -> None:
        self._client = client
        self._tellings = tellings
        self._errands = errands

    def tell(self, operation: str) -> None:
        with translating("sqs", "the herald's queue"):
            self._client.send_message(QueueUrl=self._tellings, MessageBody=json.dumps({"operation": operation}))

    def deliver(self, operation: str, delivery: str, after: timedelta = timedelta()) -> None:
        """Fair among receivers: one whose messages pile up delays nobody else's.

        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html
        """
        with translating("sqs", "the courier's queue"):
            self._client.send_message(
                QueueUrl=self._errands,
                MessageBody=json.dumps({"operation": operation, "delivery": delivery}),
                MessageGroupId=delivery.partition(".")[2],
                DelaySeconds=math.ceil(after.total_seconds()),
            )
