from typing import Any

import pytest

from lambdas.errors import Conflict, Rejected, Throttled, WindlassError
from lambdas.rows import Mark, Status, Step
from rehearsal.gateway import Answered
from tests.api.http_door import Door

RESIZE: dict[str, Any] = {
    "account": "test",
    "region": "us-east-1",
    "serverGroupName": "shop-prod-v001",
    "capacity": {"min": 1, "desired": 2, "max": 3},
}
GROUP = {"account": "test", "region": "us-east-1", "serverGroupName": "shop-prod-v001"}


def problem(answered: Answered) -> dict[str, Any]:
    assert answered.headers["Content-Type"] == "application/problem+json"
    told: dict[str, Any] = answered.json
    assert told["status"] == answered.status
    assert told.keys() == {"type", "title", "status", "detail", "errors"}
    return told


def test_a_submission_is_accepted_with_its_view_and_its_place(door: Door) -> None:
    got = door.post("/operations/resizeServerGroup", RESIZE, stage="/prod")

    view = got.json
    assert (got.status, got.headers["Location"]) == (202, f"/prod/operations/{view['id']}")
    assert (view["type"], view["status"], view["phase"]) == ("resizeServerGroup", "ACCEPTED", "STARTING")
    assert view["links"]["self"] == f"/operations/{view['id']}"
    assert door.machines.started == [("ResizeServerGroup", view["id"])]


def test_it_has_a_day_by_default_and_the_caller_may_say_otherwise(door: Door) -> None:
    plain = door.post("/operations/resizeServerGroup", RESIZE).json["id"]
    timed = "?startWithin=60&finishWithin=120&onExhausted=rollback"
    hasty = door.post(f"/operations/resizeServerGroup{timed}", RESIZE).json["id"]

    row, other = door.control(plain), door.control(hasty)
    assert (row.door, row.start_by, row.finish_by - row.accepted) == ("windlass", None, 86_400)
    assert (other.start_by, other.finish_by) == (other.accepted + 60, other.accepted + 120)
    assert (row.hold_exhausted, other.hold_exhausted) == (None, False)


def test_the_same_key_and_body_is_the_same_operation_and_another_body_is_422(door: Door) -> None:
    key = {"Idempotency-Key": "deploy-7"}
    first = door.post("/operations/resizeServerGroup", RESIZE, headers=key)
    again = door.post("/operations/resizeServerGroup", dict(reversed(RESIZE.items())), headers=key)
    other = door.post("/operations/destroyServerGroup", GROUP, headers=key)

    assert (again.status, again.json["id"]) == (202, first.json["id"])
    assert problem(other)["status"] == 422


def test_every_mistake_of_a_body_is_told_with_its_field(door: Door) -> None:
    bad = {"account": "test", "serverGroupNam": "shop-v001", "capacity": {"min": "many"}}

    told = problem(door.post("/operations/resizeServerGroup", bad))

    assert told["status"] == 400
    assert {one["field"] for one in told["errors"]} == {
        "region",
        "serverGroupName",
        "capacity.min",
        "serverGroupNam",
    }
    assert "did you mean serverGroupName?" in told["detail"]


@pytest.mark.parametrize(
    ("change", "field", "names"),
    [({"account": "nope"}, "account", "aws-account1, test"), ({"region": "mars"}, "region", "us-east-1")],
)
def test_an_unknown_account_or_region_is_told_with_the_known_ones(
    door: Door, change: dict[str, str], field: str, names: str
) -> None:
    told = problem(door.post("/operations/resizeServerGroup", RESIZE | change))

    assert (told["status"], told["errors"][0]["field"]) == (400, field)
    assert names in told["detail"]


@pytest.mark.parametrize("text", ["{", "", "null", "[]", "[{}]", '"a"', "7", "NaN"])
def test_what_is_no_object_is_400(door: Door, text: str) -> None:
    assert problem(door.post("/operations/resizeServerGroup", text=text))["status"] == 400
    assert door.rows() == []


def test_a_list_of_one_good_request_is_not_taken_for_it(door: Door) -> None:
    assert problem(door.post("/operations/resizeServerGroup", [RESIZE]))["status"] == 400
    assert door.rows() == []


def test_a_body_is_json_whatever_curl_calls_it(door: Door) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}

    assert door.post("/operations/resizeServerGroup", RESIZE, headers=form).status == 202


