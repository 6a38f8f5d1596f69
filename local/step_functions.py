"""Step Functions: moto's engine, made quick, stoppable and truthful about how executions end."""

from __future__ import annotations

import copy
import functools
import json
import re
import threading
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.stepfunctions.parser import models
from moto.stepfunctions.parser.api import (
    ExecutionStatus,
    HistoryEventType,
    InvalidName,
    InvalidToken,
    TaskTimedOut,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_events,
    state_task_service_sfn,
    state_task_service_sqs,
    state_task_service_unsupported,
)
from moto.stepfunctions.parser.asl.eval.callback.callback import (
    CallbackEndpoint,
    CallbackOutcome,
    CallbackOutcomeFailure,
    CallbackOutcomeSuccess,
)
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventManager
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker
from moto.stepfunctions.parser.utils import TMP_THREADS
from moto.stepfunctions.responses import StepFunctionResponse

from local.clients import Clients
from local.event_bus import EventBus
from local.patches import replace

Json = dict[str, Any]
MotoExecution = Any
"""moto's `Execution`, to which `ended` and `sealed` are added here."""

_NAME = re.compile(r"[^\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]{1,80}")
_TOKEN = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

_lock = threading.RLock()


def install(clients: Clients, bus: EventBus) -> None:
    _use_kept_clients(clients)
    _start_prepared(bus)
    _end_truthfully(bus)
    _settle_tokens_once()
    _answer_fully()


def _use_kept_clients(clients: Clients) -> None:
    """The engine would make a boto3 client for every Task, which takes longer than the call."""

    def client_for(region: str, service: str, state_credentials: Any = None) -> Any:
        return clients.get(service, region)

    for module in (
        lambda_eval_utils,
        state_task_service_events,
        state_task_service_sfn,
        state_task_service_sqs,
        state_task_service_unsupported,
    ):
        replace(module, boto_client_for=client_for)


_parser: Any = AmazonStateLanguageParser


@functools.lru_cache(maxsize=256)
def _parsed(definition: str) -> Any:
    return _parser.parse(definition)[0]


class _KeepingParser:
    """What a definition is validated with: an execution then starts from the same parse."""

    @staticmethod
    def parse(definition: str) -> tuple[Any]:
        return (_parsed(definition),)


def _start_prepared(bus: EventBus) -> None:
    """An execution that is answered for can be stopped, asked and signalled from the first moment."""
    started = models.StepFunctionsParserBackend.start_execution
    worker_started: Any = ExecutionWorker.start

    def start_worker(worker: Any) -> None:
        environment = worker.env = worker._get_evaluation_environment()
        worker._get_evaluation_environment = lambda: environment
        worker_started(worker)
        TMP_THREADS.clear()  # moto keeps every thread that ever was

    def program(worker: Any) -> Any:
        # The parsed program counts its retries in itself, so that each execution needs its own.
        return copy.deepcopy(_parsed(worker._evaluation_details.state_machine_details.definition))

    def start_execution(
        backend: Any, state_machine_arn: str, name: Any = None, execution_input: Any = None, trace_header: Any = None
    ) -> MotoExecution:
        name = name or str(uuid.uuid4())
        if not _NAME.fullmatch(name):
            raise _refusal(InvalidName, f"Invalid Name: '{name}'")
        with _lock:
            known = {id(execution) for execution in backend.describe_state_machine(state_machine_arn).executions}
            execution = started(backend, state_machine_arn, name, execution_input, trace_header)
        if id(execution) not in known:
            _announce(bus, execution)
        return execution

    replace(models, AmazonStateLanguageParser=_KeepingParser)
    replace(ExecutionWorker, start=start_worker, _get_evaluation_entrypoint=program)
    replace(models.StepFunctionsParserBackend, start_execution=start_execution)


