import json
import re
from typing import Any

import pytest

from lambdas.errors import Throttled, Transient
from lambdas.requests.retired import RETIRED
from lambdas.rows import Mark, Status, Step
from tests.api.http_door import Door

RESIZE = {
    "credentials": "test",
    "serverGroupName": "app-main-v001",
    "region": "us-east-1",
    "capacity": {"min": 0, "max": 0, "desired": 0},
}
CREATE = {
    "credentials": "aws-account1",
    "application": "shop",
    "stack": "prod",
    "amiName": "ami-12345",
    "instanceType": "c3.large",
    "availabilityZones": {"us-west-1": ["us-west-1a"]},
    "capacity": {"min": 1, "max": 1, "desired": 1},
}
DESTROY = {"credentials": "test", "serverGroupName": "app-main-v001", "region": "us-east-1"}


def test_an_operation_is_answered_with_its_task_and_started(door: Door) -> None:
    got = door.post("/aws/ops/createServerGroup", CREATE)

    task = got.json["id"]
    assert (got.status, got.json) == (200, {"id": task, "resourceUri": f"/task/{task}"})
    assert door.machines.started == [("CreateServerGroup", task)]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/aws/ops", [{"resizeServerGroup": RESIZE}]),
        ("/aws/ops", [{"resizeAsgDescription": RESIZE}]),
        ("/aws/ops/resizeServerGroup", RESIZE),
        ("/aws/ops/resizeServerGroup@v2", RESIZE),
        ("/ops", [{"resizeServerGroup": RESIZE | {"cloudProvider": "aws"}}]),
        ("/ops/resizeServerGroup", RESIZE),
    ],
)
def test_every_route_and_every_name_leads_to_the_operation(door: Door, path: str, body: Any) -> None:
    got = door.post(path, body)

    assert got.status == 200
    assert door.control(got.json["id"]).saga == "ResizeServerGroup"


@pytest.mark.parametrize("name", ["attachClassicLinkVpc", "attachClassicLinkVpcDescription@v1"])
def test_what_aws_has_retired_is_refused_with_the_reason(door: Door, name: str) -> None:
    body = {"credentials": "test", "region": "us-east-1", "instanceId": "i-123", "vpcId": "vpc-123"}
    got = door.post(f"/aws/ops/{name}", body)
    own = door.post("/operations/attachClassicLinkVpc", body)

    why = RETIRED["attachClassicLinkVpc"]
    assert "EC2-Classic" in why
    assert (got.status, got.json["message"]) == (400, "Validation Failed")
    assert got.json["errors"] == [why]
    assert (own.status, own.json["detail"]) == (404, why)


def test_the_account_may_be_named_by_either_field_and_credentials_win(door: Door) -> None:
    both = door.post("/aws/ops/resizeServerGroup", RESIZE | {"account": "nobody"})
    other = door.post("/aws/ops/resizeServerGroup", {**RESIZE, "credentials": None, "account": "aws-account1"})

    assert door.control(both.json["id"]).account == "test"
    assert other.json["errors"] == ["ResizeAsgDescription.regions.not.configured"]


@pytest.mark.parametrize(
    ("account", "said"),
    [("prod", "credentials not found (name: prod, names: aws-account1, test)"), (None, "credentials are required")],
)
def test_an_account_that_is_not_known_is_told_with_the_known_ones(door: Door, account: str | None, said: str) -> None:
    got = door.post("/aws/ops/resizeServerGroup", RESIZE | {"credentials": account})

    assert (got.status, got.json["message"]) == (400, said)
    assert (door.rows(), door.machines.started) == ([], [])


def test_the_same_request_id_is_the_same_task_whatever_the_body(door: Door) -> None:
    first = door.post("/aws/ops/resizeServerGroup?clientRequestId=a", RESIZE)
    again = door.post("/aws/ops/destroyServerGroup?clientRequestId=a", DESTROY)

    assert again.json == first.json


def test_the_request_id_of_another_caller_is_another_task(door: Door) -> None:
    first = door.post("/aws/ops/resizeServerGroup?clientRequestId=a", RESIZE)
    other = door.post("/aws/ops/resizeServerGroup?clientRequestId=a", RESIZE, arn="arn:aws:iam::123456789012:user/b")

    assert other.json["id"] != first.json["id"]


def test_a_batch_is_validated_whole_before_anything_starts(door: Door) -> None:
    bad = DESTROY | {"region": "eu-west-1"}

    got = door.post("/aws/ops", [{"resizeServerGroup": RESIZE}, {"destroyServerGroup": bad}])

    assert (got.status, got.json["message"]) == (400, "Validation Failed")
    assert got.json["errors"] == ["DestroyAsgDescription.regions.not.configured"]
    assert (door.rows(), door.machines.started) == ([], [])


