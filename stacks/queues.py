"""Queues: messages to our own functions, and a place for what could not be delivered."""

from aws_cdk import Duration
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from stacks.functions import TIMEOUT
from stacks.key import encrypt


class DeadLetters(sqs.Queue):
    """What a consumer gave up on, kept as long as SQS can: an alarm calls a person."""

    def __init__(self, scope: Construct, construct_id: str, *, key: kms.IKey) -> None:
        super().__init__(scope, construct_id, retention_period=Duration.days(14), enforce_ssl=True)
        encrypt(self, key)


class SourceQueue(Construct):
    """Messages to one function, which is asked again a few times for what it did not do."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        key: kms.IKey,
        timeout: Duration = TIMEOUT,
        kept: Duration,
        tries: int = 3,
    ) -> None:
        """`timeout` is the function's; `kept` is for how long a message means something."""
        super().__init__(scope, construct_id)
        self.dead_letters = DeadLetters(self, "DeadLetters", key=key)
        self.queue = sqs.Queue(
            self,
            "Queue",
            # Six times the function's timeout, as Lambda asks of a source queue.
            # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
            visibility_timeout=Duration.seconds(6 * timeout.to_seconds()),
            retention_period=kept,
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.dead_letters, max_receive_count=tries),
            enforce_ssl=True,
        )
        encrypt(self.queue, key)


class SweepQueue(SourceQueue):
    """Delayed messages with which the sweep asks for the seconds between two ticks of its rule."""

    def __init__(self, scope: Construct, construct_id: str, *, key: kms.IKey) -> None:
        super().__init__(scope, construct_id, key=key, kept=Duration.hours(1))
