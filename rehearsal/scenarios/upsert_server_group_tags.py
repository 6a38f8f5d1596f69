"""upsertServerGroupTags as it is rehearsed: a new tag, a new value, and one that instances did not get so far."""

from lambdas.cloud.group_tags import GroupTag
from rehearsal.fake_cloud.group_tags import put
from rehearsal.scenarios.region import ACCOUNT, OURS, REGION, WHERE, furnished
from rehearsal.trials import Scenario
from rehearsal.world import World

STANDING = (GroupTag("team", "shop"), GroupTag("cost", "4711", propagate=False))


def tagged(world: World) -> None:
    """As `furnished`, with tags that somebody put there."""
    furnished(world)
    put(world.cloud.place(ACCOUNT, REGION), OURS, STANDING)


TAGS = Scenario(
    "upsertServerGroupTags",
    "upsertServerGroupTags",
    {**WHERE, "serverGroupName": OURS, "tags": {"team": "cart", "cost": "4711", "stage": "prod"}},
    tagged,
)

SCENARIOS = (TAGS,)
