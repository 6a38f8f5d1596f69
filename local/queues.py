"""SQS: receiving that is atomic and wakes in time, and the polling of a queue for a Lambda function."""

from __future__ import annotations

import base64
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from moto.sqs.models import Message, SQSBackend, sqs_backends

from local.patches import replace
from local.settings import ACCOUNT

if TYPE_CHECKING:
    from local.event_sources import Mapping

Json = dict[str, Any]

_lock = threading.Lock()
_CONCURRENT_BATCHES = 5


def install() -> None:
    received = SQSBackend.receive_message

    def receive_message(
        backend: SQSBackend,
        queue_name: str,
        count: int,
        wait_seconds_timeout: int,
        visibility_timeout: int,
        message_attribute_names: list[str] | None = None,
    ) -> list[Message]:
        """Two receivers never get one message, and a delayed message comes when its delay is over."""
        until = time.monotonic() + float(wait_seconds_timeout or 0)
        while True:
            with _lock:
                found = received(backend, queue_name, count, 0, visibility_timeout, message_attribute_names)
            if found or time.monotonic() >= until:
                return found
            backend.get_queue(queue_name).wait_for_messages(0.1)  # type: ignore[arg-type]

    replace(SQSBackend, receive_message=receive_message)


class QueuePoller:
    """Takes batches of messages; deletes what succeeded, and leaves the rest to become visible again."""

    def __init__(self, mapping: Mapping) -> None:
        self._mapping = mapping
        region, name = mapping.source.split(":")[3], mapping.source.split(":")[5]
        self._backend, self._name, self._region = sqs_backends[ACCOUNT][region], name, region
        wanted = (mapping.settings.scaling_config or {}).get("MaximumConcurrency", _CONCURRENT_BATCHES)
        self._places = threading.BoundedSemaphore(int(wanted))
        self._threads = ThreadPoolExecutor(int(wanted), thread_name_prefix=f"queue {name}")

    def poll(self) -> None:
        self._places.acquire()
        batch = self._gathered()
        if not batch:
            self._places.release()
            return
        self._threads.submit(self._deliver, batch)

    def _gathered(self) -> list[Message]:
        """As many messages as the mapping's batch size and window allow."""
        size, window = self._mapping.settings.batch_size, float(self._mapping.settings.max_batch_window or 0)
        batch = self._received(min(size, 10), 1)
        until = time.monotonic() + window
        while batch and len(batch) < size and time.monotonic() < until:
            batch += self._received(min(size - len(batch), 10), 1)
        return batch

    def _received(self, count: int, wait: int) -> list[Message]:
        queue = self._backend.get_queue(self._name)
        visibility = int(queue.visibility_timeout or 30)  # type: ignore[attr-defined]
        return self._backend.receive_message(self._name, count, wait, visibility, ["All"])

    def _deliver(self, batch: list[Message]) -> None:
        try:
            records = [(message, self._record(message)) for message in batch]
            wanted = [(message, record) for message, record in records if self._mapping.wants(record)]
            failed = self._mapping.failed_of(self._mapping.invoke([r for _, r in wanted])) if wanted else set()
            done = [message for message, _ in records if failed is not None and message.id not in failed]
            for message in done:
                self._backend.delete_message(self._name, str(message.receipt_handle))
        finally:
            self._places.release()

    def _record(self, message: Message) -> Json:
        return {
            "messageId": message.id,
            "receiptHandle": message.receipt_handle,
            "body": message.body,
            "attributes": {
                "ApproximateReceiveCount": str(message.approximate_receive_count),
                "SentTimestamp": str(message.sent_timestamp),
                "SenderId": message.sender_id,
                "ApproximateFirstReceiveTimestamp": str(message.approximate_first_receive_timestamp),
                **({"MessageGroupId": message.group_id} if message.group_id else {}),
            },
            "messageAttributes": {name: _attribute(value) for name, value in message.message_attributes.items()},
            "md5OfBody": message.body_md5,
            "eventSource": "aws:sqs",
            "eventSourceARN": self._mapping.source,
            "awsRegion": self._region,
        }


def _attribute(value: Json) -> Json:
    binary = value.get("BinaryValue")
    return {
        "stringValue": value.get("StringValue"),
        "binaryValue": base64.b64encode(binary).decode() if isinstance(binary, bytes) else binary,
        "stringListValues": [],
        "binaryListValues": [],
        "dataType": value.get("DataType"),
    }
