"""GET /operations: by every filter, newest first, page by page, and what is wrong with a filter."""

from collections.abc import Iterator
from itertools import count
from typing import Any
from urllib.parse import quote

import pytest

from lambdas.api import lists
from lambdas.rows import Status
from tests.api.http_door import Door

PLACE = {"account": "test", "region": "us-east-1"}
RESIZE: dict[str, Any] = {**PLACE, "serverGroupName": "shop-prod-v001", "capacity": {"min": 1}}
GROUP: dict[str, Any] = {**PLACE, "serverGroupName": "shop-prod-v001"}
START = 1_700_000_000.0
"""2023-11-14T22:13:20Z, when the door's clock stands still."""


def submitted(door: Door, operation: str = "resizeServerGroup", **fields: Any) -> str:
    body = RESIZE if operation == "resizeServerGroup" else GROUP
    return str(door.post(f"/operations/{operation}", body | fields).json["id"])


def ids(door: Door, query: str) -> list[str]:
    """All that is listed, over all pages, none of which is too long."""
    return [one for page in pages(door, query, 2) for one in page]


def pages(door: Door, query: str, limit: int) -> Iterator[list[str]]:
    after = ""
    while True:
        told = door.get(f"/operations?{query}&limit={limit}{after}").json
        assert len(told["operations"]) <= limit
        yield [one["id"] for one in told["operations"]]
        if told["next"] is None:
            return
        after = f"&after={told['next']}"


def history(door: Door) -> list[str]:
    """Six operations, a minute apart, oldest first: all kinds of account, type, caller, status and cluster."""
    made = [
        submitted(door),
        submitted(door, "destroyServerGroup", serverGroupName="shop-test-v001"),
        submitted(door, account="aws-account1", region="us-west-1"),
        submitted(door, serverGroupName="mail-v001"),
        str(door.post("/operations/resizeServerGroup", RESIZE, arn="arn:aws:iam::123456789012:user/ci").json["id"]),
        submitted(door),
    ]
    for minute, one in zip(count(), made, strict=False):
        door.change(one, accepted=START + 60 * minute)
    door.change(made[0], status=Status.SUCCEEDED, due=None)
    door.change(made[3], status=Status.NEEDS_ATTENTION, due=None)
    door.change(made[4], status=Status.RUNNING, user="alice")
    return made


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("application=shop", (5, 4, 2, 1, 0)),
        ("cluster=test/us-east-1/shop-prod", (5, 4, 0)),
        ("account=aws-account1", (2,)),
        ("account=nowhere", ()),
        ("type=destroyServerGroup", (1,)),
        ("status=NEEDS_ATTENTION", (3,)),
        ("status=RUNNING", (4,)),
        ("caller=alice", (4,)),
        ("caller=arn:aws:iam::123456789012:user/ci", (4,)),
        ("since=2023-11-14T22:15:20Z", (5, 4, 3, 2)),
        ("since=2023-11-14T22:15:20", (5, 4, 3, 2)),
        ("until=2023-11-15T00:14:20%2B02:00", (1, 0)),
        ("since=2023-11-14T22:14:20Z&until=2023-11-14T22:16:20Z", (3, 2, 1)),
        ("application=shop&status=SUCCEEDED", (0,)),
        ("application=shop&account=test&type=resizeServerGroup&since=2023-11-14T22:14:00Z", (5, 4)),
        ("cluster=test/us-east-1/shop-prod&application=mail", ()),
        ("status=ACCEPTED", (5, 2, 1)),
        ("status=ACCEPTED&type=resizeServerGroup&until=2023-11-14T22:16:00Z", (2,)),
    ],
)
def test_operations_are_listed_by_every_filter_newest_first(door: Door, query: str, found: tuple[int, ...]) -> None:
    made = history(door)

    assert ids(door, query) == [made[one] for one in found]


def test_without_a_filter_what_runs_is_listed_in_pages(door: Door) -> None:
    made = history(door)

    assert ids(door, "") == [made[one] for one in (5, 4, 2, 1)]


def test_several_statuses_are_any_of_them(door: Door) -> None:
    made = history(door)
    wanted = lists.Filter(statuses=(Status.SUCCEEDED, Status.NEEDS_ATTENTION))

    assert [row.id for row in lists.operations(door.hub, wanted, lambda row: True, limit=9).rows] == [made[3], made[0]]


