"""Requests made from the OpenAPI document: what the fuzzer finds, and that it would."""

import io
import logging
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from rich.console import Console

from rehearsal.fuzz.asked import Asked
from rehearsal.fuzz.command import run
from rehearsal.fuzz.document import Document
from rehearsal.fuzz.rows import orphans
from rehearsal.fuzz.run import fuzz
from rehearsal.fuzz.tally import Tally
from rehearsal.fuzz.words import HOSTILE, RAW, poisoned
from rehearsal.gateway import Answered

PROBLEM = {"application/problem+json": {"schema": {"type": "object", "required": ["detail"]}}}
DOCUMENT = Document(
    {
        "paths": {
            "/things/{name}": {
                "put": {
                    "parameters": [
                        {"name": "name", "in": "path", "required": True, "schema": {"type": "string", "maxLength": 9}},
                        {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1}},
                    ],
                    "requestBody": {
                        "required": True,
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}},
                    },
                    "responses": {
                        "200": {"content": {"application/json": {"schema": {"type": "object", "required": ["id"]}}}},
                        "400": {"content": PROBLEM},
                    },
                }
            }
        },
        "components": {
            "schemas": {"Thing": {"type": "object", "required": ["size"], "properties": {"size": {"type": "integer"}}}}
        },
    }
)
THING = Asked("PUT", "/things/{name}", path={"name": "a"}, body={"size": 1})


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def asked(**more: Any) -> Asked:
    return Asked(**{"method": "PUT", "template": "/things/{name}", "path": {"name": "a"}, "body": {"size": 1}} | more)


def test_a_thousand_requests_find_nothing_wrong() -> None:
    out = io.StringIO()

    code = run(["--requests", "1000", "--seed", "1"], Console(file=out, width=200))

    assert code == 0, out.getvalue()[-3_000:]
    assert "44 of 44 operations accepted" in out.getvalue()
    assert "0 orphaned" in out.getvalue()


@pytest.mark.parametrize(
    ("one", "fits"),
    [
        (asked(), True),
        (asked(query={"limit": 3}), True),
        (asked(query={"limit": "3"}), True),
        (asked(query={"limit": "0"}), False),
        (asked(path={"name": "0123456789"}), False),
        (asked(path={"name": "\ud800"}), False),
        (asked(body={"size": "big"}), False),
        (asked(raw='{"size": 2}'), True),
        (asked(raw='{"size": NaN}'), False),
        (asked(raw='{"size": '), False),
        (asked(raw=RAW["deep list"]), False),
    ],
)
def test_whether_a_request_fits_is_for_the_document_to_say(one: Asked, fits: bool) -> None:
    assert DOCUMENT.fits(one) is fits


@pytest.mark.parametrize(
    ("status", "kind", "text", "said"),
    [
        (200, "application/json", '{"id": 1}', ""),
        (200, "application/json", "{}", '"id" is a required property'),
        (200, "text/html", "{}", "as text/html, where the document says application/json"),
        (400, "application/problem+json", '{"detail": "no"}', ""),
        (409, "application/problem+json", '{"detail": "no"}', "answers 409, of which the document knows nothing"),
    ],
)
def test_an_answer_that_the_document_does_not_tell_of_is_found(status: int, kind: str, text: str, said: str) -> None:
    found = DOCUMENT.untrue(THING, Answered(status, {"Content-Type": kind}, text))

    assert said in found
    assert bool(said) is bool(found)


def test_what_is_wrong_is_told_with_its_request() -> None:
    tally = Tally(DOCUMENT)
    tally.note(THING, Answered(503, {"Content-Type": "application/problem+json"}, "down"))
    tally.note(asked(body={}), Answered(400, {"Content-Type": "application/problem+json"}, '{"detail": "no"}'))

    broken, share, missing, untrue = tally.wrong({"resizeServerGroup"})
    assert broken == '1 answers of 5xx, the first: 503 PUT /things/a {"size": 1} down'
    assert share == "50.0% of the requests fit the document, fewer than 90%"
    assert missing == "operations never accepted: resizeServerGroup"
    assert untrue == "1x PUT /things/{name} answers 503, of which the document knows nothing"


CONTROL = {"pk": "op#a", "sk": "control", "status": "SUCCEEDED", "step": "Finish"}


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"pk": "op#a", "sk": "request"}, ""),
        ({"pk": "op#a", "sk": "wait#Hold"}, "op#a keeps wait#Hold"),
        ({"pk": "op#b", "sk": "request"}, "op#b has request and no control row"),
        (CONTROL | {"pk": "op#b"}, "operation b was answered to nobody"),
        (CONTROL | {"status": "RUNNING"}, "operation a is still RUNNING in Finish"),
        ({"pk": "op#c", "sk": "batch", "operations": ["c-0"]}, "batch c names c-0, of which there is no row"),
        ({"pk": "guard#x", "sk": "guard", "queue": []}, ""),
        ({"pk": "guard#x", "sk": "guard", "owner": "a", "queue": []}, "guard#x is kept by a, and [] wait"),
        ({"pk": "app#shop", "sk": "webhook#ci"}, "'app#shop' 'webhook#ci' was put by nobody"),
        ({"pk": "shop", "sk": "thing"}, "'shop' 'thing' is no kind of row that there is"),
        ({"pk": "op#a", "sk": "delivery#1.x", "due": 1.0}, "op#a delivery#1.x has been due for 9999 s"),
    ],
)
def test_a_row_that_nothing_accounts_for_is_an_orphan(row: dict[str, Any], said: str) -> None:
    tally = Tally(DOCUMENT, operations={"a"})
    rows = [one for one in (CONTROL,) if (one["pk"], one["sk"]) != (row["pk"], row["sk"])]

    assert orphans([*rows, row], tally, 10_000.0) == ([said] if said else [])


def test_every_hostile_word_and_body_gets_into_requests() -> None:
    random = Random(0)

    seen = {poisoned(asked(headers={"idempotency-key": "k"}), random).hostile.partition(": ")[2] for _ in range(4_000)}

    assert seen == {*HOSTILE, *RAW}


def test_the_same_seed_sends_the_same_requests() -> None:
    first, second = (fuzz(300, 5).tally.answers for _ in range(2))

    assert first == second


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--requests", "10"], "the number of requests is from 300 to 100000, not '10'"),
        (["--seed", "x"], "a seed is a whole number from 0 on, of at most 9 digits, not 'x'"),
    ],
)
def test_bad_input_is_told(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        run(arguments)

    assert said in capsys.readouterr().err
