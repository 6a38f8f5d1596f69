"""What a caller may say about a metric alarm, by itself or with a scaling policy."""

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import Field

from lambdas.requests import LARGEST, Description, Flag, Number, Value

Comparison = Literal[
    "GreaterThanOrEqualToThreshold",
    "GreaterThanThreshold",
    "LessThanOrEqualToThreshold",
    "LessThanThreshold",
]
Statistic = Literal["SampleCount", "Average", "Sum", "Minimum", "Maximum"]
REQUIRED = ("metric_name", "namespace", "comparison_operator", "evaluation_periods", "threshold", "statistic")
SHORTEST = (10, 20, 30)
"""Seconds of a period, besides multiples of 60."""


class Dimension(Value):
    """One of a metric."""

    name: str = Field(min_length=1, max_length=255)
    value: str = Field(min_length=1, max_length=1024)


class DimensionDescription(Description):
    name: str | None = None
    value: str | None = None


class AlarmDescription(Description):
    """As Clouddriver's `UpsertAlarmDescription`, alone or within a scaling policy."""

    name: str | None = None
    asg_name: str | None = None
    region: str | None = None
    actions_enabled: Flag = None
    alarm_description: str | None = None
    comparison_operator: str | None = None
    dimensions: tuple[DimensionDescription, ...] | None = None
    evaluation_periods: Number = None
    period: Number = None
    threshold: float | None = None
    namespace: str | None = None
    metric_name: str | None = None
    statistic: str | None = None
    unit: str | None = None
    alarm_action_arns: tuple[str, ...] | None = None
    insufficient_data_action_arns: tuple[str, ...] | None = None
    ok_action_arns: tuple[str, ...] | None = None

    @property
    def said(self) -> dict[str, Any]:
        """The fields of `AlarmSettings` that are said."""
        fields = self.model_dump(include=set(AlarmSettings.model_fields), exclude_none=True)
        return {name: value for name, value in fields.items() if value != ""}


class AlarmSettings(Value):
    """When an alarm fires, and what it sets off."""

    metric_name: str = Field(min_length=1, max_length=255)
    namespace: str = Field(min_length=1, max_length=255)
    statistic: Statistic
    comparison_operator: Comparison
    threshold: float
    evaluation_periods: int = Field(ge=1, le=LARGEST)
    """So many periods in a row."""
    period: int = Field(300, ge=10)
    """Seconds: 10, 20, 30 or a multiple of 60."""
    dimensions: tuple[Dimension, ...] = Field((), max_length=30)
    unit: str | None = Field(None, min_length=1)
    """By default any."""
    actions_enabled: bool = True
    alarm_description: str | None = Field(None, max_length=900)
    alarm_action_arns: tuple[str, ...] = Field((), max_length=5)
    """What it sets off when it fires."""
    ok_action_arns: tuple[str, ...] = Field((), max_length=5)
    """What it sets off when all is well again."""
    insufficient_data_action_arns: tuple[str, ...] = Field((), max_length=5)
    """What it sets off where it cannot tell."""

    def contradictions(self) -> Iterator[str]:
        yield from super().contradictions()
        if self.period % 60 and self.period not in SHORTEST:
            yield f"period: {self.period} is neither 10, 20 or 30 nor a multiple of 60"

    @property
    def specification(self) -> dict[str, Any]:
        """In CloudWatch's own words."""
        return {
            "MetricName": self.metric_name,
            "Namespace": self.namespace,
            "Statistic": self.statistic,
            "ComparisonOperator": self.comparison_operator,
            "Threshold": self.threshold,
            "EvaluationPeriods": self.evaluation_periods,
            "Period": self.period,
            "Dimensions": [{"Name": one.name, "Value": one.value} for one in self.dimensions],
            "Unit": self.unit,
            "ActionsEnabled": self.actions_enabled,
            "AlarmDescription": self.alarm_description,
            "AlarmActions": list(self.alarm_action_arns),
            "OKActions": list(self.ok_action_arns),
            "InsufficientDataActions": list(self.insufficient_data_action_arns),
        }
