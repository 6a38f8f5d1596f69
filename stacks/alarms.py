"""Alarms on what a person must act on; each description says what has happened and what is at stake."""

from collections.abc import Mapping

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from lambdas.handlers import BACKLOG_AGE, NAMESPACE

MINUTE = Duration.minutes(1)
LATE = 300
"""Seconds by which a start is late: half of the ten minutes after which Clouddriver's callers are told that it never
began."""


class Alarms(Construct):
    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        prefix: str,
        dead_letters: Mapping[str, sqs.IQueue],
        machines: Mapping[str, sfn.StateMachine],
        sweep: lambda_.Alias,
        projector: lambda_.IFunction,
    ) -> None:
        super().__init__(scope, construct_id)
        self._prefix = prefix
        for consumer, queue in dead_letters.items():
            self._alarm(
                f"{consumer}-dead-letters",
                f"The {consumer} gave up on messages; read them in its dead letter queue, then move them back.",
                queue.metric_approximate_number_of_messages_visible(period=MINUTE, statistic="Maximum"),
            )
        for saga, machine in machines.items():
            self._ended_from_outside(saga, machine)
        self._sweep_stands_still(sweep)
        self._starts_are_late(sweep)
        self._alarm(
            "projector-errors",
            "The projector fails: batches do not go on and guards are passed on late.",
            projector.metric_errors(period=MINUTE),
            minutes=3,
        )

    def _sweep_stands_still(self, sweep: lambda_.IFunction) -> None:
        self._alarm(
            "sweep-errors",
            "The sweep fails: waits, deadlines and the backlog stand still.",
            sweep.metric_errors(period=MINUTE),
            minutes=3,
        )
        self._alarm(
            "sweep-silent",
            "No sweep for five minutes: waits, deadlines and the backlog stand still.",
            sweep.metric_invocations(period=MINUTE),
            minutes=5,
            below=True,
        )

    def _starts_are_late(self, sweep: lambda_.Alias) -> None:
        self._alarm(
            "backlog-old",
            "What was accepted waits for minutes to be started: Step Functions is throttled, denied or down. What is "
            "not started by its deadline never begins. GET /operations/{id} says which error a start met last.",
            cloudwatch.Metric(
                namespace=NAMESPACE,
                metric_name=BACKLOG_AGE,
                dimensions_map={"FunctionName": sweep.version.lambda_.function_name},
                period=MINUTE,
                statistic="Maximum",
            ),
            threshold=LATE,
        )

    def _ended_from_outside(self, saga: str, machine: sfn.StateMachine) -> None:
        """An end that is none of the three: recovery starts by itself, yet somebody or something did that."""
        both = cloudwatch.MathExpression(
            expression="timedOut + aborted",
            using_metrics={
                "timedOut": machine.metric_timed_out(period=MINUTE),
                "aborted": machine.metric_aborted(period=MINUTE),
            },
            period=MINUTE,
        )
        self._alarm(
            f"{saga}-ended-from-outside",
            f"An execution of {saga} was aborted or timed out instead of ending by itself; see its recovery.",
            both,
        )

    def _alarm(
        self,
        name: str,
        description: str,
        metric: cloudwatch.IMetric,
        *,
        threshold: float = 1,
        minutes: int = 1,
        below: bool = False,
    ) -> None:
        missing, comparison = (
            (cloudwatch.TreatMissingData.BREACHING, cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD)
            if below
            else (
                cloudwatch.TreatMissingData.NOT_BREACHING,
                cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            )
        )
        cloudwatch.Alarm(
            self,
            "".join(word[0].upper() + word[1:] for word in name.split("-")),
            alarm_name=f"{self._prefix}{name}",
            alarm_description=description,
            metric=metric,
            threshold=threshold,
            evaluation_periods=minutes,
            comparison_operator=comparison,
            treat_missing_data=missing,
        )
