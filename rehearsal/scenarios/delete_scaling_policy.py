"""deleteScalingPolicy as it is rehearsed: of two alarms that set it off, one tells people too."""

import json

from rehearsal.fake_cloud.policies import arn_of, put
from rehearsal.scenarios.region import ACCOUNT, OURS, REGION, WHERE, furnished
from rehearsal.scenarios.upsert_alarm import STANDING, TOPIC
from rehearsal.trials import Scenario
from rehearsal.world import World


def shared(world: World) -> None:
    """As `furnished`, with an alarm that sets off the policy, and tells people; and tags on the other."""
    furnished(world)
    place = world.cloud.place(ACCOUNT, REGION)
    arn = arn_of(place, OURS, "up")
    put(place, f"{OURS}-loud", json.dumps(STANDING | {"AlarmActions": [TOPIC, arn]}))
    alone = json.dumps(STANDING | {"AlarmActions": [arn]})
    put(place, f"{OURS}-quiet", alone, (("team", "shop"),))


UNSCALES = Scenario(
    "deleteScalingPolicy",
    "deleteScalingPolicy",
    {**WHERE, "serverGroupName": OURS, "policyName": "up"},
    shared,
)

SCENARIOS = (UNSCALES,)
