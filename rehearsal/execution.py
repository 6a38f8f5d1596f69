"""Executions under way: what is entered, noted, waited for and ended, whatever the states do.

An execution is one branch of control; a Parallel or a Map adds a branch for each of its parts.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import NoReturn, Protocol

from .boundary import Invoke, Outcome, returned, sent, timed
from .clock import Clock, Timer, iso
from .failures import RUNTIME, TIMEOUT, Failure, TaskError, Unreadable
from .history import MOST_EVENTS, Event
from .jsontext import Json

ACCOUNT = "111111111111"
REGION = "us-east-1"
ARN = f"arn:aws:states:{REGION}:{ACCOUNT}"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/sfn_role"


class Status(StrEnum):
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    TIMED_OUT = "TIMED_OUT"
    ABORTED = "ABORTED"


Step = Callable[["Branch"], str | None]
"""A piece of a state's work: the name of the next state, or None when time or somebody else must come first."""


class Halted(Exception):
    """The branch has ended while one of its states was at work."""


class State(Protocol):
    """What a branch asks of a state."""

    name: str

    def enter(self, branch: Branch) -> str | None: ...

    def failed(self, branch: Branch, failure: Failure) -> str | None: ...

    def answered(self, branch: Branch, result: Json) -> str | None: ...

    def refused(self, branch: Branch, failure: Failure) -> str | None: ...

    def beat(self, branch: Branch) -> None: ...


@dataclass(frozen=True)
class Graph:
    """States and where they start; `timeout` in seconds, of a whole machine."""

    start: str
    states: Mapping[str, State]
    timeout: float | None = None


@dataclass
class World:
    """What executions share. Without `isolated`, functions see and can change the state's own data (it is faster);
    without `recorded`, events are counted and not kept."""

    clock: Clock
    invoke: Invoke
    seed: int = 0
    recorded: bool = True
    isolated: bool = True
    tokens: dict[str, Branch] = field(default_factory=dict)
    start: Callable[[str, str, Json], Execution] | None = None
    """StartExecution: machine, name, input. For states that start another execution."""


class Branch:
    """One line of control: the execution's own, a branch of a Parallel, an item of a Map."""

    __slots__ = (
        "came",
        "children",
        "counts",
        "data",
        "entered",
        "entered_event",
        "execution",
        "fail",
        "finish",
        "graph",
        "halted",
        "heartbeat",
        "item",
        "last",
        "most",
        "nested",
        "pulse",
        "state",
        "timers",
        "token",
        "variables",
    )

    def __init__(
        self,
        execution: Execution,
        graph: Graph,
        data: Json,
        finish: Callable[[Json], None],
        fail: Callable[[Failure], None],
    ) -> None:
        self.execution, self.graph, self.data, self.finish, self.fail = execution, graph, data, finish, fail
        self.variables: Mapping[str, Json] = {}
        self.item: dict[str, Json] | None = None
        self.state = graph.states[graph.start]
        self.entered = 0.0
        self.entered_event = 0
        self.last = 0
        self.counts: list[int] | None = None
        self.children: list[Branch] = []
        self.nested: Execution | None = None
        """The execution whose end the state waits for."""
        self.timers: list[Timer] = []
        self.token: str | None = None
        self.heartbeat: float | None = None
        self.pulse: Timer | None = None
        self.halted = False
        self.came: int | None = None
        """Bytes of the result that came last, where they were counted."""
        self.most: int | None = None
        """Bytes of `data` as JSON, at most; None: not counted."""

    def go(self, step: Step) -> None:
        """From here through as many states as need neither time nor anybody else."""
        try:
            following = self._try(step)
            while following is not None:
                following = self._try(self.graph.states[following].enter)
        except Halted:
            pass

    def _try(self, step: Step) -> str | None:
        try:
            return step(self)
        except Unreadable as failure:
            return self.state.failed(self, failure.inside(self.state.name, self.entered_event))
        except Failure as failure:
            return self.state.failed(self, failure)

    def after(self, delay: float, step: Step) -> Timer:
        """Take the step then, unless something else settles the state first."""
        timer = self.execution.world.clock.at(delay, lambda: self.resume(step))
        self.timers.append(timer)
        return timer

    def later(self, delay: float, step: Step) -> None:
        """The same for a step that settles nothing."""
        self.timers.append(self.execution.world.clock.at(delay, lambda: self.go(step)))

    def resume(self, step: Step) -> None:
        self.settle()
        self.go(step)

    def settle(self) -> None:
        """Nothing that the state waited for counts any more."""
        for timer in self.timers:
            timer.cancel()
        self.timers.clear()
        if self.token is not None:
            del self.execution.world.tokens[self.token]
            self.token = None

    def halt(self) -> None:
        self.halted = True
        self.settle()
        for child in self.children:
            child.halt()
        if self.nested is not None:
            nested, self.nested = self.nested, None
            nested.abort(None, None)

    def note(self, kind: str, **details: Json) -> None:
        """An event that follows on the branch's last one."""
        execution = self.execution
        execution.events += 1
        if execution.recorded is not None:
            execution.keep(kind, self.last, details)
        self.last = execution.events
        if self.last >= MOST_EVENTS - 1:
            self._overflow()

    def aside(self, kind: str, **details: Json) -> int:
        """The same for an event on which the next does not follow; gives its id."""
        number = self.execution.record(kind, self.last, details)
        if number >= MOST_EVENTS - 1:
            self._overflow()
        return number

    def _overflow(self) -> NoReturn:
        self.execution.overflow()
        raise Halted

    @property
    def rng(self) -> random.Random:
        return self.execution.rng

    def new_token(self) -> str:
        """A token for the attempt that begins; the tokens of a run are the same every time."""
        execution = self.execution
        execution.issued += 1
        self.token = f"{execution.name}/token/{execution.issued}"
        execution.world.tokens[self.token] = self
        return self.token

    def invoke(self, function: str, payload: Json, called: str) -> tuple[Json, float]:
        """The function's result and how long it took; `called` is its name in the message about too large a result."""
        world = self.execution.world
        if not world.isolated:
            return timed(self._call(function, payload))
        result, took = timed(self._call(function, sent(payload, self.state.name)))
        try:
            result, self.came = returned(result, called)
            return result, took
        except Failure as failure:
            failure.took = took
            raise

    def _call(self, function: str, payload: Json) -> Outcome:
        """The function may have had this very execution stopped: then it does not matter how it ends."""
        try:
            outcome = self.execution.world.invoke(function, payload)
        except TaskError:
            if self.halted:
                raise Halted from None
            raise
        if self.halted:
            raise Halted
        return outcome

    @property
    def lasting(self) -> dict[str, Json]:
        return self.execution.context

    def context(self) -> dict[str, Json]:
        """The context object `$$`."""
        state: dict[str, Json] = {"EnteredTime": iso(self.entered), "Name": self.state.name}
        if self.counts is not None:
            state["RetryCount"] = sum(self.counts)
        context: dict[str, Json] = {**self.execution.context, "State": state}
        if self.token is not None:
            context["Task"] = {"Token": self.token}
        if self.item is not None:
            context["Map"] = {"Item": self.item}
        return context


