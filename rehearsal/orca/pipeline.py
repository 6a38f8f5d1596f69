"""Stages and their tasks, run one after the other as Orca's queue runs them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from lambdas.hub import Json
from rehearsal.gateway import Gateway
from rehearsal.orca.kato import HttpError, Kato, Operations
from rehearsal.orca.oort import Oort
from rehearsal.world import World

LAST_TASK, TASKS, DEPLOYED = "kato.last.task.id", "kato.tasks", "deploy.server.groups"
"""Keys of a stage's context that several tasks read."""


class Status(StrEnum):
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    TERMINAL = "TERMINAL"


class Failed(Exception):
    """A task's end is TERMINAL, and so is its stage's and those of all stages around it."""


@dataclass
class Stage:
    """A stage and what Orca keeps of it."""

    type: str
    name: str
    context: Json
    parent: "Stage | None" = None
    id: str = ""
    started: float = 0.0
    status: Status = Status.RUNNING
    done: list[str] = field(default_factory=list)
    """Names of its tasks that have succeeded."""
    failure: str = ""
    """The task that failed, and why; empty where a stage inside failed."""

    @property
    def tasks(self) -> list[str]:
        """Ids of the tasks it has looked at."""
        return [one["id"] for one in self.context.get(TASKS, ())]

    @property
    def deploy(self) -> "Stage":
        """The stage around it that has deployed. Raises LookupError."""
        above = self.parent
        while above is not None and above.type != "createServerGroup":
            above = above.parent
        if above is None:
            raise LookupError(f"no stage around {self.name} has deployed anything")
        return above


@dataclass(frozen=True)
class Task:
    """`RetryableTask`: executed until it answers True, each `backoff` seconds, for at most `timeout` seconds."""

    name: str
    execute: Callable[["Orca", Stage], bool]
    backoff: float = 0.0
    timeout: float = 3600.0
    slower: Callable[[float], float] = lambda since: 0.0
    """`getDynamicBackoffPeriod`: the least back-off, so many seconds after it began."""


Composes = Callable[["Orca", Stage], Iterable[Stage]]


def _nothing(orca: "Orca", stage: Stage) -> Iterable[Stage]:
    return ()


@dataclass(frozen=True)
class Definition:
    """`StageDefinitionBuilder`: stages before, tasks, stages after; what runs when any of them fails."""

    tasks: Sequence[Task] = ()
    before: Composes = _nothing
    after: Composes = _nothing
    on_failure: Composes = _nothing


class Orca:
    """One execution of a pipeline. Nobody else's: several at once are several worlds' business."""

    def __init__(
        self,
        world: World,
        definitions: Mapping[str, Definition],
        *,
        account: str,
        region: str,
        execution: str = "01JD9ZK3M5",
        bake_account: str = "default",
    ) -> None:
        """`bake_account`: `default.bake.account`, whose images others are let launch first."""
        self.world, self.clock = world, world.clock
        self.account, self.region, self.bake_account = account, region, bake_account
        self.gateway = Gateway(world)
        self.kato = Kato(world.clock, self.gateway, execution)
        self.oort = Oort(world, account, region)
        self.stages: list[Stage] = []
        """In the order of their starts."""
        self.outputs: Json = {}
        """What tasks leave for all that comes after them."""
        self._definitions, self._execution = definitions, execution

    def run(self, stage: Stage) -> Stage:
        """A stage with all that belongs to it, to its end."""
        with suppress(Failed):
            self._run(stage)
        return stage

    @property
    def path(self) -> list[str]:
        """Names of the stages that ran."""
        return [stage.name for stage in self.stages]

    def find(self, stage: Stage, key: str) -> Any:
        """`stage.context[key]`: what is not there may be an output of an earlier stage."""
        return stage.context.get(key, self.outputs.get(key))

    def submit(self, stage: Stage, operations: Operations, provider: str = "aws") -> None:
        stage.context[LAST_TASK] = {"id": self.kato.request((stage.id, stage.started), operations, provider)}

    def _run(self, stage: Stage) -> None:
        definition = self._definitions[stage.type]
        self.stages.append(stage)
        stage.id, stage.started = f"{self._execution}-{len(self.stages)}", self.clock.now
        try:
            self._all(definition.before(self, stage))
            for task in definition.tasks:
                self._work(task, stage)
            self._all(definition.after(self, stage))
        except Failed:
            stage.status = Status.TERMINAL
            with suppress(Failed):
                self._all(definition.on_failure(self, stage))
            raise
        stage.status = Status.SUCCEEDED

    def _all(self, stages: Iterable[Stage]) -> None:
        for one in tuple(stages):  # planned at once, run one after the other
            self._run(one)

    def _work(self, task: Task, stage: Stage) -> None:
        """`RunTaskHandler`."""
        began = self.clock.now
        try:
            while not self._executed(task, stage):
                waited = self.clock.now - began
                if waited > task.timeout:
                    raise Failed(f"timed out after {waited:.0f} s")
                self.clock.drain(max(task.backoff, task.slower(waited)))
        except Failed as failed:
            stage.failure = f"{task.name}: {failed}"
            raise
        stage.done.append(task.name)

    def _executed(self, task: Task, stage: Stage) -> bool:
        try:
            return task.execute(self, stage)
        except HttpError as error:
            if error.again:
                return False
            stage.context["exception"] = {"details": error.details}
            raise Failed("; ".join(error.details["errors"])) from error
