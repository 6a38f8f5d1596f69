"""Deployed state machines: their Tasks, their tokens, and the truth about their ends."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.conftest import Embedded, eventually

Json = dict[str, Any]


class Run:
    """One execution of the machine that holds a token."""

    def __init__(self, aws: Embedded, name: str, machine: str = "Held") -> None:
        self.aws, self.states = aws, aws.client("stepfunctions")
        started = self.states.start_execution(stateMachineArn=aws.outputs[machine], name=name, input="{}")
        self.arn, self.name = started["executionArn"], name

    def token(self) -> str:
        return str(eventually(lambda: self.aws.seen(self.name))[0]["token"])

    def described(self) -> Json:
        answer: Json = self.states.describe_execution(executionArn=self.arn)
        return answer

    def ended(self) -> Json:
        return eventually(lambda: ((d := self.described())["status"] != "RUNNING" and d) or {})

    def history(self) -> list[Json]:
        events: list[Json] = self.states.get_execution_history(executionArn=self.arn)["events"]
        return events

    def told(self) -> list[str]:
        """The states of it that were announced on the bus."""
        url, sqs = self.aws.outputs["Told"], self.aws.client("sqs")
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            detail = json.loads(message["Body"])["detail"]
            ANNOUNCED.setdefault(detail["executionArn"], []).append(detail)
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return [detail["status"] for detail in ANNOUNCED.get(self.arn, [])]


ANNOUNCED: dict[str, list[Json]] = {}


def test_tasks_call_aliases_and_a_token_ends_the_wait_once(aws: Embedded) -> None:
    run = Run(aws, "succeeds")
    token = run.token()

    run.states.send_task_success(taskToken=token, output='{"ok": true}')
    ended = run.ended()

    assert ended["status"] == "SUCCEEDED"
    assert json.loads(ended["output"])["held"] == {"ok": True}
    assert eventually(lambda: len(run.told()) == 2)
    assert run.told() == ["RUNNING", "SUCCEEDED"]
    with pytest.raises(run.states.exceptions.TaskTimedOut):
        run.states.send_task_success(taskToken=token, output="{}")
    with pytest.raises(run.states.exceptions.InvalidToken):
        run.states.send_task_success(taskToken="nonsense", output="{}")


def test_an_execution_keeps_the_definition_that_it_began_with(aws: Embedded) -> None:
    run = Run(aws, "keeps")
    token = run.token()
    machine = run.states.describe_execution(executionArn=run.arn)["stateMachineArn"]
    before = run.states.describe_state_machine(stateMachineArn=machine)["definition"]
    changed = before.replace('"Hold"', '"Wait"')

    run.states.update_state_machine(stateMachineArn=machine, definition=changed)
    kept = run.states.describe_state_machine_for_execution(executionArn=run.arn)["definition"]
    now = run.states.describe_state_machine(stateMachineArn=machine)["definition"]
    run.states.update_state_machine(stateMachineArn=machine, definition=before)
    run.states.send_task_success(taskToken=token, output="{}")

    assert (json.loads(kept), json.loads(now)) == (json.loads(before), json.loads(changed))
    assert run.ended()["status"] == "SUCCEEDED"


def test_the_cause_of_a_failed_token_is_kept(aws: Embedded) -> None:
    run = Run(aws, "fails")

    run.states.send_task_failure(taskToken=run.token(), error="Abandoned", cause="enough")

    ended = run.ended()
    assert (ended["status"], ended["error"], ended["cause"]) == ("FAILED", "Abandoned", "enough")
    failed = [e["taskFailedEventDetails"] for e in run.history() if e["type"] == "TaskFailed"]
    assert (failed[0]["error"], failed[0]["cause"]) == ("Abandoned", "enough")


def test_a_stopped_execution_is_aborted_at_once_with_its_reason(aws: Embedded) -> None:
    run = Run(aws, "stops")
    token = run.token()

    run.states.stop_execution(executionArn=run.arn, error="Operator", cause="changed my mind")

    described = run.described()
    assert (described["status"], described["error"], described["cause"]) == ("ABORTED", "Operator", "changed my mind")
    assert described["stopDate"]
    assert run.history()[-1]["executionAbortedEventDetails"] == {"error": "Operator", "cause": "changed my mind"}
    assert eventually(lambda: run.told() == ["RUNNING", "ABORTED"])
    with pytest.raises(run.states.exceptions.TaskTimedOut):
        run.states.send_task_success(taskToken=token, output="{}")


def test_an_execution_that_outlasts_its_time_is_timed_out(aws: Embedded) -> None:
    run = Run(aws, "outlasts", "Short")

    ended = run.ended()

    assert ended["status"] == "TIMED_OUT"
    assert ended["stopDate"]
    assert run.history()[-1]["type"] == "ExecutionTimedOut"
    assert eventually(lambda: run.told() == ["RUNNING", "TIMED_OUT"])


def test_a_text_output_is_json_too(aws: Embedded) -> None:
    ended = Run(aws, "text", "Text").ended()

    assert json.loads(ended["output"]) == 'a "b"'


def test_the_same_name_and_input_is_the_same_execution(aws: Embedded) -> None:
    one, same = Run(aws, "same"), Run(aws, "same")

    assert one.arn == same.arn
    one.token()
    one.states.stop_execution(executionArn=one.arn)
    with pytest.raises(ClientError) as refused:
        Run(aws, "same")
    assert refused.value.response["Error"]["Code"] == "ExecutionAlreadyExists"


def test_an_execution_keeps_the_trace_that_started_it(aws: Embedded) -> None:
    states, machine = aws.client("stepfunctions"), aws.outputs["Held"]
    traces = [f"Root=1-6925e2b4-{number:024x};Sampled=1" for number in range(2)]

    arns = {
        states.start_execution(stateMachineArn=machine, name="traced", input="{}", traceHeader=one)["executionArn"]
        for one in traces
    }

    assert len(arns) == 1
    assert states.describe_execution(executionArn=arns.pop())["traceHeader"] == traces[0]


def test_history_can_be_read_backwards_in_pages(aws: Embedded) -> None:
    run = Run(aws, "paged", "Text")
    run.ended()
    arn, states = run.arn, run.states

    first = states.get_execution_history(executionArn=arn, maxResults=2)
    rest = states.get_execution_history(executionArn=arn, nextToken=first["nextToken"])
    backwards = states.get_execution_history(executionArn=arn, reverseOrder=True)

    ids = [event["id"] for event in [*first["events"], *rest["events"]]]
    assert ids == sorted(ids)
    assert [event["id"] for event in backwards["events"]] == ids[::-1]


def test_a_throttled_lambda_is_an_error_the_machine_can_retry(aws: Embedded) -> None:
    aws.control("POST", "faults", {"api": "lambda:Invoke", "do": "throttle", "function": "states"})

    ended = Run(aws, "throttled").ended()

    assert ended["status"] == "FAILED"
    assert "TooManyRequestsException" in json.dumps(ended, default=str) or ended["error"] == "Exception"


def test_tasks_are_quick(aws: Embedded) -> None:
    steps: Json = {f"S{n}": {"Type": "Task", "Resource": aws.outputs["Work"], "Next": f"S{n + 1}"} for n in range(9)}
    steps["S9"] = {"Type": "Task", "Resource": aws.outputs["Work"], "End": True}
    states = aws.client("stepfunctions")
    role = "arn:aws:iam::123456789012:role/any"
    machine = states.create_state_machine(
        name="ten", definition=json.dumps({"StartAt": "S0", "States": steps}), roleArn=role
    )["stateMachineArn"]
    aws.invoke({})

    started = time.monotonic()
    arn = states.start_execution(stateMachineArn=machine, name="quick")["executionArn"]
    done = eventually(lambda: states.describe_execution(executionArn=arn)["status"] == "SUCCEEDED")

    assert done
    assert time.monotonic() - started < 5
