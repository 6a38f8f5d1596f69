"""Alarms of an application over HTTP: named, read, cleared, and what is wrong with them."""

from typing import Any

import pytest

from tests.api.http_door import Door

PATH = "/applications/shop/alarms"
ERRORS = {"account": "test", "region": "us-west-1", "name": "shop-errors"}


def refused(door: Door, alarms: Any) -> list[dict[str, str]]:
    answer = door("PUT", PATH, {"alarms": alarms})
    assert answer.status == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    errors: list[dict[str, str]] = answer.json["errors"]
    return errors


def test_an_application_has_no_alarms_until_somebody_names_some(door: Door) -> None:
    assert (door.get(PATH).status, door.get(PATH).json) == (200, {"alarms": []})


def test_alarms_are_named_read_replaced_and_cleared(door: Door) -> None:
    latency = ERRORS | {"name": "shop-latency"}

    named = door("PUT", PATH, {"alarms": [ERRORS, latency, ERRORS]})
    replaced = door("PUT", PATH, {"alarms": [latency]})
    read = door.get(PATH)
    cleared = door("DELETE", PATH)

    assert (named.status, named.json) == (200, {"alarms": [ERRORS, latency]})
    assert (replaced.json, read.json) == ({"alarms": [latency]}, {"alarms": [latency]})
    assert (cleared.status, cleared.json, door.get(PATH).json) == (200, {"alarms": []}, {"alarms": []})


def test_no_alarms_are_none(door: Door) -> None:
    door("PUT", PATH, {"alarms": [ERRORS]})

    assert door("PUT", PATH, {"alarms": []}).json == door.get(PATH).json == {"alarms": []}


def test_an_account_or_a_region_that_is_not_there_is_named(door: Door) -> None:
    found = refused(door, [ERRORS | {"account": "tset"}, ERRORS | {"region": "mars-1"}])

    assert [one["field"] for one in found] == ["alarms.0.account", "alarms.1.region"]
    assert found[0]["message"].startswith("'tset' is not known; known accounts: ")
    assert found[1]["message"].startswith("'mars-1' is not one of test's; it has ")
    assert door.get(PATH).json == {"alarms": []}


@pytest.mark.parametrize(
    ("alarms", "said"),
    [
        ([{"account": "test", "region": "us-west-1"}], "alarms.0.name"),
        ([ERRORS | {"name": ""}], "alarms.0.name"),
        ([ERRORS | {"name": "x" * 256}], "alarms.0.name"),
        ([ERRORS | {"arn": "x"}], "alarms.0.arn"),
        ([ERRORS] * 11, "alarms"),
    ],
)
def test_what_is_no_alarm_is_said_with_its_field(door: Door, alarms: Any, said: str) -> None:
    assert [one["field"] for one in refused(door, alarms)] == [said]


def test_a_request_names_at_most_ten(door: Door) -> None:
    body = {**ERRORS, "serverGroupName": "shop-v001", "capacity": {"desired": 1}, "holdOnAlarms": ["x"] * 11}
    del body["name"]

    answer = door.post("/operations/resizeServerGroup", body)

    assert answer.status == 400
    assert answer.json["errors"] == [
        {"field": "holdOnAlarms", "message": "Tuple should have at most 10 items after validation, not 11"}
    ]