def test_an_unknown_type_or_operation_is_404_and_names_what_is_known(door: Door) -> None:
    kind = problem(door.post("/operations/bakeCake", {}))
    schema = problem(door.get("/operations/types/bakeCake"))
    one = problem(door.get("/operations/nope"))
    signal = problem(door.post("/operations/nope/signals", {"signal": "cancel"}))

    assert [told["status"] for told in (kind, schema, one, signal)] == [404] * 4
    assert "createServerGroup, destroyServerGroup, resizeServerGroup" in kind["detail"]
    assert kind["detail"] == schema["detail"]


def test_a_request_too_large_is_413_and_names_the_field(door: Door) -> None:
    create = {
        "account": "test",
        "region": "us-east-1",
        "application": "shop",
        "image": "ami-1",
        "instanceType": "t3.micro",
        "zones": ["us-east-1a"],
        "capacity": {"min": 1, "desired": 1, "max": 1},
        "tags": {f"k{n}": "x" * 1000 for n in range(250)},
    }

    told = problem(door.post("/operations/createServerGroup", create))

    assert (told["status"], told["errors"][0]["field"]) == (413, "tags")


def test_a_dry_run_tells_the_plan_and_the_way_back_and_writes_nothing(door: Door) -> None:
    got = door.post("/operations/resizeServerGroup?dryRun", RESIZE)

    told = got.json
    assert (got.status, told["plan"]) == (200, {"group": "shop-prod-v000", "schema": 1})
    assert told["actions"] == ["autoscaling:CreateAutoScalingGroup", "ec2:DescribeImages"]
    assert [(one["name"], one["does"]) for one in told["undo"]] == [("UndoResize", "Undo it.")]
    assert [one["name"] for one in told["steps"]] == ["Guard", "Plan", "Resize", "Finish", "Succeeded"]
    assert (door.rows(), door.machines.started) == ([], [])


def test_a_dry_run_asks_the_function_of_the_plans_module(door: Door) -> None:
    door.post("/operations/resizeServerGroup?dryRun=true", RESIZE)

    ((function, event),) = door.functions.asked
    assert function == "HttpDoor"
    assert {name: event[name] for name in ("saga", "step", "dryRun", "account", "region")} == {
        "saga": "ResizeServerGroup",
        "step": "Plan",
        "dryRun": True,
        "account": "test",
        "region": "us-east-1",
    }
    assert event["request"]["serverGroupName"] == "shop-prod-v001"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Rejected("subnet subnet-1 is gone"), 422),
        (Conflict("stack shop is UPDATE_IN_PROGRESS: somebody else changes it"), 409),
        (Throttled("slow down"), 503),
    ],
)
def test_a_dry_run_tells_why_it_cannot_be(door: Door, error: WindlassError, status: int) -> None:
    door.functions.refuses = error

    told = problem(door.post("/operations/resizeServerGroup?dryRun", RESIZE))

    assert (told["status"], str(error) in told["detail"]) == (status, True)


def test_an_operation_shows_its_states_in_order_with_what_they_did(door: Door) -> None:
    one = door.post("/operations/resizeServerGroup", RESIZE).json["id"]
    start = door.hub.now()
    door.change(one, status=Status.RUNNING, step="Resize", attempt=3, since=start + 2, started=start)
    door.journal(
        one,
        Step("Resize", attempts=2, ended=start + 7, error="Throttled: slow down"),
        Step("Plan", attempts=1, ended=start + 1.5, did="planned"),
    )

    view = door.get(f"/operations/{one}").json

    assert [(step["name"], step["attempts"], step["seconds"]) for step in view["steps"]] == [
        ("Plan", 1, 1.5),
        ("Resize", 2, 5.5),
    ]
    assert (view["phase"], view["step"], view["attempt"]) == ("RETRYING", "Resize", 3)
    assert view["reason"] == "Throttled: slow down"
    assert view["since"] == "2023-11-14T22:13:22Z"


