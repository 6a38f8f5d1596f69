"""A day of one hub: operations of several kinds come in evenly, and for a while something goes wrong.

Server groups are made, resized and destroyed again; each fifteenth has a bad image, as users have. All that is measured
is kept, and of what AWS measures that part which alarms look at (`rehearsal.watched`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from lambdas.hub import Json
from rehearsal.cloudwatch import Point, points
from rehearsal.crew import PLAYED
from rehearsal.models import FaultModel
from rehearsal.scenarios import CREATE, RESIZES, WHERE
from rehearsal.watched import Watch
from rehearsal.world import World

HOUR = 3600.0
DAY = 24 * HOUR
RESIZED, DESTROYED = 0.5 * HOUR, 2 * HOUR
"""Seconds after a group was asked for."""
BAD_EVERY = 15
BAD: Json = {"image": "broken-1.0.0-x86_64-20260301", "healthyWithin": 900}
"""Its instances never get healthy, as long as anybody waits."""


@dataclass(frozen=True)
class Script:
    """What happens in the day."""

    faults: FaultModel
    """All day long."""
    trouble: FaultModel
    """From `since` seconds before its end on, for as long as the model says."""
    since: float = 5 * HOUR
    groups: int = 200
    """Server groups that are asked for."""
    seed: int = 0


@dataclass(frozen=True)
class Measured:
    """What CloudWatch would know at the day's end."""

    points: list[Point]
    began: float
    ended: float
    """Epoch seconds."""


def played(script: Script, told: Callable[[float], object] = lambda share: None) -> Measured:
    """Play it; `told` hears which part of it is over."""
    scenario = PLAYED["createServerGroup"]
    manners = script.faults.manners(scenario.manners, 1.0)
    world = World(manners=manners, seed=script.seed, recorded=False, paced=True, shared=True)
    scenario.prepare(world)
    watch, began = Watch(world), world.clock.now
    _strike(world, script.faults, script.seed)
    world.clock.at(DAY - script.since, partial(_strike, world, script.trouble, script.seed))
    for number in range(script.groups):
        _asks(world, number, number * DAY / script.groups)
    own: list[Point] = []
    for hour in range(1, 25):
        world.clock.drain(began + hour * HOUR - world.clock.now)
        own += points(world.metrics)
        world.metrics.clear()  # of more than it holds a world forgets the first ones
        told(hour / 24)
    return Measured([*own, *watch.points], began, world.clock.now)


def _strike(world: World, model: FaultModel, seed: int) -> None:
    model.strike(seed, 1.0, world.clock, world.faults, world.cloud, world)


def _asks(world: World, number: int, after: float) -> None:
    """For a group with a name of its own, later for it to be resized, and destroyed."""
    stack = f"s{number}"
    group = {**WHERE, "serverGroupName": f"{CREATE['application']}-{stack}-v000"}
    bad = BAD if number % BAD_EVERY == BAD_EVERY - 1 else {}
    wanted: list[tuple[float, str, Json]] = [(0.0, "createServerGroup", {**CREATE, **bad, "stack": stack})]
    if not bad:
        wanted.append((RESIZED, "resizeServerGroup", {**RESIZES.request, **group}))
        wanted.append((DESTROYED, "destroyServerGroup", dict(group)))
    for later, operation, request in wanted:
        world.clock.at(after + later, partial(world.post, operation, request, f"{operation} {number}"))
