"""Which records of the stream wake the projector."""

import json
from itertools import product
from typing import Any

import pytest
from moto.events.models import EventPattern

from lambdas.projector import PATTERNS, concerns
from lambdas.rows import Status
from lambdas.table import Item

ROWS: list[Item] = [
    {"pk": "op#1", "sk": sk, "status": status.value, **batch}
    for sk, status, batch in product(("control", "guard", "request", "step#Plan"), Status, ({}, {"batch": "b"}))
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['sk']} {row['status']} {row.get('batch', '')}")
def test_what_the_stream_lets_pass_is_what_the_projector_acts_on(row: Item) -> None:
    image = {name: {"S": value} for name, value in row.items()}
    record: Any = {"Keys": {"pk": image["pk"], "sk": image["sk"]}, "NewImage": image}

    passes = any(EventPattern.load(json.dumps(pattern)).matches_event(record) for pattern in PATTERNS)

    assert passes == concerns(row)


def test_a_row_that_is_gone_concerns_nobody() -> None:
    assert not concerns(None)
