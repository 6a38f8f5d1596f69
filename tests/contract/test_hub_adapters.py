"""The hub's ports on AWS: Step Functions, our own functions, the sweep's queue, accounts' sessions, the environment."""

import io
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError
from botocore.response import StreamingBody
from botocore.stub import Stubber

from lambdas import accounts, sessions, traces
from lambdas.accounts import Account
from lambdas.audit.aws import Bucket
from lambdas.aws import tags
from lambdas.aws.scaling import Scaling
from lambdas.aws.visits import AwsVisits
from lambdas.brakes import Brakes
from lambdas.calls import CALLS
from lambdas.cloud import Capacity, LifecycleHook, ScheduledAction
from lambdas.dynamo import DynamoTable
from lambdas.environment import hub_of
from lambdas.errors import Broken, Cancelled, Conflict, NotFound, Rejected, Throttled, Transient, WindlassError
from lambdas.functions import LambdaFunctions
from lambdas.hub import ExecutionState, TokenGone
from lambdas.nudges import nudged_in
from lambdas.push.aws import EventBridge, QueuedPush, Sns
from lambdas.push.events import Kind
from lambdas.push.formats import Message
from lambdas.push.letters import Answered
from lambdas.push.model import Event, data_of, event_of
from lambdas.rows import Control, Status
from lambdas.step_functions import StepFunctions, canonical
from lambdas.sweeper import QueuedSweeper
from lambdas.table import Absent, Check, Delete, Equal, Key, Put, Refused, Update
from lambdas.values import changed
from rehearsal.memory_table import MemoryTable
from tests.contract import worlds
from tests.contract.recording import REGION, Recorder, recorded, seeding
from tests.contract.test_cloud_contract import BUSY, FULL, GROUP, LAUNCHING, MINE, NIGHTLY, STEP
from tests.contract.test_table_contract import dynamo
from tests.contract.worlds import USER_DATA, launch_settings, make_group

ACCOUNT = "123456789012"
MACHINE = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:windlass-CreateServerGroup"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:windlass-ServerGroups:live"
KEY = Key("op#a", "control")


@contextmanager
def answering(service: str, *answers: tuple[str, dict[str, Any] | str]) -> Iterator[Any]:
    """A client that is given these answers in turn: (operation, the answer, or an error's code)."""
    client = recorded(service)
    with Stubber(client) as stubber:
        for operation, given in answers:
            if isinstance(given, str):
                stubber.add_client_error(operation, given, "as AWS says")
            else:
                stubber.add_response(operation, given)
        yield client
        stubber.assert_no_pending_responses()


# The bus, and the herald's queue


def an_event() -> Event:
    row = Control(
        id="abc",
        saga="ResizeServerGroup",
        status=Status.RUNNING,
        version=3,
        account="test",
        region=REGION,
        application="shop",
        cluster=f"test/{REGION}/shop",
        caller="me",
        door="windlass",
        accepted=1.0,
        finish_by=9.0,
    )
    data = data_of(row).model_dump(mode="json", by_alias=True, exclude_none=True)
    return event_of("urn:windlass:1:us-east-1:windlass", 3, Kind.STARTED, 2.0, data)


def test_an_event_is_put_whole_on_the_stacks_bus(aws: Recorder) -> None:
    seeding("events").create_event_bus(Name="windlass-operations")

    EventBridge(recorded("events"), "windlass-operations").put(an_event())

    (entry,) = aws.parameters("PutEvents")["Entries"]
    assert (entry["EventBusName"], entry["Source"], entry["DetailType"]) == (
        "windlass-operations",
        "windlass",
        "windlass.operation.started",
    )
    assert json.loads(entry["Detail"]) == an_event().json_value


@pytest.mark.parametrize(
    ("code", "error"),
    [("ThrottlingException", Throttled), ("InternalFailure", Transient), ("MalformedDetail", Broken)],
)
def test_an_event_that_the_bus_did_not_take_is_an_error(aws: Recorder, code: str, error: type[WindlassError]) -> None:
    answer = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": code, "ErrorMessage": "as AWS says"}]}

    with answering("events", ("put_events", answer)) as client, pytest.raises(error, match=f"event abc.3: {code}"):
        EventBridge(client, "windlass-operations").put(an_event())


def test_of_several_events_the_one_that_the_bus_did_not_take_is_named() -> None:
    refused = {"ErrorCode": "ThrottlingException", "ErrorMessage": "as AWS says"}
    answer = {"FailedEntryCount": 1, "Entries": [{"EventId": "1"}, refused]}
    later = an_event().model_copy(update={"id": "abc.4"})

    with answering("events", ("put_events", answer)) as client, pytest.raises(Throttled, match=r"event abc\.4: Thrott"):
        EventBridge(client, "windlass-operations").put(an_event(), later)


