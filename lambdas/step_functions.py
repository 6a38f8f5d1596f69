"""Our state machines on Step Functions."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from lambdas.error_codes import translating
from lambdas.errors import AlreadyExists, NotFound
from lambdas.hub import ExecutionState, Json, TokenGone
from lambdas.traces import header

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

SERVICE = "stepfunctions"
LONGEST_ERROR = 256
LONGEST_CAUSE = 32_768
"""https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskFailure.html"""


class StepFunctions:
    """`lambdas.hub.Machines`; `arns` finds a saga's machine by the saga's name.

    `environ`: of the process, as it is at each start; it names the trace that the execution then belongs to.
    """

    def __init__(self, client: "SFNClient", arns: Mapping[str, str], environ: Mapping[str, str]) -> None:
        self._client = client
        self._arns = arns
        self._environ = environ

    def start(self, saga: str, name: str, given: Json) -> bool:
        # Canonical input: the same name with the same input is no error at all while the first still runs, whichever
        # trace asks again. https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
        trace = header(self._environ)
        wanted = {"traceHeader": trace} if trace else {}
        try:
            with translating(SERVICE, f"execution {name} of {saga}"):
                self._client.start_execution(
                    stateMachineArn=self._arns[saga], name=name, input=canonical(given), **wanted
                )
        except AlreadyExists:
            return False
        return True

    def succeed(self, token: str, output: Json) -> None:
        try:
            with translating(SERVICE, "a task's success"):
                self._client.send_task_success(taskToken=token, output=canonical(output))
        except NotFound as gone:
            raise TokenGone(str(gone)) from None

    def fail(self, token: str, error: str, cause: str) -> None:
        try:
            with translating(SERVICE, "a task's failure"):
                self._client.send_task_failure(
                    taskToken=token, error=error[:LONGEST_ERROR], cause=(cause or error)[:LONGEST_CAUSE]
                )
        except NotFound as gone:
            raise TokenGone(str(gone)) from None

    def describe(self, saga: str, name: str) -> ExecutionState | None:
        try:
            with translating(SERVICE, f"execution {name} of {saga}"):
                found = self._client.describe_execution(executionArn=execution_arn(self._arns[saga], name))
        except NotFound:
            return None
        return ExecutionState(found["status"], found.get("error", ""), found.get("cause", ""))


def canonical(value: Json) -> str:
    """The one text of a value: what is compared or hashed must not depend on the order of keys."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def execution_arn(machine: str, name: str) -> str:
    return f"{machine.replace(':stateMachine:', ':execution:', 1)}:{name}"
