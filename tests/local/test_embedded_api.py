"""The deployed REST API over HTTP."""

from __future__ import annotations

import json

import pytest

from tests.local.conftest import Embedded, request

SIGNED = (
    "AWS4-HMAC-SHA256 Credential=AKIAORCA/20260101/us-east-1/execute-api/aws4_request, SignedHeaders=host, Signature=0"
)


def test_a_request_becomes_a_proxy_event_and_its_answer_http(aws: Embedded) -> None:
    status, text = request("POST", f"{aws.api}/task/1:resume?a=1&a=2", {"x": 1})

    told = json.loads(text)
    assert status == 201
    assert told["path"] == "/task/1:resume"
    assert told["query"] == {"a": ["1", "2"]}
    assert told["parameters"] == {"proxy": "task/1:resume"}
    assert json.loads(told["body"]) == {"x": 1}
    assert told["called"] == aws.outputs["Api"]


def test_a_proxy_takes_whatever_the_path_holds_a_line_s_end_too(aws: Embedded) -> None:
    status, text = request("POST", f"{aws.api}/task/a%0Ab/c", {"x": 1})

    assert status == 201, text
    assert json.loads(text)["parameters"]["proxy"] == "task/a\nb/c"


@pytest.mark.parametrize(
    ("headers", "caller"),
    [
        ({}, "arn:aws:iam::123456789012:user/local"),
        ({"Authorization": SIGNED}, "arn:aws:iam::123456789012:user/AKIAORCA"),
    ],
)
def test_the_caller_is_local_or_whoever_signed(aws: Embedded, headers: dict[str, str], caller: str) -> None:
    _, text = request("GET", f"{aws.api}/anything", **headers)

    assert json.loads(text)["caller"] == caller


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/", 403, {"message": "Missing Authentication Token"}),
        ("/broken", 503, {"status": 503, "message": "Internal server error"}),
    ],
)
def test_the_gateways_own_errors_follow_its_templates(
    aws: Embedded, path: str, status: int, body: dict[str, object]
) -> None:
    told, text = request("GET", aws.api + path)

    assert (told, json.loads(text)) == (status, body)
