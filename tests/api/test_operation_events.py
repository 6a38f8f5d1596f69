"""`GET /operations/{id}/events`: what happened so far, at once."""

from dataclasses import replace
from typing import Any

from lambdas.errors import Transient
from lambdas.push import herald, told
from lambdas.push.events import Kind
from lambdas.rows import Status, Step
from lambdas.table import Put
from tests.api.http_door import Door

RESIZE = {"account": "test", "region": "us-east-1", "serverGroupName": "shop-v001", "capacity": {"min": 1}}


def submitted(door: Door) -> str:
    return str(door.post("/operations/resizeServerGroup", RESIZE).json["id"])


def tell(door: Door, operation: str, kind: Kind, at: float, **changes: Any) -> None:
    """As the herald notes it."""
    row = door.control(operation)
    door.change(operation, version=row.version + 1, **changes)
    one = herald.as_it_stands(door.control(operation), kind, at)
    door.table.write(Put(told.event_key(operation, one.version), one.item))


def types(answer: Any) -> list[str]:
    return [one["type"].removeprefix("windlass.operation.") for one in answer.json["events"]]


def test_events_and_steps_come_in_the_order_of_time_and_say_when_to_ask_again(door: Door) -> None:
    operation = submitted(door)
    tell(door, operation, Kind.STARTED, 1.0, status=Status.RUNNING, started=1_700_000_001.0)
    door.journal(operation, Step("Plan", 1, ended=1_700_000_002.0, did="planned"))
    tell(door, operation, Kind.PAUSED, 1_700_000_003.0)

    got = door.get(f"/operations/{operation}/events")

    assert (got.status, got.headers["Retry-After"]) == (200, "5")
    assert types(got) == ["started", "stepEnded", "paused"]
    assert got.json["over"] is False
    assert got.json["events"][1]["id"] == f"{operation}.Plan.1"
    assert got.json["events"][1]["data"]["did"] == "planned"


def test_after_the_last_answer_only_what_is_new_comes(door: Door) -> None:
    operation = submitted(door)
    tell(door, operation, Kind.STARTED, 1.0, status=Status.RUNNING, started=1_700_000_001.0)
    door.journal(operation, Step("Plan", 1, ended=1_700_000_002.25, did="planned"))
    first = door.get(f"/operations/{operation}/events").json["next"]
    nothing = door.get(f"/operations/{operation}/events?after={first}")
    door.journal(operation, Step("Resize", 1, ended=1_700_000_003.0, did="resized"))
    door.journal(operation, Step("AllHealthy", 2, ended=1_700_000_004.0, error="Transient: x"))

    then = door.get(f"/operations/{operation}/events?after={first}")

    assert (nothing.json["events"], nothing.json["next"]) == ([], first)
    assert [one["data"]["step"] for one in then.json["events"]] == ["Resize"]
    assert door.get(f"/operations/{operation}/events?after={then.json['next']}").json["events"] == []


def test_an_end_that_was_not_told_yet_is_answered_and_is_the_event_that_will_be_told(door: Door) -> None:
    operation = submitted(door)
    door.ended(operation, Status.ROLLED_BACK, "Rejected: no such group")

    got = door.get(f"/operations/{operation}/events")

    assert types(got) == ["rolledBack"]
    assert got.json["over"] is True
    assert "Retry-After" not in got.headers
    assert got.json["events"][0]["id"] == f"{operation}.{door.control(operation).version}"
    assert got.json["events"][0]["data"]["reason"] == "Rejected: no such group"
    assert door.get(f"/operations/{operation}/events?after={got.json['next']}").json["events"] == []


def test_an_operation_says_where_its_events_are(door: Door) -> None:
    operation = submitted(door)

    assert door.get(f"/operations/{operation}").json["links"]["events"] == f"/operations/{operation}/events"


def test_an_unknown_operation_has_none(door: Door) -> None:
    got = door.get("/operations/nope/events")

    assert got.status == 404
    assert got.json["detail"] == "there is no operation nope; GET /operations lists those that run"


def test_a_batch_names_its_operations(door: Door) -> None:
    description = {"credentials": "test", "capacity": {"min": 1}}
    asgs = [{"serverGroupName": name, "region": "us-east-1"} for name in ("shop-v001", "shop-v002")]
    body = [{"resizeServerGroup": description | {"asgs": [one]}} for one in asgs]
    batch = door.post("/aws/ops", body).json["id"]

    got = door.get(f"/operations/{batch}/events")

    assert got.status == 404
    assert got.json["detail"] == (f"{batch} is a batch; ask for the events of its operations: {batch}-0, {batch}-1")


def test_a_cursor_that_is_none_is_refused(door: Door) -> None:
    got = door.get(f"/operations/{submitted(door)}/events?after=yesterday")

    assert got.status == 400
    assert got.json["errors"] == [
        {"field": "after", "message": "'yesterday' is not the `next` of an answer; leave it out to begin anew"}
    ]


def test_a_parameter_that_is_none_is_refused(door: Door) -> None:
    got = door.get(f"/operations/{submitted(door)}/events?since=1")

    assert got.status == 400
    assert got.json["errors"][0]["field"] == "since"


def test_a_table_that_fails_is_503(door: Door) -> None:
    operation = submitted(door)
    door.break_table(Transient("the table is away"))

    got = door.get(f"/operations/{operation}/events")

    assert (got.status, got.headers["Retry-After"]) == (503, "2")


def test_they_tell_which_windlass_it_is(door: Door) -> None:
    operation = submitted(door)
    door.hub = replace(door.hub, settings=replace(door.hub.settings, source="urn:windlass:1:us-east-1:windlass"))
    tell(door, operation, Kind.STARTED, 1.0, status=Status.RUNNING)

    assert (
        door.get(f"/operations/{operation}/events").json["events"][0]["source"] == "urn:windlass:1:us-east-1:windlass"
    )
