"""The hub's ports but the clouds and the table: Step Functions, our own functions, delayed sweeps, the stream."""

from collections import deque
from collections.abc import Callable, Collection
from datetime import timedelta

from lambdas import errors
from lambdas.errors import Broken, WindlassError
from lambdas.hub import ExecutionState, Json, TokenGone
from lambdas.table import Item
from rehearsal import machines
from rehearsal.clock import Clock
from rehearsal.execution import Execution
from rehearsal.failures import TaskError

REDELIVERY = 5.0
"""Seconds until a record of the stream, or an event, whose handler failed comes again."""

STREAM_AGE = 86_400.0
"""Seconds that a record is kept; then it is lost, and the sweep does what it would have done:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html"""


class Machines:
    """`lambdas.hub.Machines` over our Step Functions."""

    def __init__(self, machines: machines.StepFunctions) -> None:
        self._machines = machines

    def start(self, saga: str, name: str, given: Json) -> bool:
        try:
            self._machines.start(saga, name, given)
        except machines.ExecutionAlreadyExists:
            return False
        return True

    def succeed(self, token: str, output: Json) -> None:
        try:
            self._machines.succeed(token, output)
        except machines.TokenGone:
            raise TokenGone(token) from None

    def fail(self, token: str, error: str, cause: str) -> None:
        try:
            self._machines.fail(token, error, cause)
        except machines.TokenGone:
            raise TokenGone(token) from None

    def describe(self, saga: str, name: str) -> ExecutionState | None:
        execution = self._machines.executions.get(name)
        return None if execution is None else state_of(execution)


class Functions:
    """`lambdas.hub.Functions`: a function's error comes back as the class it names."""

    def __init__(self, invoke: Callable[[str, Json], Json]) -> None:
        self._invoke = invoke

    def invoke(self, function: str, event: Json) -> Json:
        try:
            return self._invoke(function, event)
        except TaskError as failed:
            error: type[WindlassError] = getattr(errors, failed.error or "", Broken)
            raise error(failed.cause or "") from failed

    def send(self, function: str, event: Json) -> None:
        """At once: what it is for takes no virtual time."""
        self._invoke(function, event)


class Sweeper:
    """`lambdas.hub.Sweeper`: a message that SQS holds back for a while."""

    def __init__(self, clock: Clock, sweep: Callable[[Collection[str]], object]) -> None:
        self._clock, self._sweep = clock, sweep

    def after(self, delay: timedelta, nudged: Collection[str] = ()) -> None:
        if not timedelta() <= delay <= timedelta(minutes=15):
            raise Broken(f"SQS holds a message back for at most 15 minutes, not {delay}")
        self._clock.at(delay.total_seconds(), lambda: self._sweep(nudged))


class Push:
    """`lambdas.hub.Push`: whoever reads these queues, where the world has them (`rehearsal.heralds`); else nobody."""

    def __init__(self) -> None:
        self.herald: Callable[[str], object] = lambda operation: None
        self.courier: Callable[[str, str, timedelta], object] = lambda operation, delivery, after: None

    def tell(self, operation: str) -> None:
        self.herald(operation)

    def deliver(self, operation: str, delivery: str, after: timedelta = timedelta()) -> None:
        if not timedelta() <= after <= timedelta(minutes=15):
            raise Broken(f"SQS holds a message back for at most 15 minutes, not {after}")
        self.courier(operation, delivery, after)


class Stream:
    """The table's stream: record after record to one handler. A record that fails comes again, those behind it wait."""

    def __init__(self, clock: Clock, handle: Callable[[Item | None, Item | None], bool]) -> None:
        self._clock, self._handle = clock, handle
        self._waiting: deque[tuple[float, Item | None, Item | None]] = deque()
        self.dead_letters: list[str] = []

    def changed(self, old: Item | None, new: Item | None) -> None:
        self._waiting.append((self._clock.now, old, new))
        if len(self._waiting) == 1:
            self._deliver()

    @property
    def age(self) -> float:
        """Seconds for which the oldest record has waited to be dealt with."""
        return self._clock.now - self._waiting[0][0] if self._waiting else 0.0

    def clear(self) -> None:
        """No record is on its way."""
        self._waiting.clear()
        self.dead_letters.clear()

    def _deliver(self) -> None:
        while self._waiting:
            since, old, new = self._waiting[0]
            if not self._handle(old, new):
                if self._clock.now - since < STREAM_AGE:
                    self._clock.at(REDELIVERY, self._deliver)
                    return
                self.dead_letters.append(f"{(new or old or {}).get('pk')}")
            self._waiting.popleft()


def state_of(execution: Execution) -> ExecutionState:
    return ExecutionState(execution.status.value, execution.error or "", execution.cause or "")
