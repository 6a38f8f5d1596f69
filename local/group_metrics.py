"""Which metrics of a group are collected: moto would forget those before, and cannot stop collecting any."""

from __future__ import annotations

from typing import Any

from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult, EmptyResult

from local.patches import replace


def install() -> None:
    replace(AutoScalingResponse, enable_metrics_collection=enable)
    AutoScalingResponse.disable_metrics_collection = disable  # type: ignore[attr-defined]


def enable(response: AutoScalingResponse) -> ActionResult:
    group = _group(response)
    group.metrics = sorted({*group.metrics, *response._get_param("Metrics", [])})
    return EmptyResult()


def disable(response: AutoScalingResponse) -> ActionResult:
    """No metrics means all of them.

    https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DisableMetricsCollection.html
    """
    group, named = _group(response), response._get_param("Metrics", [])
    group.metrics = [one for one in group.metrics if named and one not in named]
    return EmptyResult()


def _group(response: AutoScalingResponse) -> Any:
    return response.autoscaling_backend.autoscaling_groups[response._get_param("AutoScalingGroupName")]
