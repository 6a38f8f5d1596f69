"""The service around the interpreter: names, tokens, heartbeats, stops, status."""

from typing import Any

import pytest

from rehearsal.boundary import Invoke, Took
from rehearsal.clock import EPOCH, Clock
from rehearsal.execution import Execution, Status
from rehearsal.failures import TaskError
from rehearsal.machines import ExecutionAlreadyExists, ExecutionDoesNotExist, StepFunctions, TokenGone

Json = Any

TOKEN = "arn:aws:states:::lambda:invoke.waitForTaskToken"
CATCH = [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]


def waiting(**fields: Json) -> Json:
    """One state that holds a token, and where its failure leads."""
    parameters = {"FunctionName": "${Waits}", "Payload": {"token.$": "$$.Task.Token", "x.$": "$.x"}}
    hold = {"Type": "Task", "Resource": TOKEN, "Parameters": parameters, "Catch": CATCH, "End": True, **fields}
    return {"StartAt": "Hold", "States": {"Hold": hold, "Caught": {"Type": "Pass", "End": True}}}


class Waits:
    """A service with one machine, and a function that keeps the tokens it is given."""

    def __init__(self, **fields: Json) -> None:
        self.clock = Clock()
        self.tokens: list[str] = []
        self.service = StepFunctions(self.clock, self.invoke)
        self.service.define("Machine", waiting(**fields))

    def invoke(self, function: str, payload: Json) -> Json:
        assert function == "${Waits}"
        self.tokens.append(payload["token"])
        return "registered"

    def begin(self) -> Execution:
        execution = self.service.start("Machine", "op-1", {"x": 1})
        self.clock.drain(1)
        return execution


def types(execution: Execution) -> list[str]:
    return [event["type"] for event in execution.history or []]


# Tokens


def test_a_state_with_a_token_waits_until_it_is_answered() -> None:
    waits = Waits()
    execution = waits.begin()
    waits.clock.drain(86_400)
    assert execution.status is Status.RUNNING

    waits.service.succeed(waits.tokens[0], {"decision": "retry"})
    waits.clock.drain(0)

    assert execution.output == {"decision": "retry"}
    assert types(execution) == [
        "ExecutionStarted",
        "TaskStateEntered",
        "TaskScheduled",
        "TaskStarted",
        "TaskSubmitted",
        "TaskSucceeded",
        "TaskStateExited",
        "ExecutionSucceeded",
    ]
    assert (execution.events, execution.transitions) == (8, 1)


def test_a_token_that_is_failed_fails_the_state() -> None:
    waits = Waits()
    execution = waits.begin()

    waits.service.fail(waits.tokens[0], "Cancelled", "by ann")
    waits.clock.drain(0)

    assert execution.output == {"Error": "Cancelled", "Cause": "by ann"}
    assert types(execution)[4:7] == ["TaskSubmitted", "TaskFailed", "TaskStateExited"]


def test_the_answer_is_taken_in_the_clocks_next_turn() -> None:
    waits = Waits()
    execution = waits.begin()

    waits.service.succeed(waits.tokens[0], {})

    assert execution.status is Status.RUNNING


def test_what_was_answered_shares_nothing_with_the_state() -> None:
    waits = Waits()
    execution = waits.begin()
    answer: Json = {"x": []}

    waits.service.succeed(waits.tokens[0], answer)
    answer["x"].append(1)
    waits.clock.drain(0)

    assert execution.output == {"x": []}


def test_a_settled_or_unknown_token_is_gone() -> None:
    waits = Waits()
    waits.begin()
    waits.service.succeed(waits.tokens[0], {})

    for token in (waits.tokens[0], "unknown"):
        with pytest.raises(TokenGone):
            waits.service.succeed(token, {})
        with pytest.raises(TokenGone):
            waits.service.fail(token, "Late")
        with pytest.raises(TokenGone):
            waits.service.heartbeat(token)


