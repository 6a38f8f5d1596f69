"""The dashboard: its first row says whether all is well, the others what is not."""

from collections.abc import Iterable, Sequence

from aws_cdk import Aws, Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from lambdas import metrics
from lambdas.metrics import HUB, NAMESPACE, Metric

WIDE, THIRD, HALF = 24, 8, 12
FIVE = Duration.minutes(5)


class Dashboard(Construct):
    """`alarms`: names, without the prefix, of those whose states the first row shows."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        prefix: str,
        apis: Sequence[str],
        functions: Sequence[str],
        alarms: Sequence[str],
    ) -> None:
        super().__init__(scope, construct_id)
        self._hub, self._prefix, self._apis, self._functions = prefix.rstrip("-"), prefix, apis, functions
        dashboard = cloudwatch.Dashboard(
            self, "Dashboard", dashboard_name=f"{prefix}watch", default_interval=Duration.hours(24)
        )
        for row in (
            self._is_it_well(alarms),
            self._by_operation(),
            self._what_fails(),
            self._waits_and_guards(),
            self._backlog_and_door(),
            self._costs(),
        ):
            dashboard.add_widgets(*row)

    def _is_it_well(self, alarms: Sequence[str]) -> Iterable[cloudwatch.IWidget]:
        """What has to be acted on, and four numbers of the last day."""
        arns = [
            f"arn:{Aws.PARTITION}:cloudwatch:{Aws.REGION}:{Aws.ACCOUNT_ID}:alarm:{self._prefix}{one}" for one in alarms
        ]
        watched = [cloudwatch.Alarm.from_alarm_arn(self, f"Alarm{number}", arn) for number, arn in enumerate(arns)]
        numbers = (
            self._own(metrics.OUR_FAULT, "SampleCount", label="ended"),
            self._own(metrics.OUR_FAULT, "Sum", label="by our fault"),
            self._own(metrics.CALLED, "Sum", label="called a person"),
            self._own(metrics.HOLDS_OPEN, "Maximum", label="held, at most"),
        )
        yield cloudwatch.AlarmStatusWidget(
            title="Is it well? What a person must act on", alarms=watched, width=HALF, height=6
        )
        yield cloudwatch.SingleValueWidget(
            title="The last day", metrics=list(numbers), width=HALF, height=6, period=Duration.days(1)
        )

    def _by_operation(self) -> Iterable[cloudwatch.IWidget]:
        for end, title in (
            ("SUCCEEDED", "Done, by operation"),
            ("ROLLED_BACK", "Put back, by operation"),
            ("NEEDS_ATTENTION", "A person called, by operation"),
        ):
            yield self._found(title, metrics.ENDS, "Sum", f'End="{end}"', THIRD)

    def _what_fails(self) -> Iterable[cloudwatch.IWidget]:
        yield self._found("Attempts that failed, by activity and error", metrics.FAILED, "Sum", "", HALF)
        yield self._lines(
            "Our own doing",
            [self._own(one, "Sum") for one in (metrics.BROKEN, metrics.OUTSIDE, metrics.OUR_FAULT)],
            HALF,
        )

    def _waits_and_guards(self) -> Iterable[cloudwatch.IWidget]:
        ages = [self._own(one, "Maximum") for one in (metrics.WAIT_AGE, metrics.GUARD_AGE)]
        yield self._lines("Oldest wait, longest place in a guard's queue (s)", ages, THIRD)
        yield self._lines("Operations that are held", [self._own(metrics.HOLDS_OPEN, "Maximum")], THIRD)
        yield self._found("Time in a state, p90 (s)", metrics.STATE_TIME, "p90", "", THIRD)

    def _backlog_and_door(self) -> Iterable[cloudwatch.IWidget]:
        begins = [self._own(metrics.BEGIN_TIME, one, label=one) for one in ("p50", "p99")]
        yield self._lines("Until it begins (s)", begins, THIRD)
        yield self._lines("How late the oldest start is (s)", [self._own(metrics.BACKLOG_AGE, "Maximum")], THIRD)
        asked = (("Count", "SampleCount"), ("5XXError", "Sum"), ("4XXError", "Sum"))
        doors = [self._door(api, *one) for api in self._apis for one in asked]
        yield self._lines("Requests, and what was answered otherwise", doors, THIRD)

    def _costs(self) -> Iterable[cloudwatch.IWidget]:
        """What the bill is made of (docs/costs.md)."""
        yield self._functions_of("Function seconds", "Duration", "Sum")
        yield self._functions_of("Invocations", "Invocations", "Sum")
        text = (
            "### What it costs\nAn operation without faults costs $0.0003 to $0.0006, mostly transitions of Step "
            "Functions and writes of the table: [docs/costs.md](docs/costs.md) has each. These two pictures are the "
            "rest of the bill; a function that stands out here is retried a lot."
        )
        yield cloudwatch.TextWidget(markdown=text, width=THIRD, height=6)

    def _functions_of(self, title: str, name: str, statistic: str) -> cloudwatch.GraphWidget:
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
        return self._lines(title, told, THIRD, stacked=True)

    def _door(self, api: str, name: str, statistic: str) -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace="AWS/ApiGateway",
            metric_name=name,
            dimensions_map={"ApiName": api},
            statistic=statistic,
            label=f"{api} {name}",
            period=FIVE,
        )

    def _own(self, metric: Metric, statistic: str, label: str = "") -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace=NAMESPACE,
            metric_name=metric.name,
            dimensions_map={HUB: self._hub},
            statistic=statistic,
            label=label or metric.tells,
            period=FIVE,
        )

    def _found(self, title: str, metric: Metric, statistic: str, more: str, width: int) -> cloudwatch.GraphWidget:
        """A line for each combination of dimensions there is."""
        names = ",".join((NAMESPACE, HUB, *metric.by))
        search = f"SEARCH('{{{names}}} {HUB}=\"{self._hub}\" MetricName=\"{metric.name}\" {more}', '{statistic}', 300)"
        told = cloudwatch.MathExpression(expression=search, using_metrics={}, label="", period=FIVE)
        return self._lines(title, [told], width, stacked=statistic == "Sum")

    def _lines(
        self, title: str, told: Sequence[cloudwatch.IMetric], width: int, *, stacked: bool = False
    ) -> cloudwatch.GraphWidget:
        axis = cloudwatch.YAxisProps(min=0, show_units=False)
        return cloudwatch.GraphWidget(
            title=title, left=list(told), width=width, height=6, stacked=stacked, left_y_axis=axis
        )
