"""deleteSecurityGroup as it is rehearsed: a group that nothing uses goes."""

from rehearsal.fake_cloud import seeds
from rehearsal.scenarios.region import WHERE
from rehearsal.scenarios.upsert_security_group import ruled
from rehearsal.trials import Scenario

DELETES = Scenario(
    "deleteSecurityGroup",
    "deleteSecurityGroup",
    {**WHERE, "securityGroupName": "shop-api", "vpcId": seeds.VPC},
    ruled,
)

SCENARIOS = (DELETES,)
