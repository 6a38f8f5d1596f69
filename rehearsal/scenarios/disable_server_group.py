"""disableServerGroup as it is rehearsed: all of it, a part of it, and in a protected cluster."""

from dataclasses import replace

from rehearsal.scenarios.region import OURS, WHERE, furnished, in_service, protected
from rehearsal.trials import Scenario

DISABLES = Scenario("disableServerGroup", "disableServerGroup", {**WHERE, "serverGroupName": OURS}, furnished)
DISABLES_A_PART = Scenario(
    "disableServerGroup/part",
    "disableServerGroup",
    {**WHERE, "serverGroupName": OURS, "desiredPercentage": 50},
    furnished,
)
DISABLES_PROTECTED = replace(DISABLES, name="disableServerGroup/protected", prepare=protected, invariants=(in_service,))

SCENARIOS = (DISABLES, DISABLES_A_PART, DISABLES_PROTECTED)
