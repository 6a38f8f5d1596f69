"""upsertScalingPolicy as it is rehearsed: one that stands changes with its alarm, and a new one is made with one."""

from dataclasses import replace

from lambdas.hub import Json
from rehearsal.scenarios.region import OURS, WHERE, furnished
from rehearsal.trials import Scenario

ALARM: Json = {
    "metricName": "CPUUtilization",
    "namespace": "AWS/EC2",
    "statistic": "Average",
    "comparisonOperator": "GreaterThanThreshold",
    "threshold": 80,
    "evaluationPeriods": 2,
    "dimensions": [{"name": "AutoScalingGroupName", "value": OURS}],
}
NEW: Json = {
    **WHERE,
    "serverGroupName": OURS,
    "step": {"stepAdjustments": [{"scalingAdjustment": 2, "metricIntervalLowerBound": 0}]},
    "alarm": ALARM,
}
RESCALES = Scenario(
    "upsertScalingPolicy",
    "upsertScalingPolicy",
    NEW | {"name": "up", "alarm": ALARM | {"name": f"{OURS}-busy"}},
    furnished,
)
SCALES = replace(RESCALES, name="upsertScalingPolicy/new", request=NEW)

SCENARIOS = (RESCALES, SCALES)