def test_whoever_sees_something_untold_asks_the_herald(aws: Recorder) -> None:
    queue = seeding("sqs").create_queue(QueueName="tellings")["QueueUrl"]

    QueuedPush(recorded("sqs"), queue, "errands").tell("abc")

    (message,) = seeding("sqs").receive_message(QueueUrl=queue)["Messages"]
    assert json.loads(message["Body"]) == {"operation": "abc"}


def test_the_courier_is_asked_in_a_lane_of_each_receiver(aws: Recorder) -> None:
    queue = seeding("sqs").create_queue(QueueName="errands")["QueueUrl"]

    QueuedPush(recorded("sqs"), "tellings", queue).deliver("abc", "00000003.webhook.ci", timedelta(seconds=0.2))

    asked = aws.parameters("SendMessage")
    assert json.loads(asked["MessageBody"]) == {"operation": "abc", "delivery": "00000003.webhook.ci"}
    assert (asked["MessageGroupId"], asked["DelaySeconds"]) == ("webhook.ci", 1)


MESSAGE = Message("text", {"event": "held"}, "Windlass: x", "abc", "abc.3")


@pytest.mark.parametrize(
    ("name", "more"),
    [("windlass-ops", {}), ("windlass-ops.fifo", {"MessageGroupId": "abc", "MessageDeduplicationId": "abc.3"})],
)
def test_a_message_is_published_with_what_subscriptions_filter_by(
    aws: Recorder, name: str, more: dict[str, str]
) -> None:
    attributes = {"FifoTopic": "true"} if more else {}
    topic = seeding("sns").create_topic(Name=name, Attributes=attributes)["TopicArn"]

    assert Sns(lambda region: recorded("sns")).publish(topic, MESSAGE) == Answered(200, f"{topic} took it")

    assert aws.parameters("Publish") == {
        "TopicArn": topic,
        "Message": "text",
        "Subject": "Windlass: x",
        "MessageAttributes": {"event": {"DataType": "String", "StringValue": "held"}},
        **more,
    }


def test_what_sns_refuses_is_an_answer(aws: Recorder) -> None:
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:windlass-gone"

    answer = Sns(lambda region: recorded("sns")).publish(topic, MESSAGE)

    assert answer.status is None
    assert answer.said.startswith("NotFound: ")


# Step Functions


@pytest.fixture
def machines(aws: object) -> StepFunctions:
    make_machine('{"StartAt":"Done","States":{"Done":{"Type":"Succeed"}}}')
    return machines_traced("")


def make_machine(definition: str) -> None:
    seeding("stepfunctions").create_state_machine(
        name="windlass-CreateServerGroup", definition=definition, roleArn=f"arn:aws:iam::{ACCOUNT}:role/machine"
    )


def machines_traced(trace: str) -> StepFunctions:
    """As in an invocation that belongs to that trace."""
    environ = {traces.VARIABLE: trace} if trace else {}
    return StepFunctions(recorded("stepfunctions"), {"CreateServerGroup": MACHINE}, environ)


def test_an_execution_is_started_once_whatever_is_asked_again(machines: StepFunctions) -> None:
    machines.start("CreateServerGroup", "op1", {"operation": "op1", "last": {"step": ""}})
    machines.start("CreateServerGroup", "op1", {"operation": "op1", "last": {"step": ""}})
    machines.start("CreateServerGroup", "op1", {"operation": "op1", "other": True})

    started = seeding("stepfunctions").list_executions(stateMachineArn=MACHINE)["executions"]
    assert [execution["name"] for execution in started] == ["op1"]


ROOT = "1-6925e2b4-0123456789abcdef01234567"
OF_LAMBDA = f"Root={ROOT};Parent=53995c3f42cd8ad8;Sampled=1;Lineage=1:a87bd80c:0"


def test_an_execution_belongs_to_the_trace_of_whoever_starts_it(machines: StepFunctions, aws: Recorder) -> None:
    traced = machines_traced(OF_LAMBDA)

    assert traced.start("CreateServerGroup", "op1", {"operation": "op1"})

    assert aws.parameters("StartExecution")["traceHeader"] == f"Root={ROOT};Parent=53995c3f42cd8ad8;Sampled=1"


def test_the_same_start_from_another_trace_is_the_same_start(aws: Recorder) -> None:
    waits = '{"StartAt":"Wait","States":{"Wait":{"Type":"Wait","Seconds":600,"End":true}}}'
    make_machine(waits)
    answers = [
        machines_traced(trace).start("CreateServerGroup", "op1", {"operation": "op1"})
        for trace in (OF_LAMBDA, OF_LAMBDA.replace("6925e2b4", "6925e2b5"), "")
    ]

    started = seeding("stepfunctions").list_executions(stateMachineArn=MACHINE)["executions"]
    assert answers == [True, True, True]
    assert [execution["name"] for execution in started] == ["op1"]


