"""Step Functions for whoever keeps a caller waiting: while starts are known to fail, none is tried.

What is not started stays in the backlog. One process remembers, and shares it with no other: each finds out by one call
that Step Functions fails, and by one call that it works again.
"""

from collections.abc import Callable

from lambdas.errors import Transient, WindlassError
from lambdas.hub import ExecutionState, Json, Machines

PAUSE = 1.0
"""Seconds without a start of the machine that could not be started."""
SLOW = 0.5
"""Seconds after which an error counts as a Step Functions that hangs: then no machine is started, so that a process
spends at most half of its time waiting for it."""


class Impatient:
    """`lambdas.hub.Machines`, one for each process."""

    def __init__(self, machines: Machines, now: Callable[[], float]) -> None:
        self._machines, self._now = machines, now
        self._again = 0.0
        self._again_of: dict[str, float] = {}

    def start(self, saga: str, name: str, given: Json) -> bool:
        """Raises Transient at once while it is known to fail."""
        began = self._now()
        if began < max(self._again, self._again_of.get(saga, 0.0)):
            raise Transient(f"execution {name} of {saga} is not started now: a start failed a moment ago")
        try:
            return self._machines.start(saga, name, given)
        except WindlassError:
            self._failed(saga, began)
            raise

    def _failed(self, saga: str, began: float) -> None:
        now = self._now()
        if now - began > SLOW:
            self._again = now + PAUSE
        self._again_of[saga] = now + PAUSE

    def succeed(self, token: str, output: Json) -> None:
        self._machines.succeed(token, output)

    def fail(self, token: str, error: str, cause: str) -> None:
        self._machines.fail(token, error, cause)

    def describe(self, saga: str, name: str) -> ExecutionState | None:
        return self._machines.describe(saga, name)
