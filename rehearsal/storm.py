"""Many operations at once under one fault model: what they ask of the clouds, beside a run in which nothing fails."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from lambdas.families import SERVICES, bucket_of, family_of
from lambdas.rows import Status
from rehearsal.models import FaultModel
from rehearsal.models.model import of_the_cloud
from rehearsal.trials import Scenario
from rehearsal.world import World

MOST = 3.0
"""How often as many calls of the clouds as without faults are right."""
REFUSED = 0.15
"""Of the calls: so many may be throttled, where most are with good reason not made."""
HALF = 0.5
"""Of AWS's buckets: what Windlass takes at most."""


@dataclass(frozen=True)
class Storm:
    """What so many operations, posted at the same moment or one after the other, came to."""

    operations: int
    every: float = 0.0
    """Seconds between two of them."""
    ends: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    """Of the clouds."""
    throttled: int = 0
    """Of these, refused by AWS."""
    table: int = 0
    invocations: int = 0
    seconds: float = 0.0
    """Until the last one was over."""
    taken: float = 0.0
    """Of the family used most: its calls, as a part of what AWS's bucket gave in that time."""

    def wrong(self, calm: "Storm") -> str:
        """What is not as it should be, against the same without faults; empty where nothing is."""
        if self.ends[Status.SUCCEEDED] != self.operations:
            return f"ended {dict(self.ends)}, not all SUCCEEDED"
        if self.calls > MOST * calm.calls:
            return f"{self.calls:,} calls of the clouds, more than {MOST:g} times the {calm.calls:,} without faults"
        if self.throttled > REFUSED * self.calls:
            return f"AWS throttles {self.throttled:,} of {self.calls:,} calls, more than {REFUSED:.0%}"
        if self.every and self.taken > HALF:  # at once, all processes make their own few calls together
            return f"{self.taken:.0%} of a bucket of AWS's is taken, more than {HALF:.0%}"
        return ""


def storm(scenario: Scenario, model: FaultModel, operations: int, seed: int = 0, every: float = 0.0) -> Storm:
    """Play it: each operation for a stack of its own, so that none waits for another. Raises NeverEnds."""
    manners = model.manners(scenario.manners, 1.0)
    world = World(scenario.sagas, seed=seed, manners=manners, recorded=False, paced=True, shared=True)
    scenario.prepare(world)
    world.clock.drain(manners.lag)
    world.workers.again(seed)
    model.strike(seed, 1.0, world.clock, world.faults, world.cloud, world)
    began = world.clock.now
    for number in range(operations):
        request = {**scenario.request, "stack": f"s{number}"}
        world.clock.at(number * every, partial(world.post, scenario.operation, request, f"storm {number}"))
    world.clock.drain(operations * every)
    world.run_others()
    return _measured(world, operations, every, began)


def _measured(world: World, operations: int, every: float, began: float) -> Storm:
    counts, controls = world.faults.counts, [world.control(one) for one in world.others]
    seconds = max((one.closed or world.clock.now) - began for one in controls)
    return Storm(
        operations,
        every,
        Counter(str(one.status) for one in controls),
        sum(calls for name, calls in counts.items() if of_the_cloud(name)),
        sum(of_the_cloud(call.name) for call, _ in world.faults.struck),
        sum(calls for name, calls in counts.items() if name.startswith("table.")),
        world.invoked,
        seconds,
        _taken(counts, seconds),
    )


def _taken(counts: Mapping[str, int], seconds: float) -> float:
    calls = Counter[str]()
    for name, made in counts.items():
        if name.partition(".")[0] in SERVICES:
            calls[family_of(name)] += made
    gave = {family: bucket_of(family).size + bucket_of(family).refill * seconds for family in calls}
    return max(made / gave[family] for family, made in calls.items())
