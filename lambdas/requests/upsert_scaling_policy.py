"""upsertScalingPolicy: make or change a scaling policy of a server group, and the alarm that sets it off."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal, Self

from pydantic import Field

from lambdas.accounts import Account
from lambdas.requests import (
    LARGEST,
    Description,
    Invalid,
    Json,
    Number,
    OfOneServerGroup,
    Value,
    account_of,
    guards_of_one,
    key,
)
from lambdas.requests.alarm_settings import AlarmDescription, AlarmSettings, Dimension, Statistic

KIND = "upsertScalingPolicyDescription"
PERCENT = "PercentChangeInCapacity"
Adjustment = Literal["ChangeInCapacity", "ExactCapacity", "PercentChangeInCapacity"]


class Simple(Value):
    """One adjustment, then a pause."""

    scaling_adjustment: int
    cooldown: int = Field(600, ge=0, le=LARGEST)
    """Seconds."""

    @property
    def specification(self) -> dict[str, Any]:
        told = {"ScalingAdjustment": self.scaling_adjustment, "Cooldown": self.cooldown}
        return {"PolicyType": "SimpleScaling"} | told


class StepAdjustment(Value):
    """What is done within two bounds, as distances from the alarm's threshold."""

    scaling_adjustment: int
    metric_interval_lower_bound: float | None = None
    """By default there is none."""
    metric_interval_upper_bound: float | None = None
    """By default there is none."""


class Steps(Value):
    """Adjustments by how far the metric is from the threshold."""

    step_adjustments: tuple[StepAdjustment, ...] = Field(min_length=1, max_length=20)
    estimated_instance_warmup: int | None = Field(None, ge=0, le=LARGEST)
    """Seconds; by default the group's."""
    metric_aggregation_type: Literal["Minimum", "Maximum", "Average"] = "Average"

    @property
    def specification(self) -> dict[str, Any]:
        return {
            "PolicyType": "StepScaling",
            "EstimatedInstanceWarmup": self.estimated_instance_warmup,
            "MetricAggregationType": self.metric_aggregation_type,
            "StepAdjustments": [
                _pascal(one.model_dump(exclude_none=True, by_alias=True)) for one in self.step_adjustments
            ],
        }


class PredefinedMetric(Value):
    """One of those that Auto Scaling knows."""

    predefined_metric_type: str = Field(min_length=1)
    """E.g. `ASGAverageCPUUtilization`."""
    resource_label: str | None = Field(None, min_length=1)
    """Of a target group: its load balancer and itself."""


class CustomizedMetric(Value):
    """Any of CloudWatch."""

    metric_name: str = Field(min_length=1)
    namespace: str = Field(min_length=1)
    statistic: Statistic
    dimensions: tuple[Dimension, ...] = ()
    unit: str | None = Field(None, min_length=1)


class Tracking(Value):
    """A metric that is kept at a value."""

    target_value: float
    predefined_metric_specification: PredefinedMetric | None = None
    customized_metric_specification: CustomizedMetric | None = None
    disable_scale_in: bool = False

    def contradictions(self) -> Iterator[str]:
        if (self.predefined_metric_specification is None) == (self.customized_metric_specification is None):
            yield "give either predefinedMetricSpecification or customizedMetricSpecification"


class PolicyAlarm(AlarmSettings):
    """The alarm that sets the policy off."""

    name: str | None = Field(None, min_length=1, max_length=255)
    """By default made from the group's name and the metric's: then it is a new alarm."""


class ScalingPolicyDescription(Description):
    """What follows `simple`, `step` and `targetTrackingConfiguration` is read by the request itself."""

    region: str | None = None
    server_group_name: str | None = None
    asg_name: str | None = None
    name: str | None = None
    adjustment_type: str | None = None
    min_adjustment_magnitude: Number = None
    simple: Json | None = None
    step: Json | None = None
    target_tracking_configuration: Json | None = None
    estimated_instance_warmup: Number = None
    alarm: AlarmDescription | None = None

    def problems(self, account: Account | None) -> Iterator[str]:
        """The codes of `UpsertScalingPolicyDescriptionValidator.groovy`."""
        ways = [bool(way) for way in (self.simple, self.step, self.target_tracking_configuration)]
        if account and account.regions and self.region not in account.regions:
            yield f"{KIND}.regions.not.configured"
        if not (self.server_group_name or self.asg_name):
            yield f"{KIND}.serverGroupName.not.nullable"
        if self.min_adjustment_magnitude and self.adjustment_type != PERCENT:
            yield f"{KIND}.minAdjustmentMagnitude.requires.adjustmentType.percentChangeInCapacity"
        if sum(ways) > 1:
            yield f"{KIND}.must.only.specify.simple.step.targetTrackingConfiguration"
        if not any(ways):
            yield f"{KIND}.must.be.simplePolicy.or.stepPolicy.or.targetTrackingPolicy"
        if self.target_tracking_configuration and not self.estimated_instance_warmup:
            yield f"{KIND}.targetTracking.requires.estimatedInstanceWarmup"


