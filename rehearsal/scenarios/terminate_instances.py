"""terminateInstances as it is rehearsed: all that a group of a protected cluster has."""

from rehearsal.scenarios.region import OUR_INSTANCES, WHERE, in_service, protected
from rehearsal.trials import Scenario

TERMINATES = Scenario(
    "terminateInstances",
    "terminateInstances",
    {**WHERE, "instanceIds": OUR_INSTANCES},
    protected,
    invariants=(in_service,),
)

SCENARIOS = (TERMINATES,)