def test_a_token_dies_with_its_time_limit() -> None:
    waits = Waits(TimeoutSeconds=60)
    execution = waits.begin()
    waits.clock.drain(59)

    assert execution.output == {"Error": "States.Timeout", "Cause": ""}
    assert execution.stopped == EPOCH + 60
    assert "TaskTimedOut" in types(execution)
    with pytest.raises(TokenGone):
        waits.service.succeed(waits.tokens[0], {})


def test_an_answer_in_time_leaves_no_time_out_behind() -> None:
    waits = Waits(TimeoutSeconds=60, Next="Caught", End=False)
    execution = waits.begin()
    waits.service.succeed(waits.tokens[0], {"fine": True})
    waits.clock.run()

    assert execution.output == {"fine": True}
    assert waits.clock.now == EPOCH + 1


@pytest.mark.parametrize("named", ["States.Timeout", "States.HeartbeatTimeout"])
def test_a_missed_heartbeat_times_the_state_out_under_either_name(named: str) -> None:
    waits = Waits(HeartbeatSeconds=10, Catch=[{"ErrorEquals": [named], "Next": "Caught"}])
    execution = waits.begin()
    for _ in range(3):
        waits.clock.drain(8)
        waits.service.heartbeat(waits.tokens[0])
    waits.clock.run()

    assert execution.path == ["Hold", "Caught"]
    assert execution.output["Error"] == "States.Timeout"
    assert execution.stopped == EPOCH + 1 + 24 + 10


def test_each_attempt_has_its_own_token() -> None:
    waits = Waits(Retry=[{"ErrorEquals": ["Again"], "IntervalSeconds": 5}])
    execution = waits.begin()
    waits.service.fail(waits.tokens[0], "Again")
    waits.clock.drain(5)

    assert len(set(waits.tokens)) == 2
    with pytest.raises(TokenGone):
        waits.service.succeed(waits.tokens[0], {})
    waits.service.succeed(waits.tokens[1], {"second": True})
    waits.clock.drain(0)
    assert execution.output == {"second": True}


class Answering:
    """A function that answers its own token before it ends in some way."""

    def __init__(self, end: Json) -> None:
        self.end = end
        self.service: StepFunctions | None = None

    def __call__(self, function: str, payload: Json) -> Json:
        assert self.service is not None
        self.service.succeed(payload["token"], "answered inside")
        if isinstance(self.end, Exception):
            raise self.end
        return self.end


@pytest.mark.parametrize(
    "end", ["fine", Took(5, "fine"), TaskError("Sandbox.Timedout", "", took=60), TaskError("Broken")]
)
def test_a_token_answered_before_the_function_ended_is_what_counts(end: Json) -> None:
    function = Answering(end)
    clock = Clock()
    function.service = StepFunctions(clock, function)
    function.service.define("Machine", waiting())
    execution = function.service.start("Machine", "op-1", {"x": 1})
    clock.run()

    assert execution.output == "answered inside"
    assert execution.stopped == EPOCH
    assert types(execution).count("TaskSubmitted") == (end == "fine")


def test_limits_stand_in_the_history() -> None:
    waits = Waits(TimeoutSeconds=60, HeartbeatSeconds=10)
    execution = waits.begin()
    scheduled = (execution.history or [])[2]["taskScheduledEventDetails"]

    assert (scheduled["timeoutInSeconds"], scheduled["heartbeatInSeconds"]) == (60, 10)
    assert (scheduled["resource"], scheduled["resourceType"]) == ("invoke.waitForTaskToken", "lambda")


def alone(invoke: Invoke, **fields: Json) -> tuple[StepFunctions, Execution]:
    service = StepFunctions(Clock(), invoke)
    service.define("Machine", waiting(**fields))
    return service, service.start("Machine", "op-1", {"x": 1})


def test_a_function_that_fails_before_it_could_register_fails_the_state() -> None:
    def invoke(function: str, payload: Json) -> Json:
        raise TaskError("Throttled", "too many", took=3)

    service, execution = alone(invoke)
    service.clock.run()

    assert execution.output == {"Error": "Throttled", "Cause": "too many"}
    assert execution.stopped == EPOCH + 3
    assert "TaskSubmitted" not in types(execution)


