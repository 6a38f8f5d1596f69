"""What each state does, told by the states entered and by the events."""

from collections.abc import Callable
from typing import Any

import pytest

from rehearsal.asl import DefinitionError, Machine
from rehearsal.boundary import Invoke, Took
from rehearsal.clock import EPOCH, Clock
from rehearsal.execution import Execution, Status
from rehearsal.failures import TaskError
from rehearsal.machines import StepFunctions

Json = Any
Definition = dict[str, Json]

TOKEN = "arn:aws:states:::lambda:invoke.waitForTaskToken"
INVOKE = "arn:aws:states:::lambda:invoke"
CATCH_ALL = [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]
CAUGHT = {"Type": "Pass", "End": True}


def machine(**states: Definition) -> Definition:
    """States in the order of their names' appearance; whichever says nothing else ends."""
    for state in states.values():
        if state["Type"] not in ("Choice", "Succeed", "Fail") and "Next" not in state:
            state.setdefault("End", True)
    return {"StartAt": next(iter(states)), "States": states}


def task(**fields: Json) -> Definition:
    return {"Type": "Task", "Resource": "${Function}", **fields}


def waiting(**fields: Json) -> Definition:
    payload = {"token.$": "$$.Task.Token"}
    return {"Type": "Task", "Resource": TOKEN, "Parameters": {"FunctionName": "${Waits}", "Payload": payload}, **fields}


def run(definition: Definition, data: Json = None, invoke: Invoke | None = None, *, seed: int = 0) -> Execution:
    service = StepFunctions(Clock(), invoke or (lambda function, payload: payload), seed)
    service.define("Machine", definition)
    service.start("Machine", "op-1", {} if data is None else data)
    return service.run("op-1")


def types(execution: Execution) -> list[str]:
    return [event["type"] for event in execution.history or []]


class Failing:
    """Raises each of these errors once, then returns its payload; remembers when it was called, and with what."""

    def __init__(self, *errors: str) -> None:
        self.errors = list(errors)
        self.clock = Clock()
        self.calls: list[float] = []
        self.payloads: list[Json] = []

    def __call__(self, function: str, payload: Json) -> Json:
        self.calls.append(self.clock.now - EPOCH)
        self.payloads.append(payload)
        if self.errors:
            raise TaskError(self.errors.pop(0), "because")
        return payload

    def run(self, definition: Definition, data: Json = None, seed: int = 0) -> Execution:
        service = StepFunctions(self.clock, self, seed)
        service.define("Machine", definition)
        service.start("Machine", "op-1", {} if data is None else data)
        return service.run("op-1")


# Task: what goes in and what comes out


def test_a_function_named_by_the_resource_gets_the_parameters_and_its_result_takes_their_place() -> None:
    called: list[tuple[str, Json]] = []

    def invoke(function: str, payload: Json) -> Json:
        called.append((function, payload))
        return {"did": "it"}

    parameters = {"step": "A", "plan.$": "$.plan", "entered.$": "$$.State.EnteredTime"}
    execution = run(machine(A=task(Parameters=parameters, ResultPath="$.last")), {"plan": {"x": 1}}, invoke)

    assert called == [("${Function}", {"step": "A", "plan": {"x": 1}, "entered": "2026-01-01T00:00:00.000Z"})]
    assert execution.output == {"plan": {"x": 1}, "last": {"did": "it"}}
    assert execution.status is Status.SUCCEEDED
    assert types(execution) == [
        "ExecutionStarted",
        "TaskStateEntered",
        "LambdaFunctionScheduled",
        "LambdaFunctionStarted",
        "LambdaFunctionSucceeded",
        "TaskStateExited",
        "ExecutionSucceeded",
    ]
    assert (execution.events, execution.transitions) == (7, 1)


def test_input_and_output_paths_result_selector_and_result_path_apply_in_order() -> None:
    state = task(
        InputPath="$.request",
        Parameters={"all.$": "$"},
        ResultSelector={"kept.$": "$.all.size"},
        ResultPath="$.answer",
        OutputPath="$.answer",
    )

    assert run(machine(A=state), {"request": {"size": 3}}).output == {"kept": 3}


@pytest.mark.parametrize(
    ("result_path", "output"), [(None, {"old": 1}), ("$", "new"), ("$.a.b", {"old": 1, "a": {"b": "new"}})]
)
def test_result_path(result_path: str | None, output: Json) -> None:
    assert run(machine(A=task(ResultPath=result_path)), {"old": 1}, lambda function, payload: "new").output == output


