"""Two interpreters of one machine: ours and moto's take the same path to the same output, whatever the Tasks answer.

A few examples by default; `make differential` tries 500.
"""

import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from moto import mock_aws
from moto.awslambda_simple.models import LambdaSimpleBackend
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils

from rehearsal.clock import Clock
from rehearsal.failures import TaskError
from rehearsal.machines import StepFunctions
from saga.compiler import Json, compile_saga
from tests.saga.arbitrary import AnySaga, sagas

REGION, ACCOUNT = "us-east-1", "123456789012"
FEW = 20
EXAMPLES = int(os.environ.get("HYPOTHESIS_EXAMPLES", FEW))
PATIENCE = 60.0
"""Seconds after which moto's execution is given up."""

RETRIED = ("Transient", "Conflict", "Lambda.Unknown")
HELD = ("Exhausted", "Paused", "NotInTime")
FINAL = ("Rejected", "Cancelled", "Expired", "RollBack", "Revoked", "Abandoned", *HELD)
"""Errors that lead on at once; those of HELD into a hold."""

Script = dict[str, list[str]]
"""What each state's next calls end in: an error, or "" for success; then they succeed."""


@dataclass(frozen=True)
class Told:
    """How an execution went."""

    path: tuple[str, ...]
    status: str
    output: Any
    error: str | None
    cause: str | None


@st.composite
def scripted(draw: st.DrawFn) -> tuple[AnySaga, Script, bool]:
    """A saga, what its Tasks answer, and whether it is a recovery."""
    saga = draw(sagas())
    tasks = sorted(name for name, state in compile_saga(saga)["States"].items() if state["Type"] == "Task")
    answers = st.lists(st.sampled_from((*FINAL, *HELD, *HELD, *RETRIED, "")), min_size=1, max_size=3)
    return saga, draw(st.dictionaries(st.sampled_from(tasks), answers, min_size=1, max_size=5)), draw(st.booleans())


def answering(script: Script) -> Callable[[Json], Json]:
    """The Tasks' functions; raises TaskError."""
    left = {name: list(answers) for name, answers in script.items()}

    def answer(payload: Json) -> Json:
        step = payload["step"]
        error = left[step].pop(0) if left.get(step) else ""
        if error:
            raise TaskError(error, json.dumps({"errorMessage": f"{step} failed", "errorType": error}))
        return {"name": "shop-v001"} if step == "Plan" else {"step": step, "did": f"did {step}"}

    return answer


def given_to(recovers: bool) -> Json:
    given: Json = {"operation": "op1", "last": {"step": "", "did": "accepted"}}
    return given | {"recover": "back"} if recovers else given


def ours(saga: AnySaga, script: Script, recovers: bool) -> Told:
    clock, answer = Clock(), answering(script)

    def invoke(function: str, payload: Json) -> Json:
        if "token" not in payload:
            return answer(payload)
        clock.at(0, lambda: settle(payload))
        return {}

    def settle(payload: Json) -> None:
        try:
            machines.succeed(payload["token"], answer(payload))
        except TaskError as error:
            machines.fail(payload["token"], str(error.error), str(error.cause))

    machines = StepFunctions(clock, invoke, recorded=False)
    machines.define(saga.name, compile_saga(saga))
    machines.start(saga.name, "op1", given_to(recovers))
    ended = machines.run("op1")
    return Told(tuple(ended.path), str(ended.status), ended.output, ended.error, ended.cause)


class Moto:
    """moto's interpreter: real threads, but nobody sleeps between two attempts."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.client = boto3.client("stepfunctions", region_name=REGION)
        self.answer: Callable[[Json], Json] = answering({})
        self.number = 0
        functions = boto3.client("lambda", region_name=REGION)
        monkeypatch.setattr(LambdaSimpleBackend, "invoke", self._invoke)
        monkeypatch.setattr(lambda_eval_utils, "boto_client_for", lambda *_, **__: functions)
        monkeypatch.setattr(retrier_decl, "time", SimpleNamespace(sleep=lambda _: None))

    def run(self, saga: AnySaga, script: Script, recovers: bool) -> Told:
        self.number += 1
        self.answer = answering(script)
        definition, role = _placed(compile_saga(saga)), f"arn:aws:iam::{ACCOUNT}:role/machine"
        made = self.client.create_state_machine(name=f"machine-{self.number}", definition=definition, roleArn=role)
        arn = made["stateMachineArn"]
        started = self.client.start_execution(stateMachineArn=arn, name="op1", input=json.dumps(given_to(recovers)))
        return self._told(started["executionArn"])

    def _told(self, execution: str) -> Told:
        limit = time.monotonic() + PATIENCE
        while (found := self.client.describe_execution(executionArn=execution))["status"] == "RUNNING":
            assert time.monotonic() < limit, "moto's execution does not end"
            time.sleep(0.005)
        events = self.client.get_execution_history(executionArn=execution, maxResults=1000)["events"]
        path = [one["stateEnteredEventDetails"]["name"] for one in events if "stateEnteredEventDetails" in one]
        failed = events[-1].get("executionFailedEventDetails", {})
        output = json.loads(found["output"]) if "output" in found else None
        return Told(tuple(path), found["status"], output, failed.get("error"), failed.get("cause"))

    def _invoke(self, name: str, qualifier: Any, body: Any, headers: Any, told: Json) -> bytes:
        payload = json.loads(body)
        try:
            answered = self.answer(payload)
        except TaskError as error:
            return self._failed(payload, error, told)
        if "token" in payload:
            self.client.send_task_success(taskToken=payload["token"], output=json.dumps(answered))
            return b"{}"
        return json.dumps(answered).encode()

    def _failed(self, payload: Json, error: TaskError, told: Json) -> bytes:
        if "token" in payload:
            self.client.send_task_failure(taskToken=payload["token"], error=error.error or "", cause=error.cause or "")
            return b"{}"
        told["x-amz-function-error"] = "Unhandled"
        return (error.cause or "").encode()


def _placed(definition: Json) -> str:
    """With an ARN for each function, as a stack would."""
    text, arn = json.dumps(definition), f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:"
    return text.replace("${", arn).replace('Function}"', '"')


@pytest.fixture(scope="module")
def moto() -> Iterator[Moto]:
    keys = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    with pytest.MonkeyPatch.context() as monkeypatch:
        for key in keys:
            monkeypatch.setenv(key, "testing")
        with mock_aws(config={"lambda": {"use_docker": False}, "stepfunctions": {"execute_state_machine": True}}):
            yield Moto(monkeypatch)


@given(scripted())
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=EXAMPLES == FEW,
    # Shrinking would run moto for minutes, and a path says where two machines part.
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
def test_both_interpreters_tell_the_same_story(moto: Moto, told: tuple[AnySaga, Script, bool]) -> None:
    assert moto.run(*told) == ours(*told)
