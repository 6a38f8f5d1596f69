"""What wakes the projector: the table's stream, and Step Functions' word that an execution has ended."""

from collections.abc import Sequence

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from lambdas.projector import PATTERNS
from stacks.queues import DeadLetters
from stacks.streams import follow

ENDED = ["ABORTED", "FAILED", "SUCCEEDED", "TIMED_OUT"]


class Projector(Construct):
    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        function: lambda_.IFunction,
        table: dynamodb.Table,
        machines: Sequence[sfn.StateMachine],
        key: kms.IKey,
    ) -> None:
        super().__init__(scope, construct_id)
        self.dead_letters = DeadLetters(self, "DeadLetters", key=key)
        patterns = [{"dynamodb": pattern} for pattern in PATTERNS]
        follow(function, table, patterns=patterns, set_aside=self.dead_letters)
        self._listen(function, machines)

    def _listen(self, function: lambda_.IFunction, machines: Sequence[sfn.StateMachine]) -> None:
        """Best effort, as AWS says of these events; whatever they miss the sweep finds.

        https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
        """
        events.Rule(
            self,
            "ExecutionEnded",
            description="Windlass: an execution of an operation has ended",
            event_pattern=events.EventPattern(
                source=["aws.states"],
                detail_type=["Step Functions Execution Status Change"],
                detail={"status": ENDED, "stateMachineArn": [one.state_machine_arn for one in machines]},
            ),
            targets=[targets.LambdaFunction(function, dead_letter_queue=self.dead_letters)],
        )
