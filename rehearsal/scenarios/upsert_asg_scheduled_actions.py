"""upsertAsgScheduledActions as it is rehearsed: of four one stays, two change, one goes; and one is new."""

import json

from lambdas.cloud import ScheduledAction
from lambdas.hub import Json
from rehearsal.scenarios.region import ACCOUNT, OURS, REGION, WHERE, furnished
from rehearsal.trials import Scenario
from rehearsal.world import World

STANDING: dict[str, Json] = {
    "morning": {"Recurrence": "0 6 * * *", "MinSize": 2, "TimeZone": "Europe/Berlin"},
    "noon": {"Recurrence": "0 12 * * *", "MinSize": 2},
    "night": {"Recurrence": "0 2 * * *", "MinSize": 1},
    "sunday": {"Recurrence": "0 0 * * SUN", "MinSize": 0},
}


def scheduled(world: World) -> None:
    """As `furnished`, with four actions."""
    furnished(world)
    scaling = world.cloud.cloud(ACCOUNT, REGION).scaling
    for name, specification in STANDING.items():
        written = json.dumps(specification, sort_keys=True, separators=(",", ":"))
        scaling.put_scheduled_action(OURS, ScheduledAction(name, written))


WANTED = [
    {"recurrence": "0 6 * * *", "minSize": 3},
    {"recurrence": "0 12 * * *", "minSize": 2, "maxSize": 4},
    {"recurrence": "0 2 * * *", "minSize": 1},
    {"recurrence": "0 18 * * *", "minSize": 1, "maxSize": 4, "desiredCapacity": 2},
]
SCHEDULES = Scenario(
    "upsertAsgScheduledActions",
    "upsertAsgScheduledActions",
    {**WHERE, "serverGroupName": OURS, "scheduledActions": WANTED},
    scheduled,
)

SCENARIOS = (SCHEDULES,)
