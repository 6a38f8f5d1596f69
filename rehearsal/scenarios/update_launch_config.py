"""updateLaunchConfig as it is rehearsed: of a group from the days of launch configurations."""

from lambdas.cloud import LaunchSettings
from rehearsal.fake_cloud import seeds
from rehearsal.fake_cloud.place import ALWAYS, CONFIGURATION, Configuration
from rehearsal.scenarios.region import ACCOUNT, NEIGHBOUR, REGION, WHERE, furnished
from rehearsal.trials import Scenario
from rehearsal.world import World

OLD = "shop-prod-v000-20150515"


def configured(world: World) -> None:
    """As `furnished`, with a neighbour that starts from a launch configuration."""
    furnished(world)
    place = world.cloud.place(ACCOUNT, REGION)
    old = Configuration(LaunchSettings(seeds.GOOD_IMAGE, "m3.large", (seeds.WEB,)), "IyEvYmluL3NoCg==")
    place.shelf(CONFIGURATION).put(OLD, old, ALWAYS)
    place.group_is(NEIGHBOUR, launch_template=None, launch_configuration=OLD)


UPDATES_CONFIGURATION = Scenario(
    "updateLaunchConfig",
    "updateLaunchConfig",
    {**WHERE, "serverGroupName": NEIGHBOUR, "image": "shop-1.1.0-x86_64-20260201", "instanceType": "m5.large"},
    configured,
)

SCENARIOS = (UPDATES_CONFIGURATION,)