def _end_truthfully(bus: EventBus) -> None:
    """An end is final and immediate: stopped and timed out executions do not wait for what their threads still do."""
    added = EventManager.add_event

    def add_event(manager: Any, *arguments: Any, **options: Any) -> int:
        return 0 if getattr(manager, "sealed", False) else added(manager, *arguments, **options)

    def terminated(communication: Any) -> None:
        execution: MotoExecution = communication.execution
        with _lock:
            if getattr(execution, "ended", False):
                return
            communication._reflect_execution_status()
            if execution.exec_status == ExecutionStatus.TIMED_OUT:
                _add(execution, HistoryEventType.ExecutionTimedOut, _TIMED_OUT)
            if execution.exec_status == ExecutionStatus.SUCCEEDED:
                # moto's answers show a text as it is, so that a string would lose its quotes.
                execution.output = to_json_str(execution.output, separators=(",", ":"))
            _seal(execution)
        _announce(bus, execution)

    def stop_execution(response: StepFunctionResponse) -> ActionResult:
        execution = response.stepfunction_backend.describe_execution(response._get_param("executionArn"))
        error, cause = response._get_param("error"), response._get_param("cause")
        if _stopped(execution, error, cause):
            _announce(bus, execution)
        return ActionResult({"stopDate": execution.stop_date})

    replace(EventManager, add_event=add_event)
    replace(BaseExecutionWorkerCommunication, terminated=terminated)
    replace(StepFunctionResponse, stop_execution=stop_execution)


_TIMED_OUT: Json = {"executionTimedOutEventDetails": {}}


def _stopped(execution: MotoExecution, error: str | None, cause: str | None) -> bool:
    """False when it had ended already."""
    environment = execution.exec_worker.env
    while environment._program_state is None:
        time.sleep(0.001)
    with _lock:
        if getattr(execution, "ended", False) or not environment.is_running():
            return False
        now = datetime.now(tz=UTC)
        environment.set_stop(stop_date=now, cause=cause, error=error)
        execution.exec_status, execution.stop_date = ExecutionStatus.ABORTED, now
        execution.error, execution.cause = error, cause
        details = {name: value for name, value in (("error", error), ("cause", cause)) if value is not None}
        _add(execution, HistoryEventType.ExecutionAborted, {"executionAbortedEventDetails": details})
        _seal(execution)
    return True


def _add(execution: MotoExecution, type_: HistoryEventType, details: Json) -> None:
    environment = execution.exec_worker.env
    environment.event_manager.add_event(
        context=environment.event_history_context, event_type=type_, event_details=details
    )


def _seal(execution: MotoExecution) -> None:
    """Nothing is added to the history any more, and threads that wait for a token go."""
    execution.ended = True
    environment = execution.exec_worker.env
    environment.event_manager.sealed = True
    for endpoint in list(environment.callback_pool_manager._pool.values()):
        endpoint.interrupt_all()


def _announce(bus: EventBus, execution: MotoExecution) -> None:
    bus.emit(
        region=execution.region_name,
        source="aws.states",
        detail_type="Step Functions Execution Status Change",
        resources=[execution.exec_arn],
        detail=_status_detail(execution),
    )


def _status_detail(execution: MotoExecution) -> Json:
    stopped = execution.stop_date
    succeeded = execution.exec_status == ExecutionStatus.SUCCEEDED
    return {
        "executionArn": execution.exec_arn,
        "stateMachineArn": execution.state_machine_arn,
        "stateMachineVersionArn": None,
        "stateMachineAliasArn": None,
        "name": execution.name,
        "status": execution.status,
        "startDate": int(execution.start_date.timestamp() * 1000),
        "stopDate": int(stopped.timestamp() * 1000) if stopped else None,
        "input": execution.execution_input,
        "inputDetails": {"included": True},
        "output": execution.output if succeeded else None,
        "outputDetails": {"included": True} if succeeded else None,
        "error": execution.error,
        "cause": execution.cause,
        "redriveCount": 0,
        "redriveDate": None,
        "redriveStatus": None,
        "redriveStatusReason": None,
    }


