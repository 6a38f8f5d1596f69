"""Step Functions as its client meets it: buckets as AWS publishes them, and a StartExecution that fails for a while."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError

from lambdas.sessions import BRIEF
from rehearsal import machines
from rehearsal.clock import Clock
from rehearsal.faults import Faults
from rehearsal.ports import state_of

Json = dict[str, Any]

START, DESCRIBE = "StartExecution", "DescribeExecution"
BUCKETS = {START: (800, 150), DESCRIBE: (250, 10)}
"""Calls at once and calls a second, outside the three largest Regions:
https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html#service-limits-api-action-throttling-standard"""
OUTAGES = {
    "fails": "StartExecution answers 503",
    "throttled": "StartExecution answers ThrottlingException, whoever calls",
    "denied": "StartExecution answers AccessDeniedException, as after a bad change of a role",
    "hangs": "StartExecution never answers; its caller gives up after the client's own timeout",
}
_ANSWERS = {
    "fails": ("ServiceUnavailable", 503),
    "throttled": ("ThrottlingException", 400),
    "denied": ("AccessDeniedException", 400),
}


@dataclass
class Tokens:
    """A bucket of AWS: a call that is refused takes nothing."""

    size: float
    refill: float
    left: float
    at: float

    def take(self, now: float) -> bool:
        self.left, self.at = min(self.size, self.left + self.refill * (now - self.at)), now
        if self.left < 1:
            return False
        self.left -= 1
        return True


class Published:
    """Step Functions' client, as far as `lambdas.step_functions` calls it."""

    def __init__(
        self, clock: Clock, faults: Faults, real: machines.StepFunctions, down: Callable[[], bool], how: str
    ) -> None:
        self._clock, self._faults, self._machines = clock, faults, real
        self._down, self._how = down, how
        self._tokens = {name: Tokens(*bucket, bucket[0], clock.now) for name, bucket in BUCKETS.items()}
        self.started: dict[str, tuple[float, str]] = {}
        """By execution: when it was started, and where from."""
        self.calls: Counter[str] = Counter()
        self.throttled: Counter[str] = Counter()
        """Calls beyond the published bucket."""
        self.most: Counter[str] = Counter()
        """Of any second."""
        self._second: Counter[tuple[str, int]] = Counter()

    def start_execution(self, *, stateMachineArn: str, name: str, input: str) -> Json:  # noqa: A002, N803  AWS's names
        self._called(START)
        if self._down():
            self._fails()
        self._within(START)
        try:
            self._machines.start(stateMachineArn.rpartition(":")[2], name, json.loads(input))
        except machines.ExecutionAlreadyExists:
            raise _error("ExecutionAlreadyExists", 400, START) from None
        self.started.setdefault(name, (self._clock.now, self._faults.where))
        return {}

    def describe_execution(self, *, executionArn: str) -> Json:  # noqa: N803
        self._called(DESCRIBE)
        self._within(DESCRIBE)
        execution = self._machines.executions.get(executionArn.rpartition(":")[2])
        if execution is None:
            raise _error("ExecutionDoesNotExist", 400, DESCRIBE)
        state = state_of(execution)
        return {"status": state.status, "error": state.error, "cause": state.cause}

    def send_task_success(self, *, taskToken: str, output: str) -> Json:  # noqa: N803
        self._settled("SendTaskSuccess", lambda: self._machines.succeed(taskToken, json.loads(output)))
        return {}

    def send_task_failure(self, *, taskToken: str, error: str, cause: str) -> Json:  # noqa: N803
        self._settled("SendTaskFailure", lambda: self._machines.fail(taskToken, error, cause))
        return {}

    def _settled(self, operation: str, answer: Callable[[], object]) -> None:
        try:
            answer()
        except machines.TokenGone:
            raise _error("TaskTimedOut", 400, operation) from None

    def _called(self, operation: str) -> None:
        self.calls[operation] += 1
        second = operation, int(self._clock.now)
        self._second[second] += 1
        self.most[operation] = max(self.most[operation], self._second[second])

    def _within(self, operation: str) -> None:
        if not self._tokens[operation].take(self._clock.now):
            self.throttled[operation] += 1
            raise _error("ThrottlingException", 400, operation)

    def _fails(self) -> None:
        if self._how == "hangs":
            self._faults.spent += BRIEF.read_timeout  # type: ignore[attr-defined]  # botocore's stubs know no option
            raise ReadTimeoutError(endpoint_url="https://states.us-east-1.amazonaws.com")
        raise _error(*_ANSWERS[self._how], START)


def _error(code: str, status: int, operation: str) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": "rehearsed"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, operation)