@pytest.mark.parametrize(
    ("changes", "opened", "phase"),
    [
        ({}, None, "STARTING"),
        ({"after": "x-0"}, None, "WAITING_FOR_PREDECESSOR"),
        ({}, ("Guard", {"kind": "guard", "reason": "shop-prod is guarded by operation x"}), "WAITING_FOR_GUARD"),
        ({"status": Status.RUNNING}, None, "WORKING"),
        ({"status": Status.RUNNING, "attempt": 2}, None, "RETRYING"),
        ({"status": Status.RUNNING}, ("InstancesHealthy", {"reason": "1 of 3 healthy"}), "WAITING"),
        ({"status": Status.RUNNING, "mark": Mark.CANCELLED}, None, "CANCELLING"),
        ({"status": Status.RUNNING, "mark": Mark.PAUSED}, None, "PAUSED"),
        ({"status": Status.RUNNING}, ("Hold", {"kind": "hold", "reason": "Exhausted: x"}), "HELD"),
        ({"status": Status.UNDOING}, ("HoldUndo", {"kind": "hold", "reason": "Rejected: x"}), "HELD"),
        ({"status": Status.UNDOING}, ("NothingLeft", {"reason": "group is being deleted"}), "UNDOING"),
        ({"status": Status.SUCCEEDED}, None, "SUCCEEDED"),
        ({"status": Status.NOT_STARTED}, None, "NOT_STARTED"),
    ],
)
def test_what_it_is_doing_is_derived(
    door: Door, changes: dict[str, Any], opened: tuple[str, dict[str, Any]] | None, phase: str
) -> None:
    one = door.post("/operations/resizeServerGroup", RESIZE).json["id"]
    door.change(one, **changes)
    if opened:
        door.opened(one, opened[0], **opened[1])

    view = door.get(f"/operations/{one}").json

    assert view["phase"] == phase
    if opened:
        assert (view["step"], view["reason"]) == (opened[0], opened[1]["reason"])


def test_a_held_operation_says_what_can_be_decided(door: Door) -> None:
    one = door.post("/operations/resizeServerGroup", RESIZE).json["id"]
    door.change(one, status=Status.RUNNING)
    door.opened(one, "Hold", kind="hold", held="Resize", reason="Exhausted: Throttled: slow down")

    view = door.get(f"/operations/{one}").json

    assert view["held"] == "Resize"
    assert [one["decision"] for one in view["signals"] if one["signal"] == "decide"] == ["retry", "rollback", "abandon"]


def test_the_result_is_there_as_soon_as_there_is_a_plan(door: Door) -> None:
    create = {
        "account": "test",
        "region": "us-east-1",
        "application": "shop",
        "image": "ami-1",
        "instanceType": "t3.micro",
        "zones": ["us-east-1a"],
        "capacity": {"min": 1, "desired": 1, "max": 1},
    }
    one = door.post("/operations/createServerGroup", create).json["id"]
    door.planned(one, region="us-east-1")

    assert door.get(f"/operations/{one}").json["result"] == {"serverGroupNames": ["us-east-1:shop-prod-v000"]}


def test_a_batch_is_shown_folded_with_its_operations(door: Door) -> None:
    description = {"credentials": "test", "asgName": "app-v001", "region": "us-east-1", "capacity": {"min": 1}}
    batch = door.post("/aws/ops", [{"resizeServerGroup": description}] * 2).json["id"]
    door.ended(f"{batch}-0", Status.SUCCEEDED)

    view = door.get(f"/operations/{batch}").json

    assert (view["id"], view["status"]) == (batch, "RUNNING")
    assert [(one["id"], one["phase"]) for one in view["operations"]] == [
        (f"{batch}-0", "SUCCEEDED"),
        (f"{batch}-1", "WAITING_FOR_PREDECESSOR"),
    ]


def test_without_a_filter_what_runs_is_listed(door: Door) -> None:
    over = door.post("/operations/resizeServerGroup", RESIZE).json["id"]
    door.ended(over, Status.SUCCEEDED)
    one = door.post("/operations/resizeServerGroup", RESIZE).json["id"]

    assert [row["id"] for row in door.get("/operations").json["operations"]] == [one]


def test_pause_and_resume_are_signals(door: Door) -> None:
    one = door.post("/operations/resizeServerGroup", RESIZE).json["id"]

    paused = door.post(f"/operations/{one}/signals", {"signal": "pause", "reason": "lunch"}).json
    resumed = door.post(f"/operations/{one}/signals", {"signal": "resume"}).json

    assert (paused["phase"], resumed["phase"]) == ("PAUSED", "STARTING")
    assert paused["decided"] == "arn:aws:iam::123456789012:user/orca: lunch"


