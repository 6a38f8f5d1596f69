"""Alarms on how fast an objective's budget is spent: two windows each, and of several rates the first that counts."""

from collections.abc import Iterator

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from lambdas.metrics import HUB, NAMESPACE
from lambdas.objectives import BURNS, LEAST, OTHERS, Burn, Objectives, Promise

PAGE = "objective-burns"
"""The one page of all of them."""


class ObjectiveAlarms(Construct):
    """For each application and promise one that wakes somebody and one that does not; their parts are silent."""

    def __init__(
        self, scope: Construct, construct_id: str, *, prefix: str, runbooks: str, objectives: Objectives
    ) -> None:
        super().__init__(scope, construct_id)
        self._prefix, self._runbooks = prefix, runbooks
        self.alarms: list[cloudwatch.CompositeAlarm] = []
        for application, objective in objectives.items():
            for promise in objective.promises():
                self.alarms += [self._composed(application, promise, pages=pages) for pages in (True, False)]

    def _composed(self, application: str, promise: Promise, *, pages: bool) -> cloudwatch.CompositeAlarm:
        name = f"{_named(application)}-{promise.name}-burns{'' if pages else '-slowly'}"
        both = [
            cloudwatch.AlarmRule.all_of(*self._windows(application, promise, burn))
            for burn in BURNS
            if burn.pages is pages
        ]
        return cloudwatch.CompositeAlarm(
            self,
            name,
            composite_alarm_name=f"{self._prefix}{name}",
            alarm_description=f"{_whose(application)} {_spent(promise)}. What to do: {self._runbooks}/{PAGE}.md",
            alarm_rule=cloudwatch.AlarmRule.any_of(*both) if len(both) > 1 else both[0],
        )

    def _windows(self, application: str, promise: Promise, burn: Burn) -> Iterator[cloudwatch.IAlarmRule]:
        for seconds in (burn.long, burn.short):
            name = f"{_named(application)}-{promise.name}-{burn.rate:g}x-{seconds // 60}m"
            yield cloudwatch.Alarm(
                self,
                name,
                alarm_name=f"{self._prefix}{name}",
                alarm_description=f"A part of another alarm. What to do: {self._runbooks}/{PAGE}.md",
                metric=self._ratio(application, promise, Duration.seconds(seconds)),
                threshold=round(burn.rate * promise.budget, 9),
                evaluation_periods=1,
                comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
                treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            )

    def _ratio(self, application: str, promise: Promise, period: Duration) -> cloudwatch.MathExpression:
        """The bad ones' part of all, once there are a few."""
        dimensions = {HUB: self._prefix.rstrip("-")} | ({} if application == OTHERS else {"Application": application})

        def told(statistic: str) -> cloudwatch.Metric:
            return cloudwatch.Metric(
                namespace=NAMESPACE,
                metric_name=promise.metric.name,
                dimensions_map=dimensions,
                period=period,
                statistic=statistic,
            )

        expression = f"IF(bad >= {LEAST}, part, 0)"
        metrics = {"bad": told("Sum"), "part": told("Average")}
        return cloudwatch.MathExpression(expression=expression, using_metrics=metrics, period=period)


def _named(application: str) -> str:
    return "hub" if application == OTHERS else application


def _whose(application: str) -> str:
    return "The hub's operations" if application == OTHERS else f"Operations of {application}"


def _spent(promise: Promise) -> str:
    what = "end by our fault" if promise.name == "good" else "begin late"
    return f"{what} so often that the objective of {promise.percent:g} % will not be met"
