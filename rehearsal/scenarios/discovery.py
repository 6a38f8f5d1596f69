"""Instances in service discovery as it is rehearsed: out of it in a protected cluster, and into it."""

from dataclasses import replace

from lambdas.cloud.discovery import OUT_OF_SERVICE, UP
from rehearsal.fake_cloud import discovery
from rehearsal.scenarios.region import ACCOUNT, OUR_INSTANCES, OURS, REGION, WHERE, furnished, protected
from rehearsal.trials import Scenario
from rehearsal.world import World


def found(world: World) -> None:
    """Others find our instances."""
    protected(world)
    _say(world, UP)


def lost(world: World) -> None:
    """Others do not find our instances."""
    furnished(world)
    _say(world, OUT_OF_SERVICE)


def _say(world: World, status: str) -> None:
    for one in OUR_INSTANCES:
        discovery.registered(world.cloud.place(ACCOUNT, REGION), one, status)


INTO, OUT = "enableInstancesInDiscovery", "disableInstancesInDiscovery"
DISABLES = Scenario(OUT, OUT, {**WHERE, "instanceIds": OUR_INSTANCES}, found)
ENABLES = replace(
    DISABLES,
    name=INTO,
    operation=INTO,
    request={**WHERE, "instanceIds": OUR_INSTANCES, "serverGroupName": OURS},
    prepare=lost,
)

SCENARIOS = (DISABLES, ENABLES)
