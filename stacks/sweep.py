"""What wakes the sweep: a rule each minute, and its own delayed messages for the seconds in between."""

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk.aws_lambda_event_sources import SqsEventSource
from constructs import Construct

from stacks.queues import SweepQueue


class Sweep(Construct):
    def __init__(self, scope: Construct, construct_id: str, *, function: lambda_.IFunction, queue: SweepQueue) -> None:
        super().__init__(scope, construct_id)
        # A tick that cannot be delivered is not worth repeating after the next one.
        tick = targets.LambdaFunction(function, retry_attempts=0, max_event_age=Duration.minutes(1))
        events.Rule(
            self,
            "EachMinute",
            description="Windlass: look at every row whose time has come",
            schedule=events.Schedule.rate(Duration.minutes(1)),
            targets=[tick],
        )
        # Two at a time, SQS's least: a sweep looks at everything due, so more of them find nothing.
        function.add_event_source(SqsEventSource(queue.queue, batch_size=10, max_concurrency=2))
