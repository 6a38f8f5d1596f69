"""deleteCloudFormationChangeSet as it is rehearsed: one that nobody has executed."""

from rehearsal.scenarios.execute_cloud_formation_change_set import REQUEST, prepared
from rehearsal.trials import Scenario

DELETES_CHANGE_SET = Scenario("deleteCloudFormationChangeSet", "deleteCloudFormationChangeSet", REQUEST, prepared)

SCENARIOS = (DELETES_CHANGE_SET,)
