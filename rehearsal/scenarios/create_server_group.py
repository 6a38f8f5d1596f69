"""createServerGroup as it is rehearsed: behind both kinds of load balancers, with all that it copies of its source."""

from dataclasses import replace
from datetime import timedelta

from lambdas.hub import Json
from lambdas.rows import Status
from rehearsal.fake_cloud import seeds
from rehearsal.scenarios.region import ACCOUNT, NEIGHBOUR, NEW, REGION, WHERE, furnished
from rehearsal.trials import Scenario
from rehearsal.world import World

CREATE: Json = {
    **WHERE,
    "application": "shop",
    "stack": "prod",
    "image": "shop-1.1.0-x86_64-20260201",
    "instanceType": "m5.large",
    "capacity": {"min": 1, "desired": 2, "max": 4},
    "subnetType": "internal",
    "securityGroups": ["shop-web"],
    "targetGroups": ["shop-web"],
    "loadBalancers": [seeds.CLASSIC],
    "userData": "IyEvYmluL3NoCg==",
    "suspendedProcesses": ["AZRebalance"],
    "lifecycleHooks": [{"name": "warm", "lifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING"}],
    "enabledMetrics": ["GroupTotalInstances"],
    "tags": {"team": "shop"},
    "source": {**WHERE, "asgName": NEIGHBOUR},
}


def healed(world: World) -> None:
    """A person finds out what ails the instances."""
    world.cloud.place(ACCOUNT, REGION).never_healthy.clear()


def hooked(world: World) -> str | None:
    """No instance of the new group starts before its hooks stand."""
    place = world.cloud.place(ACCOUNT, REGION)
    group = place.groups.get(NEW)
    if group is not None and group.instances and not group.deleting and not place.hooks.get(NEW):
        return f"{NEW} has instances and no hooks"
    return None


def out_of_traffic(world: World) -> str | None:
    """No instance of the new group is behind a load balancer."""
    place = world.cloud.place(ACCOUNT, REGION)
    for balancer, targets in place.behind.things.items():
        if any(place.instances[one.instance].group == NEW for one in targets):
            return f"{NEW} starts disabled and has an instance in {balancer}"
    return None


CREATES = Scenario("createServerGroup", "createServerGroup", CREATE, furnished, invariants=(hooked,))
CREATES_DISABLED = Scenario(
    "createServerGroup/disabled",
    "createServerGroup",
    CREATE | {"startDisabled": True},
    furnished,
    invariants=(hooked, out_of_traffic),
)
CREATES_JUDGED = replace(
    CREATES,
    name="createServerGroup/judged",
    request=CREATE | {"health": {"ignore": ["elb"], "percentage": 50, "stableFor": 20}},
)
FURNISHING = ("suspendedProcesses", "lifecycleHooks", "enabledMetrics", "source")
CREATES_BARE = Scenario(
    "createServerGroup/bare",
    "createServerGroup",
    {name: value for name, value in CREATE.items() if name not in FURNISHING},
    furnished,
)
"""All steps between the empty group and its size are passed by."""
SICK = CREATE | {"image": "broken-1.0.0-x86_64-20260301", "healthyWithin": 20}
"""Its instances run and never pass a health check."""
# Not in ALL: most of its calls are the sweep's looks for what is left, and a refusal leads back by the same way.
CREATES_SICK = replace(CREATES, name="createServerGroup/sick", request=SICK, ends=Status.ROLLED_BACK)
CREATES_KEPT = replace(
    CREATES_SICK,
    name="createServerGroup/kept",
    request=SICK | {"onUnhealthy": "KEEP_DISABLED"},
    ends=Status.NEEDS_ATTENTION,
)
CREATES_PARKED = replace(
    CREATES,
    name="createServerGroup/parked",
    request=SICK | {"onUnhealthy": "PARK"},
    cure=healed,
)
HURRY = timedelta(minutes=5)
"""Shorter than a throttle, or a few deaths of a Lambda."""
CREATES_HURRIED = replace(CREATES, name="createServerGroup/hurried", finish_within=HURRY, hurried=True)

SCENARIOS = (CREATES, CREATES_BARE, CREATES_DISABLED, CREATES_HURRIED, CREATES_JUDGED, CREATES_KEPT, CREATES_PARKED)
