"""rebootInstances as it is rehearsed."""

from rehearsal.scenarios.region import OUR_INSTANCES, WHERE, furnished
from rehearsal.trials import Scenario

REBOOTS = Scenario("rebootInstances", "rebootInstances", {**WHERE, "instanceIds": OUR_INSTANCES}, furnished)

SCENARIOS = (REBOOTS,)
