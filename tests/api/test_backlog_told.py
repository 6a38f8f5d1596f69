"""While Step Functions starts nothing: submissions are accepted, and operations say that they wait and why."""

from dataclasses import replace
from typing import Any

import pytest

from lambdas.engine import backlog
from lambdas.engine.backlog import STATE
from lambdas.engine.intake import START_CHECK
from lambdas.errors import Throttled, Transient, WindlassError
from lambdas.hub import Json
from lambdas.rows import Priority
from lambdas.table import Item, Key, Put
from rehearsal.memory_table import MemoryTable
from tests.api.http_door import Door, Starts

RESIZE: dict[str, Any] = {
    "account": "test",
    "region": "us-east-1",
    "serverGroupName": "shop-prod-v001",
    "capacity": {"min": 1, "desired": 2, "max": 3},
}
AS_OF = 1_700_000_060.0


class NoStarts(Starts):
    """Step Functions that starts nothing."""

    error: WindlassError

    def start(self, saga: str, name: str, given: Json) -> bool:
        raise self.error


def starts_nothing(door: Door, error: WindlassError) -> None:
    machines = NoStarts()
    machines.error = error
    door.hub = replace(door.hub, machines=machines)


def later(door: Door, seconds: float) -> None:
    now = door.hub.now() + seconds
    door.hub = replace(door.hub, now=lambda: now)


def drained(door: Door, **state: Any) -> None:
    """What a drain has left."""
    door.table.write(Put(STATE, {"waiting": 9_214, "since": 1_700_000_010.0, "as_of": AS_OF, "started": 0, **state}))


@pytest.mark.parametrize("error", [Throttled("rate exceeded"), Transient("denied"), Transient("no answer")], ids=str)
def test_a_submission_is_accepted_while_nothing_can_be_started(door: Door, error: WindlassError) -> None:
    starts_nothing(door, error)

    own = door.post("/operations/resizeServerGroup", RESIZE)
    task = door.post("/aws/ops/resizeServerGroup", RESIZE | {"credentials": "test", "asgName": "shop-prod-v001"})

    assert (own.status, own.json["status"], own.json["phase"]) == (202, "ACCEPTED", "STARTING")
    assert (task.status, task.json["resourceUri"]) == (200, f"/task/{task.json['id']}")
    assert door.control(own.json["id"]).backlog is True


def test_an_answer_needs_nothing_that_is_read_after_the_acceptance(door: Door) -> None:
    """Who hears 503 sends the same again: without a key that is another operation."""

    class ForgetsToRead(MemoryTable):
        written = False

        def write(self, *writes: Any) -> None:
            super().write(*writes)
            self.written = True

        def get(self, key: Key) -> Item | None:
            if self.written and key.pk.startswith("op#"):
                raise Transient("rehearsed: no reads")
            return super().get(key)

    table = ForgetsToRead()
    for row in door.table.rows():
        MemoryTable.write(table, Put(Key(row["pk"], row["sk"]), row))
    door.hub = replace(door.hub, table=table)

    got = door.post("/operations/resizeServerGroup", RESIZE)

    assert (got.status, got.json["status"]) == (202, "ACCEPTED")


def test_only_a_table_that_cannot_be_written_is_503(door: Door) -> None:
    class NoWrites(MemoryTable):
        def write(self, *writes: Any) -> None:
            raise Transient("table windlass: no answer")

    table = NoWrites()
    for row in door.table.rows():
        MemoryTable.write(table, Put(Key(row["pk"], row["sk"]), row))
    door.hub = replace(door.hub, table=table)

    got = door.post("/operations/resizeServerGroup", RESIZE)

    assert (got.status, got.headers["Retry-After"]) == (503, "2")
    assert "send the same request again" in got.json["detail"]
    assert door.machines.started == []


def test_an_operation_whose_start_is_overdue_says_so_and_why(door: Door) -> None:
    starts_nothing(door, Throttled("rate exceeded"))
    operation = door.post("/operations/resizeServerGroup", RESIZE).json["id"]
    early = door.get(f"/operations/{operation}").json
    later(door, START_CHECK)
    drained(door, why="Throttled: rate exceeded")

    view = door.get(f"/operations/{operation}").json
    task = door.get(f"/task/{operation}").json

    told = (
        "waits to be started; at 2023-11-14T22:14:20Z 9,214 operations wait, the oldest since 2023-11-14T22:13:30Z; "
        "a start failed with Throttled: rate exceeded"
    )
    assert (early["phase"], early["reason"], early["waits"]) == ("STARTING", None, None)
    assert (view["phase"], view["reason"], view["waits"]) == ("WAITING_TO_START", told, told)
    assert (task["status"]["phase"], task["status"]["complete"]) == ("WAITING_TO_START", False)
    assert task["status"]["status"].startswith("Waiting to start: ")


def test_a_list_of_what_is_accepted_says_what_each_waits_for(door: Door) -> None:
    starts_nothing(door, Throttled("rate exceeded"))
    waiting = door.post("/operations/resizeServerGroup", RESIZE).json["id"]
    resize = {"resizeServerGroup": RESIZE | {"credentials": "test", "asgName": "shop-prod-v002"}}
    batch = door.post("/aws/ops", [resize, resize]).json["id"]
    later(door, START_CHECK)
    drained(door, waiting=1)

    listed = door.get("/operations?status=ACCEPTED").json["operations"]

    told = "waits to be started; at 2023-11-14T22:14:20Z 1 operation waits, the oldest since 2023-11-14T22:13:30Z"
    assert {one["id"]: one["waits"] for one in listed} == {
        waiting: told,
        f"{batch}-0": told,
        f"{batch}-1": f"waits for operation {batch}-0 of its batch",
    }


def test_before_any_drain_an_operation_only_says_that_it_waits(door: Door) -> None:
    starts_nothing(door, Throttled("rate exceeded"))
    operation = door.post("/operations/resizeServerGroup", RESIZE).json["id"]
    later(door, START_CHECK)

    assert door.get(f"/operations/{operation}").json["reason"] == "waits to be started"


@pytest.mark.parametrize(("query", "kept"), [("", None), ("?priority=normal", None), ("?priority=high", Priority.HIGH)])
def test_a_caller_says_what_of_his_is_urgent(door: Door, query: str, kept: Priority | None) -> None:
    operation = door.post(f"/operations/resizeServerGroup{query}", RESIZE).json["id"]

    assert door.control(operation).priority == kept


def test_an_urgency_that_nobody_knows_is_refused(door: Door) -> None:
    got = door.post("/operations/resizeServerGroup?priority=urgent", RESIZE)

    assert got.status == 400
    assert got.json["errors"] == [
        {"field": "priority", "message": "Input should be 'high', 'normal' or 'low', not 'urgent'"}
    ]
    assert backlog.read(door.hub).waiting == 0
