"""Deployed functions in processes of their own, and how their deaths are reported."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.local.conftest import Embedded, eventually, packed


def test_an_alias_runs_its_version_with_the_templates_environment(aws: Embedded) -> None:
    told, error = aws.invoke({"do": "describe"})

    assert error is None
    assert told["function"] == aws.outputs["WorkName"]
    assert told["version"].isdigit()
    assert told["arn"] == aws.outputs["Work"]
    assert told["colour"] in {"blue", "green"}
    assert 0 < told["left"] <= 3000
    assert told["path"] == []


@pytest.mark.parametrize(
    ("payload", "kind", "message"),
    [
        ({"do": "raise"}, "Stubborn", "it will not"),
        ({"do": "sleep"}, "Sandbox.Timedout", "Error: Task timed out after 3.00 seconds"),
        ({"do": "exit"}, "Runtime.ExitError", "Error: Runtime exited with error: exit status 7"),
    ],
)
def test_a_failure_has_lambdas_name_and_words(aws: Embedded, payload: Any, kind: str, message: str) -> None:
    told, error = aws.invoke(payload)

    assert error == "Unhandled"
    assert told["errorType"] == kind
    assert told["errorMessage"].endswith(message)


def test_a_function_for_which_nothing_is_reserved_runs_by_no_alias(aws: Embedded) -> None:
    client = aws.client("lambda")
    client.put_function_concurrency(FunctionName=aws.outputs["WorkName"], ReservedConcurrentExecutions=0)

    with pytest.raises(client.exceptions.TooManyRequestsException, match="Rate Exceeded"):
        aws.invoke({"do": "describe"})
    client.delete_function_concurrency(FunctionName=aws.outputs["WorkName"])

    assert aws.invoke({"do": "describe"})[1] is None


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("import no_such_module", "Runtime.ImportModuleError"),
        ("def other(): ...", "Runtime.HandlerNotFound"),
        ("def handler(:", "Runtime.UserCodeSyntaxError"),
        ("raise KeyError('setting')", "KeyError"),
        ("handler = lambda event, context: {1, 2}", "Runtime.MarshalError"),
    ],
)
def test_code_that_cannot_run_says_why(aws: Embedded, source: str, kind: str) -> None:
    client = aws.client("lambda")
    role = client.get_function(FunctionName=aws.outputs["WorkName"])["Configuration"]["Role"]
    client.create_function(
        FunctionName="bad", Role=role, Handler="bad.handler", Runtime="python3.12", Code={"ZipFile": packed(bad=source)}
    )

    answer = client.invoke(FunctionName="bad")
    client.delete_function(FunctionName="bad")

    assert json.loads(answer["Payload"].read())["errorType"] == kind


def test_what_is_printed_is_in_the_functions_log(aws: Embedded) -> None:
    aws.invoke({"do": "print"})

    lines = eventually(lambda: _log(aws, "on standard"))

    assert lines == ["on standard output", "on standard error"]


def _log(aws: Embedded, word: str) -> list[str]:
    group = f"/aws/lambda/{aws.outputs['WorkName']}"
    events = aws.client("logs").filter_log_events(logGroupName=group)["events"]
    return [event["message"] for event in events if word in event["message"]][:2]


def test_an_asynchronous_invocation_is_retried_twice(aws: Embedded) -> None:
    payload = json.dumps({"do": "flaky", "kind": "async"})

    answer = aws.client("lambda").invoke(FunctionName=aws.outputs["Work"], InvocationType="Event", Payload=payload)

    assert answer["StatusCode"] == 202
    assert eventually(lambda: len(aws.seen("async")) == 3)


def test_a_process_is_killed_after_its_call_took_effect(aws: Embedded) -> None:
    aws.control("POST", "faults", {"api": "autoscaling:DescribeAutoScalingGroups", "do": "kill-after"})

    (killed, error), (again, _) = aws.invoke({"do": "groups"}), aws.invoke({"do": "groups"})

    assert error == "Unhandled"
    assert killed["errorType"] == "Runtime.ExitError"
    assert killed["errorMessage"].endswith("Error: Runtime exited with error: signal: killed")
    assert isinstance(again, int)


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ({"do": "throttle", "times": 9}, "Throttling"),
        ({"do": "refuse", "code": "ScalingActivityInProgress", "message": "busy"}, "ScalingActivityInProgress"),
        ({"do": "refuse-after"}, "AccessDenied"),
    ],
)
def test_an_injected_error_reaches_the_handler_in_the_services_format(aws: Embedded, rule: Any, code: str) -> None:
    aws.control("POST", "faults", {"api": "autoscaling:Delete*", "function": "Work", **rule})

    told, error = aws.invoke({"do": "group"})
    rules = aws.control("GET", "faults")["faults"]
    aws.control("DELETE", "faults")

    assert error == "Unhandled"
    assert f"({code})" in told["errorMessage"]
    assert rules[-1]["hits"] >= 1


@pytest.mark.parametrize(
    ("service", "call", "code"),
    [
        ("ec2", "describe_vpcs", "RequestLimitExceeded"),
        ("dynamodb", "list_tables", "ThrottlingException"),
        ("stepfunctions", "list_state_machines", "ThrottlingException"),
        ("elbv2", "describe_target_groups", "Throttling"),
        ("lambda", "list_functions", "TooManyRequestsException"),
        ("s3", "list_buckets", "Throttling"),
    ],
)
def test_each_protocol_has_its_own_way_to_say_slower(aws: Embedded, service: str, call: str, code: str) -> None:
    client = aws.client(service)
    signed = client.meta.service_model.signing_name
    aws.control("POST", "faults", {"api": f"{signed}:*", "do": "throttle", "function": "test"})

    with pytest.raises(client.exceptions.ClientError) as refused:
        getattr(client, call)()

    aws.control("DELETE", "faults")
    assert refused.value.response["Error"]["Code"] == code


def test_a_rule_that_makes_no_sense_is_refused_in_words(aws: Embedded) -> None:
    answer = aws.control("POST", "faults", {"api": "ec2:RunInstances", "do": "explode"})

    assert "explode" in answer["message"]


def test_calls_are_counted_by_function(aws: Embedded) -> None:
    name, api = aws.outputs["WorkName"], "autoscaling:DescribeAutoScalingGroups"
    before = aws.control("GET", "calls")["counts"].get(name, {}).get(api, 0)

    aws.invoke({"do": "groups"})

    calls = aws.control("GET", f"calls?api={api}&function={name}")
    assert calls["counts"][name][api] == before + 1
    assert calls["calls"][-1]["worker"].startswith(name.replace("-", "")[-30:])
