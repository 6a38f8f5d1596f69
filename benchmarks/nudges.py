"""How long a wait goes on after its instances are healthy, with and without nudges: `python -m benchmarks.nudges`.

In virtual time: the numbers are the same on every machine. A createServerGroup whose instances take a random time to
boot, behind a load balancer and without one. What is measured is Windlass's part: from the moment at which a check
would pass to the end of the operation.
"""

import random
import sys
from collections.abc import Iterator
from dataclasses import replace
from statistics import median, quantiles

from rich.console import Console
from rich.table import Table

from lambdas.activities import health
from lambdas.errors import NotFound
from rehearsal import scenarios
from rehearsal.crew import quiet
from rehearsal.fake_cloud import Manners
from rehearsal.models import parse
from rehearsal.world import World

RUNS = 200
BOOTS = {"under a minute": (10, 50), "1 to 10 minutes": (60, 600), "10 to 30 minutes": (600, 1800)}
"""Seconds from launch to service."""
CHECKED = (10, 60)
"""Seconds from registration with a load balancer to its word that the target is healthy."""
ALONE = scenarios.CREATE | {"targetGroups": [], "loadBalancers": [], "source": None, "healthyWithin": 7200}
BALANCED = ALONE | {"targetGroups": ["shop-web"]}
STEP = 0.25
"""Seconds between two probes of whether a check would pass."""


def waited(request: dict[str, object], boots: tuple[float, float], faults: str, seed: int) -> float:
    """Seconds from the first moment at which the instances are healthy to the end of the operation."""
    chance = random.Random(seed)
    boot, checked = chance.uniform(*boots), chance.uniform(*CHECKED)
    world = World(manners=replace(Manners(), boot=boot, health=checked), seed=seed, recorded=False)
    scenarios.furnished(world)
    parse(faults).strike(seed, 1.0, world.clock, world.faults, world.cloud, world)
    healthy: list[float] = []
    world.clock.at(boot, lambda: _probe(world, healthy))
    world.run(world.submit("createServerGroup", request))
    closed = world.control(world.operation).closed or 0.0
    return closed - min([closed, *healthy])  # a look may come before the probe's next step


def _probe(world: World, healthy: list[float]) -> None:
    cloud = world.plain.cloud(scenarios.ACCOUNT, scenarios.REGION, "")
    try:
        lacks = health.shortfall(cloud.groups.find(scenarios.NEW), 2, cloud)
    except NotFound:
        lacks = "not there yet"
    if lacks is None:
        healthy.append(world.clock.now)
    else:
        world.clock.at(STEP, lambda: _probe(world, healthy))


def _rows(runs: int) -> Iterator[tuple[str, ...]]:
    for told, request in (("no load balancer", ALONE), ("a target group", BALANCED)):
        for boots, span in BOOTS.items():
            without, with_ = ([waited(request, span, faults, n) for n in range(runs)] for faults in ("none", "nudges"))
            yield told, boots, *_numbers(without), *_numbers(with_)


def _numbers(waits: list[float]) -> tuple[str, str]:
    return f"{median(waits):.1f} s", f"{quantiles(waits, n=10)[-1]:.1f} s"


def main(runs: int) -> int:
    quiet()
    table = Table(
        "behind", "boots in", "p50", "p90", "p50 with nudges", "p90 with nudges", title="From healthy to done"
    )
    for row in _rows(runs):
        table.add_row(*row)
    Console().print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else RUNS))
