"""Alarms composed of others, which moto keeps if they come as metric alarms, but has no call for.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
"""

from __future__ import annotations

import re
from typing import Any

from moto.cloudwatch.exceptions import ValidationError
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult

from local.patches import replace

_NAMED = re.compile(r'\b(?:ALARM|OK|INSUFFICIENT_DATA)\(\s*(?:"([^"]+)"|([^)"\s]+))\s*\)')


def install() -> None:
    described = CloudWatchResponse.describe_alarms

    def put_composite_alarm(response: CloudWatchResponse) -> ActionResult:
        known = response.cloudwatch_backend.alarms
        missing = [one for one in _named(response._get_param("AlarmRule")) if one.rpartition(":alarm:")[2] not in known]
        if missing:
            raise ValidationError(
                f"Could not save the composite alarm as alarms [{', '.join(missing)}] in the alarm rule do not exist"
            )
        return response.put_metric_alarm()

    def describe_alarms(response: CloudWatchResponse) -> ActionResult:
        """Composite ones only for whoever asks for them."""
        found: Any = described(response).result
        asked = response._get_param("AlarmTypes") or ["MetricAlarm"]
        return ActionResult({kind: alarms if kind[:-1] in asked else [] for kind, alarms in found.items()})

    CloudWatchResponse.put_composite_alarm = put_composite_alarm  # type: ignore[attr-defined]
    replace(CloudWatchResponse, describe_alarms=describe_alarms)


def _named(rule: str) -> list[str]:
    """The alarms of a rule, by name or ARN as it has them."""
    return [quoted or bare for quoted, bare in _NAMED.findall(rule)]
