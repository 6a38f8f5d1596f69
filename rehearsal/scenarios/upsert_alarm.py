"""upsertAlarm as it is rehearsed: an alarm that stands is changed, and one that does not is made."""

import json
from dataclasses import replace

from lambdas.hub import Json
from rehearsal.fake_cloud.policies import put
from rehearsal.scenarios.region import ACCOUNT, OURS, REGION, WHERE, furnished
from rehearsal.trials import Scenario
from rehearsal.world import World

TOPIC = "arn:aws:sns:us-east-1:123456789012:people"
STANDING: Json = {
    "MetricName": "CPUUtilization",
    "Namespace": "AWS/EC2",
    "Statistic": "Average",
    "ComparisonOperator": "GreaterThanThreshold",
    "Threshold": 90.0,
    "EvaluationPeriods": 3,
    "Period": 60,
    "TreatMissingData": "missing",
    "AlarmActions": [TOPIC],
}
ALARM: Json = {
    **WHERE,
    "name": "shop-hot",
    "serverGroupName": OURS,
    "metricName": "CPUUtilization",
    "namespace": "AWS/EC2",
    "statistic": "Average",
    "comparisonOperator": "GreaterThanThreshold",
    "threshold": 80,
    "evaluationPeriods": 2,
}


def hot(world: World) -> None:
    """As `furnished`, with an alarm that tells people."""
    furnished(world)
    specification = json.dumps(STANDING, sort_keys=True, separators=(",", ":"))
    put(world.cloud.place(ACCOUNT, REGION), "shop-hot", specification, (("team", "shop"),))


REALARMS = Scenario("upsertAlarm", "upsertAlarm", ALARM, hot)
ALARMS = replace(REALARMS, name="upsertAlarm/new", prepare=furnished)

SCENARIOS = (REALARMS, ALARMS)
