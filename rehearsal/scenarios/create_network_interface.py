"""createNetworkInterface as it is rehearsed."""

from rehearsal.scenarios.region import REGION, WHERE, furnished
from rehearsal.trials import Scenario

CREATES_INTERFACE = Scenario(
    "createNetworkInterface",
    "createNetworkInterface",
    {
        **WHERE,
        "zone": f"{REGION}a",
        "subnetType": "internal",
        "description": "address of the batch",
        "securityGroups": ["shop-web"],
        "tags": {"owner": "shop"},
        "application": "shop",
    },
    furnished,
)

SCENARIOS = (CREATES_INTERFACE,)
