"""terminateInstanceAndDecrementServerGroup as it is rehearsed: minimum and maximum move with it."""

from rehearsal.scenarios.region import OUR_INSTANCES, OURS, WHERE, in_service, protected
from rehearsal.trials import Scenario

OPERATION = "terminateInstanceAndDecrementServerGroup"
DECREMENTS = Scenario(
    OPERATION,
    OPERATION,
    {
        **WHERE,
        "serverGroupName": OURS,
        "instance": OUR_INSTANCES[0],
        "adjustMinIfNecessary": True,
        "setMaxToNewDesired": True,
    },
    protected,
    invariants=(in_service,),
)

SCENARIOS = (DECREMENTS,)