@pytest.mark.parametrize(
    ("told", "passed"),
    [
        ("", ""),
        (f"Root={ROOT}", f"Root={ROOT}"),
        (f"Sampled=0; Root={ROOT}", f"Root={ROOT};Sampled=0"),
        (f"Root={ROOT};Parent=é;Sampled=?", f"Root={ROOT}"),
        (f"Self=1-6925e2b4-0123456789abcdef01234568;Root={ROOT}", f"Root={ROOT}"),
        ("Root=1-6925e2b4;Parent=53995c3f42cd8ad8;Sampled=1", ""),
        ("Root", ""),
        (f"Root={ROOT};Lineage={'x' * 300}", f"Root={ROOT}"),
    ],
)
def test_of_a_trace_s_header_only_what_step_functions_takes_is_passed_on(told: str, passed: str) -> None:
    assert traces.header({traces.VARIABLE: told}) == passed


def test_an_execution_is_described_or_there_is_none(machines: StepFunctions) -> None:
    machines.start("CreateServerGroup", "op1", {})

    found = machines.describe("CreateServerGroup", "op1")
    assert found is not None
    assert found.status in {"RUNNING", "SUCCEEDED"}
    assert machines.describe("CreateServerGroup", "none") is None


def test_a_failed_execution_says_why(recorder: Recorder) -> None:
    failed = {
        "executionArn": MACHINE,
        "stateMachineArn": MACHINE,
        "status": "FAILED",
        "startDate": datetime(2026, 1, 1, tzinfo=UTC),
        "error": "Rejected",
        "cause": "no such image",
    }

    with answering("stepfunctions", ("describe_execution", failed)) as client:
        found = StepFunctions(client, {"CreateServerGroup": MACHINE}, {}).describe("CreateServerGroup", "op1")

    assert found == ExecutionState("FAILED", "Rejected", "no such image")
    arn = f"arn:aws:states:{REGION}:{ACCOUNT}:execution:windlass-CreateServerGroup:op1"
    assert recorder.parameters("DescribeExecution") == {"executionArn": arn}


