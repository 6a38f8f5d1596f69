"""Executions that a state starts: what the state gets, what the history tells, and who is stopped with whom."""

import json
from typing import Any

import pytest

from rehearsal.asl import DefinitionError, Machine
from rehearsal.clock import EPOCH, Clock
from rehearsal.execution import ARN, Execution, Status
from rehearsal.machines import StepFunctions

Json = Any

START = "arn:aws:states:::states:startExecution"
CAUGHT = {"ErrorEquals": ["States.TaskFailed"], "ResultPath": "$.failed", "Next": "Caught"}

PASSES = {"StartAt": "Pass", "States": {"Pass": {"Type": "Pass", "Result": {"Arg1": "argument1"}, "End": True}}}
FAILS = {"StartAt": "Fail", "States": {"Fail": {"Type": "Fail", "Error": "SomeFailure", "Cause": "for a test"}}}
WAITS = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 60, "End": True}}}


def parent(how: str, child: str = "Child", name: str = "child-1", **fields: Json) -> Json:
    parameters = {"StateMachineArn": f"{ARN}:stateMachine:{child}", "Name": name, "Input.$": "$.x"}
    task = {"Type": "Task", "Resource": START + how, "Parameters": parameters, "End": True, **fields}
    return {"StartAt": "Start", "States": {"Start": task, "Caught": {"Type": "Pass", "End": True}}}


class Nest:
    """A parent, a child, and a function that keeps what it is given."""

    def __init__(self, definition: Json, child: Json = PASSES) -> None:
        self.clock, self.given = Clock(), list[Json]()
        self.service = StepFunctions(self.clock, lambda function, payload: self.given.append(payload))
        self.service.define("Parent", definition)
        self.service.define("Child", child)

    def begin(self, x: Json = None) -> Execution:
        return self.service.start("Parent", "parent-1", {"x": x})

    def run(self, x: Json = None) -> Execution:
        self.begin(x)
        return self.service.run("parent-1")

    @property
    def child(self) -> Execution:
        return self.service.executions["child-1"]


def events(execution: Execution) -> list[str]:
    return [event["type"] for event in execution.history or []]


def details(execution: Execution, kind: str) -> Json:
    block = f"{kind[0].lower()}{kind[1:]}EventDetails"
    return next(event[block] for event in execution.history or [] if event["type"] == kind)


SUBMITTED = ["ExecutionStarted", "TaskStateEntered", "TaskScheduled", "TaskStarted", "TaskSubmitted"]
DESCRIBED = {
    "ExecutionArn": f"{ARN}:execution:Child:child-1",
    "Input": {},
    "InputDetails": {"Included": True},
    "Name": "child-1",
    "Output": {"Arg1": "argument1"},
    "OutputDetails": {"Included": True},
    "StartDate": round(EPOCH * 1000),
    "StateMachineArn": f"{ARN}:stateMachine:Child",
    "Status": "SUCCEEDED",
    "StopDate": round(EPOCH * 1000),
}


def test_an_execution_that_is_only_started_goes_on_by_itself() -> None:
    nest = Nest(parent(""), WAITS)

    execution = nest.run({"a": 1})

    assert nest.child.status is Status.RUNNING
    assert nest.child.input == {"a": 1}
    assert execution.output["ExecutionArn"] == f"{ARN}:execution:Child:child-1"
    assert execution.output["StartDate"] == round(EPOCH * 1000)
    kinds = ["TaskScheduled", "TaskStarted", "TaskSucceeded", "TaskStateExited", "ExecutionSucceeded"]
    assert events(execution) == ["ExecutionStarted", "TaskStateEntered", *kinds]


@pytest.mark.parametrize("how", [".sync", ".sync:2"])
def test_the_state_waits_and_gets_the_description_as_text_or_as_json(how: str) -> None:
    execution = Nest(parent(how)).run()

    texts = {"Input": "{}", "Output": '{"Arg1":"argument1"}'} if how == ".sync" else {}
    assert execution.output == DESCRIBED | texts
    assert events(execution) == [*SUBMITTED, "TaskSucceeded", "TaskStateExited", "ExecutionSucceeded"]
    for kind in ("TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskSucceeded"):
        assert details(execution, kind)["resourceType"] == "states"
        assert details(execution, kind)["resource"] == f"startExecution{how}"
    asked = json.loads(details(execution, "TaskScheduled")["parameters"])
    assert asked == {"StateMachineArn": f"{ARN}:stateMachine:Child", "Name": "child-1", "Input": None}


@pytest.mark.parametrize("how", [".sync", ".sync:2"])
def test_its_failure_is_the_states_with_the_description_as_cause(how: str) -> None:
    execution = Nest(parent(how), FAILS).run()

    cause = json.loads(execution.cause or "")
    assert (execution.status, execution.error) == (Status.FAILED, "States.TaskFailed")
    assert (cause["Status"], cause["Error"], cause["Cause"]) == ("FAILED", "SomeFailure", "for a test")
    assert "Output" not in cause
    assert events(execution) == [*SUBMITTED, "TaskFailed", "ExecutionFailed"]
    assert details(execution, "TaskFailed")["error"] == "States.TaskFailed"


def test_its_failure_can_be_caught() -> None:
    execution = Nest(parent(".sync:2", Catch=[CAUGHT]), FAILS).run()

    assert execution.path == ["Start", "Caught"]
    assert json.loads(execution.output["failed"]["Cause"])["Error"] == "SomeFailure"


