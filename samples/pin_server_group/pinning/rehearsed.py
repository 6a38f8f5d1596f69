"""pinServerGroup as it is rehearsed: a group that could grow and shrink."""

from pinning.pin_server_group import PIN_SERVER_GROUP
from rehearsal.scenarios.region import OURS, WHERE, furnished
from rehearsal.trials import Scenario

SCENARIOS = (
    Scenario(
        "pinServerGroup",
        "pinServerGroup",
        {**WHERE, "serverGroupName": OURS},
        furnished,
        sagas=(PIN_SERVER_GROUP,),
    ),
)
