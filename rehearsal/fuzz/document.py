"""The API's own OpenAPI document: its routes, and whether requests and answers fit it."""

import json
from collections.abc import Iterator
from functools import cached_property
from http import HTTPStatus
from typing import Any, NoReturn

import jsonschema_rs

from rehearsal.fuzz.asked import Asked
from rehearsal.gateway import Answered

Json = dict[str, Any]
VERBS = ("get", "put", "post", "delete", "patch")


class Document:
    def __init__(self, document: Json) -> None:
        self.json = document
        self._validators: dict[tuple[str, str], Any] = {}

    @cached_property
    def routes(self) -> dict[str, Json]:
        """What the document says of each, by `POST /operations/resizeServerGroup`."""
        return dict(self._routes())

    def _routes(self) -> Iterator[tuple[str, Json]]:
        for path, item in self.json["paths"].items():
            for verb in VERBS:
                if verb in item:
                    yield f"{verb.upper()} {path}", item[verb]

    def fits(self, asked: Asked) -> bool:
        """Whether the document lets that request be sent."""
        return self._body_fits(asked) and all(self._parameter_fits(asked, one) for one in self._parameters(asked))

    def untrue(self, asked: Asked, got: Answered) -> str:
        """What the document says otherwise of that answer; empty where it is as it says.

        API Gateway takes an encoded slash for a slash: where there is no such route, nothing is said of the answer.
        """
        if got.status == HTTPStatus.NOT_FOUND and any("/" in str(one) for one in asked.path.values()):
            return ""
        told = self.routes[asked.route]["responses"].get(str(got.status))
        if told is None:
            return f"answers {got.status}, of which the document knows nothing"
        content, kind = told.get("content", {}), got.headers.get("Content-Type", "").partition(";")[0]
        if kind not in content:
            return f"answers {got.status} as {kind}, where the document says {', '.join(content) or 'nothing'}"
        if "json" not in kind or kind.endswith("ndjson") or "schema" not in content[kind]:
            return ""
        validator = self._validator(asked.route, f"{got.status} {kind}", content[kind]["schema"])
        wrong = next(validator.iter_errors(got.json), None)
        return (
            f"answers {got.status} with {'/'.join(map(str, wrong.instance_path))}: {wrong.message[:200]}"
            if wrong
            else ""
        )

    def _parameters(self, asked: Asked) -> list[Json]:
        found: list[Json] = self.routes[asked.route].get("parameters", [])
        return found

    def _parameter_fits(self, asked: Asked, parameter: Json) -> bool:
        name, place = parameter["name"], parameter["in"]
        given = {"path": asked.path, "query": asked.query, "header": asked.headers}[place]
        if name not in given:
            return not parameter.get("required", False)
        validator = self._validator(asked.route, f"{place} {name}", parameter["schema"])
        return any(_valid(validator, one) for one in _readings(given[name]))

    def _body_fits(self, asked: Asked) -> bool:
        body = self.routes[asked.route].get("requestBody")
        if body is None:
            return asked.text is None
        if asked.text is None:
            return not body.get("required", False)
        (content,) = body["content"].values()
        try:
            parsed = asked.body if asked.raw is None else json.loads(asked.raw, parse_constant=_no_json)
            return _valid(self._validator(asked.route, "body", content["schema"]), parsed)
        except (ValueError, RecursionError):
            return False

    def _validator(self, route: str, what: str, schema: Json) -> Any:
        key = (route, what)
        if key not in self._validators:
            whole = {**schema, "components": self.json["components"]}
            self._validators[key] = jsonschema_rs.validator_for(whole)
        return self._validators[key]


def _valid(validator: Any, value: Any) -> bool:
    try:
        return bool(validator.is_valid(value))
    except ValueError:  # half a character is no JSON value
        return False


def _readings(value: Any) -> Iterator[Any]:
    """A parameter is text on the wire: it is right if it is right as any of what that text can mean."""
    yield value
    if isinstance(value, str):
        try:
            yield json.loads(value, parse_constant=_no_json)
        except (ValueError, RecursionError):
            return
    elif not isinstance(value, list):
        yield [value]


def _no_json(constant: str) -> NoReturn:
    raise ValueError(constant)
