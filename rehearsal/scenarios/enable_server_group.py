"""enableServerGroup as it is rehearsed: a group out of traffic goes back in."""

from rehearsal.fake_cloud import seeds
from rehearsal.scenarios.region import ACCOUNT, OURS, REGION, WHERE, furnished
from rehearsal.trials import Scenario
from rehearsal.world import World


def disabled(world: World) -> None:
    """As `furnished`, with ours out of traffic."""
    furnished(world)
    cloud = world.cloud.cloud(ACCOUNT, REGION)
    cloud.groups.suspend(OURS, ["Launch", "Terminate", "AddToLoadBalancer"])
    instances = [one.id for one in cloud.groups.find(OURS).instances]
    cloud.load_balancers.deregister(seeds.target_group(REGION), instances)
    cloud.load_balancers.deregister_classic(seeds.CLASSIC, instances)
    world.clock.drain(world.cloud.place(ACCOUNT, REGION).manners.drain)


ENABLES = Scenario("enableServerGroup", "enableServerGroup", {**WHERE, "serverGroupName": OURS}, disabled)

SCENARIOS = (ENABLES,)