def test_a_decision_answers_the_hold(door: Door) -> None:
    one = door.post("/operations/resizeServerGroup", RESIZE).json["id"]
    door.change(one, status=Status.RUNNING)
    door.opened(one, "Hold", kind="hold", held="Resize", reason="Exhausted: x")

    got = door.post(f"/operations/{one}/signals", {"signal": "decide", "decision": "rollback"})

    assert (got.status, door.machines.answered) == (200, [("token", "RollBack")])


@pytest.mark.parametrize(
    ("signal", "status"),
    [
        ({"signal": "decide", "decision": "retry"}, 409),
        ({"signal": "decide"}, 400),
        ({"signal": "explode"}, 400),
        ({}, 400),
        ({"signal": "cancel", "why": "x"}, 400),
    ],
)
def test_a_signal_that_means_nothing_now_is_told_so(door: Door, signal: dict[str, str], status: int) -> None:
    one = door.post("/operations/resizeServerGroup", RESIZE).json["id"]

    assert problem(door.post(f"/operations/{one}/signals", signal))["status"] == status


def test_past_the_pivot_a_cancel_is_409(door: Door) -> None:
    one = door.post("/operations/destroyServerGroup", GROUP).json["id"]
    door.change(one, status=Status.RUNNING, pivoted=True)

    assert "point of no return" in problem(door.post(f"/operations/{one}/signals", {"signal": "cancel"}))["detail"]


def test_cancelling_a_batch_cancels_each_that_is_not_over(door: Door) -> None:
    description = {"credentials": "test", "asgName": "app-v001", "region": "us-east-1", "capacity": {"min": 1}}
    batch = door.post("/aws/ops", [{"resizeServerGroup": description}] * 3).json["id"]
    door.ended(f"{batch}-0", Status.SUCCEEDED)
    door.change(f"{batch}-1", status=Status.RUNNING, after=None)

    got = door.post(f"/operations/{batch}/signals", {"signal": "cancel"})

    assert got.status == 200
    assert door.control(f"{batch}-1").mark is Mark.CANCELLED
    assert door.control(f"{batch}-0").mark is None
    assert door.control(f"{batch}-2").status.over


def test_no_identity_is_403_on_every_route(door: Door) -> None:
    routes = ["/", "/operations", "/operations/a", "/operations/types", "/docs", "/openapi.json", "/task", "/task/a"]
    routes += ["/guards", "/guards/test/us-east-1/serverGroup/shop-v001"]
    posts = [door.post("/operations/resizeServerGroup", RESIZE, arn=None), door.post("/aws/ops", [{}], arn=None)]

    assert {door.get(path, arn=None).status for path in routes} | {one.status for one in posts} == {403}


def test_an_unknown_route_is_404(door: Door) -> None:
    assert problem(door.get("/nowhere"))["status"] == 404


def test_types_tell_their_states_and_the_way_back(door: Door) -> None:
    told = {one["type"]: one for one in door.get("/operations/types").json["types"]}

    destroy = told["destroyServerGroup"]
    assert [(one["name"], one["kind"], one["undo"]) for one in destroy["story"]] == [
        ("Guard", "guard", None),
        ("Plan", "plan", None),
        ("Suspend", "step", "UndoSuspend"),
        ("Delete", "pivot", None),
        ("Finish", "close", None),
        ("Succeeded", "end", None),
    ]
    assert [one["name"] for one in destroy["back"]] == ["UndoSuspend", "PutBack", "RolledBack"]


def test_the_way_back_runs_in_reverse_to_where_nothing_is_left(door: Door) -> None:
    create = next(one for one in door.get("/operations/types").json["types"] if one["type"] == "createServerGroup")

    assert [one["name"] for one in create["back"]] == [
        "UndoCreateEmptyGroup",
        "UndoCreateLaunchTemplate",
        "NothingLeft",
        "PutBack",
        "RolledBack",
    ]
    assert next(one["undo"] for one in create["story"] if one["name"] == "ScaleUp") == "UndoCreateEmptyGroup"


def test_a_type_tells_the_fields_of_its_request(door: Door) -> None:
    told = door.get("/operations/types/resizeServerGroup").json

    assert {"account", "region", "serverGroupName", "capacity"} <= told["request"]["properties"].keys()
