"""What tells the world: the bus, and the herald that follows the table's stream beside the projector.

Two consumers of one stream is what DynamoDB bears, and each has its own place in it: a bus that is down keeps no guard
from its heir. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
"""

from aws_cdk import Duration
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk.aws_lambda_event_sources import SqsEventSource
from constructs import Construct

from lambdas.push.events import PATTERNS
from stacks.functions import COURIER
from stacks.queues import DeadLetters, SourceQueue
from stacks.streams import follow

AT_ONCE = 10
"""Batches of a shard that the herald works on side by side, as many as Lambda allows: one that is slow, or fails, keeps
a tenth of all items waiting. https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html"""
DELIVERIES = 50
"""That the courier makes side by side."""


class Bus(Construct):
    """Events of operations (docs/push.md); rules on it belong to whoever listens."""

    def __init__(self, scope: Construct, construct_id: str, *, name: str, key: kms.IKey) -> None:
        super().__init__(scope, construct_id)
        self.bus = events.EventBus(self, "Bus", event_bus_name=name, description="Windlass: what happens to operations")
        written: events.CfnEventBus = self.bus.node.default_child  # type: ignore[assignment]  # of a bus it always is
        written.kms_key_identifier = key.key_arn


class Tellings(SourceQueue):
    """Operations of which somebody saw something that was not told."""

    def __init__(self, scope: Construct, construct_id: str, *, key: kms.IKey) -> None:
        super().__init__(scope, construct_id, key=key, kept=Duration.days(14))


class Errands(SourceQueue):
    """Deliveries to make, and to make again after a while."""

    def __init__(self, scope: Construct, construct_id: str, *, key: kms.IKey) -> None:
        super().__init__(scope, construct_id, key=key, timeout=COURIER, kept=Duration.days(14))


class Courier(Construct):
    """One delivery at a time in a process, many processes at once: a slow receiver keeps one of them for 8 seconds."""

    def __init__(self, scope: Construct, construct_id: str, *, function: lambda_.IFunction, errands: Errands) -> None:
        super().__init__(scope, construct_id)
        function.add_event_source(
            SqsEventSource(errands.queue, batch_size=1, max_concurrency=DELIVERIES, report_batch_item_failures=True)
        )


class Herald(Construct):
    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        function: lambda_.IFunction,
        table: dynamodb.Table,
        tellings: Tellings,
        key: kms.IKey,
    ) -> None:
        super().__init__(scope, construct_id)
        self.dead_letters = DeadLetters(self, "DeadLetters", key=key)
        follow(function, table, patterns=PATTERNS, set_aside=self.dead_letters, at_once=AT_ONCE)
        function.add_event_source(
            SqsEventSource(tellings.queue, batch_size=10, max_concurrency=2, report_batch_item_failures=True)
        )
