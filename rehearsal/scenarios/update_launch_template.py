"""updateLaunchTemplate as it is rehearsed: another image and type, several types in one group, only their shares."""

from dataclasses import replace

from lambdas.cloud import GroupSettings
from lambdas.values import changed
from rehearsal.scenarios.region import ACCOUNT, NEIGHBOUR, REGION, WHERE, furnished
from rehearsal.trials import Scenario
from rehearsal.world import World

MIXED = '{"InstancesDistribution":{"OnDemandBaseCapacity":1},"Overrides":[{"InstanceType":"m5.large"}]}'


def mixed(world: World) -> None:
    """As `furnished`, with a neighbour of several instance types."""
    furnished(world)
    place = world.cloud.place(ACCOUNT, REGION)
    standing = place.groups.get(NEIGHBOUR)
    settings = standing.settings if standing else GroupSettings()
    place.group_is(NEIGHBOUR, settings=changed(settings, mixed=MIXED))


UPDATES = Scenario(
    "updateLaunchTemplate",
    "updateLaunchTemplate",
    {
        **WHERE,
        "serverGroupName": NEIGHBOUR,
        "image": "shop-1.1.0-x86_64-20260201",
        "instanceType": "t3.large",
        "unlimitedCpuCredits": True,
        "securityGroups": ["shop-web"],
        "userData": "IyEvYmluL3NoCg==",
    },
    furnished,
)
UPDATES_MIXED = replace(
    UPDATES,
    name="updateLaunchTemplate/mixed",
    request={
        **WHERE,
        "serverGroupName": NEIGHBOUR,
        "image": "ssm:/images/shop/latest",
        "instanceType": "m5.xlarge",
        "onDemandBaseCapacity": 1,
        "launchTemplateOverridesForInstanceType": [{"instanceType": "m5.large"}, {"instanceType": "m5.xlarge"}],
    },
)
UPDATES_SHARES = replace(
    UPDATES,
    name="updateLaunchTemplate/shares",
    request={
        **WHERE,
        "serverGroupName": NEIGHBOUR,
        "onDemandPercentageAboveBaseCapacity": 50,
    },
    prepare=mixed,
)
"""No version of the template is made: only the policy changes."""

SCENARIOS = (UPDATES, UPDATES_MIXED, UPDATES_SHARES)
