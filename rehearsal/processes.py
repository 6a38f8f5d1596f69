"""Lambda's processes: each works on one event at a time, and knows of the brakes what it has met itself."""

import random

from lambdas.brakes import YIELDS, Brakes
from lambdas.table import Table
from rehearsal.clock import Clock
from rehearsal.faults import Killed

SWEEP, HAND = "sweep", "sweep's hand"
"""The function of which there is one process, and those that it deals lanes to."""


class Process:
    """One process of a function."""

    def __init__(self, brakes: Brakes) -> None:
        self.brakes = brakes
        self.busy_until = 0.0
        """When what it does is done, in worlds where that takes time."""


class Processes:
    """All of them. An event goes to the process that was free last; if none is free, to a new one."""

    def __init__(self, clock: Clock, table: Table) -> None:
        self._clock, self._table = clock, table
        self._seed = 0
        self._chances: random.Random | None = None
        """Made where somebody asks: most runs meet no throttle."""
        self.pools: dict[str, list[Process]] = {}
        self.sweep = self._new(SWEEP)
        self.now_at_work = self.sweep
        """Whose calls are being made."""

    def again(self, seed: int) -> None:
        """All are as if they had just begun."""
        self._seed, self._chances = seed, None
        for process in (one for pool in self.pools.values() for one in pool):
            process.busy_until = 0.0
            process.brakes.forget()

    def at_work(self, function: str) -> "_AtWork":
        """One of the function's processes is at work; if it is killed, what it knew is gone."""
        pool, now = self.pools.get(function, ()), self._clock.now
        if len(pool) == 1 and pool[0].busy_until <= now:
            return _AtWork(self, pool[0])
        free = [one for one in pool if one.busy_until <= now]
        return _AtWork(self, max(free, key=lambda one: one.busy_until) if free else self._new(function))

    def _new(self, function: str) -> Process:
        yields = YIELDS if function in (SWEEP, HAND) else 0.0
        brakes = Brakes(self._table, lambda: self._clock.now, chance=self._chance, yields=yields)
        process = Process(brakes)
        self.pools.setdefault(function, []).append(process)
        return process

    def _chance(self) -> float:
        if self._chances is None:
            self._chances = random.Random(self._seed)
        return self._chances.random()


class _AtWork:
    """While that process is at work."""

    __slots__ = ("_outer", "_process", "_processes")

    def __init__(self, processes: Processes, process: Process) -> None:
        self._processes, self._process, self._outer = processes, process, processes.now_at_work

    def __enter__(self) -> Process:
        self._processes.now_at_work = self._process
        return self._process

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        self._processes.now_at_work = self._outer
        if kind is Killed:
            self._process.brakes.forget()
