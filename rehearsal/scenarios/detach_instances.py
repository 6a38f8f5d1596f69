"""detachInstances as it is rehearsed: for good with the minimum, and to run on while the group launches others."""

from dataclasses import replace

from rehearsal.scenarios.region import OUR_INSTANCES, OURS, WHERE, in_service, protected
from rehearsal.trials import Scenario

DETACHES = Scenario(
    "detachInstances",
    "detachInstances",
    {
        **WHERE,
        "serverGroupName": OURS,
        "instanceIds": OUR_INSTANCES,
        "decrementDesiredCapacity": True,
        "adjustMinIfNecessary": True,
        "terminateDetachedInstances": True,
    },
    protected,
    invariants=(in_service,),
)
LETS_GO = replace(
    DETACHES,
    name="detachInstances/kept",
    request={**WHERE, "serverGroupName": OURS, "instanceIds": OUR_INSTANCES[:1]},
)

SCENARIOS = (DETACHES, LETS_GO)