def test_a_slow_function_can_be_answered_meanwhile_or_submits_late() -> None:
    service, execution = alone(lambda function, payload: Took(5, "registered"), TimeoutSeconds=20)
    service.clock.drain(4)
    assert types(execution)[-1] == "TaskStarted"

    service.clock.drain(1)

    assert types(execution)[-1] == "TaskSubmitted"


# Names


def test_starting_the_same_again_while_it_runs_is_once() -> None:
    waits = Waits()
    first = waits.begin()

    assert waits.service.start("Machine", "op-1", {"x": 1}) is first
    waits.clock.drain(10)
    assert len(waits.tokens) == 1


def test_a_name_is_taken_by_another_input_another_machine_or_an_ended_execution() -> None:
    waits = Waits()
    waits.service.define("Other", waiting())
    waits.begin()

    with pytest.raises(ExecutionAlreadyExists):
        waits.service.start("Machine", "op-1", {"x": 2})
    with pytest.raises(ExecutionAlreadyExists):
        waits.service.start("Other", "op-1", {"x": 1})
    waits.service.stop("op-1")
    with pytest.raises(ExecutionAlreadyExists):
        waits.service.start("Machine", "op-1", {"x": 1})


def test_a_new_definition_is_for_new_executions() -> None:
    waits = Waits()
    old = waits.begin()
    waits.service.define("Machine", {"StartAt": "New", "States": {"New": {"Type": "Succeed"}}})
    new = waits.service.start("Machine", "op-2", {"x": 1})
    waits.service.fail(waits.tokens[0], "Cancelled")
    waits.clock.run()

    assert old.path == ["Hold", "Caught"]
    assert new.path == ["New"]


def test_nothing_is_known_of_a_name_never_started() -> None:
    waits = Waits()

    for call in (waits.service.describe, waits.service.stop, waits.service.run):
        with pytest.raises(ExecutionDoesNotExist):
            call("op-1")


# Stops and status


def test_stopping_aborts_at_once_and_kills_the_token() -> None:
    waits = Waits(TimeoutSeconds=60)
    execution = waits.begin()

    waits.service.stop("op-1", "Operator", "enough")
    waits.clock.run()

    assert waits.service.describe("op-1") is Status.ABORTED
    assert (execution.error, execution.cause) == ("Operator", "enough")
    assert execution.path == ["Hold"]
    assert types(execution)[-1] == "ExecutionAborted"
    with pytest.raises(TokenGone):
        waits.service.succeed(waits.tokens[0], {})


def test_an_accepted_answer_is_lost_when_the_execution_is_stopped_first() -> None:
    waits = Waits()
    execution = waits.begin()
    waits.service.succeed(waits.tokens[0], {})
    waits.service.stop("op-1")
    waits.clock.run()

    assert execution.status is Status.ABORTED
    assert "TaskSucceeded" not in types(execution)


def test_stopping_what_has_ended_changes_nothing() -> None:
    waits = Waits()
    waits.begin()
    waits.service.succeed(waits.tokens[0], {})
    waits.clock.run()

    waits.service.stop("op-1", "Late")

    assert waits.service.describe("op-1") is Status.SUCCEEDED


def test_what_is_stopped_before_it_began_enters_nothing() -> None:
    waits = Waits()
    execution = waits.service.start("Machine", "op-1", {"x": 1})
    waits.service.stop("op-1")
    waits.clock.run()

    assert execution.path == []
    assert execution.status is Status.ABORTED


@pytest.mark.parametrize("end", ["fine", TaskError("Broken")])
@pytest.mark.parametrize("resource", [TOKEN, "${Waits}"])
def test_a_function_may_stop_its_own_execution(end: Json, resource: str) -> None:
    services: list[StepFunctions] = []

    def invoke(function: str, payload: Json) -> Json:
        services[0].stop("op-1", "Revoked")
        if isinstance(end, Exception):
            raise end
        return end

    parameters = {"FunctionName": "${Waits}", "Payload": {}}
    service, execution = alone(invoke, Resource=resource, Parameters=parameters)
    services.append(service)
    service.clock.run()

    assert (execution.status, execution.error, execution.path) == (Status.ABORTED, "Revoked", ["Hold"])
    assert types(execution)[-1] == "ExecutionAborted"


