"""deleteSnapshot as it is rehearsed: one that no image needs, beside one that is needed."""

from rehearsal.fake_cloud import amis, seeds
from rehearsal.scenarios.region import ACCOUNT, REGION, WHERE, furnished
from rehearsal.trials import Scenario
from rehearsal.world import World

SNAPSHOT, NEEDED = "snap-0123456789abcdef0", "snap-0123456789abcdef1"


def snapped(world: World) -> None:
    """Two snapshots, one of them under an image."""
    furnished(world)
    place = world.cloud.place(ACCOUNT, REGION)
    amis.keep(place, SNAPSHOT)
    amis.keep(place, NEEDED, seeds.GOOD_IMAGE)


DELETES_SNAPSHOT = Scenario("deleteSnapshot", "deleteSnapshot", {**WHERE, "snapshotId": SNAPSHOT}, snapped)

SCENARIOS = (DELETES_SNAPSHOT,)