@pytest.mark.parametrize("code", ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"])
def test_a_settled_token_is_gone(recorder: Recorder, code: str) -> None:
    with answering("stepfunctions", ("send_task_success", code), ("send_task_failure", code)) as client:
        machines = StepFunctions(client, {}, {})
        with pytest.raises(TokenGone):
            machines.succeed("token", {"step": "Guard"})
        with pytest.raises(TokenGone):
            machines.fail("token", "Cancelled", "by a caller")


def test_a_failure_always_has_a_cause_that_fits(recorder: Recorder) -> None:
    with answering("stepfunctions", ("send_task_failure", {}), ("send_task_failure", {})) as client:
        machines = StepFunctions(client, {}, {})

        machines.fail("token", "Cancelled", "")
        assert recorder.parameters("SendTaskFailure")["cause"] == "Cancelled"

        machines.fail("token", "Cancelled", "x" * 40_000)
        assert len(recorder.parameters("SendTaskFailure")["cause"]) == 32_768


def test_step_functions_faults_are_ours(recorder: Recorder) -> None:
    with answering("stepfunctions", ("start_execution", "ThrottlingException")) as client, pytest.raises(Throttled):
        StepFunctions(client, {"CreateServerGroup": MACHINE}, {}).start("CreateServerGroup", "op1", {})


def test_one_value_has_one_text() -> None:
    assert canonical({"b": 1, "a": {"d": 2, "c": 3}}) == canonical({"a": {"c": 3, "d": 2}, "b": 1})


# Our own functions


def invoked(payload: object, error: bool = False) -> tuple[str, dict[str, Any]]:
    body = json.dumps(payload).encode()
    answer: dict[str, Any] = {"StatusCode": 200, "Payload": StreamingBody(io.BytesIO(body), len(body))}
    return "invoke", answer | ({"FunctionError": "Unhandled"} if error else {})


def test_a_function_is_called_and_answers(recorder: Recorder) -> None:
    with answering("lambda", invoked({"reason": None})) as client:
        answer = LambdaFunctions(client, {"ServerGroups": FUNCTION}).invoke("ServerGroups", {"step": "AllHealthy"})

    assert answer == {"reason": None}
    assert recorder.parameters("Invoke") == {"FunctionName": FUNCTION, "Payload": b'{"step": "AllHealthy"}'}


def test_a_function_is_called_without_waiting_for_it(recorder: Recorder) -> None:
    with answering("lambda", ("invoke", {"StatusCode": 202})) as client:
        LambdaFunctions(client, {"Reader": FUNCTION}).send("Reader", {"application": "shop"})

    assert recorder.parameters("Invoke") == {
        "FunctionName": FUNCTION,
        "InvocationType": "Event",
        "Payload": b'{"application": "shop"}',
    }


@pytest.mark.parametrize(
    ("raised", "expected", "message"),
    [
        ({"errorType": "Conflict", "errorMessage": "an attempt may be alive"}, Conflict, "an attempt may be alive"),
        ({"errorType": "Cancelled", "errorMessage": "by a caller"}, Cancelled, "by a caller"),
        ({"errorType": "KeyError", "errorMessage": "'b64secret'"}, Broken, "function ServerGroups raised KeyError"),
        ({"errorType": "Any", "errorMessage": "a name in errors.py's imports"}, Broken, "raised Any"),
        ({"errorType": "Runtime.ImportModuleError", "errorMessage": "…"}, Broken, "Runtime.ImportModuleError"),
        ({"errorType": "Sandbox.Timedout", "errorMessage": "…"}, Transient, "did not answer (Sandbox.Timedout)"),
        ({"errorMessage": "2026-01-01 Task timed out after 60.00 seconds"}, Transient, "did not answer"),
        ({"errorType": "Runtime.ExitError", "errorMessage": "…"}, Transient, "Runtime.ExitError"),
    ],
)
def test_what_a_function_raised_is_raised_here(
    recorder: Recorder, raised: dict[str, str], expected: type[WindlassError], message: str
) -> None:
    with answering("lambda", invoked(raised, error=True)) as client, pytest.raises(WindlassError) as error:
        LambdaFunctions(client, {"ServerGroups": FUNCTION}).invoke("ServerGroups", {})

    assert type(error.value) is expected
    assert message in str(error.value)
    assert "b64secret" not in str(error.value)


# The sweep's queue


@pytest.mark.parametrize(
    ("delay", "seconds"),
    [
        (timedelta(0), 0),
        (timedelta(seconds=-3), 0),
        (timedelta(seconds=4.2), 5),
        (timedelta(seconds=60), 60),
        (timedelta(hours=3), 900),
    ],
)
def test_a_sweep_is_asked_for_within_what_sqs_can_delay(aws: Recorder, delay: timedelta, seconds: int) -> None:
    queue = seeding("sqs").create_queue(QueueName="sweep")["QueueUrl"]

    QueuedSweeper(recorded("sqs"), queue).after(delay)

    assert aws.parameters("SendMessage")["DelaySeconds"] == seconds


def test_a_sweep_is_told_whom_an_event_concerns(aws: Recorder) -> None:
    queue = seeding("sqs").create_queue(QueueName="sweep")["QueueUrl"]

    QueuedSweeper(recorded("sqs"), queue).after(timedelta(seconds=2), {"a", "b"})

    assert nudged_in([{"body": aws.parameters("SendMessage")["MessageBody"]}]) == {"a", "b"}


# The table's faults


def no_pause(_: float) -> None:
    """Time passes at once."""


def cancelled(*codes: str) -> dict[str, Any]:
    return {"CancellationReasons": [{"Code": code} for code in codes]}


def test_a_transaction_that_met_another_is_tried_again(recorder: Recorder) -> None:
    client = recorded("dynamodb")
    with Stubber(client) as stubber:
        for code in ("TransactionConflict", "ThrottlingError"):
            stubber.add_client_error(
                "transact_write_items",
                "TransactionCanceledException",
                modeled_fields=cancelled("None", code),
                response_meta={},
            )
        stubber.add_response("transact_write_items", {})

        DynamoTable(client, "windlass", no_pause).write(Put(KEY, {}), Check(Key("a", "b"), (Absent(),)))

        stubber.assert_no_pending_responses()


def test_a_transaction_that_always_meets_another_is_transient(recorder: Recorder) -> None:
    client = recorded("dynamodb")
    with Stubber(client) as stubber:
        for _ in range(5):
            stubber.add_client_error("put_item", "TransactionConflictException")

        with pytest.raises(Transient):
            DynamoTable(client, "windlass", no_pause).write(Put(KEY, {}))

        stubber.assert_no_pending_responses()


def test_a_write_that_may_have_happened_is_not_repeated(recorder: Recorder) -> None:
    with answering("dynamodb", ("update_item", "InternalServerError"), ("update_item", {})) as client:
        table = DynamoTable(client, "windlass", no_pause)

        with pytest.raises(Transient):
            table.write(Update(KEY, add={"attempt": 1}))

        table.write(Update(KEY, add={"attempt": 1}))


def test_a_refusal_counts_more_than_a_conflict_beside_it(recorder: Recorder) -> None:
    client = recorded("dynamodb")
    with Stubber(client) as stubber:
        stubber.add_client_error(
            "transact_write_items",
            "TransactionCanceledException",
            modeled_fields=cancelled("TransactionConflict", "ConditionalCheckFailed"),
        )
        with pytest.raises(Refused) as refused:
            DynamoTable(client, "windlass", no_pause).write(Put(KEY, {}), Put(Key("op#b", "control"), {}, (Absent(),)))

    assert refused.value.writes == (1,)


@pytest.mark.parametrize("code", ["ValidationError", "ItemCollectionSizeLimitExceeded", "DuplicateItem"])
def test_a_transaction_that_can_never_hold_is_our_bug(recorder: Recorder, code: str) -> None:
    client = recorded("dynamodb")
    with Stubber(client) as stubber:
        stubber.add_client_error(
            "transact_write_items", "TransactionCanceledException", modeled_fields=cancelled(code, "None")
        )
        with pytest.raises(Broken):
            DynamoTable(client, "windlass", no_pause).write(Put(KEY, {}), Delete(Key("a", "b")))


def test_no_answer_from_the_table_is_transient(recorder: Recorder) -> None:
    class Silent:
        def put_item(self, **_: object) -> None:
            raise ReadTimeoutError(endpoint_url="https://dynamodb")

    with pytest.raises(Transient):
        DynamoTable(Silent(), "windlass").write(Put(KEY, {}))  # type: ignore[arg-type]


# Accounts


@pytest.fixture
def known() -> MemoryTable:
    table = MemoryTable()
    accounts.put(table, Account("hub", ACCOUNT, (REGION,)))
    role = "arn:aws:iam::210987654321:role/windlass"
    accounts.put(table, Account("prod", "210987654321", (REGION, "eu-west-1"), role, "shared-secret"))
    return table


@pytest.fixture(autouse=True)
def fresh_clients() -> Iterator[None]:
    """No client of one test's AWS serves another's."""
    yield
    sessions._own_client.cache_clear()
    sessions._botocore.cache_clear()


def test_a_cloud_is_its_accounts_and_regions(aws: object, known: MemoryTable) -> None:
    cloud = sessions.clouds(known, Brakes(known, time.time))("hub", REGION, "op1")

    assert (cloud.account, cloud.region, cloud.operation) == ("hub", REGION, "op1")
    assert "us-east-1a" in cloud.network.zones()
    assert cloud.groups.names("") == ()


@pytest.mark.parametrize(("account", "region"), [("none", REGION), ("hub", "eu-west-1")])
def test_an_unknown_account_or_region_is_rejected(known: MemoryTable, account: str, region: str) -> None:
    with pytest.raises(Rejected, match=f"account {account}"):
        sessions.clouds(known, Brakes(known, time.time))(account, region, "op1")


def declared(account: Account, application: Callable[[], str] = str) -> str:
    return f"what calls need in {account.id} for {application()}"


def test_another_account_is_reached_by_its_role_in_a_session_named_after_the_operation(
    aws: object, known: MemoryTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, Any]] = []
    sts = recorded("sts")
    monkeypatch.setattr(sessions, "own", lambda *_: _Recorded(sts, asked))
    known.write(Put(Key("op#op1", "control"), {"application": "shop"}))
    clouds = sessions.clouds(known, Brakes(known, time.time), policy=declared)
    cloud = clouds("prod", "eu-west-1", "op1")
    assert asked == []

    assert "eu-west-1a" in cloud.network.zones()
    cloud.images.by_name("x")

    assert asked == [
        {
            "RoleArn": "arn:aws:iam::210987654321:role/windlass",
            "RoleSessionName": "op1",
            "ExternalId": "shared-secret",
            "Policy": "what calls need in 210987654321 for shop",
        }
    ]


