"""Protected clusters, seen as a whole: what is refused, by whom, and what stands afterwards."""

from dataclasses import replace

import pytest

from lambdas.cloud import EMPTY
from lambdas.rows import Status
from lambdas.table import Key
from rehearsal.fake_cloud import differences
from rehearsal.scenarios import (
    ACCOUNT,
    DESTROYS,
    DISABLES,
    DISABLES_PROTECTED,
    NEIGHBOUR,
    OURS,
    REGION,
    RESIZES,
    WHERE,
)
from rehearsal.scenarios.region import in_service
from rehearsal.world import World

EMPTIES = replace(RESIZES, request={**WHERE, "capacity": {"min": 0, "desired": 0, "max": 0}})
REFUSED = [
    (DISABLES, ["SuspendProcesses", "UndoSuspendProcesses"]),
    (DESTROYS, ["SuspendProcesses", "UndoSuspendProcesses"]),
    (EMPTIES, ["Resize", "UndoResize"]),
]


def protected() -> World:
    return DISABLES_PROTECTED.world()


def disabled(world: World, group: str, **fields: object) -> str:
    return world.submit("disableServerGroup", {**WHERE, "serverGroupName": group, **fields}, key=f"{group}{fields}")


@pytest.mark.parametrize(("scenario", "path"), REFUSED, ids=lambda one: getattr(one, "operation", ""))
def test_the_last_group_stays_and_the_reason_names_cluster_groups_and_remedy(scenario, path) -> None:  # type: ignore[no-untyped-def]
    world = protected()
    world.run(disabled(world, NEIGHBOUR))
    before = world.cloud.snapshot()

    result = world.run(world.submit(scenario.operation, {**scenario.request, "serverGroupName": OURS}, key="last"))

    assert result.path[3:] == [*path, "NothingLeft", "PutBack", "RolledBack"]
    step = world.table.get(Key(f"op#{result.id}", f"step#{path[0]}")) or {}
    assert step["error"].startswith("Rejected: cluster shop-prod in us-east-1 is protected and would have nothing in")
    assert f"without {OURS}: {NEIGHBOUR} " in step["error"]
    assert step["error"].endswith("; enable another group first, or ask with overrideTrafficGuard")
    assert differences(before, world.cloud.snapshot()) == []


def test_two_at_once_do_not_both_pass() -> None:
    world = protected()
    first, second = disabled(world, NEIGHBOUR), disabled(world, OURS)

    ends = sorted(world.run(one).end for one in (first, second))

    assert ends == [Status.ROLLED_BACK, Status.SUCCEEDED]
    assert in_service(world) is None


@pytest.mark.parametrize("lag", [60.0])
def test_nor_do_they_where_reads_are_a_minute_old(lag: float) -> None:
    world = replace(DISABLES_PROTECTED, manners=replace(DISABLES_PROTECTED.manners, lag=lag)).world()
    world.run(disabled(world, NEIGHBOUR))

    second = world.run(disabled(world, OURS))

    assert second.control.status is Status.ROLLED_BACK
    assert in_service(world) is None


def test_what_a_dead_lambda_noted_ends_with_its_operation() -> None:
    world = protected()
    first = disabled(world, NEIGHBOUR)
    world.run(first, until=lambda: "SuspendProcesses" in world.result(first).path)
    world.signal(first, "cancel")
    assert world.run(first).control.status is Status.ROLLED_BACK

    second = world.run(disabled(world, OURS))

    assert second.control.status is Status.SUCCEEDED


def test_a_request_that_says_so_passes() -> None:
    world = protected()
    world.run(disabled(world, NEIGHBOUR))

    result = world.run(disabled(world, OURS, overrideTrafficGuard=True))

    assert result.control.status is Status.SUCCEEDED
    assert in_service(world) == "the protected cluster has nothing in traffic"
    assert world.cloud.cloud(ACCOUNT, REGION).groups.find(OURS).capacity != EMPTY
