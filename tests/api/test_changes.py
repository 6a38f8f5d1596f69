"""GET /applications/{application}/changes: who changed what, newest first, with what stood there before and since."""

from datetime import timedelta
from typing import Any

import pytest

from lambdas.activities.plans import ResizePlan
from lambdas.cloud import Capacity
from lambdas.engine.tasks import by_name, plan_json
from lambdas.rows import Status, Step, plan_key
from lambdas.table import Put
from statemachines import ALL
from statemachines.resize_server_group import RESIZE_SERVER_GROUP
from tests.api.http_door import CALLER, Door, new_door

RESIZE: dict[str, Any] = {
    "account": "test",
    "region": "us-east-1",
    "serverGroupName": "shop-prod-v001",
    "capacity": {"min": 1},
}
START = 1_700_000_000.0
SMALL, LARGE = {"min": 1, "desired": 1, "max": 1}, {"min": 2, "desired": 4, "max": 8}


@pytest.fixture
def door() -> Door:
    """With the real operations: their plans know what they change."""
    door = new_door()
    door.sagas = by_name(ALL)
    return door


def resized(door: Door, minute: int = 0, status: Status = Status.SUCCEEDED, *steps: Step, **fields: Any) -> str:
    """An operation that resized, or tried to."""
    one = str(door.post("/operations/resizeServerGroup", RESIZE | fields).json["id"])
    at = START + 60 * minute
    closed = at + 30 if status.over else None
    door.change(one, accepted=at, started=at + 1, status=status, closed=closed)
    door.journal(one, Step("Plan", 1, ended=at + 2, did="planned"), *steps)
    return one


def did(step: str, at: float = START, said: str = "resized to 2/4/8") -> Step:
    return Step(step, 1, ended=at, did=said)


def planned(door: Door, operation: str) -> None:
    plan = ResizePlan(
        "test", "us-east-1", "shop-prod-v001", Capacity(1, 1, 1), Capacity(2, 4, 8), "healthy", timedelta(minutes=5)
    )
    document = plan_json(RESIZE_SERVER_GROUP, plan)
    door.table.write(Put(plan_key(operation), {"plan": document, "schema": 1}))


def changes(door: Door, query: str = "", application: str = "shop") -> list[Any]:
    got = door.get(f"/applications/{application}/changes{query}")
    assert got.status == 200, got.text
    return list(got.json["changes"])


def test_a_change_says_who_did_what_and_what_stood_there_before(door: Door) -> None:
    one = resized(door, 0, Status.SUCCEEDED, did("Resize", START + 7))
    planned(door, one)

    (change,) = changes(door)

    assert change == {
        "operation": one,
        "type": "resizeServerGroup",
        "status": "SUCCEEDED",
        "account": "test",
        "region": "us-east-1",
        "cluster": "test/us-east-1/shop-prod",
        "caller": CALLER,
        "user": None,
        "accepted": "2023-11-14T22:13:20Z",
        "closed": "2023-11-14T22:13:50Z",
        "did": [{"step": "Resize", "did": "resized to 2/4/8", "at": "2023-11-14T22:13:27Z"}],
        "before": {"serverGroup": "shop-prod-v001", "capacity": SMALL},
        "after": {"serverGroup": "shop-prod-v001", "capacity": LARGE},
        "error": None,
        "link": f"/operations/{one}",
    }


@pytest.mark.parametrize(
    ("status", "after"),
    [
        (Status.RUNNING, None),
        (Status.UNDOING, None),
        (Status.ROLLED_BACK, {"serverGroup": "shop-prod-v001", "capacity": SMALL}),
        (Status.NEEDS_ATTENTION, None),
    ],
)
def test_what_stands_since_is_said_only_where_it_is_known(door: Door, status: Status, after: Any) -> None:
    planned(door, resized(door, 0, status, did("Resize"), did("UndoResize", START + 9, "gave it 1/1/1 again")))

    (change,) = changes(door)

    assert change["after"] == after
    assert [one["step"] for one in change["did"]] == ["Resize", "UndoResize"]


def test_what_changed_nothing_is_left_out(door: Door) -> None:
    resized(door, 0, Status.ROLLED_BACK, Step("Resize", 3, ended=START, error="Rejected: no"))
    resized(door, 1, Status.ROLLED_BACK, Step("AllHealthy", 1, ended=START, did="all healthy"))
    door.post("/operations/resizeServerGroup", RESIZE)

    assert changes(door) == []


def test_without_a_plan_that_it_can_read_a_change_is_told_all_the_same(door: Door) -> None:
    one = resized(door, 0, Status.SUCCEEDED, did("Resize"))
    door.table.write(Put(plan_key(one), {"plan": {"schema": 99}, "schema": 99}))

    (change,) = changes(door)

    assert (change["before"], change["after"], change["did"][0]["step"]) == (None, None, "Resize")


def test_changes_are_listed_newest_first_page_by_page_within_their_span(door: Door) -> None:
    made = [resized(door, minute, Status.SUCCEEDED, did("Resize")) for minute in range(5)]
    resized(door, 9, Status.SUCCEEDED, did("Resize"), serverGroupName="mail-v001")
    page, found = door.get("/applications/shop/changes?limit=2").json, list[str]()

    while True:
        assert len(page["changes"]) <= 2
        found += [one["operation"] for one in page["changes"]]
        if page["next"] is None:
            break
        page = door.get(f"/applications/shop/changes?limit=2&after={page['next']}").json

    assert found == made[::-1]
    assert [one["operation"] for one in changes(door, "?since=2023-11-14T22:15:20Z")] == [made[4], made[3], made[2]]
    assert [one["operation"] for one in changes(door, "?until=2023-11-14T22:14:20Z")] == [made[1], made[0]]
    assert changes(door, application="nobody") == []


@pytest.mark.parametrize(
    ("query", "field", "said"),
    [
        ("since=yesterday", "since", "not 'yesterday'"),
        ("since=2023-11-15T00:00:00Z&until=2023-11-14T00:00:00Z", "since", "later than `until`"),
        ("limit=51", "limit", "less than or equal to 50, not '51'"),
        ("after=x", "after", "'x' is not the `next` of a page"),
        ("status=RUNNING", "status", "there is no such parameter; known: since, until, limit, after"),
    ],
)
def test_what_is_wrong_with_it_is_told_by_field(door: Door, query: str, field: str, said: str) -> None:
    got = door.get(f"/applications/shop/changes?{query}")

    assert (got.status, got.headers["Content-Type"]) == (400, "application/problem+json")
    assert [one["field"] for one in got.json["errors"]] == [field]
    assert said in got.json["errors"][0]["message"]
