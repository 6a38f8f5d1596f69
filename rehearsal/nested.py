"""Task states that start another execution: `states:startExecution`, alone, with `.sync`, `.sync:2` or a task token.

Events and results are as recorded on AWS: the snapshots of `test_sfn_task_service` and `test_callback` in
localstack/localstack. When the state's execution ends in whatever way, or its branch is given up, the nested one is
stopped (https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-sync). A time-out of the
state itself is not among the reasons named there: the nested execution goes on.
"""

import uuid

from .execution import ARN, Branch, Execution, Status
from .failures import Failure, TaskError
from .jsontext import Json, decode, encode
from .states import Definition
from .tasks import InvokeTask, Task, TokenTask, compile_task

TASK_FAILED = "States.TaskFailed"

_METADATA: dict[str, Json] = {
    "SdkHttpMetadata": {"HttpStatusCode": 200},
    "SdkResponseMetadata": {"RequestId": "00000000-0000-0000-0000-000000000000"},
}


def compile_any(name: str, definition: Definition) -> Task:
    """A Task of whatever kind."""
    action = str(definition["Resource"]).partition(":states:::")[2]
    kind = _KINDS.get(action)
    return compile_task(name, definition) if kind is None else kind(name, definition)


class StartTask(InvokeTask):
    """The other execution is on its own once it is started."""

    service, named = "states", "StateMachineArn"

    def attempt(self, branch: Branch) -> str | None:
        request = self.request(branch)
        timeout = self.limit(branch, self.seconds)
        self.note_scheduled(branch, request, timeout)
        try:
            execution = start(branch, request)
        except Failure as failure:
            return self.refused(branch, failure)
        return self.begun(branch, execution, timeout)

    def begun(self, branch: Branch, execution: Execution, timeout: int | None) -> str | None:
        return self.answered(branch, submission(execution))


class SyncTask(StartTask):
    """The state ends as the other execution does; the description has input and output as text."""

    parsed = False

    def begun(self, branch: Branch, execution: Execution, timeout: int | None) -> str | None:
        self.note(branch, "Submitted", output=submission(execution))
        if timeout is not None:
            branch.after(timeout, self.timed_out)
        branch.nested = execution
        execution.watchers.append(lambda ended: self.heard(branch, ended))
        return None

    def heard(self, branch: Branch, execution: Execution) -> None:
        """Unless the state no longer waits for it."""
        if branch.nested is not execution:
            return
        branch.nested = None
        branch.settle()
        branch.after(0, lambda late: self.ended(late, execution))

    def ended(self, branch: Branch, execution: Execution) -> str | None:
        description = described(execution, parsed=self.parsed)
        if execution.status is Status.SUCCEEDED:
            return self.answered(branch, description)
        return self.refused(branch, TaskError(TASK_FAILED, encode(description)))

    def timed_out(self, branch: Branch, also: str = "") -> str | None:
        branch.nested = None
        return super().timed_out(branch, also)


class ParsedSyncTask(SyncTask):
    """The same; the description has input and output as JSON."""

    parsed = True


class TokenStartTask(TokenTask):
    """The other execution is given the token in its input, and whoever it tells ends the state."""

    service, named = "states", "StateMachineArn"

    def call(self, branch: Branch, request: Json) -> tuple[Json, float]:
        return start(branch, request), 0.0

    def result(self, returned: Json) -> Json:
        return submission(returned)


_KINDS: dict[str, type[Task]] = {
    "states:startExecution": StartTask,
    "states:startExecution.sync": SyncTask,
    "states:startExecution.sync:2": ParsedSyncTask,
    "states:startExecution.waitForTaskToken": TokenStartTask,
}


def start(branch: Branch, request: Json) -> Execution:
    """Start what the parameters name. Without a name it gets one of its own, the same in every run of that seed."""
    world = branch.execution.world
    if world.start is None:
        raise TaskError("StepFunctions.StateMachineDoesNotExistException", "there are no other machines")
    name = request.get("Name") or _drawn(branch.execution)
    return world.start(_machine(request["StateMachineArn"]), name, _input(request.get("Input")))


def _drawn(execution: Execution) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{execution.arn}/{execution.events}"))


def submission(execution: Execution) -> Json:
    """StartExecution's answer."""
    return {"ExecutionArn": execution.arn, **_METADATA, "StartDate": _milliseconds(execution.started)}


def described(execution: Execution, *, parsed: bool) -> Json:
    """DescribeExecution's answer as a state sees it; what has no value is left out."""
    description = {
        "Cause": execution.cause,
        "Error": execution.error,
        "ExecutionArn": execution.arn,
        "Input": execution.input if parsed else encode(execution.input),
        "InputDetails": {"Included": True},
        "Name": execution.name,
    }
    if execution.status is Status.SUCCEEDED:
        description["Output"] = execution.output if parsed else encode(execution.output)
        description["OutputDetails"] = {"Included": True}
    description |= {
        "StartDate": _milliseconds(execution.started),
        "StateMachineArn": f"{ARN}:stateMachine:{execution.machine}",
        "Status": execution.status.value,
        "StopDate": _milliseconds(execution.stopped or execution.started),
    }
    return {key: value for key, value in description.items() if value is not None or key in ("Input", "Output")}


def _machine(arn: str) -> str:
    """Its name, without the version or alias that may follow; a name, or a `${Hole}`, is one already."""
    _, here, name = arn.partition(":stateMachine:")
    return name.partition(":")[0] if here else arn


def _input(given: Json) -> Json:
    """Text is JSON as it stands; nothing at all is an empty object."""
    if given is None:
        return {}
    if not isinstance(given, str):
        return given
    try:
        return decode(given)
    except ValueError as error:
        raise TaskError(
            "StepFunctions.InvalidExecutionInputException", f"Invalid State Machine Execution Input: {error}"
        ) from None


def _milliseconds(time: float) -> int:
    return round(time * 1000)
