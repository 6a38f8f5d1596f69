"""updateInstances as it is rehearsed: a security group more for each instance."""

from lambdas.cloud import SecurityGroup
from rehearsal.fake_cloud import seeds
from rehearsal.scenarios.region import ACCOUNT, OURS, REGION, WHERE, furnished
from rehearsal.trials import Scenario
from rehearsal.world import World

MORE = SecurityGroup("sg-0123456789abcdef7", "shop-admin", seeds.VPC)


def with_another(world: World) -> None:
    """The VPC has a security group that nobody uses yet."""
    furnished(world)
    world.cloud.place(ACCOUNT, REGION).security_groups[MORE.id] = MORE


SECURES = Scenario(
    "updateInstances",
    "updateInstances",
    {**WHERE, "serverGroupName": OURS, "securityGroups": [MORE.name], "securityGroupsAppendOnly": True},
    with_another,
)

SCENARIOS = (SECURES,)
