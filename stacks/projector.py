"""What wakes the projector: the table's stream, and Step Functions' word that an execution has ended."""

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk.aws_lambda_event_sources import DynamoEventSource, SqsDlq
from constructs import Construct

from lambdas.projector import PATTERNS
from stacks.queues import DeadLetters

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
    ) -> None:
        super().__init__(scope, construct_id)
        self.dead_letters = DeadLetters(self, "DeadLetters")
        self._follow(function, table)
        self._listen(function, machines)

    def _follow(self, function: lambda_.IFunction, table: dynamodb.Table) -> None:
        """The stream, in order for each operation; a record that stays refused is set aside and the rest goes on."""
        function.add_event_source(
            DynamoEventSource(
                table,
                starting_position=lambda_.StartingPosition.TRIM_HORIZON,
                batch_size=100,
                bisect_batch_on_error=True,
                # The handler answers which record failed; Lambda would take that answer for success.
                report_batch_item_failures=True,
                retry_attempts=20,
                max_record_age=Duration.hours(6),
                on_failure=SqsDlq(self.dead_letters),
                filters=[lambda_.FilterCriteria.filter({"dynamodb": pattern}) for pattern in PATTERNS],
            )
        )

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