@pytest.mark.parametrize("field", ["InputPath", "OutputPath"])
def test_a_null_path_gives_the_empty_object(field: str) -> None:
    assert run(machine(A=task(**{field: None})), {"x": 1}).output == {}


def test_lambda_invoke_names_its_function_and_wraps_the_result() -> None:
    called: list[tuple[str, Json]] = []

    def invoke(function: str, payload: Json) -> Json:
        called.append((function, payload))
        return {"x": 1}

    parameters = {"FunctionName": "${Engine}", "Payload": {"a.$": "$.a"}}
    execution = run(machine(A={"Type": "Task", "Resource": INVOKE, "Parameters": parameters}), {"a": 5}, invoke)

    assert called == [("${Engine}", {"a": 5})]
    assert execution.output["Payload"] == {"x": 1}
    assert execution.output["StatusCode"] == 200
    assert types(execution)[2:5] == ["TaskScheduled", "TaskStarted", "TaskSucceeded"]


def test_the_context_object_says_where_the_execution_is() -> None:
    parameters = {"context.$": "$$"}
    context = run(machine(A=task(Parameters=parameters)), {"in": 1}).output["context"]

    assert context["Execution"]["Name"] == "op-1"
    assert context["Execution"]["Input"] == {"in": 1}
    assert context["Execution"]["StartTime"] == "2026-01-01T00:00:00.000Z"
    assert context["Execution"]["Id"].endswith(":execution:Machine:op-1")
    assert context["StateMachine"]["Name"] == "Machine"
    assert context["State"] == {"EnteredTime": "2026-01-01T00:00:00.000Z", "Name": "A", "RetryCount": 0}


def test_functions_and_states_share_no_data() -> None:
    kept: Json = {"items": [1]}

    def invoke(function: str, payload: Json) -> Json:
        payload["plan"]["changed"] = True
        return kept

    service = StepFunctions(Clock(), invoke)
    service.define("Machine", machine(A=task(ResultPath="$.a", Next="B"), B=task(ResultPath="$.b")))
    given: Json = {"plan": {}}
    service.start("Machine", "op-1", given)
    execution = service.run("op-1")
    kept["items"].append(2)

    assert execution.output == {"plan": {}, "a": {"items": [1]}, "b": {"items": [1]}}
    assert given == {"plan": {}}


def test_a_result_that_is_no_json_fails_as_lambda_would() -> None:
    execution = run(machine(A=task()), {}, lambda function, payload: {"when": object()})

    assert execution.error == "Runtime.MarshalError"


def test_a_result_that_cannot_be_taken_is_refused_when_it_comes() -> None:
    execution = run(machine(A=task()), {}, lambda function, payload: Took(5, "x" * 300_000))

    assert (execution.error, execution.stopped) == ("States.DataLimitExceeded", EPOCH + 5)


def test_a_bug_in_the_rehearsal_itself_is_not_swallowed() -> None:
    def invoke(function: str, payload: Json) -> Json:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(machine(A=task(Retry=[{"ErrorEquals": ["States.ALL"]}])), {}, invoke)


def test_data_beyond_the_limit_ends_the_execution_even_with_a_catch_all() -> None:
    def invoke(function: str, payload: Json) -> Json:
        return "x" * 200_000

    states = machine(
        A=task(ResultPath="$.a", Next="B"), B=task(ResultPath="$.b", Catch=CATCH_ALL), Caught={"Type": "Pass"}
    )
    execution = run(states, {}, invoke)

    assert execution.path == ["A", "B"]
    assert execution.error == "States.DataLimitExceeded"


# Task: time


def test_a_function_takes_the_time_it_says() -> None:
    execution = run(machine(A=task()), {}, lambda function, payload: Took(7.5, "late"))

    assert execution.output == "late"
    assert execution.stopped == EPOCH + 7.5


@pytest.mark.parametrize("resource", ["${Function}", INVOKE])
def test_a_function_slower_than_the_time_limit_times_out(resource: str) -> None:
    state = task(Resource=resource, Parameters={"FunctionName": "f"}, TimeoutSeconds=5, Catch=CATCH_ALL)
    execution = run(machine(A=state, Caught=CAUGHT), {}, lambda function, payload: Took(5.1, "late"))

    assert execution.path == ["A", "Caught"]
    assert execution.output == {"Error": "States.Timeout", "Cause": ""}
    assert execution.stopped == EPOCH + 5
    assert types(execution)[4] == ("LambdaFunctionTimedOut" if resource == "${Function}" else "TaskTimedOut")


