"""Step Functions in memory: machines by name, executions, and the calls their owners make."""

import random
from collections.abc import Callable

from .asl import Machine
from .boundary import Invoke
from .clock import Clock
from .execution import Branch, Execution, Status, World
from .failures import TaskError
from .jsontext import Json, copied, encode


class TokenGone(Exception):
    """The token is unknown, or what it stood for is settled (TaskTimedOut, TaskDoesNotExist)."""


class ExecutionAlreadyExists(Exception):
    """There is or was an execution of that name, and it is not the same one still running."""


class ExecutionDoesNotExist(KeyError):
    """There never was an execution of that name."""


class StepFunctions:
    """Same machines, inputs, seed and calls: the same executions, event for event.

    `isolated=False` saves the JSON copies at each Task (functions then must not change what they are given),
    `recorded=False` counts events without keeping them; an execution begins up to `latency` seconds after its start
    was accepted. Callbacks in `on_status` get each execution that has ended, at that moment.
    """

    def __init__(
        self,
        clock: Clock,
        invoke: Invoke,
        seed: int = 0,
        *,
        recorded: bool = True,
        isolated: bool = True,
        latency: float = 0.0,
    ) -> None:
        self.clock = clock
        self.machines: dict[str, Machine] = {}
        self.executions: dict[str, Execution] = {}
        self.latest: Execution | None = None
        """The one started last."""
        self.on_status: list[Callable[[Execution], object]] = []
        self._world = World(clock, invoke, seed, recorded=recorded, isolated=isolated)
        self._world.start = self._start_nested
        self._rng, self._latency = random.Random(seed), latency

    def clear(self, seed: int) -> None:
        """As if made anew with that seed: no executions, the machines as they are."""
        self.executions.clear()
        self.latest = None
        self._world.tokens.clear()
        self._world.seed = seed
        if self._latency:
            self._rng.seed(seed)

    def define(self, name: str, machine: Machine | dict[str, Json]) -> None:
        """Create or update a machine; running executions keep the definition they began with."""
        self.machines[name] = Machine(machine) if isinstance(machine, dict) else machine

    def start(self, machine: str, name: str, data: Json) -> Execution:
        """StartExecution. The same name, machine and input while that one still runs: the same execution."""
        known = self.executions.get(name)
        if known is not None:
            if known.status is Status.RUNNING and known.machine == machine and encode(known.input) == encode(data):
                return known
            raise ExecutionAlreadyExists(name)
        execution = Execution(
            name, machine, self.machines[machine], copied(data)[0], world=self._world, on_end=self._ended
        )
        self.executions[name] = self.latest = execution
        self.clock.at(self._rng.random() * self._latency if self._latency else 0.0, execution.begin)
        return execution

    def run(self, name: str) -> Execution:
        """Let time pass until it has ended or nothing is left to come."""
        execution = self._execution(name)
        self.clock.run(lambda: execution.status is not Status.RUNNING)
        return execution

    def describe(self, name: str) -> Status:
        return self._execution(name).status

    def stop(self, name: str, error: str | None = None, cause: str | None = None) -> None:
        self._execution(name).abort(error, cause)

    def succeed(self, token: str, output: Json) -> None:
        """SendTaskSuccess. The state goes on from the clock's next turn, not inside this call."""
        branch = self._holder(token)
        result, branch.came = copied(output)
        branch.settle()
        branch.after(0, lambda late: late.state.answered(late, result))

    def fail(self, token: str, error: str, cause: str = "") -> None:
        branch = self._holder(token)
        branch.settle()
        branch.after(0, lambda late: late.state.refused(late, TaskError(error, cause)))

    def heartbeat(self, token: str) -> None:
        branch = self._holder(token)
        branch.state.beat(branch)

    def _start_nested(self, machine: str, name: str, data: Json) -> Execution:
        """StartExecution as a state calls it: what is refused is the state's failure, under the SDK's name."""
        if machine not in self.machines:
            raise TaskError(
                "StepFunctions.StateMachineDoesNotExistException", f"State Machine Does Not Exist: {machine}"
            )
        try:
            return self.start(machine, name, data)
        except ExecutionAlreadyExists:
            cause = f"Execution Already Exists: {self.executions[name].arn}"
            raise TaskError("StepFunctions.ExecutionAlreadyExistsException", cause) from None

    def _holder(self, token: str) -> Branch:
        if token not in self._world.tokens:
            raise TokenGone(token)
        return self._world.tokens[token]

    def _execution(self, name: str) -> Execution:
        if name not in self.executions:
            raise ExecutionDoesNotExist(name)
        return self.executions[name]

    def _ended(self, execution: Execution) -> None:
        for callback in self.on_status:
            callback(execution)
