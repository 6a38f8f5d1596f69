"""Asking for a sweep sooner than the rule's next minute: a delayed message to the sweep's queue."""

import math
from collections.abc import Collection
from datetime import timedelta
from typing import TYPE_CHECKING

from lambdas import nudges
from lambdas.error_codes import translating

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

LONGEST = timedelta(minutes=15)
"""https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html, DelaySeconds"""


class QueuedSweeper:
    """`lambdas.hub.Sweeper`."""

    def __init__(self, client: "SQSClient", queue: str) -> None:
        self._client = client
        self._queue = queue

    def after(self, delay: timedelta, nudged: Collection[str] = ()) -> None:
        # Rounded up: a sweep that comes before its row is due finds nothing.
        seconds = math.ceil(min(max(delay, timedelta()), LONGEST).total_seconds())
        with translating("sqs", "the sweep's queue"):
            self._client.send_message(QueueUrl=self._queue, MessageBody=nudges.message(nudged), DelaySeconds=seconds)