def test_an_operation_reaches_a_second_account_with_that_accounts_role_and_brakes(
    aws: object, known: MemoryTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, Any]] = []
    sts = recorded("sts")
    monkeypatch.setattr(sessions, "own", lambda *_: _Recorded(sts, asked))
    brakes = Brakes(known, time.time)
    cloud = changed(sessions.clouds(known, brakes)("hub", REGION, "op1"), undoing=True)

    there = cloud.other("prod")
    there.images.by_name("x")
    there.findings.append("seen there")

    assert (there.account, there.account_id, there.region) == ("prod", "210987654321", REGION)
    assert (there.operation, there.undoing, cloud.findings) == ("op1", True, ["seen there"])
    assert [one["RoleArn"] for one in asked] == ["arn:aws:iam::210987654321:role/windlass"]
    assert [(place, *taps) for place, taps in brakes._taps.items()] == [(f"prod/{REGION}", "ec2 reads")]
    with pytest.raises(Rejected, match="account mars is not known"):
        cloud.other("mars")


class _Recorded:
    def __init__(self, sts: Any, asked: list[dict[str, Any]]) -> None:
        self._sts, self._asked = sts, asked

    def assume_role(self, **given: Any) -> Any:
        self._asked.append(given)
        return self._sts.assume_role(**given)


