"""Herald and courier on AWS: the bus and their queues."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lambdas.error_codes import translating
from lambdas.errors import Broken, Throttled, Transient
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

    def put(self, event: Event) -> None:
        with translating("events", f"bus {self._bus}"):
            answer: Mapping[str, Any] = self._client.put_events(Entries=[self._entry(event)])
        if answer.get("FailedEntryCount"):
            code = answer["Entries"][0].get("ErrorCode", "")
            raise _REFUSED.get(code, Transient)(f"bus {self._bus} did not take event {event.id}: {code}")

    def _entry(self, event: Event) -> Any:
        return {
            "EventBusName": self._bus,
            "Source": SOURCE,
            "DetailType": event.type,
            "Time": event.time,
            "Detail": json.dumps(event.json_value),
        }


class QueuedPush:
    """`lambdas.hub.Push`: a message to the herald's queue."""

    def __init__(self, client: "SQSClient", tellings: str) -> None:
        self._client = client
        self._tellings = tellings

    def tell(self, operation: str) -> None:
        with translating("sqs", "the herald's queue"):
            self._client.send_message(QueueUrl=self._tellings, MessageBody=json.dumps({"operation": operation}))
