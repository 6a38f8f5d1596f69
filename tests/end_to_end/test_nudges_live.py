"""Events of Auto Scaling as deployed: rule, queue, function, sweep."""

import time
from typing import Any

import pytest

from local.client import Json
from tests.end_to_end.live import Live, creation, eventually, plays, told

pytestmark = pytest.mark.xdist_group("embedded")

OLD = 700.0
"""Seconds: a wait of that age is looked at once a minute."""


def nudged(live: Live) -> tuple[float, float, Json]:
    """A wait that seems old, in whose group launches fail again and again: from when on it counts as young again."""
    operation = live.submit("createServerGroup", creation("nudged", instanceType="p5.48xlarge"))
    live.entered(operation, "InstancesHealthy")
    aged = age(live, operation)
    due = eventually(lambda: (now := due_of(live, operation)) > aged and now)
    live.signal(operation, signal="cancel", reason="seen enough")
    return aged, float(due), live.ended(operation)


def age(live: Live, operation: str) -> int:
    """Let its wait seem old; answers since when."""
    due = round(time.time() - OLD)
    live.rows.client.update_item(
        TableName=live.rows.table,
        Key={"pk": {"S": f"op#{operation}"}, "sk": {"S": "wait#InstancesHealthy"}},
        UpdateExpression="SET due = :due",
        ExpressionAttributeValues={":due": {"N": str(due)}},
    )
    return due


def due_of(live: Live, operation: str) -> float:
    found: list[Any] = [row for row in live.rows.all() if row["pk"] == f"op#{operation}" and "wait#" in row["sk"]]
    return max((float(row["due"]) for row in found), default=0.0)


@plays([nudged])
def test_an_event_brings_a_look_forward(played: tuple[float, float, Json]) -> None:
    aged, due, ended = played

    assert due - aged > OLD - 60
    assert ended["status"] == "ROLLED_BACK", told(ended)
