"""What operations of each release looked like while they ran, and today's code going on with them.

A release is recorded once, when it is made: of each operation the definition of its machine and the rows of the table,
as soon as it was planned and again in its midst (`python -m rehearsal record-release`). Whoever upgrades has such
operations running, so each later release has to go on with them and to put them back.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lambdas.hub import Json
from lambdas.rows import plan_key
from lambdas.table import Item, Key, Put
from rehearsal import scenarios
from rehearsal.asl import Machine
from rehearsal.fake_cloud import Snapshot
from rehearsal.faults import Call
from rehearsal.trials import QUIESCENCE, Scenario
from rehearsal.world import Result, World
from saga.compiler import compile_saga

FOLDER = Path(__file__).parent / "recorded"
"""A folder for each release; what has not changed since an earlier one is found there."""
PLANNED = "planned"
ACCEPTED: Json = {"step": "", "did": "accepted"}
_ROWS = ("op#", "guard#", "cluster#")
"""Beginnings of the keys of what an operation has in the table."""
_OURS = ("table", "machines", "functions", "sweeper", "push")


@dataclass(frozen=True)
class Moment:
    """An operation in the midst of one of its states."""

    state: str
    rows: tuple[Item, ...]


@dataclass(frozen=True)
class Recording:
    """One operation of one release."""

    scenario: str
    """The request and the cloud: by name, so that a scenario that was recorded stays what it is."""
    operation: str
    definition: Json
    """Of the machine: an execution keeps it."""
    at: float
    """When it was planned."""
    planned: tuple[Item, ...]
    """The rows of the table, as soon as the plan stood and nothing else had been done."""
    midst: tuple[Moment, ...]
    """In the last step or wait that can be put back, and, where that is not the last of all, in the last of all."""

    @property
    def plan(self) -> Json:
        key = plan_key(self.operation)
        return next(dict(row["plan"]) for row in self.planned if (row["pk"], row["sk"]) == key)


def record(scenario: Scenario) -> Recording:
    """Play it once without faults, and look on."""
    world = scenario.world()
    saga = scenario.saga(world)
    names = [one.name for one in saga.steps]
    planned: list[tuple[float, tuple[Item, ...]]] = []
    midst: dict[str, Moment] = {}

    def look(call: Call) -> None:
        if not planned and call.where != "Plan" and world.table.peek(plan_key(world.operation)):
            planned.append((world.clock.now, _rows(world)))
        for state in names:
            if state not in midst and _acts(call, state):
                midst[state] = Moment(state, _rows(world))

    world.faults.watch(look)
    operation = world.submit(scenario.operation, scenario.request, terms=scenario.terms)
    world.run(operation)
    ((at, rows),) = planned
    acting = [name for name in names if name in midst]
    last = dict.fromkeys((*[name for name in acting if name in names[: len(saga.reversible)]][-1:], acting[-1]))
    return Recording(scenario.name, operation, compile_saga(saga), at, rows, tuple(midst[name] for name in last))


def _acts(call: Call, state: str) -> bool:
    """Whether that state asks the cloud: its start is on the control row by then, its token in the table."""
    at_work = call.where == state or (call.where == "sweep" and call.state == state)
    return at_work and call.port not in _OURS


def _rows(world: World) -> tuple[Item, ...]:
    return tuple(row for row in world.table.rows() if row["pk"].startswith(_ROWS))


class Replay:
    """The recorded operation with today's code: planned then, not begun, its execution on the definition of then."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.scenario = scenarios.one(recording.scenario)
        self.world = world = self.scenario.world()
        self.before: Snapshot = world.cloud.snapshot()
        self._saga = self.scenario.saga(world)
        world.clock.drain(recording.at - world.clock.now)
        world.operation = recording.operation
        self._restore(recording.planned)
        world.machines.define(self._saga.name, Machine(recording.definition))
        world.machines.start(self._saga.name, recording.operation, {"operation": recording.operation, "last": ACCEPTED})
        world.machines.define(self._saga.name, Machine(compile_saga(self._saga)))  # whatever begins from here on

    def onward(self) -> Result:
        """It goes on to its end."""
        return self._ended()

    def cancelled(self, moment: Moment) -> Result:
        """Its caller cancels it in the midst of that state."""
        self._in(moment.state, lambda: self.world.signal(self.recording.operation, "cancel"))
        return self._ended()

    def interrupted(self, moment: Moment) -> Result:
        """Its execution is stopped there, and the table has the rows of then: today's machine takes over."""

        def stop() -> None:
            self.world.machines.stop(self.recording.operation, "Stopped", "rehearsed")
            self.world.clock.at(0, lambda: self._restore(moment.rows))  # the call that is under way ends first

        self._in(moment.state, stop)
        return self._ended()

    def _in(self, state: str, act: Callable[[], object]) -> None:
        acted = False

        def look(call: Call) -> None:
            nonlocal acted
            if not acted and _acts(call, state):
                acted = True
                act()

        self.world.faults.watch(look)
        self.world.run(self.recording.operation, until=lambda: acted)

    def _ended(self) -> Result:
        self.world.run(self.recording.operation)
        self.world.clock.drain(QUIESCENCE)
        return self.world.run(self.recording.operation)

    def _restore(self, rows: tuple[Item, ...]) -> None:
        for row in rows:
            self.world.table.write(Put(Key(row["pk"], row["sk"]), row))


