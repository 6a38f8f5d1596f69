"""What no caller should send is told what is wrong with it, and never taken for a bug or an outage of ours."""

import json
from typing import Any

import pytest

from tests.api.http_door import Door

RESIZE = {"account": "test", "region": "us-east-1", "serverGroupName": "shop-v001", "capacity": {"min": 1}}
CREATE = {
    "account": "test",
    "region": "us-east-1",
    "application": "shop",
    "image": "shop-1.0",
    "instanceType": "m5.large",
    "subnetType": "internal",
    "capacity": {"min": 0, "desired": 0, "max": 0},
}


def resized(**fields: Any) -> str:
    return json.dumps(RESIZE | fields)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (resized(capacity={"min": "N"}).replace('"N"', "9" * 5_000), "a number of 5000 digits; 38 are possible"),
        (resized(capacity={"min": "N"}).replace('"N"', "9" * 39), "a number of 39 digits; 38 are possible"),
        (resized(capacity={"min": "N"}).replace('"N"', "1e400"), "the number 1e400, which is out of range"),
        (resized(capacity={"min": "N"}).replace('"N"', "-6.6e-172"), "the number -6.6e-172, which is out of range"),
        (resized(capacity={"min": "N"}).replace('"N"', "NaN"), "NaN is no number"),
        (resized(capacity={"min": 2**31}), "capacity.min: should be less than or equal to 2147483647"),
        (resized(overrideFreeze="half \ud800"), "half of a character"),
        (resized(overrideFreeze="\udfff"), "half of a character"),
        ("[" * 20_000 + "]" * 20_000, "nested too deep"),
    ],
    ids=["5000 digits", "39 digits", "1e400", "1e-172", "NaN", "2**31", "half", "other half", "deep"],
)
def test_a_body_that_the_table_or_aws_could_not_hold_is_not_valid(door: Door, text: str, said: str) -> None:
    got = door.post("/operations/resizeServerGroup", text=text)

    assert (got.status, said in got.json["detail"]) == (400, True), got.text
    assert got.headers["Content-Type"] == "application/problem+json"
    assert door.rows() == []


def test_both_halves_of_a_character_are_one(door: Door) -> None:
    assert door.post("/operations/resizeServerGroup", text=resized(holdOnAlarms=["💥"])).status == 202


@pytest.mark.parametrize("name", ["shop\nv001", "shop\0", "\u202ev000-pohs", "shop:v001", "schöp-v001", ""])
@pytest.mark.parametrize("path", ["/operations/resizeServerGroup", "/aws/ops/resizeServerGroup"])
def test_a_server_group_has_a_name_that_auto_scaling_takes(door: Door, path: str, name: str) -> None:
    got = door.post(path, RESIZE | {"credentials": "test", "serverGroupName": name, "regions": ["us-east-1"]})

    assert got.status == 400, got.text
    assert door.rows() == []


@pytest.mark.parametrize("name", ["-v000", "-----", "-1"])
def test_a_group_whose_name_tells_no_application_is_nobody_s(door: Door, name: str) -> None:
    got = door.post("/operations/resizeServerGroup", RESIZE | {"serverGroupName": name})

    assert (got.status, got.json["application"]) == (202, "unowned"), got.text


@pytest.mark.parametrize("field", ["application", "stack", "freeFormDetails"])
def test_a_line_s_end_is_no_part_of_a_name(door: Door, field: str) -> None:
    got = door.post("/operations/createServerGroup", CREATE | {field: "shop\n"})

    assert got.status == 400, got.text
    assert "illegal characters" in got.json["detail"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/operations/{}", None),
        ("GET", "/task/{}", None),
        ("GET", "/guards/test/us-east-1/serverGroup/{}", None),
        ("PUT", "/guards/test/us-east-1/serverGroup/{}/lock", {"reason": "mine"}),
        ("PUT", "/applications/{}/webhooks/ci", {"url": "https://a.example.com", "secret": f"whsec_{32 * 'A'}"}),
        ("GET", "/applications/{}/changes", None),
        ("GET", "/clusters/test/{}", None),
    ],
)
def test_a_path_that_is_no_key_of_the_table_leads_nowhere(door: Door, method: str, path: str, body: Any) -> None:
    got = door(method, path.format("a" * 2_000), body)

    assert got.status == 404, got.text
    assert door.rows() == []


@pytest.mark.parametrize("parameter", ["application", "account"])
def test_a_filter_that_is_no_key_of_the_table_is_not_valid(door: Door, parameter: str) -> None:
    got = door.get(f"/operations?{parameter}={'a' * 2_000}")

    assert got.status == 400
    assert f"{parameter}: String should have at most 255 characters" in got.json["detail"]


def test_an_account_of_any_length_is_just_unknown(door: Door) -> None:
    got = door.post("/operations/resizeServerGroup", RESIZE | {"account": "a" * 3_000})

    assert got.status == 400
    assert "is not known; known accounts: aws-account1, test" in got.json["detail"]