def test_the_first_operation_with_errors_decides_and_shows_all_of_its_errors(door: Door) -> None:
    bad = {"credentials": "test", "asgs": [{"region": "us-east-1"}, {"serverGroupName": "a-v001"}]}

    got = door.post("/aws/ops", [{"destroyServerGroup": bad}, {"resizeServerGroup": {}}])

    assert got.json["errors"] == [
        "DestroyAsgDescription.serverGroupName.empty",
        "DestroyAsgDescription.region.empty",
    ]


@pytest.mark.parametrize(("provider", "name"), [("aws", "bakeCake"), ("titus", "resizeServerGroup")])
def test_an_unknown_operation_is_told_with_the_known_ones(door: Door, provider: str, name: str) -> None:
    got = door.post(f"/{provider}/ops/{name}", RESIZE)

    assert got.status == 400
    assert got.json["message"] == (
        f"No atomic operation converter found for description '{name}' and cloud provider '{provider}'. "
        "Known for 'aws': createServerGroup, destroyServerGroup, resizeServerGroup."
    )


def test_of_a_batch_with_an_unknown_operation_nothing_is_accepted_so_it_can_be_sent_elsewhere(door: Door) -> None:
    got = door.post("/aws/ops?clientRequestId=a", [{"resizeServerGroup": RESIZE}, {"bakeCake": RESIZE}])

    assert (got.status, got.json["message"].split("'")[:2]) == (
        400,
        ["No atomic operation converter found for description ", "bakeCake"],
    )
    assert (door.rows(), door.machines.started) == ([], [])


def test_a_tasks_id_is_none_that_clouddriver_gives(door: Door) -> None:
    one = door.post("/aws/ops", [{"resizeServerGroup": RESIZE}]).json["id"]
    batch = door.post("/aws/ops", [{"resizeServerGroup": RESIZE}, {"destroyServerGroup": DESTROY}]).json["id"]

    for task in (one, batch):  # in lower case and without hyphens: neither a ULID nor a UUID
        assert re.fullmatch("[a-z2-7]{26}", task)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/aws/ops", "{"),
        ("/aws/ops", ""),
        ("/aws/ops", "{}"),
        ("/aws/ops", "[]"),
        ("/aws/ops", "[1]"),
        ("/aws/ops", '[{"resizeServerGroup": 7}]'),
        ("/aws/ops/resizeServerGroup", "[]"),
        ("/aws/ops/resizeServerGroup", '"text"'),
        ("/aws/ops/resizeServerGroup", json.dumps(RESIZE | {"foreign": float("nan")})),
        ("/aws/ops/resizeServerGroup", json.dumps(RESIZE | {"serverGroupName": "app-\ud800-v001"})),
        ("/aws/ops/resizeServerGroup", "[" * 100_000),
    ],
)
def test_what_is_no_operation_is_a_bad_request_in_springs_words(door: Door, path: str, text: str) -> None:
    got = door.post(path, text=text)

    assert (got.status, got.json["error"]) == (400, "Bad Request")
    assert {"timestamp", "status", "message"} <= got.json.keys()
    assert door.rows() == []


@pytest.mark.parametrize("error", [Throttled("too many"), Transient("no answer")])
def test_trouble_of_the_table_is_503_and_never_429(door: Door, error: Exception) -> None:
    door.break_table(error)

    posted = door.post("/aws/ops/resizeServerGroup", RESIZE)
    polled = door.get("/task/a")

    assert [posted.status, polled.status] == [503, 503]
    assert posted.headers["Retry-After"] == "2"


def test_a_bug_of_ours_is_500_without_its_text(door: Door) -> None:
    door.break_table(RuntimeError("secret"))

    got = door.get("/task/a")

    assert got.status == 500
    assert "secret" not in got.text


def test_a_running_task_is_neither_complete_nor_failed(door: Door) -> None:
    task = door.post("/aws/ops/createServerGroup?clientRequestId=r1", CREATE).json["id"]
    door.change(task, status=Status.RUNNING, step="CreateEmptyGroup", started=1_700_000_001.0, attempt=1)
    door.journal(task, Step("Plan", attempts=1, ended=1_700_000_001.0, did="planned"))

    got = door.get(f"/task/{task}").json

    assert got["status"] == {
        "phase": "CreateEmptyGroup",
        "status": "Working",
        "complete": False,
        "completed": False,
        "failed": False,
        "retryable": False,
    }
    assert got["history"] == [
        {"phase": "ORCHESTRATION", "status": "Accepted."},
        {"phase": "Plan", "status": "planned"},
    ]
    assert (got["resultObjects"], got["outputs"], got["retryable"]) == ([], [], False)
    assert (got["requestId"], got["startTimeMs"]) == ("r1", 1_700_000_000_000)
    assert got["sagaIds"] == [{"name": "CreateServerGroup", "id": task}]
    assert got["ownerId"].endswith("@windlass")