def test_a_function_as_slow_as_the_time_limit_is_in_time() -> None:
    assert run(machine(A=task(TimeoutSeconds=5)), {}, lambda function, payload: Took(5, "just")).output == "just"


def test_a_function_that_fails_late_fails_late() -> None:
    def invoke(function: str, payload: Json) -> Json:
        raise TaskError("Sandbox.Timedout", "", took=60)

    execution = run(machine(A=task(TimeoutSeconds=75)), {}, invoke)

    assert (execution.error, execution.stopped) == ("Sandbox.Timedout", EPOCH + 60)


def test_a_function_that_would_fail_after_the_time_limit_times_out() -> None:
    def invoke(function: str, payload: Json) -> Json:
        raise TaskError("Sandbox.Timedout", "", took=60)

    assert run(machine(A=task(TimeoutSeconds=30)), {}, invoke).error == "States.Timeout"


@pytest.mark.parametrize("limit", [0, "5", True])
def test_a_time_limit_must_be_a_positive_integer(limit: Json) -> None:
    assert run(machine(A=task(TimeoutSecondsPath="$.limit")), {"limit": limit}).error == "States.Runtime"


# Retry


def test_retries_wait_longer_each_time_up_to_the_cap() -> None:
    retry = [
        {"ErrorEquals": ["Transient"], "IntervalSeconds": 2, "BackoffRate": 3, "MaxDelaySeconds": 10, "MaxAttempts": 9}
    ]
    function = Failing(*["Transient"] * 4)
    execution = function.run(machine(A=task(Retry=retry)))

    assert execution.status is Status.SUCCEEDED
    assert function.calls == [0, 2, 8, 18, 28]
    assert execution.transitions == 5
    assert execution.path == ["A"]
    assert types(execution).count("LambdaFunctionFailed") == 4
    assert execution.events == 1 + 1 + 4 * 3 + 3 + 1 + 1


def test_three_attempts_a_second_apart_and_doubling_are_the_default() -> None:
    function = Failing(*["Transient"] * 9)
    execution = function.run(machine(A=task(Retry=[{"ErrorEquals": ["States.ALL"]}])))

    assert execution.error == "Transient"
    assert function.calls == [0, 1, 3, 7]


def test_full_jitter_draws_from_the_seed_between_zero_and_the_delay() -> None:
    retry = [
        {
            "ErrorEquals": ["States.ALL"],
            "IntervalSeconds": 10,
            "BackoffRate": 1,
            "MaxAttempts": 50,
            "JitterStrategy": "FULL",
        }
    ]

    def gaps(seed: int) -> list[float]:
        function = Failing(*["Transient"] * 40)
        function.run(machine(A=task(Retry=retry)), seed=seed)
        return [after - before for before, after in zip(function.calls, function.calls[1:], strict=False)]

    assert gaps(1) == gaps(1)
    assert gaps(1) != gaps(2)
    assert 0 <= min(gaps(1)) < 2
    assert 8 < max(gaps(1)) <= 10


def test_many_attempts_do_not_overflow_the_delay() -> None:
    retry = [{"ErrorEquals": ["States.ALL"], "BackoffRate": 10, "MaxDelaySeconds": 1, "MaxAttempts": 2000}]
    function = Failing(*["Transient"] * 1500)

    assert function.run(machine(A=task(Retry=retry))).status is Status.SUCCEEDED


def test_each_retrier_counts_for_itself_and_the_first_that_matches_decides() -> None:
    retry = [
        {"ErrorEquals": ["Rejected"], "MaxAttempts": 0},
        {"ErrorEquals": ["Throttled"], "MaxAttempts": 2, "BackoffRate": 1},
        {"ErrorEquals": ["States.ALL"], "MaxAttempts": 2, "BackoffRate": 1},
    ]
    mixed = Failing("Throttled", "Transient", "Throttled", "Transient")
    throttled = Failing("Throttled", "Throttled", "Throttled")
    rejected = Failing("Rejected")

    assert mixed.run(machine(A=task(Retry=retry))).status is Status.SUCCEEDED
    assert throttled.run(machine(A=task(Retry=retry))).error == "Throttled"
    assert len(throttled.calls) == 3
    assert rejected.run(machine(A=task(Retry=retry))).error == "Rejected"
    assert len(rejected.calls) == 1


