"""suspendAsgProcesses as it is rehearsed: of two processes asked for, one is suspended already."""

from rehearsal.scenarios.region import OURS, WHERE
from rehearsal.scenarios.resume_asg_processes import suspended
from rehearsal.trials import Scenario

SUSPENDS = Scenario(
    "suspendAsgProcesses",
    "suspendAsgProcesses",
    {**WHERE, "serverGroupName": OURS, "processes": ["Terminate", "AZRebalance"]},
    suspended,
)

SCENARIOS = (SUSPENDS,)