@pytest.mark.parametrize("query", ["application=shop", "account=test", "status=ACCEPTED"])
def test_operations_of_the_same_moment_are_each_on_one_page(door: Door, query: str) -> None:
    made = {submitted(door) for _ in range(7)}

    listed = ids(door, query)

    assert (len(listed), set(listed)) == (7, made)


def test_a_cursor_stays_good_while_others_are_accepted_and_end(door: Door) -> None:
    made = history(door)
    first = door.get("/operations?account=test&limit=2").json

    door.change(submitted(door), accepted=START + 999)
    door.ended(made[3], Status.ROLLED_BACK)

    second = door.get(f"/operations?account=test&limit=2&after={first['next']}").json
    assert [one["id"] for one in second["operations"]] == [made[3], made[1]]


def test_a_status_is_that_of_the_row_where_the_list_lags_behind(door: Door) -> None:
    made = history(door)
    roll = door.control(made[5]).roll
    stale = {"pk": f"op#{made[5]}", "sk": "control", "accepted": START + 300, "status": "NEEDS_ATTENTION"}
    listed = door.table.listed

    def lagging(by: Any, value: str, **more: Any) -> Any:
        rows, after = listed(by, value, **more)
        return [one | stale if one["pk"] == stale["pk"] else one for one in rows], after

    door.table.listed = lagging  # type: ignore[method-assign]

    assert roll is not None
    assert ids(door, "status=NEEDS_ATTENTION") == [made[3]]


def test_what_is_rare_is_found_over_several_pages(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "MOST_READ", 2)
    made = history(door)

    assert list(pages(door, "type=destroyServerGroup", 2)) == [[], [], [made[1]]]


def test_of_very_many_open_operations_the_newest_are_read(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "MOST_OPEN", 3)
    made = history(door)
    reads, get = [], door.table.get
    monkeypatch.setattr(door.table, "get", lambda key: reads.append(key) or get(key))  # type: ignore[func-returns-value]

    assert next(pages(door, "", 1)) == [made[5]]
    assert [key.sk for key in reads] == ["control", "account#test", "heartbeat"]
    assert ids(door, "") == [made[one] for one in (5, 4, 2, 1)]


def test_a_batch_is_listed_operation_by_operation(door: Door) -> None:
    description = {"credentials": "test", "asgName": "app-v001", "region": "us-east-1", "capacity": {"min": 1}}
    batch = door.post("/aws/ops", [{"resizeServerGroup": description}] * 3).json["id"]

    assert set(ids(door, "account=test")) == {f"{batch}-{n}" for n in range(3)}


@pytest.mark.parametrize(
    ("query", "field", "said"),
    [
        ("type=bakeCake", "type", "known types: createServerGroup, destroyServerGroup, resizeServerGroup"),
        ("application=", "application", "at least 1 character"),
        ("cluster=shop-prod", "cluster", "'shop-prod' is no cluster; write it as account/region/name"),
        ("status=DONE", "status.0", "'SUCCEEDED'"),
        ("status=DONE", "status.0", "not 'DONE'"),
        ("since=yesterday", "since", "not 'yesterday'"),
        ("since=2023-11-15&until=2023-11-14", "since", "later than `until`"),
        ("limit=0", "limit", "greater than or equal to 1, not '0'"),
        ("limit=many", "limit", "not 'many'"),
        ("limit=101", "limit", "less than or equal to 100"),
        ("application=shop&after=nonsense", "after", "'nonsense' is not the `next` of a page"),
        ("after=W10", "after", "leave it out"),
        (f"after={quote('ü')}", "after", "leave it out"),
        ("after=W0luZmluaXR5LCAieCJd", "after", "leave it out"),
        ("statsu=RUNNING", "statsu", "did you mean status?"),
        ("fancy=blue", "fancy", "known: application, cluster"),
    ],
)
def test_a_filter_that_means_nothing_is_told_with_its_value_and_the_remedy(
    door: Door, query: str, field: str, said: str
) -> None:
    got = door.get(f"/operations?{query}")

    assert (got.status, got.headers["Content-Type"]) == (400, "application/problem+json")
    (error,) = got.json["errors"]
    assert error["field"] == field
    assert said in error["message"]