def test_results_are_there_as_soon_as_there_is_a_plan(door: Door) -> None:
    task = door.post("/aws/ops/createServerGroup", CREATE).json["id"]
    door.change(task, status=Status.RUNNING)
    door.planned(task)

    got = door.get(f"/task/{task}").json

    assert got["status"]["completed"] is False
    assert got["resultObjects"] == [{"serverGroupNames": ["us-west-1:shop-prod-v000"]}]


@pytest.mark.parametrize("status", [Status.ROLLED_BACK, Status.NEEDS_ATTENTION, Status.NOT_STARTED])
def test_a_failed_task_has_its_results_and_an_exception_and_is_never_retryable(door: Door, status: Status) -> None:
    task = door.post("/aws/ops/createServerGroup", CREATE).json["id"]
    door.planned(task)
    door.ended(task, status, "Rejected: image ami-12345 is gone")

    got = door.get(f"/task/{task}").json

    names, exception = got["resultObjects"]
    assert names == {"serverGroupNames": ["us-west-1:shop-prod-v000"]}
    assert exception["type"] == "EXCEPTION"
    assert (exception["operation"], exception["retryable"]) == ("CreateServerGroup", False)
    assert exception["cause"] == exception["details"][0]["message"] == "image ami-12345 is gone"
    assert got["status"] | {"status": "", "phase": ""} == {
        "phase": "",
        "status": "",
        "complete": True,
        "completed": True,
        "failed": True,
        "retryable": False,
    }
    assert got["retryable"] is False
    assert "image ami-12345 is gone" in got["status"]["status"]


def test_a_task_that_succeeded_is_complete_and_has_no_exception(door: Door) -> None:
    task = door.post("/aws/ops/createServerGroup", CREATE).json["id"]
    door.planned(task)
    door.ended(task, Status.SUCCEEDED)

    got = door.get(f"/task/{task}").json

    assert (got["status"]["completed"], got["status"]["failed"]) == (True, False)
    assert [one for one in got["resultObjects"] if one.get("type") == "EXCEPTION"] == []


def test_a_parked_task_runs_in_the_phase_parked(door: Door) -> None:
    task = door.post("/aws/ops/createServerGroup", CREATE).json["id"]
    door.change(task, status=Status.RUNNING)
    door.opened(task, "Hold", kind="hold", held="ScaleUp", reason="Exhausted: no capacity")

    got = door.get(f"/task/{task}").json["status"]

    assert (got["phase"], got["completed"], got["failed"]) == ("PARKED", False, False)
    assert "no capacity" in got["status"]


def test_a_paused_task_is_not_parked_though_its_machine_holds(door: Door) -> None:
    task = door.post("/aws/ops/createServerGroup", CREATE).json["id"]
    door.change(task, status=Status.RUNNING, mark=Mark.PAUSED)
    door.opened(task, "Hold", kind="hold", held="ScaleUp", reason="Paused: resume it")

    got = door.get(f"/task/{task}").json["status"]

    assert (got["phase"], got["status"]) == ("Hold", "Paused: resume it")


def test_a_history_is_short_however_long_the_journal(door: Door) -> None:
    task = door.post("/aws/ops/createServerGroup", CREATE).json["id"]
    door.journal(task, *(Step(f"S{n}", attempts=9, ended=float(n), error="x" * 5000) for n in range(60)))

    got = door.get(f"/task/{task}")

    assert len(got.json["history"]) == 30
    assert len(got.text) < 12_000


def test_a_batch_is_one_task_that_runs_until_its_last_operation_is_over(door: Door) -> None:
    task = door.post("/aws/ops", [{"resizeServerGroup": RESIZE}, {"createServerGroup": CREATE}]).json["id"]
    door.ended(f"{task}-0", Status.SUCCEEDED)
    half = door.get(f"/task/{task}").json
    door.planned(f"{task}-1")
    door.ended(f"{task}-1", Status.SUCCEEDED)
    whole = door.get(f"/task/{task}").json

    assert (half["id"], half["status"]["completed"]) == (task, False)
    assert (whole["status"]["completed"], whole["status"]["failed"]) == (True, False)
    assert whole["resultObjects"] == [{"serverGroupNames": ["us-west-1:shop-prod-v000"]}]


