"""Which records of the stream wake the projector, and what it makes of an execution's end."""

import json
from itertools import product
from typing import Any

import pytest
from moto.events.models import EventPattern

from lambdas import projector
from lambdas.hub import ExecutionState
from lambdas.projector import PATTERNS, concerns
from lambdas.rows import Status, open_key
from lambdas.table import Item
from rehearsal.scenarios.create_server_group import CREATE, CREATES

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


def test_a_failure_that_the_event_does_not_tell_is_looked_up_and_never_taken_for_a_roll_back() -> None:
    world = CREATES.world()
    world.machines.on_status.clear()  # its own events tell the error
    operation = world.submit(CREATES.operation, CREATE)
    world.run(operation, until=lambda: bool(world.table.peek(open_key(operation, "InstancesHealthy"))))
    execution = world.executions(operation)[-1]
    world.machines.stop(execution.name, "States.Runtime", "the kind of end that no Catch sees")

    projector.ended(world.plain, world.sagas, execution.name, ExecutionState("FAILED", "", ""))

    assert world.control(operation).status is Status.RUNNING
    assert world.control(operation).due == world.clock.now
    ended = world.run(operation)
    assert ended.end == Status.ROLLED_BACK
    assert len(ended.executions) == 2
