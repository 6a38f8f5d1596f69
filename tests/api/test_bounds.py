"""How much one request may be: as documented in docs/data-and-audit.md, to the byte."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from lambdas.engine.intake import LARGEST_BATCH, LONGEST_REQUEST
from lambdas.rows import request_key
from stacks.api import BURST, RATE
from tests.api.http_door import Door

PAGE = Path(__file__).parents[2] / "docs" / "data-and-audit.md"
DYNAMODB = 400 * 1024
"""Bytes of an item: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html"""
CREATE: dict[str, Any] = {
    "account": "test",
    "region": "us-east-1",
    "application": "shop",
    "image": "ami-1",
    "instanceType": "t3.micro",
    "zones": ["us-east-1a"],
    "capacity": {"min": 1, "desired": 1, "max": 1},
}


def stored(door: Door, operation: str) -> int:
    """Bytes of the request as it is kept."""
    row = door.table.get(request_key(operation))
    assert row is not None
    return len(json.dumps(row["request"], ensure_ascii=False, separators=(",", ":")).encode())


def created(door: Door, tag: str) -> Any:
    return door.post("/operations/createServerGroup", CREATE | {"tags": {"k": tag}})


@pytest.mark.parametrize("character", ["x", "ü", "€", "🚢"])
def test_a_request_may_have_so_many_bytes_and_not_one_character_more(door: Door, character: str) -> None:
    empty = stored(door, created(door, "").json["id"])
    fits = (LONGEST_REQUEST - empty) // len(character.encode())

    accepted, refused = created(door, character * fits), created(door, character * (fits + 1))

    assert accepted.status == 202
    assert LONGEST_REQUEST - 4 < stored(door, accepted.json["id"]) <= LONGEST_REQUEST < DYNAMODB
    assert refused.status == 413
    assert refused.json["errors"] == [
        {"field": "tags", "message": f"has {len(json.dumps({'k': ''})) + (fits + 1) * len(character.encode())} bytes"}
    ]


def test_what_no_field_of_the_operation_is_does_not_count(door: Door) -> None:
    """Orca sends whole stages."""
    description = {
        "credentials": "test",
        "application": "shop",
        "amiName": "ami-1",
        "instanceType": "t3.micro",
        "availabilityZones": {"us-east-1": ["us-east-1a"]},
        "capacity": {"min": 1, "desired": 1, "max": 1},
        "context": "x" * 2 * LONGEST_REQUEST,
    }

    assert door.post("/aws/ops", [{"createServerGroup": description}]).status == 200


def test_the_page_says_these_numbers() -> None:
    told = re.sub(r"\s+", " ", PAGE.read_text())

    assert f"{LONGEST_REQUEST // 1024} KiB" in told
    assert f"{LARGEST_BATCH} operations" in told
    assert f"{RATE} a second, {BURST:,} at once" in told