def test_counters_begin_anew_when_the_state_is_entered_again() -> None:
    retry = [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 1}]
    again = {"Type": "Choice", "Choices": [{"Variable": "$.Error", "IsPresent": True, "Next": "A"}]}
    states = machine(A=task(Retry=retry, Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Again"}]), Again=again)
    function = Failing(*["Transient"] * 3)
    execution = function.run(states)

    assert execution.path == ["A", "Again", "A"]
    assert len(function.calls) == 4


def test_parameters_are_made_again_for_each_attempt() -> None:
    function = Failing("Transient", "Throttled")
    state = task(
        Parameters={"retries.$": "$$.State.RetryCount", "entered.$": "$$.State.EnteredTime"},
        Retry=[{"ErrorEquals": ["Transient"]}, {"ErrorEquals": ["States.ALL"]}],
    )
    function.run(machine(A=state))

    assert [payload["retries"] for payload in function.payloads] == [0, 1, 2]
    assert len({payload["entered"] for payload in function.payloads}) == 1


@pytest.mark.parametrize(
    ("name", "error", "matches"),
    [
        ("Conflict", "Conflict", True),
        ("Conflict", "Transient", False),
        ("States.ALL", "Lambda.Unknown", True),
        ("States.ALL", "States.Timeout", True),
        ("States.ALL", "States.Runtime", False),
        ("States.Runtime", "States.Runtime", False),
        ("States.TaskFailed", "Conflict", True),
        ("States.TaskFailed", "Lambda.Unknown", True),
        ("States.TaskFailed", "States.Timeout", False),
        ("States.Timeout", "States.Timeout", True),
        ("States.HeartbeatTimeout", "States.Timeout", False),
    ],
)
def test_which_names_mean_which_errors(name: str, error: str, matches: bool) -> None:
    retried = Failing(error).run(machine(A=task(Retry=[{"ErrorEquals": [name]}])))
    caught = Failing(error).run(machine(A=task(Catch=[{"ErrorEquals": [name], "Next": "Caught"}]), Caught=CAUGHT))

    assert (retried.status is Status.SUCCEEDED) == matches
    assert (caught.path == ["A", "Caught"]) == matches
    assert retried.error == (None if matches else error)


# Catch


def test_a_catcher_puts_the_error_beside_the_data_and_leads_on() -> None:
    catch = [
        {"ErrorEquals": ["Rejected"], "Next": "Never"},
        {"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Caught"},
    ]
    states = machine(A=task(Catch=catch, OutputPath="$.gone"), Caught=CAUGHT, Never={"Type": "Succeed"})
    execution = Failing("Conflict").run(states, {"plan": 1})

    assert execution.output == {"plan": 1, "error": {"Error": "Conflict", "Cause": "because"}}
    assert types(execution)[4:7] == ["LambdaFunctionFailed", "TaskStateExited", "PassStateEntered"]


def test_catchers_come_after_the_retries() -> None:
    function = Failing("Conflict", "Conflict")
    states = machine(A=task(Retry=[{"ErrorEquals": ["Conflict"], "MaxAttempts": 1}], Catch=CATCH_ALL), Caught=CAUGHT)

    assert function.run(states).path == ["A", "Caught"]
    assert len(function.calls) == 2


def test_what_nothing_catches_ends_the_execution() -> None:
    execution = Failing("Conflict").run(
        machine(A=task(Catch=[{"ErrorEquals": ["Rejected"], "Next": "Caught"}]), Caught=CAUGHT)
    )

    assert (execution.status, execution.error, execution.cause) == (Status.FAILED, "Conflict", "because")
    assert types(execution)[-2:] == ["LambdaFunctionFailed", "ExecutionFailed"]


def test_an_expression_that_cannot_be_read_is_beyond_every_catch() -> None:
    execution = run(machine(A=task(Parameters={"x.$": "$.gone"}, Catch=CATCH_ALL), Caught=CAUGHT), {"here": 1})

    assert execution.path == ["A"]
    assert execution.error == "States.Runtime"
    assert execution.cause == (
        "An error occurred while executing the state 'A' (entered at the event id #2). The JSONPath '$.gone' "
        "specified for the field 'x.$' could not be found in the input '{\"here\":1}'"
    )


def test_a_result_without_a_place_can_be_caught() -> None:
    execution = run(machine(A=task(ResultPath="$.x.y", Catch=CATCH_ALL), Caught=CAUGHT), {"x": 1})

    assert execution.output["Error"] == "States.ResultPathMatchFailure"


def test_an_error_without_a_place_ends_the_execution() -> None:
    catch = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.x.y", "Next": "Caught"}]
    execution = Failing("Conflict").run(machine(A=task(Catch=catch), Caught=CAUGHT), {"x": 1})

    assert execution.error == "States.ResultPathMatchFailure"


# Choice


CHOICES: list[tuple[Definition, Json, bool]] = [
    ({"StringEquals": "a"}, "a", True),
    ({"StringEquals": "a"}, "b", False),
    ({"StringEquals": "1"}, 1, False),
    ({"StringLessThan": "b"}, "a", True),
    ({"StringLessThan": "b"}, "b", False),
    ({"StringGreaterThan": "b"}, "c", True),
    ({"StringLessThanEquals": "b"}, "b", True),
    ({"StringGreaterThanEquals": "b"}, "a", False),
    ({"StringEqualsPath": "$.other"}, "same", True),
    ({"StringEqualsPath": "$.other"}, "different", False),
    ({"StringMatches": "log-*.txt"}, "log-1.txt", True),
    ({"StringMatches": "log-*.txt"}, "log-1.text", False),
    ({"StringMatches": "*\\**"}, "a*b", True),
    ({"StringMatches": "*\\**"}, "ab", False),
    ({"StringMatches": "a.c"}, "abc", False),
    ({"NumericEquals": 1}, 1.0, True),
    ({"NumericEquals": 1}, True, False),
    ({"NumericEquals": 1}, "1", False),
    ({"NumericLessThan": 5}, 4.9, True),
    ({"NumericGreaterThan": 5}, 5, False),
    ({"NumericLessThanEquals": 5}, 5, True),
    ({"NumericGreaterThanEquals": 5}, 4, False),
    ({"NumericGreaterThanPath": "$.number"}, 8, True),
    ({"BooleanEquals": True}, True, True),
    ({"BooleanEquals": True}, 1, False),
    ({"BooleanEqualsPath": "$.flag"}, False, True),
    ({"TimestampEquals": "2026-01-01T00:00:00Z"}, "2026-01-01T01:00:00+01:00", True),
    ({"TimestampLessThan": "2026-01-01T00:00:00Z"}, "2025-12-31T23:59:59.999Z", True),
    ({"TimestampGreaterThan": "2026-01-01T00:00:00Z"}, "tomorrow", False),
    ({"TimestampGreaterThanEqualsPath": "$.time"}, "2026-06-01T00:00:00Z", True),
    ({"IsNull": True}, None, True),
    ({"IsNull": False}, 0, True),
    ({"IsString": True}, "", True),
    ({"IsNumeric": True}, True, False),
    ({"IsNumeric": True}, 0, True),
    ({"IsBoolean": True}, 0, False),
    ({"IsBoolean": True}, False, True),
    ({"IsTimestamp": True}, "2026-01-01T00:00:00Z", True),
    ({"IsTimestamp": True}, "2026-01-01", False),
    ({"IsPresent": True}, None, True),
    ({"IsPresent": False}, None, False),
]


@pytest.mark.parametrize(("comparison", "value", "holds"), CHOICES)
def test_a_choice_compares(comparison: Definition, value: Json, holds: bool) -> None:
    data = {"value": value, "other": "same", "number": 7, "flag": False, "time": "2026-01-01T00:00:00Z"}

    assert chosen({"Variable": "$.value", **comparison}, data) == holds


def chosen(rule: Definition, data: Json) -> bool:
    choice = {"Type": "Choice", "Choices": [{**rule, "Next": "Yes"}], "Default": "No"}
    path = run(machine(Choose=choice, Yes={"Type": "Succeed"}, No={"Type": "Succeed"}), data).path
    return path == ["Choose", "Yes"]


def test_rules_combine_and_stop_as_soon_as_they_are_decided() -> None:
    present = {"Variable": "$.x", "IsPresent": True}
    large = {"Variable": "$.x", "NumericGreaterThan": 5}

    assert chosen({"And": [present, large]}, {"x": 6})
    assert not chosen({"And": [present, large]}, {"x": 5})
    assert not chosen({"And": [present, large]}, {})
    assert chosen({"Or": [{"Not": present}, large]}, {})
    assert chosen({"Or": [{"Not": present}, large]}, {"x": 6})
    assert not chosen({"Or": [{"Not": present}, large]}, {"x": 1})


def test_the_first_rule_that_holds_leads_on() -> None:
    rules = [{"Variable": "$.x", "NumericGreaterThan": limit, "Next": f"Over{limit}"} for limit in (10, 1, 0)]
    ends = {f"Over{limit}": {"Type": "Succeed"} for limit in (10, 1, 0)}

    execution = run(machine(Choose={"Type": "Choice", "Choices": rules}, **ends), {"x": 5})

    assert execution.path == ["Choose", "Over1"]
    assert types(execution)[1:3] == ["ChoiceStateEntered", "ChoiceStateExited"]


def test_no_rule_and_no_default_is_a_failure() -> None:
    choice = {"Type": "Choice", "Choices": [{"Variable": "$.x", "IsNull": True, "Next": "End"}]}

    assert run(machine(Choose=choice, End={"Type": "Succeed"}), {"x": 1}).error == "States.NoChoiceMatched"


@pytest.mark.parametrize("comparison", [{"IsNull": True}, {"StringEquals": "a"}, {"StringMatches": "*"}])
def test_comparing_what_is_not_there_fails_at_run_time(comparison: Definition) -> None:
    choice = {"Type": "Choice", "Choices": [{"Variable": "$.gone", **comparison, "Next": "End"}], "Default": "End"}
    execution = run(machine(Choose=choice, End={"Type": "Succeed"}))

    assert execution.error == "States.Runtime"
    assert "Invalid path '$.gone'" in str(execution.cause)


# Pass, Wait, Succeed, Fail


def test_pass_gives_its_result_or_its_parameters_or_its_input() -> None:
    assert run(machine(A={"Type": "Pass", "Result": {"x": 1}, "ResultPath": "$.a"}), {"in": 1}).output == {
        "in": 1,
        "a": {"x": 1},
    }
    assert run(machine(A={"Type": "Pass", "Parameters": {"x.$": "$.in"}}), {"in": 1}).output == {"x": 1}
    assert run(machine(A={"Type": "Pass"}), {"in": 1}).output == {"in": 1}
    assert run(machine(A={"Type": "Pass", "Result": None}), {"in": 1}).output is None


@pytest.mark.parametrize(
    ("field", "value", "seconds"),
    [
        ("Seconds", 90, 90),
        ("SecondsPath", "$.seconds", 30),
        ("Timestamp", "2026-01-01T01:00:00Z", 3600),
        ("Timestamp", "2026-01-01T01:00:00+01:00", 0),
        ("Timestamp", "2020-01-01T00:00:00Z", 0),
        ("TimestampPath", "$.time", 86_400),
    ],
)
def test_waiting_takes_virtual_time_only(field: str, value: Json, seconds: float) -> None:
    data = {"seconds": 30, "time": "2026-01-02T00:00:00.000Z"}
    execution = run(machine(A={"Type": "Wait", field: value}), data)

    assert execution.stopped == EPOCH + seconds
    assert execution.output == data


def test_succeed_chooses_the_output_and_ends() -> None:
    execution = run(machine(A={"Type": "Succeed", "OutputPath": "$.operation"}), {"operation": "op"})

    assert execution.output == "op"
    assert types(execution)[1:] == ["SucceedStateEntered", "SucceedStateExited", "ExecutionSucceeded"]


def test_fail_takes_error_and_cause_from_the_data_or_as_given() -> None:
    data = {"error": {"Error": "NotInTime", "Cause": "1 of 2 healthy"}}
    found = run(machine(A={"Type": "Fail", "ErrorPath": "$.error.Error", "CausePath": "$.error.Cause"}), data)
    given = run(
        machine(A={"Type": "Fail", "Error": "Mine", "CausePath": "States.Format('of {}', $.error.Error)"}), data
    )
    absent = run(machine(A={"Type": "Fail", "Error": "Mine", "CausePath": "$.gone"}), data)

    assert (found.status, found.error, found.cause) == (Status.FAILED, "NotInTime", "1 of 2 healthy")
    assert (given.error, given.cause) == ("Mine", "of NotInTime")
    assert absent.error == "States.Runtime"


def test_variables_are_assigned_from_the_result_and_read_by_later_states() -> None:
    states = machine(
        A=task(Assign={"size.$": "$.size", "old.$": "$size"}, ResultPath=None, Next="B"),
        B={"Type": "Pass", "Parameters": {"size.$": "$size", "old.$": "$old"}},
    )
    states["States"]["Start"] = {"Type": "Pass", "Assign": {"size": 0}, "Next": "A"}
    states["StartAt"] = "Start"

    assert run(states, {"x": 1}, lambda function, payload: {"size": 3}).output == {"size": 3, "old": 0}


# Parallel and Map


def branch_of(name: str, state: Definition) -> Definition:
    return machine(**{name: state})


def test_parallel_branches_run_at_once_and_their_outputs_keep_their_order() -> None:
    slow = branch_of("Slow", {"Type": "Wait", "Seconds": 10})
    fast = branch_of("Fast", {"Type": "Pass", "Result": "fast"})
    execution = run(machine(Both={"Type": "Parallel", "Branches": [slow, fast, slow], "ResultPath": "$.all"}), {"x": 1})

    assert execution.output == {"x": 1, "all": [{"x": 1}, "fast", {"x": 1}]}
    assert execution.stopped == EPOCH + 10
    assert sorted(execution.path) == ["Both", "Fast", "Slow", "Slow"]


def test_the_first_branch_to_fail_ends_the_others_and_can_be_caught() -> None:
    fails = branch_of("Fails", {"Type": "Fail", "Error": "Mine", "Cause": "why"})
    slow = branch_of("Slow", {"Type": "Wait", "Seconds": 10})
    states = machine(Both={"Type": "Parallel", "Branches": [slow, fails], "Catch": CATCH_ALL}, Caught=CAUGHT)
    execution = run(states)

    assert execution.output == {"Error": "Mine", "Cause": "why"}
    assert execution.stopped == EPOCH
    assert types(execution)[-6:-2] == [
        "FailStateEntered",
        "ParallelStateFailed",
        "ParallelStateExited",
        "PassStateEntered",
    ]


def test_a_failed_parallel_is_retried_as_a_whole() -> None:
    function = Failing("Conflict")
    branches = [branch_of("One", task()), branch_of("Two", task())]
    execution = function.run(
        machine(Both={"Type": "Parallel", "Branches": branches, "Retry": [{"ErrorEquals": ["Conflict"]}]})
    )

    assert execution.status is Status.SUCCEEDED
    assert function.calls == [0, 1, 1]
    assert "ParallelStateFailed" not in types(execution)


def test_a_retry_inside_a_branch_is_the_branchs_own() -> None:
    function = Failing("Conflict")
    branches = [branch_of("One", task(Retry=[{"ErrorEquals": ["Conflict"]}])), branch_of("Two", task())]
    execution = function.run(machine(Both={"Type": "Parallel", "Branches": branches}))

    assert execution.path == ["Both", "One", "Two"]
    assert function.calls == [0, 0, 1]


@pytest.mark.parametrize(("limit", "seconds"), [(0, 10), (1, 50), (2, 30), (9, 10)])
def test_a_map_runs_so_many_items_at_once(limit: int, seconds: float) -> None:
    each = branch_of("Each", {"Type": "Wait", "SecondsPath": "$.seconds"})
    state = {
        "Type": "Map",
        "ItemsPath": "$.items",
        "ItemSelector": {"seconds.$": "$.seconds", "item.$": "$$.Map.Item.Value", "at.$": "$$.Map.Item.Index"},
        "ItemProcessor": each,
        "MaxConcurrency": limit,
    }
    execution = run(machine(All=state), {"items": ["a", "b", "c", "d", "e"], "seconds": 10})

    assert [(item["item"], item["at"]) for item in execution.output] == list(zip("abcde", range(5), strict=True))
    assert execution.stopped == EPOCH + seconds


def test_an_empty_map_gives_an_empty_list() -> None:
    execution = run(machine(All={"Type": "Map", "ItemProcessor": branch_of("Each", {"Type": "Pass"})}), [])

    assert execution.output == []
    assert types(execution)[1:-1] == ["MapStateEntered", "MapStateStarted", "MapStateSucceeded", "MapStateExited"]


def test_one_failing_item_aborts_the_others() -> None:
    each = machine(
        Which={"Type": "Choice", "Choices": [{"Variable": "$", "NumericEquals": 2, "Next": "Bad"}], "Default": "Slow"},
        Slow={"Type": "Wait", "Seconds": 10},
        Bad={"Type": "Fail", "Error": "Mine"},
    )
    execution = run(machine(All={"Type": "Map", "ItemProcessor": each}), [1, 2, 3])

    assert execution.error == "Mine"
    assert execution.stopped == EPOCH
    assert types(execution).count("MapIterationAborted") == 2
    assert types(execution)[-2:] == ["MapStateFailed", "ExecutionFailed"]


def test_variables_of_a_branch_stay_in_it() -> None:
    inner = branch_of("Inner", {"Type": "Pass", "Assign": {"x": 2}, "Parameters": {"seen.$": "$x"}})
    states = machine(
        Start={"Type": "Pass", "Assign": {"x": 1}, "Next": "Both"},
        Both={"Type": "Parallel", "Branches": [inner], "Next": "After"},
        After={"Type": "Pass", "Parameters": {"inner.$": "$[0].seen", "outer.$": "$x"}},
    )

    assert run(states).output == {"inner": 1, "outer": 1}


# The whole machine


def test_a_machine_that_outlasts_its_time_limit_is_timed_out_and_nothing_catches_it() -> None:
    definition = machine(A=waiting(Catch=CATCH_ALL), Caught=CAUGHT)
    definition["TimeoutSeconds"] = 600
    execution = run(definition)

    assert execution.status is Status.TIMED_OUT
    assert execution.stopped == EPOCH + 600
    assert execution.path == ["A"]
    assert types(execution)[-1] == "ExecutionTimedOut"


def test_a_machine_that_ended_in_time_stays_ended() -> None:
    clock = Clock()
    service = StepFunctions(clock, lambda function, payload: payload)
    service.define("Machine", {**machine(A={"Type": "Wait", "Seconds": 9}), "TimeoutSeconds": 600})
    service.start("Machine", "op-1", {})
    clock.run()

    assert service.describe("op-1") is Status.SUCCEEDED
    assert clock.now == EPOCH + 9


def test_the_history_has_a_limit_that_kills() -> None:
    retry = [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 99_999, "MaxDelaySeconds": 1}]
    execution = Failing(*["Transient"] * 9000).run(machine(A=task(Retry=retry, Catch=CATCH_ALL), Caught=CAUGHT))

    assert execution.status is Status.FAILED
    assert execution.error == "States.Runtime"
    assert execution.events == len(execution.history or []) == 25_000
    assert execution.path == ["A"]


def test_a_run_is_a_function_of_definition_input_and_seed() -> None:
    retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 60, "JitterStrategy": "FULL"}]
    definition = machine(A=task(Retry=retry, Next="B"), B={"Type": "Pass", "Parameters": {"id.$": "States.UUID()"}})

    def told(seed: int) -> Json:
        execution = Failing("Transient", "Transient").run(definition, {"x": 1}, seed)
        return execution.history, execution.output

    assert told(1) == told(1)
    assert told(1) != told(2)


