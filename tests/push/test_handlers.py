"""Where Lambda enters: what was not done is named, and only that comes again."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from lambdas.push.handlers import courier, herald


@pytest.fixture(autouse=True)
def _nowhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """In a process whose environment names no table: whatever it does fails."""
    monkeypatch.delenv("WINDLASS_TABLE", raising=False)
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def failed(answer: Any) -> list[str]:
    return [one["itemIdentifier"] for one in answer["batchItemFailures"]]


def test_of_the_stream_the_first_record_that_failed_is_named() -> None:
    records = [{"dynamodb": {"SequenceNumber": number, "ApproximateCreationDateTime": 1.0}} for number in ("7", "8")]

    assert failed(herald({"Records": records}, None)) == ["7"]


@pytest.mark.parametrize("handler", [herald, courier])
def test_of_a_queue_every_message_that_failed_is_named(handler: Any) -> None:
    body = '{"operation": "abc", "delivery": "00000001.callback"}'
    records = [{"messageId": name, "body": body} for name in ("a", "b")]

    assert failed(handler({"Records": records}, None)) == ["a", "b"]
