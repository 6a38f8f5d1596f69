"""modifyAsg as it is rehearsed: some attributes change, one is so already, one metric comes and one goes."""

from rehearsal.scenarios.region import ACCOUNT, OURS, REGION, WHERE, furnished
from rehearsal.trials import Scenario
from rehearsal.world import World


def measured(world: World) -> None:
    """As `furnished`, with two metrics that are collected."""
    furnished(world)
    world.cloud.cloud(ACCOUNT, REGION).groups.enable_metrics(OURS, ["GroupMinSize", "GroupMaxSize"])


MODIFIES = Scenario(
    "modifyAsg",
    "modifyAsg",
    {
        **WHERE,
        "serverGroupName": OURS,
        "cooldown": 300,
        "healthCheckType": "EC2",
        "healthCheckGracePeriod": 60,
        "terminationPolicies": ["Default", "OldestInstance"],
        "enabledMetrics": ["GroupMinSize", "GroupDesiredCapacity"],
    },
    measured,
)

SCENARIOS = (MODIFIES,)