def test_clients_are_made_once_for_each_place(aws: object, known: MemoryTable) -> None:
    clouds = sessions.clouds(known, Brakes(known, time.time))

    first, second = clouds("hub", REGION, "op1"), clouds("hub", REGION, "op2")

    assert first.groups._port._client is second.groups._port._client  # type: ignore[attr-defined]


def test_a_secret_is_read_from_the_operations_request(known: MemoryTable) -> None:
    known.write(Put(Key("op#op1", "request"), {"request": {"base64UserData": USER_DATA}}))
    secrets = sessions.TableSecrets(known, "op1")

    assert secrets.text("base64UserData") == USER_DATA
    with pytest.raises(NotFound):
        secrets.text("other")
    with pytest.raises(NotFound):
        sessions.TableSecrets(known, "op2").text("base64UserData")


def test_the_last_sequence_of_a_cluster_is_read_from_its_row(known: MemoryTable) -> None:
    known.write(Put(Key("cluster#prod/us-east-1/shop", "names"), {"last": 7}))
    names = sessions.TableNames(known)

    assert (names.last("prod/us-east-1/shop"), names.last("prod/us-east-1/mail")) == (7, None)


# The environment

ENVIRONMENT = {
    "WINDLASS_TABLE": "windlass",
    "WINDLASS_SETTLING": "1",
    "WINDLASS_ACCOUNT": ACCOUNT,
    "AWS_REGION": REGION,
    "WINDLASS_SWEEP_QUEUE": "https://sqs.us-east-1.amazonaws.com/123456789012/sweep",
}


def test_the_hub_of_an_environment_reaches_its_table(aws: object) -> None:
    dynamo()
    hub = hub_of(ENVIRONMENT)

    hub.table.write(Put(KEY, {"x": 1}))

    assert (hub.table.get(KEY) or {})["x"] == 1
    assert hub.settings.settling == timedelta(seconds=1)


def test_the_hub_finds_machines_and_functions_by_computed_names(aws: object) -> None:
    hub: Any = hub_of(ENVIRONMENT | {"WINDLASS_MACHINE_PREFIX": "w-", "AWS_REGION": "cn-north-1"})

    assert hub.machines._arns["ResizeServerGroup"] == (
        "arn:aws-cn:states:cn-north-1:123456789012:stateMachine:w-ResizeServerGroup"
    )
    assert hub.functions._arns["Sweep"] == "arn:aws-cn:lambda:cn-north-1:123456789012:function:windlass-Sweep:live"


def test_a_hub_connects_to_nothing_until_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a client was made")

    monkeypatch.setattr(sessions, "_own_client", refuse)

    hub_of(ENVIRONMENT)


# What AWS is asked, where moto keeps less than it is told


