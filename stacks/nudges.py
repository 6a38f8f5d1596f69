"""What wakes the nudges: events of the cloud, by a queue that smooths their storms and keeps none for long."""

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from aws_cdk.aws_lambda_event_sources import SqsEventSource
from constructs import Construct

from lambdas.nudges import AUTO_SCALING, CLOUDFORMATION, EC2, PATTERNS
from stacks.key import encrypt

WORTH = Duration.minutes(1)
"""For so long an event is worth something, the shortest that SQS keeps a message: by then the sweep has looked anyway.

No dead letters for the same reason: whatever is lost here costs a wait some seconds, and nobody could act on it.
"""

RULES = {
    AUTO_SCALING: ("InstancesMoved", "an instance of a server group was launched or terminated, or is about to be"),
    EC2: ("InstancesGone", "an instance was terminated"),
    CLOUDFORMATION: ("StacksChanged", "the status of a stack has changed"),
}
"""Name and description of the rule of each source."""


class Nudges(Construct):
    def __init__(self, scope: Construct, construct_id: str, *, function: lambda_.IFunction, key: kms.IKey) -> None:
        super().__init__(scope, construct_id)
        queue = sqs.Queue(
            self,
            "Queue",
            retention_period=WORTH,
            # As long as a message lives: one whose function died is not tried again.
            visibility_timeout=WORTH,
            enforce_ssl=True,
        )
        encrypt(queue, key)
        for source, pattern in PATTERNS.items():
            name, description = RULES[source]
            events.Rule(
                self,
                name,
                description=f"Windlass: {description}",
                event_pattern=events.EventPattern(source=[source], **pattern),
                targets=[targets.SqsQueue(queue, retry_attempts=0, max_event_age=WORTH)],
            )
        # No batching window: where events are rare, Lambda waits up to 20 seconds for one, whatever it is set to.
        # https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
        function.add_event_source(SqsEventSource(queue, batch_size=10, max_concurrency=2))
