"""Runs of one operation under one fault model: each a pure function of its seed, each judged."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import cast

from lambdas.api.clouddriver import FINISH_WITHIN, START_WITHIN
from lambdas.engine.intake import Terms
from lambdas.rows import Control, Status, guard_key
from rehearsal.clock import EPOCH, Clock
from rehearsal.clouddriver import SUCCEEDED, Clouddriver, Deployment
from rehearsal.contest import Contest
from rehearsal.fake_cloud import FakeCloud, Snapshot, differences
from rehearsal.faults import Faults
from rehearsal.memory_table import Units
from rehearsal.models import FaultModel
from rehearsal.parties import made_by
from rehearsal.trials import QUIESCENCE, Scenario
from rehearsal.world import NeverEnds, Result, World

DOORS = {
    "windlass": Terms("windlass", start_within=None, finish_within=timedelta(hours=24)),
    "clouddriver": Terms("clouddriver", START_WITHIN, FINISH_WITHIN),
}
"""By which door a request comes: Clouddriver's has deadlines, since Orca stops looking after an hour."""

IN_TIME = frozenset({Status.ROLLED_BACK, Status.NOT_STARTED})
"""Ends that are right, too, where there is a deadline and the faults outlast it."""

NEVER = "NEVER_ENDS"
LINGER = 120.0
"""Seconds after which what a failed deployment set off has come to rest."""

METERED = 256
"""Units of the table are counted in each run whose seed this divides: it takes time, and they vary little."""


@dataclass(slots=True)
class Outcome:
    """How one run ended, and what it took."""

    seed: int
    end: str = ""
    """A `Status`, or NEVER_ENDS."""
    wrong: str = ""
    """Why this is a failure; empty where all is as it should be."""
    orphans: tuple[str, ...] = ()
    """What is otherwise than the end says, though nobody was called."""
    seconds: float = 0.0
    transitions: int = 0
    retries: int = 0
    holds: int = 0
    invocations: int = 0
    working: float = 0.0
    """Seconds for which functions ran."""
    struck: int = 0
    """Calls that went wrong."""
    calls: dict[str, int] = field(default_factory=dict)
    units: tuple[int, int] | None = None
    """Read and written, where metered."""