class Execution:
    """One run of a machine.

    For whoever looks from outside: `name`, `path` (the states entered), `status`, `output`, `error`, `cause`,
    `transitions`, `events` (how many), `history` (None when not recorded), `started` and `stopped` in seconds.
    """

    def __init__(
        self,
        name: str,
        machine: str,
        graph: Graph,
        data: Json,
        *,
        world: World,
        on_end: Callable[[Execution], object],
    ) -> None:
        self.name, self.machine, self.graph, self.input = name, machine, graph, data
        self.world, self.on_end = world, on_end
        self.status = Status.RUNNING
        self.path: list[str] = []
        self.output: Json = None
        self.error: str | None = None
        self.cause: str | None = None
        self.transitions = self.events = self.issued = 0
        self.recorded: list[Event] | None = [] if world.recorded else None
        self.started = world.clock.now
        self.stopped: float | None = None
        self.watchers: list[Callable[[Execution], object]] = []
        """Whoever else waits for its end."""
        self.root = Branch(self, graph, data, self._finish, self._fail)
        self._deadline: Timer | None = None

    def begin(self) -> None:
        """Enter the first state, unless it was stopped before it came to that."""
        if self.status is not Status.RUNNING:
            return
        self.record("ExecutionStarted", 0, {"input": self.input, "roleArn": ROLE})
        if self.graph.timeout is not None:
            self._deadline = self.world.clock.at(self.graph.timeout, self._time_out)
        self.root.go(self.root.state.enter)

    def abort(self, error: str | None, cause: str | None) -> None:
        """StopExecution. What has ended already stays as it is."""
        if self.status is Status.RUNNING:
            self._end(Status.ABORTED, "ExecutionAborted", error, cause)

    def overflow(self) -> None:
        """The history is full but for one event: the execution fails, and nothing can catch that."""
        cause = f"The execution reached the maximum number of history events ({MOST_EVENTS})."
        self._end(Status.FAILED, "ExecutionFailed", RUNTIME, cause)

    def record(self, kind: str, previous: int, details: dict[str, Json]) -> int:
        """Count an event, keep it if history is kept, and give its id."""
        self.events += 1
        if self.recorded is not None:
            self.keep(kind, previous, details)
        return self.events

    def keep(self, kind: str, previous: int, details: dict[str, Json]) -> None:
        """The event that was counted last."""
        if self.recorded is not None:
            self.recorded.append(Event(self.events, previous, self.world.clock.now, kind, details))

    @property
    def history(self) -> list[dict[str, Json]] | None:
        """As GetExecutionHistory would give it now; None when events are only counted."""
        return None if self.recorded is None else [event.shown() for event in self.recorded]

    @cached_property
    def rng(self) -> random.Random:
        """Its own source: what other executions do does not change its jitter."""
        return random.Random(f"{self.world.seed}/{self.name}")

    @cached_property
    def context(self) -> dict[str, Json]:
        """What stays the same in the context object from the first state to the last."""
        return {
            "Execution": {
                "Id": self.arn,
                "Input": self.input,
                "Name": self.name,
                "RoleArn": ROLE,
                "StartTime": iso(self.started),
                "RedriveCount": 0,
            },
            "StateMachine": {"Id": f"{ARN}:stateMachine:{self.machine}", "Name": self.machine},
        }

    @property
    def arn(self) -> str:
        return f"{ARN}:execution:{self.machine}:{self.name}"

    def _finish(self, output: Json) -> None:
        self.output = output
        self._end(Status.SUCCEEDED, "ExecutionSucceeded", None, None, output=output)

    def _fail(self, failure: Failure) -> None:
        self._end(Status.FAILED, "ExecutionFailed", failure.error, failure.cause)

    def _time_out(self) -> None:
        self._end(Status.TIMED_OUT, "ExecutionTimedOut", TIMEOUT, None)

    def _end(self, status: Status, kind: str, error: str | None, cause: str | None, **details: Json) -> None:
        self.status, self.error, self.cause, self.stopped = status, error, cause, self.world.clock.now
        self.root.halt()
        if self._deadline is not None:
            self._deadline.cancel()
        self.record(kind, self.root.last, {"error": error, "cause": cause, **details})
        self.on_end(self)
        for watch in self.watchers:
            watch(self)
