"""deleteLaunchConfiguration as it is rehearsed: one that no server group uses any more."""

from rehearsal.fake_cloud.place import ALWAYS, CONFIGURATION, Configuration
from rehearsal.scenarios.region import ACCOUNT, REGION, WHERE, furnished
from rehearsal.trials import Scenario
from rehearsal.world import World

LEFT_OVER = "shop-prod-v000-old"


def configured(world: World) -> None:
    """As `furnished`, with a launch configuration that nobody uses."""
    furnished(world)
    place = world.cloud.place(ACCOUNT, REGION)
    settings = place.templates.things["cart-prod-v007"].settings
    place.shelf(CONFIGURATION).put(LEFT_OVER, Configuration(settings, None), ALWAYS)


UNCONFIGURES = Scenario(
    "deleteLaunchConfiguration",
    "deleteLaunchConfiguration",
    {**WHERE, "launchConfigurationName": LEFT_OVER},
    configured,
)

SCENARIOS = (UNCONFIGURES,)