class UpsertScalingPolicy(OfOneServerGroup):
    """Make or change one scaling policy of one server group, in one of three ways."""

    name: str | None = Field(None, min_length=1, max_length=255)
    """By default made from the group's name: then it is a new policy."""
    adjustment_type: Adjustment = "ChangeInCapacity"
    """Of `simple` and `step`."""
    min_adjustment_magnitude: int | None = Field(None, ge=1, le=LARGEST)
    """The fewest instances that a percentage comes to."""
    simple: Simple | None = None
    step: Steps | None = None
    target_tracking_configuration: Tracking | None = None
    """For this, Auto Scaling makes the alarms itself."""
    estimated_instance_warmup: int | None = Field(None, ge=0, le=LARGEST)
    """Seconds, of `targetTrackingConfiguration`."""
    alarm: PolicyAlarm | None = None
    """What sets the policy off, besides its own actions; not with `targetTrackingConfiguration`."""

    clouddriver_names: ClassVar[frozenset[str]] = frozenset({"upsertScalingPolicy", KIND})

    def contradictions(self) -> Iterator[str]:
        yield from super().contradictions()
        ways = [way for way in (self.simple, self.step, self.target_tracking_configuration) if way is not None]
        if len(ways) != 1:
            yield "give exactly one of simple, step and targetTrackingConfiguration"
        if self.min_adjustment_magnitude is not None and self.adjustment_type != PERCENT:
            yield f"minAdjustmentMagnitude: only with the adjustmentType {PERCENT}"
        if self.target_tracking_configuration is not None and self.alarm is not None:
            yield "alarm: Auto Scaling makes those of a targetTrackingConfiguration itself; leave it out"

    @property
    def specification(self) -> dict[str, Any]:
        """In Auto Scaling's own words."""
        if (tracking := self.target_tracking_configuration) is not None:
            return {
                "PolicyType": "TargetTrackingScaling",
                "EstimatedInstanceWarmup": self.estimated_instance_warmup,
                "TargetTrackingConfiguration": _pascal(tracking.model_dump(exclude_none=True, by_alias=True)),
            }
        adjusted = {"AdjustmentType": self.adjustment_type, "MinAdjustmentMagnitude": self.min_adjustment_magnitude}
        way = self.simple or self.step
        return adjusted | (way.specification if way else {})

    @classmethod
    def of_clouddriver(cls, description: Json, accounts: Mapping[str, Account]) -> list[Self]:
        """As in Clouddriver, the alarm of a policy that tracks a target is passed over."""
        account = account_of(description)
        read = ScalingPolicyDescription.read(description)
        if found := list(read.problems(accounts.get(account))):
            raise Invalid(found)
        names = ("region", "name", "adjustment_type", "min_adjustment_magnitude", "estimated_instance_warmup")
        ways = ("simple", "step", "target_tracking_configuration")
        fields = {one: value for one in (*names, *ways) if (value := getattr(read, one)) not in (None, "")}
        if read.alarm is not None and read.target_tracking_configuration is None:
            fields["alarm"] = read.alarm.said | ({"name": read.alarm.name} if read.alarm.name else {})
        group = read.server_group_name or read.asg_name
        return [cls.normalised(fields | {"account": account, "server_group_name": group})]


def guards_of_policy(request: UpsertScalingPolicy) -> tuple[str, ...]:
    """The group, and the alarm where it is named."""
    name = request.alarm.name if request.alarm else None
    alarm = (key(request.account, request.region, "alarm", name),) if name else ()
    return (*guards_of_one(request), *alarm)


def _pascal(told: Any) -> Any:
    if isinstance(told, Mapping):
        return {f"{name[0].upper()}{name[1:]}": _pascal(value) for name, value in told.items()}
    return [_pascal(one) for one in told] if isinstance(told, list | tuple) else told
