"""Many runs on all cores. Run number i of seed s has seed s + i, whoever plays it: the tally is always the same."""

import gc
import logging
import multiprocessing
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from rehearsal import scenarios
from rehearsal.models import parse
from rehearsal.runs import Deployments, Rehearsal
from rehearsal.tally import Tally
from rehearsal.trials import BRISK

CHUNK = 100
"""Runs that a process plays before it tells what they came to."""

CLOUDDRIVER = "clouddriver's policy"
SWIFT = replace(BRISK, boot=2, health=1)
"""Instances are healthy at the sweep's first look: how long a deployment waits is not what is rehearsed."""

PLAYED = {one.name: replace(one, manners=SWIFT) for one in scenarios.named(scenarios.PLAIN)}
"""Scenarios by the operation's name."""


@dataclass(frozen=True)
class Cast:
    """What is rehearsed: by its words, so that any process can make it."""

    operation: str
    faults: str
    severity: float = 1.0
    door: str = "windlass"
    policy: str = "windlass"
    """Or CLOUDDRIVER."""

    def made(self) -> Rehearsal | Deployments:
        scenario, model = PLAYED[self.operation], parse(self.faults)
        if self.policy == CLOUDDRIVER:
            return Deployments(scenario, model, severity=self.severity)
        return Rehearsal(scenario, model, severity=self.severity, door=self.door)

    def play(self, seeds: range) -> Tally:
        """Play these seeds here and now."""
        tally, rehearsal = Tally(), _made(self)
        for seed in seeds:
            tally.add(rehearsal.run(seed))
        return tally


def tallies(cast: Cast, *, runs: int, seed: int, processes: int) -> Iterator[Tally]:
    """Tallies of parts of the runs, as they are done."""
    chunks = [(cast, range(seed + n, seed + min(n + CHUNK, runs))) for n in range(0, runs, CHUNK)]
    if processes == 1 or len(chunks) == 1:
        yield from map(_play, chunks)
        return
    with multiprocessing.get_context("fork").Pool(min(processes, len(chunks)), initializer=quiet) as pool:
        yield from pool.imap_unordered(_play, chunks)


def quiet() -> None:
    """Rehearsals run with logging off: the sweep would log each thing it survives.

    What is imported stays: the collector need not look at it again and again, which is a tenth of the time.
    """
    logging.disable(logging.CRITICAL)
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def _play(part: tuple[Cast, range]) -> Tally:
    cast, seeds = part
    return cast.play(seeds)


@lru_cache(maxsize=4)
def _made(cast: Cast) -> Rehearsal | Deployments:
    return cast.made()
