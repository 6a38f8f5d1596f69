"""deleteAsgTags as it is rehearsed: two tags stand, one of them kept from instances; a third is not there."""

from rehearsal.scenarios.region import OURS, WHERE
from rehearsal.scenarios.upsert_server_group_tags import tagged
from rehearsal.trials import Scenario

UNTAGS = Scenario(
    "deleteAsgTags",
    "deleteAsgTags",
    {**WHERE, "serverGroupName": OURS, "tagKeys": ["team", "cost", "stage"]},
    tagged,
)

SCENARIOS = (UNTAGS,)
