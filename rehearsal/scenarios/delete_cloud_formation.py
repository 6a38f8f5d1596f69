"""deleteCloudFormation as it is rehearsed: a stack that stands there, with a change set."""

from rehearsal.scenarios.deploy_cloud_formation import STACK
from rehearsal.scenarios.execute_cloud_formation_change_set import prepared
from rehearsal.scenarios.region import WHERE
from rehearsal.trials import Scenario

DELETES_STACK = Scenario("deleteCloudFormation", "deleteCloudFormation", {**WHERE, "stackName": STACK}, prepared)

SCENARIOS = (DELETES_STACK,)
