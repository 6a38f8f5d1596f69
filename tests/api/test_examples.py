"""The examples of the OpenAPI document: each is right, each was sent and answered, and no route is without."""

import json
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # its stubs are no dependency of ours

from lambdas.api.page import EXAMPLES
from statemachines import ALL
from tests.api.http_door import new_door
from tests.api.recorded_examples import recorded

Json = dict[str, Any]
EXAMPLE = json.loads(EXAMPLES.read_text("utf-8"))
AGAIN = "write them anew: python -m tests.api.recorded_examples"
TOO_LONG = {"GET /operations/types"}
"""What it answers is a list that nobody reads in an example."""


@cache
def routes() -> Json:
    """Of all operations there are, by `POST /operations/resizeServerGroup`; each able to stand alone."""
    door = new_door()
    door.sagas = {saga.name: saga for saga in ALL}
    told: Json = door.get("/openapi.json").json
    parts = {"components": told["components"]}
    return {f"{verb.upper()} {path}": one | parts for path, item in told["paths"].items() for verb, one in item.items()}


def contents(route: str) -> list[tuple[str, Json]]:
    """Where an example may stand: the body, and the answers that are as asked."""
    told = routes()[route]
    body = told.get("requestBody", {"content": {}})["content"]
    answers = {
        f"{status} {kind}": one
        for status, answer in told["responses"].items()
        for kind, one in answer["content"].items()
    }
    return [*((f"body {kind}", one) for kind, one in body.items()), *answers.items()]


@pytest.mark.parametrize("route", sorted(EXAMPLE))
def test_each_is_as_the_document_says(route: str) -> None:
    told = routes()[route]
    given = {one["name"]: one for one in told.get("parameters", ()) if "example" in one}
    examples = [(what, one) for what, one in contents(route) if "example" in one]

    assert given.keys() == EXAMPLE[route].get("parameters", {}).keys()
    assert {what.split(" ")[0] for what, _ in examples} == {
        *EXAMPLE[route].get("answers", {}),
        *(["body"] if "body" in EXAMPLE[route] else []),
    }
    for what, one in (*given.items(), *examples):
        if "schema" in one:
            schema = one["schema"] | {"components": told["components"]}
            wrong = [f"{what}: {error.message}" for error in Draft202012Validator(schema).iter_errors(one["example"])]
            assert not wrong or "ndjson" in what, wrong


def test_no_route_is_without() -> None:
    assert routes().keys() == EXAMPLE.keys() | TOO_LONG, AGAIN
    bodies = {route for route, told in routes().items() if "requestBody" in told}
    assert {route for route, one in EXAMPLE.items() if "body" in one} == bodies


def test_they_are_what_is_sent_and_answered_today() -> None:
    """Ids and times apart."""

    def alike(examples: Json) -> Json:
        return {
            route: one | {"answers": {k: _shape(v) for k, v in one["answers"].items()}}
            for route, one in examples.items()
        }

    assert alike(recorded()) == alike(EXAMPLE), AGAIN


def _shape(answer: Any) -> Any:
    if isinstance(answer, dict):
        return {name: _shape(value) for name, value in answer.items()}
    return [_shape(one) for one in answer] if isinstance(answer, list) else type(answer).__name__
