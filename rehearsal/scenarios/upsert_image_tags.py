"""upsertImageTags as it is rehearsed: one tag is new, one has another value, one is not named and stays."""

from rehearsal.fake_cloud import amis, seeds
from rehearsal.scenarios.region import ACCOUNT, REGION, WHERE, furnished
from rehearsal.trials import Scenario
from rehearsal.world import World


def tagged(world: World) -> None:
    """The image has tags of its own."""
    furnished(world)
    amis.tag(world.cloud.place(ACCOUNT, REGION), seeds.GOOD_IMAGE, {"stage": "test", "owner": "shop"})


TAGS = Scenario(
    "upsertImageTags",
    "upsertImageTags",
    {**WHERE, "amiName": "shop-1.0.0-x86_64-20260101", "tags": {"stage": "prod", "checked": "yes"}},
    tagged,
)

SCENARIOS = (TAGS,)
