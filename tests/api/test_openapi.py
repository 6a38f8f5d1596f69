"""The OpenAPI document is valid, whole, and true: what the API takes and answers fits it."""

import json
import re
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # its stubs are no dependency of ours
from openapi_spec_validator import validate

from lambdas.rows import Status, Step
from tests.api.http_door import Door, new_door

RESIZE = {"account": "test", "region": "us-east-1", "serverGroupName": "shop-v001", "capacity": {"min": 1}}
BATCH = {"filter": {"application": "shop"}, "signal": "cancel"}


@cache
def document() -> dict[str, Any]:
    found: dict[str, Any] = new_door().get("/openapi.json").json
    return found


def schema(path: str, method: str, status: int) -> dict[str, Any]:
    """Of that answer, able to stand alone."""
    answers = document()["paths"][path][method]["responses"][str(status)]["content"]
    (content,) = answers.values()
    return {**content["schema"], "components": document()["components"]}


def fits(got: Any, path: str, method: str, status: int) -> None:
    Draft202012Validator(schema(path, method, status)).validate(got)


def test_it_is_valid_and_names_every_operation() -> None:
    validate(document())

    assert {"/operations/createServerGroup", "/operations/resizeServerGroup", "/aws/ops"} - set(
        document()["paths"]
    ) == {"/aws/ops"}
    assert {"/{provider}/ops", "/ops", "/task/{task}", "/task/{task}:resume"} <= document()["paths"].keys()


def test_an_export_is_lines(door: Door) -> None:
    answers = document()["paths"]["/operations/export"]["get"]["responses"]

    assert [*answers["200"]["content"]] == ["application/x-ndjson"]


def test_every_operations_body_is_the_schema_of_its_request() -> None:
    body = document()["paths"]["/operations/resizeServerGroup"]["post"]["requestBody"]["content"]["application/json"]

    assert body["schema"] == {"$ref": "#/components/schemas/ResizeServerGroup"}
    assert "serverGroupName" in document()["components"]["schemas"]["ResizeServerGroup"]["required"]


def test_its_server_is_the_stage(door: Door) -> None:
    assert door.get("/openapi.json", stage="/v1").json["servers"][0]["url"] == "/v1"


@pytest.mark.parametrize("status", list(Status))
def test_what_is_answered_of_an_operation_fits_it(door: Door, status: Status) -> None:
    posted = door.post("/operations/resizeServerGroup", RESIZE)
    one = posted.json["id"]
    door.change(one, status=status, step="Resize", attempt=1, started=1_700_000_001.0, since=1_700_000_001.0)
    found: dict[str, Any] = {"findings": ("left a tag alone",), "results": {"stackId": "arn:1"}}
    door.journal(one, Step("Plan", 1, ended=1_700_000_002.0, did="planned", **found))
    door.opened(one, "Hold", kind="hold", held="Resize", reason="Exhausted: x")

    fits(posted.json, "/operations/resizeServerGroup", "post", 202)
    shown = door.get(f"/operations/{one}").json
    fits(shown, "/operations/{operation}", "get", 200)
    assert [step["results"] for step in shown["steps"]] == [{"stackId": "arn:1"}]
    fits(door.get("/operations?application=shop").json, "/operations", "get", 200)
    fits(door.get(f"/operations/{one}/events").json, "/operations/{operation}/events", "get", 200)
    hook = door(
        "PUT", "/applications/shop/webhooks/ci", {"url": "https://ci.example.com", "secret": f"whsec_{32 * 'A'}"}
    )
    fits(hook.json, "/applications/{application}/webhooks/{name}", "put", 200)
    path = "/guards/{account}/{region}/{kind}/{name}"
    locked = door("PUT", "/guards/test/us-east-1/server-group/shop-v001/lock", {"reason": "peak hour"})
    fits(locked.json, f"{path}/lock", "put", 200)
    fits(door.get("/guards").json, "/guards", "get", 200)
    fits(door.get("/clusters/test/shop").json, "/clusters/{account}/{application}", "get", 200)
    fits(door.get("/applications/shop/changes").json, "/applications/{application}/changes", "get", 200)
    fits(door.post("/operations/signals", BATCH).json, "/operations/signals", "post", 200)
    fits(door.get("/guards/test/us-east-1/server-group/shop-v001").json, path, "get", 200)
    fits(door.get(f"/task/{one}").json, "/task/{task}", "get", 200)
    fits(door.get("/operations/types").json, "/operations/types", "get", 200)
    fits(door.get("/operations/types/resizeServerGroup").json, "/operations/types/{operation_type}", "get", 200)


TEXTS = st.text(st.characters(exclude_categories=[]))  # halves of surrogate pairs too: JSON can write them
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
FIELDS = st.sampled_from(
    [
        "filter",
        "signal",
        "token",
        "account",
        "region",
        "serverGroupName",
        "capacity",
        "credentials",
        "asgs",
        "image",
        "zones",
    ]
)
BODIES = JSON | st.dictionaries(FIELDS, JSON) | st.lists(st.dictionaries(TEXTS, JSON))
PATHS = st.sampled_from(
    [
        *("/operations/createServerGroup", "/operations/resizeServerGroup", "/operations/destroyServerGroup"),
        *("/aws/ops", "/aws/ops/createServerGroup", "/aws/ops/resizeServerGroup", "/ops", "/ops/destroyServerGroup"),
        *(
            "/operations/signals",
            "/operations/nope/signals",
            "/task/nope:resume",
            "/guards/test/us-east-1/serverGroup/a/release",
        ),
    ]
)


@cache
def fuzzed() -> Door:
    """One for all examples: what is left of one must not break the next."""
    return new_door()


@settings(max_examples=150, deadline=None)
@given(PATHS, BODIES)
def test_no_body_whatsoever_is_answered_with_a_bug(path: str, body: Any) -> None:
    got = fuzzed().post(path, text=json.dumps(body))

    assert got.status < 500, got.text
    assert got.json


@settings(max_examples=50, deadline=None)
@given(st.text())
def test_no_text_whatsoever_is_answered_with_a_bug(text: str) -> None:
    assert fuzzed().post("/operations/resizeServerGroup", text=text).status == 400


@settings(max_examples=50, deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1))
def test_no_path_whatsoever_is_answered_with_a_bug(path: str) -> None:
    plain = re.sub(r"[?#]", "", path)

    assert fuzzed().get(f"/operations/{plain}").status in (200, 404)


def test_the_documentation_stands_alone(door: Door) -> None:
    docs = door.get("/docs")

    assert docs.headers["Content-Type"].startswith("text/html")
    assert not re.findall(r"<(?:script|link)[^>]+(?:src|href)=\"?https?:", docs.text)
    assert door.get("/docs?format=json").json == door.get("/openapi.json").json
