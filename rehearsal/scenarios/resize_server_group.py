"""resizeServerGroup as it is rehearsed: up, beside an alarm that fires, and over somebody else's paused disable."""

from dataclasses import replace

from rehearsal.scenarios.region import ACCOUNT, NEIGHBOUR, REGION, WHERE, furnished
from rehearsal.trials import Occupied, Scenario
from rehearsal.world import World

ALARM = "shop-errors"


def alarmed(world: World) -> None:
    """As `furnished`, while an alarm fires for a time."""
    furnished(world)
    states = world.cloud.place(ACCOUNT, REGION).states
    states[ALARM] = "ALARM"
    world.clock.at(40, lambda: states.update({ALARM: "OK"}))


RESIZES = Scenario(
    "resizeServerGroup",
    "resizeServerGroup",
    {**WHERE, "serverGroupName": NEIGHBOUR, "capacity": {"min": 2, "desired": 4, "max": 6}},
    furnished,
)
RESIZES_ALARMED = replace(
    RESIZES,
    name="resizeServerGroup/alarmed",
    request=RESIZES.request | {"holdOnAlarms": [ALARM]},
    prepare=alarmed,
)
RESIZES_PREEMPTING = replace(
    RESIZES,
    name="resizeServerGroup/preempting",
    request=RESIZES.request | {"preempt": True},
    occupied=Occupied("disableServerGroup", {**WHERE, "serverGroupName": NEIGHBOUR}, "TakeOutOfLoadBalancers"),
)
"""Somebody paused a disable half-way through; it is put back first."""

SCENARIOS = (RESIZES, RESIZES_ALARMED, RESIZES_PREEMPTING)