def _settle_tokens_once() -> None:
    """A token answers once. Whoever comes second, or after its state was left, is told that the task timed out."""
    interrupted = CallbackEndpoint.interrupt_all

    def interrupt_all(endpoint: Any) -> None:
        with _lock:
            endpoint.closed = True
        interrupted(endpoint)

    def send_task_success(response: StepFunctionResponse) -> EmptyResult:
        token, output = response._get_param("taskToken"), response._get_param("output")
        json.loads(output)
        return _settled(response, token, CallbackOutcomeSuccess(token, output))

    def send_task_failure(response: StepFunctionResponse) -> EmptyResult:
        token, error, cause = (response._get_param(name) for name in ("taskToken", "error", "cause"))
        return _settled(response, token, CallbackOutcomeFailure(token, error, cause))

    replace(CallbackEndpoint, interrupt_all=interrupt_all)
    replace(StepFunctionResponse, send_task_success=send_task_success, send_task_failure=send_task_failure)


def _settled(response: StepFunctionResponse, token: str, outcome: CallbackOutcome) -> EmptyResult:
    with _lock:
        for endpoint in _endpoints(response.stepfunction_backend, token):
            if getattr(endpoint, "closed", False) or endpoint._outcome is not None:
                raise _refusal(TaskTimedOut, _SETTLED)
            endpoint.notify(outcome)
            return EmptyResult()
    if _TOKEN.fullmatch(token):
        raise _refusal(TaskTimedOut, _SETTLED)
    invalid: Any = InvalidToken
    raise invalid()


_SETTLED = "Task Timed Out: 'Provided task does not exist anymore'"


def _refusal(kind: Any, message: str) -> Exception:
    """moto's own raising of these leaves the code empty."""
    refusal: Exception = kind(message, kind.code, 400)
    return refusal


def _endpoints(backend: Any, token: str) -> Iterator[Any]:
    for machine in list(backend.state_machines):
        for execution in list(machine.executions):
            worker = execution.exec_worker
            if worker is not None and worker.env is not None and not getattr(execution, "ended", False):
                endpoint = worker.env.callback_pool_manager.get(token)
                if endpoint is not None:
                    yield endpoint


def _answer_fully() -> None:
    described, told = StepFunctionResponse.describe_execution, StepFunctionResponse.get_execution_history
    machine_of = StepFunctionResponse.describe_state_machine_for_execution

    def start_execution(response: StepFunctionResponse) -> ActionResult:
        """moto forgets the trace. That in the header of the call counts for more than the one in its body."""
        arn, name, given = (response._get_param(one) for one in ("stateMachineArn", "name", "input"))
        trace = response.headers.get("X-Amzn-Trace-Id") or response._get_param("traceHeader")
        backend: Any = response.stepfunction_backend
        execution = backend.start_execution(arn, name, given or "{}", trace)
        return ActionResult({"executionArn": execution.execution_arn, "startDate": execution.start_date})

    def describe_execution(response: StepFunctionResponse) -> ActionResult:
        answer: Any = described(response).result
        execution: MotoExecution = response.stepfunction_backend.describe_execution(response._get_param("executionArn"))
        if execution.stop_date is not None:
            answer["stopDate"] = execution.stop_date
        if execution.trace_header:
            answer["traceHeader"] = execution.trace_header
        return ActionResult(answer | {"inputDetails": {"included": True}, "redriveCount": 0})

    def describe_state_machine_for_execution(response: StepFunctionResponse) -> ActionResult:
        """An execution keeps the definition that it began with, whatever its machine has been changed to since."""
        answer: Any = machine_of(response).result
        execution: MotoExecution = response.stepfunction_backend.describe_execution(response._get_param("executionArn"))
        details = execution.exec_worker._evaluation_details.state_machine_details
        return ActionResult(answer | {"definition": details.definition})

    def get_execution_history(response: StepFunctionResponse) -> ActionResult:
        history: Any = told(response).result
        events = list(history["events"])
        if response._get_param("reverseOrder"):
            events.reverse()
        start = int(response._get_param("nextToken") or 0)
        end = start + int(response._get_param("maxResults") or 100)
        more = {"nextToken": str(end)} if end < len(events) else {}
        return ActionResult({"events": events[start:end], **more})

    replace(
        StepFunctionResponse,
        start_execution=start_execution,
        describe_execution=describe_execution,
        describe_state_machine_for_execution=describe_state_machine_for_execution,
        get_execution_history=get_execution_history,
    )