class Rehearsal:
    """One operation, one door, one model, one severity. `run` any seed, any number of times."""

    def __init__(
        self,
        scenario: Scenario,
        model: FaultModel,
        *,
        severity: float = 1.0,
        door: str = "windlass",
        recorded: bool = False,
        metered: int = METERED,
    ) -> None:
        """`metered`: the table's units are counted in each run whose seed this divides."""
        self._metered = metered
        self.scenario, self.model, self.severity, self.door = scenario, model, severity, door
        in_time = IN_TIME if door == "clouddriver" else frozenset[Status]()
        self.right, self.unexplained = model.ends | in_time, model.unexplained | in_time
        manners = model.manners(scenario.manners, severity)
        self.world = World(scenario.sagas, manners=manners, recorded=recorded, paced=True, shared=True)
        scenario.prepare(self.world)
        self.world.keep()
        self.world.again(0)
        self.before = self.world.cloud.snapshot()
        self.after = self._golden()
        self.made = made_by(self.world, self.world.operation)
        """Name of the group that a run without faults makes; empty where it makes none."""

    def run(self, seed: int) -> Outcome:
        world = self.world
        world.again(seed)
        world.table.units = units = Units() if seed % self._metered == 0 else None
        self.model.strike(seed, self.severity, world.clock, world.faults, world.cloud, world)
        outcome = self._played(seed)
        outcome.units = (units.reads, units.writes) if units else None
        return outcome

    def _played(self, seed: int) -> Outcome:
        world = self.world
        try:
            operation = world.submit(self.scenario.operation, self.scenario.request, terms=DOORS[self.door])
            world.wait(operation)
            outcome = self._measured(seed, operation)
            self._settle(operation)
        except NeverEnds as never:
            return Outcome(seed, NEVER, str(never), struck=len(world.faults.struck), calls=dict(world.faults.counts))
        return self._judged(outcome, operation)

    def _settle(self, operation: str) -> None:
        """Until everything late has landed and the late look of the sweep has looked."""
        world = self.world
        if self.model.rivals:
            world.run_others()
        if self.model.rivals or world.pending or world.control(operation).status is not Status.SUCCEEDED:
            world.clock.drain(max(world.faults.landing - world.clock.now, 0.0) + QUIESCENCE)
            world.wait(operation)

    def _measured(self, seed: int, operation: str) -> Outcome:
        world, executions = self.world, self.world.executions(operation)
        transitions = sum(one.transitions for one in executions)
        path = [state for one in executions for state in one.path]
        return Outcome(
            seed,
            seconds=world.took(operation),
            transitions=transitions,
            retries=transitions - len(path),
            holds=path.count("Hold") + path.count("HoldUndo"),
            invocations=world.invoked,
            working=world.faults.spent,
            struck=len(world.faults.struck),
            calls=dict(world.faults.counts),
        )

    def _judged(self, outcome: Outcome, operation: str) -> Outcome:
        control = self.world.control(operation)
        status = control.status
        outcome.end = str(status)
        if self.model.rivals:
            return self._contested(outcome)
        if status is not Status.NEEDS_ATTENTION:
            should = self.after if status is Status.SUCCEEDED else self.before
            outcome.orphans = tuple(differences(should, self.world.cloud.snapshot()))
        if status not in self.right:
            outcome.wrong = f"ended {status}: {control.error}"
        elif outcome.orphans:
            outcome.wrong = f"ended {status}, but {outcome.orphans[0]}"
        elif kept := next(self._kept(control), ""):
            outcome.wrong = f"ended {status}, but {kept}"
        return outcome

    def _kept(self, control: Control) -> Iterator[str]:
        """What an operation that is over must not keep."""
        table = self.world.table
        yield from (
            f"guard {key} is kept" for key in control.guards if table.peek(guard_key(key)).get("owner") == control.id
        )
        yield from (f"the token of {item['state']} is kept" for item in table.of(f"op#{control.id}", "wait#"))

    def _contested(self, outcome: Outcome) -> Outcome:
        """Others were at work on the same cloud: their part is told from the operation's."""
        verdict = Contest(self.world, self.before, self.after, self.made, self.right, self.unexplained).verdict()
        outcome.orphans, outcome.wrong = verdict.orphans, verdict.wrong
        return outcome

    def replayed(self, seed: int) -> Result | None:
        """The run once more, for whoever wants to look at its executions; None where it is never accepted."""
        self.run(seed)
        return self.world.result(self.world.operation) if self.world.operation else None

    def _golden(self) -> Snapshot:
        """The cloud after a run in which nothing goes wrong."""
        result = self.world.run(self.world.submit(self.scenario.operation, self.scenario.request))
        if result.control.status is not Status.SUCCEEDED:
            raise AssertionError(f"{self.scenario.name} without faults: {result.end}, {result.control.error}")
        return self.world.cloud.snapshot()


class Deployments:
    """createServerGroup by Clouddriver's policy, under the same model: the same seed meets the same faults."""

    def __init__(self, scenario: Scenario, model: FaultModel, *, severity: float = 1.0) -> None:
        self.scenario, self.model, self.severity = scenario, model, severity
        self.clock = Clock()
        self.faults = Faults(self.clock)
        self.cloud = FakeCloud(self.clock, model.manners(scenario.manners, severity))
        scenario.prepare(cast(World, self))
        self.cloud.keep()
        self.before = self.cloud.snapshot()

    def run(self, seed: int) -> Outcome:
        self.clock.reset(EPOCH)
        self.faults.reset()
        self.cloud.restore()
        self.model.strike(seed, self.severity, self.clock, self.faults, self.cloud)
        process = Clouddriver(self.clock, self.faults, self.cloud, random.Random(f"{seed}/clouddriver"))
        done = process.deploy(self.scenario.request)
        outcome = Outcome(
            seed,
            done.end,
            done.why,
            seconds=self.clock.now - EPOCH,
            struck=len(self.faults.struck),
            calls=dict(self.faults.counts),
        )
        self.clock.drain(max(self.faults.landing - self.clock.now, 0.0) + LINGER)
        outcome.orphans = tuple(self._left(done))
        return outcome

    def _left(self, done: Deployment) -> Iterator[str]:
        """What nobody will ever take away: of a deployment that succeeded, all but the group and what it uses."""
        mine = done.group if done.end == SUCCEEDED else ""
        group = self.cloud.place(self.scenario.request["account"], self.scenario.request["region"]).groups.get(mine)
        for line in differences(self.before, self.cloud.snapshot()):
            if not line.endswith("was absent, is there"):
                continue
            if group is None or not (
                f"group {mine} " in line or f"{group.launch_template} " in line or " alarm " in line
            ):
                yield line
