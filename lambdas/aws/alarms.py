"""Metric alarms on CloudWatch."""

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from lambdas import nouns
from lambdas.aws import specifications
from lambdas.aws import tags as tagging
from lambdas.aws.scaling import ALARM
from lambdas.cloud import Tags
from lambdas.cloud.alarms import Alarms, MetricAlarm
from lambdas.error_codes import translating
from lambdas.errors import NotFound, Rejected

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

SERVICE = "cloudwatch"
FIELDS = (
    *ALARM,
    *("AlarmActions", "OKActions", "InsufficientDataActions"),
    *("EvaluationCriteria", "EvaluationInterval", "EvaluationWindow", "WarmUpConfiguration", "ActionConfiguration"),
)
"""PutMetricAlarm's, which DescribeAlarms answers too."""


class CloudWatchAlarms(Alarms):
    def __init__(self, clients: nouns.Clients) -> None:
        self._client: CloudWatchClient = clients[SERVICE]

    def found(self, names: Sequence[str]) -> tuple[MetricAlarm, ...]:
        if not names:  # to CloudWatch an empty list means all of them
            return ()
        with translating(SERVICE, f"alarms {', '.join(names)}"):
            answer = self._client.describe_alarms(AlarmNames=list(names), AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        if composite := answer.get("CompositeAlarms"):
            raise Rejected(f"{composite[0]['AlarmName']} is a composite alarm: change it by other means")
        found = answer.get("MetricAlarms", ())
        return tuple(
            MetricAlarm(one["AlarmName"], specifications.written(one, FIELDS), one["AlarmArn"])
            for one in sorted(found, key=lambda one: one["AlarmName"])
        )

    def tags(self, arn: str) -> Tags:
        with translating(SERVICE, f"alarm {arn}"):
            return tagging.parsed(self._client.list_tags_for_resource(ResourceARN=arn)["Tags"])

    def put(self, name: str, specification: str, tags: Tags = ()) -> None:
        tagged: Any = {"Tags": tagging.rendered(tags)} if tags else {}
        with translating(SERVICE, f"alarm {name}"):
            self._client.put_metric_alarm(AlarmName=name, **specifications.read(specification), **tagged)

    def delete(self, names: Sequence[str]) -> None:
        """Those that are there go, whatever names stand beside theirs.

        https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DeleteAlarms.html
        """
        with suppress(NotFound), translating(SERVICE, f"alarms {', '.join(names)}"):
            self._client.delete_alarms(AlarmNames=list(names))
