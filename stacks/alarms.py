"""Alarms on what a person must act on; each description says what has happened and which page says what to do."""

from collections.abc import Mapping, Sequence

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from lambdas import metrics
from lambdas.metrics import HUB, NAMESPACE, Metric

MINUTE = Duration.minutes(1)
LATE = 300
"""Seconds by which a start is late: half of the ten minutes after which Clouddriver's callers are told that it never
began."""
BEHIND = Duration.minutes(5)
"""Of the stream: a minute or two is a release or a burst."""
MANY_HELD = 10
"""Operations at once that somebody has to decide about."""
FAILING = 0.05
"""The part of all requests: what is sent again gets through all the same, and one in twenty is not chance any more."""


class Alarms(Construct):
    """`ended_from_outside` and `broken` say that a release is bad, whatever users ask for: aliases may be shifted back
    by them.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        prefix: str,
        runbooks: str,
        dead_letters: Mapping[str, sqs.IQueue],
        sweep: lambda_.IFunction,
        projector: lambda_.IFunction,
        herald: lambda_.IFunction,
        apis: Sequence[str],
    ) -> None:
        """`apis`: the names of the doors, IAM's first; `runbooks`: where the pages are, without a slash at the end."""
        super().__init__(scope, construct_id)
        self._prefix, self._runbooks = prefix, runbooks
        for consumer, queue in dead_letters.items():
            self._alarm(
                f"{consumer}-dead-letters",
                f"The {consumer} gave up on messages.",
                queue.metric_approximate_number_of_messages_visible(period=MINUTE, statistic="Maximum"),
            )
        self._sweep_fails(sweep)
        self._fall_behind(projector, herald)
        for door, api in zip(("", "mutual-tls-"), apis, strict=False):
            self._requests_fail(door, api)
        self.broken = self._alarm("broken", "Our own code is wrong: attempts fail by it.", self._own(metrics.BROKEN))
        self.ended_from_outside = self._alarm(
            "ended-from-outside",
            "An execution was aborted, timed out or killed instead of ending by itself; its recovery has begun.",
            self._own(metrics.OUTSIDE),
        )
        self._operations_need_us()

    def _sweep_fails(self, sweep: lambda_.IFunction) -> None:
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

    def _fall_behind(self, projector: lambda_.IFunction, herald: lambda_.IFunction) -> None:
        """What these cannot do they answer with, so that it comes again: that is no error of the function."""
        late = {
            "projector": (projector, "batches go on, and guards are passed on, as late as the sweep."),
            "herald": (herald, "whoever listens hears late what happened to operations."),
        }
        for name, (function, then) in late.items():
            self._alarm(
                f"{name}-behind",
                f"The {name} is minutes behind the table: {then}",
                function.metric("IteratorAge", period=MINUTE, statistic="Maximum"),
                threshold=BEHIND.to_milliseconds(),
            )

    def _requests_fail(self, door: str, api: str) -> None:
        """API Gateway tells the part of all requests as the average of 0 and 1.

        https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
        """
        self._alarm(
            f"{door}requests-fail",
            "One request in twenty is answered 5xx: operations are not accepted, or reads fail.",
            cloudwatch.Metric(
                namespace="AWS/ApiGateway",
                metric_name="5XXError",
                dimensions_map={"ApiName": api},
                period=MINUTE,
                statistic="Average",
            ),
            threshold=FAILING,
            minutes=3,
            page="requests-fail",
        )

    def _operations_need_us(self) -> None:
        self._alarm(
            "person-called",
            "An operation ended and something is left that nobody has decided about.",
            self._own(metrics.CALLED),
        )
        self._alarm(
            "many-held",
            f"{MANY_HELD} operations at once wait for a decision, each only for a time: something fails for many.",
            self._own(metrics.UNDECIDED, "Maximum"),
            threshold=MANY_HELD,
            minutes=5,
        )
        self._alarm(
            "backlog-old",
            "What was accepted waits for minutes to be started: Step Functions is throttled, denied or down.",
            self._own(metrics.BACKLOG_AGE, "Maximum"),
            threshold=LATE,
        )

    def _own(self, metric: Metric, statistic: str = "Sum") -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace=NAMESPACE,
            metric_name=metric.name,
            dimensions_map={HUB: self._prefix.rstrip("-")},
            period=MINUTE,
            statistic=statistic,
        )

    def _alarm(
        self,
        name: str,
        happened: str,
        metric: cloudwatch.IMetric,
        *,
        threshold: float = 1,
        minutes: int = 1,
        below: bool = False,
        page: str = "",
    ) -> cloudwatch.Alarm:
        missing, comparison = (
            (cloudwatch.TreatMissingData.BREACHING, cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD)
            if below
            else (
                cloudwatch.TreatMissingData.NOT_BREACHING,
                cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            )
        )
        return cloudwatch.Alarm(
            self,
            "".join(word[0].upper() + word[1:] for word in name.split("-")),
            alarm_name=f"{self._prefix}{name}",
            alarm_description=f"{happened} What to do: {self._runbooks}/{page or name}.md",
            metric=metric,
            threshold=threshold,
            evaluation_periods=minutes,
            comparison_operator=comparison,
            treat_missing_data=missing,
        )
