"""deleteLaunchTemplate as it is rehearsed: one that no server group uses any more."""

from rehearsal.fake_cloud.place import ALWAYS, Template
from rehearsal.scenarios.region import ACCOUNT, REGION, WHERE, furnished
from rehearsal.trials import Scenario
from rehearsal.world import World

LEFT_OVER = "lt-0123456789abcdef0"


def littered(world: World) -> None:
    """As `furnished`, with a launch template that nobody uses."""
    furnished(world)
    place = world.cloud.place(ACCOUNT, REGION)
    settings = place.templates.things["cart-prod-v007"].settings
    place.templates.put("shop-prod-v000-old", Template("shop-prod-v000-old", LEFT_OVER, settings, None, ()), ALWAYS)


UNTEMPLATES = Scenario(
    "deleteLaunchTemplate", "deleteLaunchTemplate", {**WHERE, "launchTemplateId": LEFT_OVER}, littered
)

SCENARIOS = (UNTEMPLATES,)