def test_a_function_may_start_executions() -> None:
    services: list[StepFunctions] = []

    def invoke(function: str, payload: Json) -> Json:
        services[0].start("Small", f"child-{payload['x']}", payload)
        return None

    service, execution = alone(invoke)
    services.append(service)
    service.define("Small", {"StartAt": "End", "States": {"End": {"Type": "Succeed"}}})
    service.clock.run()

    assert service.describe("child-1") is Status.SUCCEEDED
    assert execution.status is Status.RUNNING


def test_everyone_who_asked_hears_of_every_end_once() -> None:
    waits = Waits()
    heard: list[tuple[str, Status]] = []
    waits.service.on_status.append(lambda execution: heard.append((execution.name, execution.status)))
    waits.begin()
    assert heard == []

    waits.service.succeed(waits.tokens[0], {})
    waits.clock.run()
    waits.service.start("Machine", "op-2", {})
    waits.clock.run()

    assert heard == [("op-1", Status.SUCCEEDED), ("op-2", Status.FAILED)]


def test_a_stop_ends_branches_and_their_tokens() -> None:
    waits = Waits()
    branch = waiting()
    both = {"Type": "Parallel", "Branches": [branch, branch], "End": True}
    waits.service.define("Machine", {"StartAt": "Both", "States": {"Both": both}})
    execution = waits.begin()
    assert len(waits.tokens) == 2

    waits.service.stop("op-1")

    for token in waits.tokens:
        with pytest.raises(TokenGone):
            waits.service.succeed(token, {})
    waits.clock.run()
    assert execution.path == ["Both", "Hold", "Hold"]


# How it is run


def test_without_a_recorded_history_events_are_still_counted() -> None:
    recorded, counted = (
        StepFunctions(Clock(), lambda function, payload: payload, recorded=recorded) for recorded in (True, False)
    )
    for service in (recorded, counted):
        service.define("Machine", {"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "f", "End": True}}})
        service.start("Machine", "op-1", {})
        service.run("op-1")

    assert counted.executions["op-1"].history is None
    assert counted.executions["op-1"].events == recorded.executions["op-1"].events == 7


@pytest.mark.parametrize("isolated", [True, False])
def test_isolation_can_be_traded_for_speed(isolated: bool) -> None:
    given: list[Json] = []

    def invoke(function: str, payload: Json) -> Json:
        given.append(payload)
        return payload

    service = StepFunctions(Clock(), invoke, isolated=isolated)
    service.define("Machine", {"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "f", "End": True}}})
    service.start("Machine", "op-1", {"x": 1})

    assert (service.run("op-1").output is given[0]) == (not isolated)


def test_one_execution_does_not_change_anothers_jitter() -> None:
    retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 60, "JitterStrategy": "FULL", "MaxAttempts": 2}]
    definition = {"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "f", "Retry": retry, "End": True}}}

    def invoke(function: str, payload: Json) -> Json:
        raise TaskError("Transient")

    def ended(*names: str) -> float | None:
        service = StepFunctions(Clock(), invoke)
        service.define("Machine", definition)
        for name in names:
            service.start("Machine", name, {})
        service.clock.run()
        return service.executions["op-1"].stopped

    assert ended("op-1") == ended("op-0", "op-1", "op-2")


def test_an_execution_may_begin_a_little_later_than_it_was_accepted() -> None:
    def begun(seed: int) -> list[str]:
        service = StepFunctions(Clock(), lambda function, payload: payload, seed, latency=10)
        service.define("Machine", {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}})
        order: list[str] = []
        service.on_status.append(lambda execution: order.append(execution.name))
        for number in range(6):
            service.start("Machine", f"op-{number}", {})
        service.clock.drain(10)
        return order

    assert sorted(begun(1)) == [f"op-{number}" for number in range(6)]
    assert begun(1) == begun(1)
    assert begun(1) != begun(2)