BAD: dict[str, Callable[[], Definition]] = {
    "Next to nowhere": lambda: machine(A={"Type": "Pass", "Next": "Gone"}),
    "Default to nowhere": lambda: machine(A={"Type": "Choice", "Choices": [], "Default": "Gone"}),
    "Catch to nowhere": lambda: machine(A=task(Catch=CATCH_ALL)),
    "a rule to nowhere": lambda: machine(
        A={"Type": "Choice", "Choices": [{"Variable": "$", "IsNull": True, "Next": "Gone"}]}
    ),
    "StartAt nowhere": lambda: {"StartAt": "Gone", "States": {}},
    "no way on": lambda: {"StartAt": "A", "States": {"A": {"Type": "Pass"}}},
    "two ways on": lambda: {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True, "Next": "A"}}},
    "an unknown type": lambda: machine(A={"Type": "Loop"}),
    "an unknown resource": lambda: machine(A=task(Resource="arn:aws:states:::sqs:sendMessage")),
    "a call without a function": lambda: machine(A=task(Resource=INVOKE)),
    "a bad path": lambda: machine(A={"Type": "Pass", "InputPath": "x"}),
    "a bad template": lambda: machine(A={"Type": "Pass", "Parameters": {"x.$": "States.Nothing()"}}),
    "a bad time": lambda: machine(A={"Type": "Wait", "Timestamp": "2026-01-01"}),
    "a bad rule": lambda: machine(A={"Type": "Choice", "Choices": [{"Variable": "$.x", "Next": "A"}]}),
    "JSONata": lambda: machine(A={"Type": "Pass", "QueryLanguage": "JSONata"}),
    "JSONata throughout": lambda: {**machine(A={"Type": "Pass"}), "QueryLanguage": "JSONata"},
    "a distributed map": lambda: machine(
        A={
            "Type": "Map",
            "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED"}, **machine(B={"Type": "Pass"})},
        }
    ),
    "a wildcard among names": lambda: machine(A=task(Retry=[{"ErrorEquals": ["States.ALL", "Mine"]}])),
    "a wildcard before names": lambda: machine(
        A=task(Retry=[{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["Mine"]}])
    ),
    "a bad branch": lambda: machine(A={"Type": "Parallel", "Branches": [machine(B={"Type": "Pass", "Next": "A"})]}),
}


@pytest.mark.parametrize("definition", BAD.values(), ids=BAD.keys())
def test_a_definition_that_cannot_run_is_refused_when_compiled(definition: Callable[[], Definition]) -> None:
    with pytest.raises(DefinitionError):
        Machine(definition())
