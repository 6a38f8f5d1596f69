"""Runs with a chosen end, in which something else goes wrong as well."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

from lambdas.cloud import OPERATION_TAG, LaunchSettings
from lambdas.engine.guards import read
from lambdas.errors import Rejected, WindlassError
from lambdas.hub import Settings
from lambdas.rows import plan_key
from rehearsal.fake_cloud import Snapshot, differences, seeds
from rehearsal.faults import Call, Effect, Faults, Model
from rehearsal.sweep import Scenario
from rehearsal.world import World

QUIET = 1200.0
"""Seconds after the end in which all that is late has landed and the late look has looked."""

Spoiler = Callable[[World], object]


def refusing(where: str, name: str, error: type[WindlassError] = Rejected) -> Model:
    """Whatever that state asks of that port is refused, until the fault is lifted."""

    def kind(faults: Faults, call: Call, effect: Effect) -> None:
        raise error(f"rehearsed: {call}")

    return lambda call: kind if (call.where, call.name) == (where, name) else None


def spoiled(scenario: Scenario, *spoilers: Spoiler) -> tuple[World, str, Snapshot]:
    """A run with these faults to its end, and until all that is late has landed."""
    world = scenario.world()
    before = world.cloud.snapshot()
    for spoil in spoilers:
        spoil(world)
    operation = world.submit(scenario.operation, scenario.request)
    world.run(operation)
    world.clock.drain(QUIET)
    return world, operation, before


def traced(scenario: Scenario, *spoilers: Spoiler) -> list[Call]:
    """All calls of that run, up to the closing of its row and the late look after it."""
    calls: list[Call] = []

    def trace(world: World) -> None:
        world.faults.trace = calls

    spoiled(scenario, trace, *spoilers)
    return calls


def kept(world: World, operation: str) -> Iterator[str]:
    """What an operation that is over must not keep: guards, tokens, executions."""
    row = world.control(operation)
    if not row.status.over:
        yield f"its row is {row.status}"
    for guard in row.guards:
        if read(world.plain, guard).owner == operation:
            yield f"guard {guard} is kept"
    for item in world.table.rows():
        if item["pk"] == f"op#{operation}" and item["sk"].startswith("wait#"):
            yield f"the token of {item['state']} is kept"
    for one in world.executions(operation):
        if one.status.value == "RUNNING":
            yield f"{one.name} still runs in {one.path[-1]}"


def not_put_back(world: World, operation: str, before: Snapshot) -> list[str]:
    """Why this is not the end of an operation that was put back."""
    row = world.control(operation)
    ended = [] if row.status.value in ("ROLLED_BACK", "NOT_STARTED") else [f"ended {row.status}: {row.error}"]
    return [*ended, *differences(before, world.cloud.snapshot()), *kept(world, operation)]


def lagging(scenario: Scenario, lag: float) -> Scenario:
    """The same on a cloud whose reads lag so many seconds behind its writes."""
    return replace(scenario, manners=replace(scenario.manners, lag=lag))


def impatient(scenario: Scenario) -> World:
    """The scenario's world, where a step's retries are used up within minutes."""
    settings = Settings("rehearsal", window=timedelta(minutes=2))
    world = World(scenario.sagas, manners=scenario.manners, settings=settings, recorded=False)
    scenario.prepare(world)
    return world


def landed_late(world: World, operation: str) -> None:
    """The operation's launch template is there again."""
    plan = world.table.peek(plan_key(operation))["plan"]
    made = world.cloud.cloud("prod", "us-east-1", operation).launch_templates
    settings, tags = LaunchSettings(seeds.GOOD_IMAGE, "m5.large"), ((OPERATION_TAG, operation),)
    made.create(plan["launch_template"], settings, None, tags, "late")