def test_one_that_is_stopped_or_too_slow_fails_the_state() -> None:
    stopped, slow = Nest(parent(".sync:2"), WAITS), Nest(parent(".sync:2"), {**WAITS, "TimeoutSeconds": 5})
    stopped.begin()
    stopped.clock.drain(10)
    stopped.service.stop("child-1", "Enough", "of this")

    cause = json.loads(stopped.service.run("parent-1").cause or "")
    late = json.loads(slow.run().cause or "")

    assert (cause["Status"], cause["Error"]) == ("ABORTED", "Enough")
    assert (late["Status"], late["Error"]) == ("TIMED_OUT", "States.Timeout")


def test_it_is_stopped_with_the_one_that_waits_for_it() -> None:
    nest = Nest(parent(".sync:2"), WAITS)
    execution = nest.begin()
    nest.clock.drain(10)

    nest.service.stop("parent-1")
    nest.clock.drain(600)

    assert (execution.status, nest.child.status) == (Status.ABORTED, Status.ABORTED)
    assert events(execution)[-1] == "ExecutionAborted"
    assert nest.child.stopped == EPOCH + 10


def test_it_is_stopped_with_a_parallel_branch_that_another_branch_ends() -> None:
    failing = {"Type": "Parallel", "Branches": [parent(".sync:2"), FAILS], "End": True}
    nest = Nest({"StartAt": "Both", "States": {"Both": failing}}, WAITS)

    assert nest.run().error == "SomeFailure"
    assert nest.child.status is Status.ABORTED


def test_one_that_is_only_started_is_stopped_with_nobody() -> None:
    nest = Nest(parent("", End=False, Next="Caught"), WAITS)
    nest.run()
    nest.clock.drain(60)

    assert nest.child.status is Status.SUCCEEDED


def test_a_time_out_of_the_state_leaves_it_running_and_its_end_is_nobodys() -> None:
    nest = Nest(parent(".sync:2", TimeoutSeconds=30), WAITS)

    execution = nest.run()
    running = nest.child.status
    nest.clock.drain(60)

    assert (execution.error, execution.stopped) == ("States.Timeout", EPOCH + 30)
    assert events(execution) == [*SUBMITTED, "TaskTimedOut", "ExecutionFailed"]
    assert (running, nest.child.status) == (Status.RUNNING, Status.SUCCEEDED)


def test_a_retry_needs_a_name_of_its_own() -> None:
    again = [{"ErrorEquals": ["States.TaskFailed"], "MaxAttempts": 1}]
    named, nameless = parent(".sync:2", Retry=again), parent(".sync:2", Retry=again)
    del nameless["States"]["Start"]["Parameters"]["Name"]

    execution, other = Nest(named, FAILS), Nest(nameless, FAILS)

    assert execution.run().error == "StepFunctions.ExecutionAlreadyExistsException"
    assert other.run().error == "States.TaskFailed"
    assert [one.status for one in other.service.executions.values()] == [Status.FAILED] * 3
    assert list(other.service.executions) == list(_again(nameless).service.executions)


def _again(definition: Json) -> Nest:
    nest = Nest(definition, FAILS)
    nest.run()
    return nest


def test_a_machine_that_is_not_there_fails_the_state() -> None:
    execution = Nest(parent(".sync:2", "Nobody")).run()

    assert execution.error == "StepFunctions.StateMachineDoesNotExistException"
    assert events(execution)[-3:] == ["TaskStarted", "TaskFailed", "ExecutionFailed"]


def test_input_that_is_text_is_json_as_it_stands() -> None:
    nest = Nest(parent(".sync:2"))

    nest.run('{"a":[1]}')

    assert nest.child.input == {"a": [1]}
    assert Nest(parent(".sync:2")).run("{").error == "StepFunctions.InvalidExecutionInputException"


def test_a_token_goes_into_its_input_and_whoever_has_it_answers() -> None:
    tells = {"Type": "Task", "Resource": "${Tell}", "End": True}
    given = {"StateMachineArn": "Child", "Name": "child-1", "Input": {"token.$": "$$.Task.Token"}}
    definition = parent(".waitForTaskToken", Parameters=given)
    nest = Nest(definition, {"StartAt": "Tell", "States": {"Tell": tells}})
    execution = nest.begin()
    nest.clock.drain(60)
    assert (execution.status, nest.child.status) == (Status.RUNNING, Status.SUCCEEDED)

    nest.service.succeed(nest.given[0]["token"], {"well": "done"})
    nest.clock.drain(0)

    assert execution.output == {"well": "done"}
    assert events(execution)[:6] == [*SUBMITTED, "TaskSucceeded"]
    assert details(execution, "TaskSubmitted")["resourceType"] == "states"


def test_nested_executions_nest() -> None:
    nest = Nest(parent(".sync:2"), parent(".sync:2", "Grandchild", "grandchild-1"))
    nest.service.define("Grandchild", WAITS)
    nest.begin({"x": None})
    nest.clock.drain(10)

    nest.service.stop("parent-1")

    assert [one.status for one in nest.service.executions.values()] == [Status.ABORTED] * 3


def test_a_start_that_names_no_machine_is_refused_at_once() -> None:
    nameless = parent(".sync:2")
    del nameless["States"]["Start"]["Parameters"]["StateMachineArn"]

    with pytest.raises(DefinitionError, match="Parameters must have StateMachineArn"):
        Machine(nameless)


def test_a_service_that_starts_nothing_says_so() -> None:
    with pytest.raises(DefinitionError, match="is not supported"):
        Machine(parent(".wrong"))