# On disk.


def write(release: str, recordings: list[Recording], folder: Path = FOLDER) -> list[Path]:
    """Write what is not the same in an earlier release; returns the files."""
    known = {one.scenario: one for one in newest(before=release, folder=folder)}
    changed = [one for one in recordings if not _alike(one, known.get(one.scenario))]
    (folder / release).mkdir(parents=True, exist_ok=True)
    for path in (folder / release).glob("*.json"):
        path.unlink()
    return [_written(folder / release / f"{one.scenario}.json", one) for one in changed]


def _alike(one: Recording, other: Recording | None) -> bool:
    """The same definition and plan; times and versions of rows say nothing."""
    return other is not None and (one.definition, one.plan, _shape(one)) == (
        other.definition,
        other.plan,
        _shape(other),
    )


def _shape(one: Recording) -> list[list[str]]:
    return [sorted(row) for rows in _moments(one).values() for row in rows]


def _moments(one: Recording) -> dict[str, tuple[Item, ...]]:
    return {PLANNED: one.planned, **{moment.state: moment.rows for moment in one.midst}}


def _written(path: Path, one: Recording) -> Path:
    moments = _moments(one)
    rows = list({_compact(row): row for each in moments.values() for row in each}.values())
    places = {moment: [rows.index(row) for row in each] for moment, each in moments.items()}
    head = {"scenario": one.scenario, "operation": one.operation, "at": one.at, "moments": places}
    lines = [*(f'"{name}": {_compact(value)},' for name, value in head.items())]
    lines += [f'"definition": {_compact(one.definition)},', '"rows": [', ",\n".join(map(_compact, rows)), "]"]
    path.write_text("{\n" + "\n".join(lines) + "\n}\n", encoding="utf-8")
    return path


def _compact(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def releases(folder: Path = FOLDER) -> list[str]:
    """Those that were recorded, the first one first."""
    return sorted((path.name for path in folder.iterdir() if path.is_dir()), key=order)


def order(release: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", release))


def recorded(release: str, folder: Path = FOLDER) -> Iterator[Recording]:
    """What that release wrote: operations that were then not as they had been before."""
    for path in sorted((folder / release).glob("*.json")):
        read = json.loads(path.read_text(encoding="utf-8"))
        rows, places = read.pop("rows"), read.pop("moments")
        moments = {moment: tuple(rows[at] for at in each) for moment, each in places.items()}
        planned = moments.pop(PLANNED)
        yield Recording(**read, planned=planned, midst=tuple(Moment(*one) for one in moments.items()))


def newest(*, before: str, folder: Path = FOLDER) -> list[Recording]:
    """Each operation as the last release before that one had it."""
    earlier = [one for one in releases(folder) if order(one) < order(before)] if folder.exists() else []
    return list({one.scenario: one for release in earlier for one in recorded(release, folder)}.values())


def entered(definition: Json) -> set[str]:
    """The states of a machine that call a function."""
    return {name for name, state in definition["States"].items() if state["Type"] == "Task"}