def test_a_batch_fails_with_its_first_failure_once_the_rest_is_closed(door: Door) -> None:
    task = door.post("/aws/ops", [{"resizeServerGroup": RESIZE}, {"destroyServerGroup": DESTROY}]).json["id"]
    door.ended(f"{task}-0", Status.ROLLED_BACK, "Rejected: no such group")
    early = door.get(f"/task/{task}").json
    door.ended(f"{task}-1", Status.NOT_STARTED, "Cancelled: predecessor failed")
    late = door.get(f"/task/{task}").json

    assert early["status"]["completed"] is False
    assert (late["status"]["completed"], late["status"]["failed"]) == (True, True)
    assert [one["cause"] for one in late["resultObjects"]] == ["no such group"]


def test_only_running_tasks_are_listed_and_a_batch_once(door: Door) -> None:
    over = door.post("/aws/ops/createServerGroup", CREATE).json["id"]
    door.ended(over, Status.SUCCEEDED)
    late_look = door.post("/aws/ops/createServerGroup", CREATE).json["id"]
    door.change(late_look, status=Status.ROLLED_BACK, due=door.hub.now() + 900)
    batch = door.post("/aws/ops", [{"resizeServerGroup": RESIZE}, {"destroyServerGroup": DESTROY}]).json["id"]
    one = door.post("/aws/ops/createServerGroup", CREATE).json["id"]

    listed = door.get("/task").json

    assert sorted(task["id"] for task in listed) == sorted([batch, one])


def test_an_unknown_task_is_404_in_clouddrivers_words(door: Door) -> None:
    got = door.get("/task/nope")

    assert (got.status, got.json["message"]) == (404, "Task not found (id: nope)")


def test_resuming_a_parked_task_tries_its_step_once_more(door: Door) -> None:
    task = door.post("/aws/ops/createServerGroup", CREATE).json["id"]
    door.change(task, status=Status.RUNNING)
    door.opened(task, "Hold", kind="hold", held="ScaleUp", reason="Exhausted: no capacity")

    got = door.post(f"/task/{task}:resume")

    assert (got.status, got.json) == (200, {"id": task, "resourceUri": f"/task/{task}"})
    assert door.machines.answered == [("token", "retry")]


def test_resuming_a_paused_task_takes_the_pause_back(door: Door) -> None:
    task = door.post("/aws/ops/createServerGroup", CREATE).json["id"]
    door.change(task, mark=Mark.PAUSED)

    got = door.post(f"/task/{task}:resume")

    assert (got.status, door.control(task).mark) == (200, None)


def test_resuming_a_task_that_goes_on_changes_nothing(door: Door) -> None:
    task = door.post("/aws/ops/createServerGroup", CREATE).json["id"]
    before = door.rows()

    got = door.post(f"/task/{task}:resume")

    assert (got.status, door.rows()) == (200, before)


def test_a_task_that_is_over_cannot_be_resumed_and_an_unknown_one_is_404(door: Door) -> None:
    task = door.post("/aws/ops/createServerGroup", CREATE).json["id"]
    door.ended(task, Status.ROLLED_BACK, "Rejected: no")

    assert door.post(f"/task/{task}:resume").status == 400
    assert door.post("/task/nope:resume").status == 404


def test_foreign_context_of_two_megabytes_changes_nothing(door: Door) -> None:
    context = {"kato.tasks": [{"n": n, "text": "x" * 1000} for n in range(2000)]}

    got = door.post("/aws/ops", [{"resizeServerGroup": RESIZE | {"context": context}}])

    assert got.status == 200
    assert max(len(json.dumps(row)) for row in door.rows()) < 2000


def test_a_batch_too_long_for_one_transaction_is_refused(door: Door) -> None:
    got = door.post("/aws/ops", [{"resizeServerGroup": RESIZE}] * 31)

    assert got.json["errors"] == ["31 operations; a task has at most 30"]
    assert door.rows() == []


def test_orcas_operations_have_orcas_deadlines_and_its_trace(door: Door) -> None:
    task = door.post("/aws/ops/createServerGroup", CREATE, headers={"X-SPINNAKER-EXECUTION-ID": "01ABC"}).json["id"]

    row = door.control(task)

    assert (row.door, row.trace) == ("clouddriver", "01ABC")
    assert (row.start_by, row.finish_by) == (row.accepted + 600, row.accepted + 3000)
