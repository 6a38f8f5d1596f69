"""GET /operations/export: operations with their journals as JSON Lines, page by page, and no secret in them."""

import base64
import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from lambdas.rows import Status, Step
from rehearsal.gateway import Answered
from tests.api.http_door import Door

PLACE = {"account": "test", "region": "us-east-1"}
RESIZE: dict[str, Any] = {**PLACE, "serverGroupName": "shop-prod-v001", "capacity": {"min": 1}}
SECRET = "correct-horse-battery-staple"
USER_DATA = base64.b64encode(SECRET.encode()).decode()
START = 1_700_000_000.0


def resized(door: Door, minute: int, **fields: Any) -> str:
    one = str(door.post("/operations/resizeServerGroup", RESIZE | fields).json["id"])
    door.change(one, accepted=START + 60 * minute)
    return one


def lines(got: Answered) -> list[Any]:
    assert (got.status, got.headers["Content-Type"]) == (200, "application/x-ndjson")
    return [json.loads(line) for line in got.text.splitlines()]


def test_a_line_is_an_operation_with_its_journal(door: Door) -> None:
    one = resized(door, 0)
    door.journal(one, Step("Resize", 2, ended=START + 5, did="resized to 1/1/1", trouble="Throttled: slow down"))

    (line,) = lines(door.get("/operations/export"))

    assert line == door.get(f"/operations/{one}").json
    assert [(step["did"], step["attempts"], step["trouble"]) for step in line["steps"]] == [
        ("resized to 1/1/1", 2, "Throttled: slow down")
    ]


def test_pages_follow_one_another_by_their_link(door: Door) -> None:
    made = [resized(door, minute) for minute in range(5)]
    door.ended(resized(door, 9, serverGroupName="mail-v001"), Status.SUCCEEDED)
    got, found = door.get("/operations/export?application=shop&limit=2", stage="/v1"), []

    while True:
        found += [one["id"] for one in lines(got)]
        if "Link" not in got.headers:
            break
        link, _, relation = got.headers["Link"].partition(">")
        assert relation == '; rel="next"'
        url = urlsplit(link.removeprefix("<"))
        assert url.path == "/v1/operations/export"
        got = door.get(f"/operations/export?{url.query}", stage="/v1")

    assert found == made[::-1]


def test_nothing_that_fits_is_no_line(door: Door) -> None:
    resized(door, 0)

    assert lines(door.get("/operations/export?application=nobody")) == []


def test_no_secret_leaves_with_an_export(door: Door) -> None:
    create = PLACE | {
        "application": "shop",
        "image": "ami-1",
        "instanceType": "t3.micro",
        "zones": ["us-east-1a"],
        "capacity": {"min": 1, "desired": 1, "max": 1},
        "userData": USER_DATA,
    }
    one = door.post("/operations/createServerGroup", create, headers={"Idempotency-Key": "key-" + SECRET}).json["id"]
    door.planned(one, region="us-east-1")
    door.opened(one, "InstancesHealthy", earlier=("token-" + SECRET,))
    assert SECRET in json.dumps(door.rows())

    got = door.get("/operations/export")

    assert [line["id"] for line in lines(got)] == [one]
    assert SECRET not in got.text
    assert USER_DATA not in got.text


@pytest.mark.parametrize(
    ("query", "field", "said"),
    [
        ("limit=0", "limit", "greater than or equal to 1, not '0'"),
        ("limit=201", "limit", "less than or equal to 200, not '201'"),
        ("after=nonsense", "after", "'nonsense' is not the `next` of a page"),
        ("type=nope", "type", "'nope' is no operation type; known types: createServerGroup"),
        ("cluster=shop", "cluster", "'shop' is no cluster; write it as account/region/name"),
        ("since=2023-11-15T00:00:00Z&until=2023-11-14T00:00:00Z", "since", "later than `until`"),
        ("applicaton=shop", "applicaton", "did you mean application?"),
    ],
)
def test_what_is_wrong_with_it_is_told_by_field(door: Door, query: str, field: str, said: str) -> None:
    got = door.get(f"/operations/export?{query}")

    assert (got.status, got.headers["Content-Type"]) == (400, "application/problem+json")
    assert [one["field"] for one in got.json["errors"]] == [field]
    assert said in got.json["errors"][0]["message"]
