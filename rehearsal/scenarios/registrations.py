"""Instances behind load balancers as it is rehearsed: out of a protected cluster's, and into them again."""

from dataclasses import replace

from rehearsal.fake_cloud import fleet
from rehearsal.scenarios.region import ACCOUNT, OUR_INSTANCES, OURS, REGION, WHERE, furnished, in_service, protected
from rehearsal.trials import Scenario
from rehearsal.world import World

INTO, OUT = "registerInstancesWithLoadBalancer", "deregisterInstancesFromLoadBalancer"


def outside(world: World) -> None:
    """Our instances are behind no load balancer."""
    furnished(world)
    fleet.unregister_everywhere(world.cloud.place(ACCOUNT, REGION), frozenset(OUR_INSTANCES))


TAKES_OUT = Scenario(
    OUT,
    OUT,
    {**WHERE, "instanceIds": OUR_INSTANCES, "loadBalancerNames": ["shop-classic"], "targetGroupNames": ["shop-web"]},
    protected,
    invariants=(in_service,),
)
PUTS_IN = replace(
    TAKES_OUT,
    name=INTO,
    operation=INTO,
    request={**WHERE, "instanceIds": OUR_INSTANCES, "serverGroupName": OURS},
    prepare=outside,
    invariants=(),
)

SCENARIOS = (TAKES_OUT, PUTS_IN)
