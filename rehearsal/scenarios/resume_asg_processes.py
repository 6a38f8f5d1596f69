"""resumeAsgProcesses as it is rehearsed: of two processes asked for, one is suspended."""

from rehearsal.scenarios.region import ACCOUNT, OURS, REGION, WHERE, furnished
from rehearsal.trials import Scenario
from rehearsal.world import World


def suspended(world: World) -> None:
    """As `furnished`, with a process that somebody suspended."""
    furnished(world)
    world.cloud.cloud(ACCOUNT, REGION).groups.suspend(OURS, ["Terminate"])


RESUMES = Scenario(
    "resumeAsgProcesses",
    "resumeAsgProcesses",
    {**WHERE, "serverGroupName": OURS, "processes": ["Terminate", "AZRebalance"]},
    suspended,
)

SCENARIOS = (RESUMES,)