def test_a_hook_tells_auto_scaling_all_it_knows(aws: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    world = worlds.of_aws(monkeypatch)
    make_group(world)

    world.cloud.groups.put_hook(GROUP, LifecycleHook("h", LAUNCHING, "role-arn", "queue-arn", "meta", 60, "CONTINUE"))

    assert aws.parameters("PutLifecycleHook") == {
        "AutoScalingGroupName": GROUP,
        "LifecycleHookName": "h",
        "LifecycleTransition": LAUNCHING,
        "RoleARN": "role-arn",
        "NotificationTargetARN": "queue-arn",
        "NotificationMetadata": "meta",
        "HeartbeatTimeout": 60,
        "DefaultResult": "CONTINUE",
    }


def test_a_group_is_created_empty_from_version_one_with_tags_that_propagate(
    aws: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_group(worlds.of_aws(monkeypatch), tags=MINE)

    asked = aws.parameters("CreateAutoScalingGroup")
    assert asked["LaunchTemplate"] == {"LaunchTemplateName": GROUP, "Version": "1"}
    assert (asked["MinSize"], asked["MaxSize"], asked["DesiredCapacity"]) == (0, 0, 0)
    assert all(tag["PropagateAtLaunch"] for tag in asked["Tags"])


def test_a_launch_template_tells_ec2_all_it_knows(aws: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    world = worlds.of_aws(monkeypatch)
    settings = launch_settings(world.region, **FULL)

    world.cloud.launch_templates.create(GROUP, settings, USER_DATA, MINE, "token")

    asked = aws.parameters("CreateLaunchTemplate")
    tags = [{"Key": "owner", "Value": "me"}, {"Key": "windlass:operation", "Value": "op1"}]
    assert asked["ClientToken"] == "token"
    assert asked["TagSpecifications"] == [{"ResourceType": "launch-template", "Tags": tags}]
    assert asked["LaunchTemplateData"] == {
        "ImageId": world.region.image,
        "InstanceType": "t3.micro",
        "KeyName": "ops",
        "IamInstanceProfile": {"Name": "shop-role"},
        "UserData": USER_DATA,
        "BlockDeviceMappings": [
            {
                "DeviceName": "/dev/sda1",
                "Ebs": {
                    "VolumeSize": 40,
                    "VolumeType": "gp3",
                    "DeleteOnTermination": True,
                    "Iops": 3000,
                    "Throughput": 125,
                    "Encrypted": True,
                },
            },
            {"DeviceName": "/dev/sdb", "VirtualName": "ephemeral0"},
        ],
        "InstanceMarketOptions": {"MarketType": "spot", "SpotOptions": {"MaxPrice": "0.05"}},
        "Monitoring": {"Enabled": True},
        "EbsOptimized": True,
        "MetadataOptions": {"HttpTokens": "required"},
        "CreditSpecification": {"CpuCredits": "unlimited"},
        "TagSpecifications": [{"ResourceType": kind, "Tags": tags} for kind in ("instance", "volume")],
        "NetworkInterfaces": [
            {
                "DeviceIndex": 0,
                "AssociatePublicIpAddress": True,
                "DeleteOnTermination": True,
                "Groups": [world.region.security_group],
            }
        ],
    }


def test_a_deprecated_image_is_found_by_its_id_but_not_by_its_name(
    aws: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = worlds.of_aws(monkeypatch).cloud.images

    images.by_ids(["ami-00000000000000000"])
    assert aws.parameters("DescribeImages")["IncludeDeprecated"] is True

    images.by_name("shop-*")
    assert "IncludeDeprecated" not in aws.parameters("DescribeImages")


def test_tags_that_only_aws_may_write_are_not_ours_to_copy() -> None:
    given = [{"Key": "owner", "Value": "me"}, {"Key": "aws:cloudformation:stack-name", "Value": "x"}, {"Key": "empty"}]

    assert tags.parsed(given) == (("empty", ""), ("owner", "me"))


def test_an_alarm_is_marked_within_the_longest_description(aws: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    world = worlds.of_aws(monkeypatch)
    make_group(world)
    world.cloud.scaling.put_policy(GROUP, STEP)
    long = json.dumps(json.loads(BUSY.specification) | {"AlarmDescription": "x" * 2000})

    world.cloud.scaling.put_alarm(GROUP, type(BUSY)(BUSY.name, BUSY.policy, long), "op1")

    described = aws.parameters("PutMetricAlarm")["AlarmDescription"]
    assert len(described) == 1024
    assert described.endswith(" windlass:operation=op1")
    assert world.cloud.scaling.alarms_made_by("op1", "shop") == (BUSY.name,)


def test_an_alarm_that_also_tells_others_is_not_the_groups_own(aws: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    world = worlds.of_aws(monkeypatch)
    make_group(world)
    world.cloud.scaling.put_policy(GROUP, STEP)
    policy = seeding("autoscaling").describe_policies()["ScalingPolicies"][0]["PolicyARN"]
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:pager"
    seeding("cloudwatch").put_metric_alarm(
        AlarmName="shared", AlarmActions=[policy, topic], **json.loads(BUSY.specification)
    )

    assert world.cloud.scaling.alarms(GROUP) == ()


@pytest.mark.parametrize(
    ("specification", "asked"),
    [
        ('{"MinSize":1,"StartTime":"2026-01-01T00:00:00+00:00"}', None),
        ('{"MinSize":1,"Recurrence":"0 22 * * *","StartTime":"2026-01-01T00:00:00+00:00"}', False),
        ('{"MinSize":1,"StartTime":"2026-03-01T00:00:00+00:00"}', True),
    ],
)
def test_a_schedule_never_starts_in_the_past(
    aws: Recorder, monkeypatch: pytest.MonkeyPatch, specification: str, asked: bool | None
) -> None:
    make_group(worlds.of_aws(monkeypatch))
    february = datetime(2026, 2, 1, tzinfo=UTC)
    scaling = Scaling(recorded("autoscaling"), recorded("cloudwatch"), now=lambda: february)

    scaling.put_scheduled_action(GROUP, ScheduledAction("once", specification))

    put = [given for name, given in aws.given if name == "PutScheduledUpdateGroupAction"]
    assert [("StartTime" in given) for given in put] == ([] if asked is None else [asked])


# The list of calls


def test_every_call_of_the_list_is_made_by_an_adapter(aws: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the recorder, which refuses calls that are not in the list: the list is exactly what is called."""
    world = worlds.of_aws(monkeypatch)
    make_group(world, desired=1)
    for use in (*_uses_of_cloud(world), *_uses_of_hub()):
        with suppress(WindlassError, Refused, TokenGone):
            use()
    recorded("sts").assume_role(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/windlass", RoleSessionName="op1")
    AwsVisits(lambda service, *_: recorded(service), REGION).hub()

    assert set(CALLS) - aws.calls == set()


def _uses_of_cloud(world: worlds.World) -> tuple[Callable[[], object], ...]:
    cloud, region = world.cloud, world.region
    return (
        lambda: cloud.groups.activities(GROUP),
        lambda: cloud.groups.hooks(GROUP),
        lambda: cloud.groups.configured(["none"]),
        lambda: cloud.groups.find(GROUP),
        lambda: cloud.groups.resize(GROUP, Capacity(0, 0, 1)),
        lambda: cloud.groups.suspend(GROUP, ["Launch"]),
        lambda: cloud.groups.resume(GROUP, ["Launch"]),
        lambda: cloud.groups.enable_metrics(GROUP, ["GroupMinSize"]),
        lambda: cloud.groups.put_hook(GROUP, LifecycleHook("hook", LAUNCHING)),
        lambda: cloud.scaling.put_policy(GROUP, STEP),
        lambda: cloud.scaling.put_alarm(GROUP, BUSY, "op1"),
        lambda: cloud.scaling.delete_alarms([BUSY.name]),
        lambda: cloud.scaling.put_scheduled_action(GROUP, NIGHTLY),
        lambda: cloud.scaling.scheduled_actions(GROUP),
        lambda: cloud.groups.delete(GROUP),
        lambda: cloud.launch_templates.find(GROUP),
        lambda: cloud.launch_templates.image(GROUP, "1"),
        lambda: cloud.launch_templates.delete(GROUP),
        lambda: cloud.images.by_name("x"),
        lambda: cloud.images.parameter("x"),
        lambda: cloud.instances.console("i-00000000000000000"),
        cloud.network.zones,
        cloud.network.subnets,
        lambda: cloud.network.security_groups(["x"]),
        lambda: cloud.load_balancers.target_groups(["x"]),
        lambda: cloud.load_balancers.classic(["x"]),
        lambda: cloud.load_balancers.register(region.target_group, ["i-00000000000000000"]),
        lambda: cloud.load_balancers.deregister(region.target_group, ["i-00000000000000000"]),
        lambda: cloud.load_balancers.target_health(region.target_group),
        lambda: cloud.load_balancers.register_classic(region.classic, ["i-00000000000000000"]),
        lambda: cloud.load_balancers.deregister_classic(region.classic, ["i-00000000000000000"]),
        lambda: cloud.load_balancers.classic_health(region.classic),
    )


def _uses_of_hub() -> tuple[Callable[[], object], ...]:
    table, machines = dynamo(), StepFunctions(recorded("stepfunctions"), {"CreateServerGroup": MACHINE}, {})
    functions = LambdaFunctions(recorded("lambda"), {"ServerGroups": FUNCTION})
    queue = seeding("sqs").create_queue(QueueName="sweep")["QueueUrl"]
    book = Bucket(recorded("s3"), "windlass-book")
    return (
        lambda: table.write(Put(KEY, {})),
        lambda: table.write(Update(KEY, set={"x": 1}, when=(Equal("x", None),))),
        lambda: table.write(Delete(KEY), Check(Key("a", "b"), (Absent(),))),
        lambda: table.write(Delete(KEY)),
        lambda: table.get(KEY),
        lambda: table.due(1),
        lambda: machines.start("CreateServerGroup", "op1", {}),
        lambda: machines.describe("CreateServerGroup", "op1"),
        lambda: machines.succeed("token", {}),
        lambda: machines.fail("token", "Cancelled", ""),
        lambda: functions.invoke("ServerGroups", {}),
        lambda: QueuedSweeper(recorded("sqs"), queue).after(timedelta(0)),
        lambda: EventBridge(recorded("events"), "windlass-operations").put(an_event()),
        lambda: Sns(lambda place: recorded("sns")).publish(f"arn:aws:sns:{REGION}:{ACCOUNT}:windlass-gone", MESSAGE),
        lambda: book.put("book/0/000000000000.json", b"{}"),
        lambda: book.get("book/0/000000000000.json"),
    )
