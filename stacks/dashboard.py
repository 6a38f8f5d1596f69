"""The dashboard: what a person must act on first, then why, then how long things wait and what they cost.

Titles say what is good; dashed lines say what is promised, or when an alarm rings. A picture of it, drawn from the
synthesised body: `python -m rehearsal dashboard`.
"""

from collections.abc import Iterable, Sequence

from aws_cdk import Aws, Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from lambdas import metrics
from lambdas.metrics import HUB, NAMESPACE, Metric
from stacks.alarms import LATE, MANY_HELD

THIRD, HALF = 8, 12
FIVE, QUARTER = Duration.minutes(5), Duration.minutes(15)
"""Periods: of what somebody acts on, and of what is counted to see a trend."""
LARGEST = 10
"""Lines of a picture, where there may be more series than anybody can tell apart."""


class Dashboard(Construct):
    """`alarms`: names, without the prefix, of those whose states the first row shows; `runbooks`: where their pages
    are; `begin_within`: seconds in which operations are promised to begin.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        prefix: str,
        apis: Sequence[str],
        functions: Sequence[str],
        alarms: Sequence[str],
        runbooks: str,
        begin_within: float,
    ) -> None:
        super().__init__(scope, construct_id)
        self._hub, self._prefix, self._apis, self._functions = prefix.rstrip("-"), prefix, apis, functions
        self._runbooks, self._begin_within = runbooks, begin_within
        dashboard = cloudwatch.Dashboard(
            self, "Dashboard", dashboard_name=f"{prefix}watch", default_interval=Duration.hours(24)
        )
        for row in (
            self._is_it_well(alarms),
            self._what_needs_a_person(),
            self._what_fails(),
            self._how_operations_end(),
            self._how_long_things_wait(),
            self._what_it_costs(),
        ):
            dashboard.add_widgets(*row)

    def _is_it_well(self, alarms: Sequence[str]) -> Iterable[cloudwatch.IWidget]:
        """What has to be acted on, and four numbers."""
        arns = [
            f"arn:{Aws.PARTITION}:cloudwatch:{Aws.REGION}:{Aws.ACCOUNT_ID}:alarm:{self._prefix}{one}" for one in alarms
        ]
        watched = [cloudwatch.Alarm.from_alarm_arn(self, f"Alarm{number}", arn) for number, arn in enumerate(arns)]
        yield cloudwatch.AlarmStatusWidget(
            title="Is it well? What a person must act on", alarms=watched, width=HALF, height=7
        )
        numbers = (
            self._own(metrics.OUR_FAULT, "SampleCount", label="operations ended"),
            self._own(metrics.OUR_FAULT, "Sum", label="ended by our fault"),
            self._own(metrics.CALLED, "Sum", label="called a person"),
            self._own(metrics.HOLDS_OPEN, "Maximum", label="held at once, at most"),
        )
        yield cloudwatch.Column(  # type: ignore[misc]  # it is one: CDK's types do not say all that it has
            cloudwatch.SingleValueWidget(
                title="In the time shown: all but the first should be 0",
                metrics=list(numbers),
                width=HALF,
                height=4,
                set_period_to_time_range=True,
            ),
            cloudwatch.TextWidget(markdown=self._how_to_read(), width=HALF, height=3),
        )

    def _how_to_read(self) -> str:
        return (
            f"**Red alarms first**: the description of each names its page in {self._runbooks}, which says what to do."
            "\n\n**Then from top to bottom**: what waits for a person, what fails, how operations end, how long things "
            "wait, what it costs. Dashed lines are what is promised, or when an alarm rings."
        )

    def _what_needs_a_person(self) -> Iterable[cloudwatch.IWidget]:
        held = (
            self._own(metrics.HOLDS_OPEN, "Maximum", label="held"),
            self._own(metrics.UNDECIDED, "Maximum", label="of these to be decided within a time"),
        )
        rings = (f"many-held rings at {MANY_HELD} to be decided", MANY_HELD)
        yield self._lines("Held: each waits for somebody to decide", held, THIRD, "operations", marks=[rings])
        ours = (
            self._own(metrics.BROKEN, "Sum", label="failures by a bug of ours"),
            self._own(metrics.OUTSIDE, "Sum", label="executions ended from outside"),
            self._own(metrics.OUR_FAULT, "Sum", label="operations ended by our fault"),
        )
        yield self._lines("Our own doing: all of it should be 0", ours, THIRD, "in 5 minutes")
        yield self._ended("A person called: something is left to act on", "NEEDS_ATTENTION")

    def _what_fails(self) -> Iterable[cloudwatch.IWidget]:
        failed = self._found(metrics.FAILED, "Sum", "${PROP('Dim.Activity')}: ${PROP('Dim.Error')}", largest="SUM")
        yield self._lines(
            "Attempts that failed: each is tried again; what stays is trouble",
            [failed],
            HALF,
            "attempts in 5 minutes",
            stacked=True,
        )
        asked = (("Count", "SampleCount"), ("5XXError", "Sum"), ("4XXError", "Sum"))
        doors = [self._door(api, *one) for api in self._apis for one in asked]
        yield self._lines("Requests: 5XX should be 0, 4XX are the callers'", doors, HALF, "requests in 5 minutes")

    def _how_operations_end(self) -> Iterable[cloudwatch.IWidget]:
        yield self._ended("Done: this is what should be", "SUCCEEDED")
        yield self._ended("Put back: nothing is left; bad images, refusals, cancels", "ROLLED_BACK")
        times = self._found(metrics.STATE_TIME, "p90", "${PROP('Dim.State')}", largest="MAX")
        yield self._lines("Time in a state, p90: the longest ten", [times], THIRD, "seconds")

    def _how_long_things_wait(self) -> Iterable[cloudwatch.IWidget]:
        begins = [self._own(metrics.BEGIN_TIME, one, label=one) for one in ("p50", "p99")]
        promised = (f"promised: within {self._begin_within:g} s", self._begin_within)
        yield self._lines("From acceptance to the first state", begins, THIRD, "seconds", marks=[promised])
        late = self._own(metrics.BACKLOG_AGE, "Maximum", label="the oldest start that is late")
        rings = (f"backlog-old rings at {LATE} s", LATE)
        yield self._lines("Backlog: how late starts are; nothing is good", [late], THIRD, "seconds", marks=[rings])
        ages = (
            self._own(metrics.WAIT_AGE, "Maximum", label="oldest check"),
            self._own(metrics.GUARD_AGE, "Maximum", label="first in a guard's queue"),
        )
        yield self._lines("Who waits longest, for the cloud or for a guard", ages, THIRD, "seconds")

    def _what_it_costs(self) -> Iterable[cloudwatch.IWidget]:
        """What the bill is made of (docs/costs.md)."""
        yield self._functions_of("Time of functions", "Duration", "Sum", "milliseconds in 5 minutes")
        yield self._functions_of("Invocations of functions", "Invocations", "Sum", "invocations in 5 minutes")
        text = (
            "### What it costs\nAn operation without faults costs $0.0003 to $0.0006, mostly transitions of Step "
            "Functions and writes of the table: docs/costs.md has each. These two pictures are the rest of the bill; a "
            "function that stands out here is retried a lot."
        )
        yield cloudwatch.TextWidget(markdown=text, width=THIRD, height=6)

    def _functions_of(self, title: str, name: str, statistic: str, axis: str) -> cloudwatch.GraphWidget:
        told = [
            cloudwatch.Metric(
                namespace="AWS/Lambda",
                metric_name=name,
                dimensions_map={"FunctionName": f"{self._prefix}{function}"},
                statistic=statistic,
                label=function,
                period=FIVE,
            )
            for function in self._functions
        ]
        return self._lines(title, told, THIRD, axis, stacked=True)

    def _door(self, api: str, name: str, statistic: str) -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace="AWS/ApiGateway",
            metric_name=name,
            dimensions_map={"ApiName": api},
            statistic=statistic,
            label=f"{api} {name}",
            period=FIVE,
        )

    def _own(self, metric: Metric, statistic: str, label: str) -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace=NAMESPACE,
            metric_name=metric.name,
            dimensions_map={HUB: self._hub},
            statistic=statistic,
            label=label,
            period=FIVE,
        )

    def _ended(self, title: str, end: str) -> cloudwatch.GraphWidget:
        ends = self._found(metrics.ENDS, "Sum", "${PROP('Dim.Operation')}", f' End="{end}"', period=QUARTER)
        return self._lines(title, [ends], THIRD, "operations in 15 minutes", stacked=True)

    def _found(
        self,
        metric: Metric,
        statistic: str,
        label: str,
        more: str = "",
        *,
        largest: str = "",
        period: Duration = FIVE,
    ) -> cloudwatch.MathExpression:
        """A line for each combination of dimensions there is, or for those that are `largest` by MAX or SUM."""
        names = ",".join((NAMESPACE, HUB, *metric.by))
        terms = f'{{{names}}} {HUB}="{self._hub}" MetricName="{metric.name}"{more}'
        search = f"SEARCH('{terms}', '{statistic}', {period.to_seconds():g})"
        expression = f"SORT({search}, {largest}, DESC, {LARGEST})" if largest else search
        return cloudwatch.MathExpression(expression=expression, using_metrics={}, label=label, period=period)

    def _lines(
        self,
        title: str,
        told: Sequence[cloudwatch.IMetric],
        width: int,
        axis: str,
        *,
        stacked: bool = False,
        marks: Sequence[tuple[str, float]] = (),
    ) -> cloudwatch.GraphWidget:
        """`axis`: what the values are; `marks`: words and values of lines across."""
        return cloudwatch.GraphWidget(
            title=title,
            left=list(told),
            width=width,
            height=6,
            stacked=stacked,
            left_y_axis=cloudwatch.YAxisProps(label=axis, min=0, show_units=False),
            left_annotations=[
                cloudwatch.HorizontalAnnotation(label=words, value=value, color=cloudwatch.Color.RED)
                for words, value in marks
            ],
        )
