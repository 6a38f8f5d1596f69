"""The examples of the OpenAPI document, recorded: each route's own request as its owner sends it, and what it answers.

`python -m tests.api.recorded_examples` writes them anew where requests or answers have changed.
"""

import json
import logging
import re
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lambdas.api.page import EXAMPLES
from rehearsal.gateway import Answered
from tests.api.http_door import Door
from tests.api.test_authorisation_matrix import CALLS, ID, OWNER, Call, furnished, guarded

Json = dict[str, Any]
LONGEST = 8_000
"""Bytes of an answer that are still read by anybody."""
UNTOLD = ("/", "/docs", "/openapi.json")
SHOWN = "5rjzq3ujrd4xkmnm2rb2fmhqru"
"""Stands for the id of the operation that is there before each request, which is another each time."""
REFUSED: Json = {}
"""The body that no route with a body takes."""


def recorded() -> Json:
    """By `POST /operations/resizeServerGroup`."""
    with TemporaryDirectory() as folder:
        door = guarded(Path(folder))
        return {route: found for route, found in _recorded(door) if found}


def _recorded(door: Door) -> Iterator[tuple[str, Json]]:
    for route, call in sorted(CALLS.items()):
        verb, path = route.replace("<", "{").replace(">", "}").split(" ")
        if path not in UNTOLD and path != "/operations/{operation_type}":
            yield f"{verb} {path}", _example(door, verb, path, call)


def _example(door: Door, verb: str, path: str, call: Call) -> Json:
    operation = furnished(door)
    sent = json.loads(json.dumps(call.body).replace(ID, operation))
    target = call.path.replace(ID, operation)
    right = _sent(door, verb, target, sent)
    assert right.status < HTTPStatus.BAD_REQUEST, f"{verb} {target}: {right.text}"
    found: Json = {"parameters": _parameters(path, call.path.replace(ID, SHOWN))}
    answers = [right]
    if sent is not None:
        found["body"] = json.loads(json.dumps(call.body).replace(ID, SHOWN))
        answers.append(_sent(door, verb, target, REFUSED))
    told = {str(one.status): _body(one, operation) for one in reversed(answers) if len(one.text.encode()) <= LONGEST}
    return {name: value for name, value in (found | {"answers": told}).items() if value}


def _sent(door: Door, verb: str, target: str, body: Any) -> Answered:
    """With a key, so that the operation has the same id whenever it is recorded."""
    return door(verb, target, body, arn=OWNER, headers={"Idempotency-Key": target, "X-CLIENT-REQUEST-ID": target})


def _parameters(path: str, target: str) -> Json:
    place, _, query = target.partition("?")
    found = re.fullmatch(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+?)", path), place)
    assert found is not None, (path, place)
    return found.groupdict() | dict(one.split("=") for one in query.split("&") if one)


def _body(answer: Answered, operation: str) -> Any:
    text = answer.text.replace(operation, SHOWN)
    return text if "ndjson" in answer.headers["Content-Type"] else json.loads(text)


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    lines = (f"{json.dumps(route)}: {json.dumps(one, ensure_ascii=False)}" for route, one in recorded().items())
    EXAMPLES.write_text("{\n" + ",\n".join(lines) + "\n}\n")
