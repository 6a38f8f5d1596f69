"""An unmodified Orca drives Windlass: whole deployments, as it posts, polls, waits and gives up."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import NamedTuple

import pytest

from rehearsal.fake_cloud import Place, seeds
from rehearsal.faults import Call
from rehearsal.orca import Orca, Status
from rehearsal.orca.scenes import ACCOUNT, NEW, OLD, OLDER, REGION, SCENES, orca, spinnaker, windlass, world
from rehearsal.verdicts import of_the_cloud
from rehearsal.world import World


class Expected(NamedTuple):
    """How a strategy goes, whatever goes wrong on the way."""

    path: list[str]
    """The stages in order."""
    posted: list[tuple[str, ...]]
    """The operations of each request."""
    stands: dict[str, str]
    """At the end: capacity, instances in service, and how many of them are in traffic."""


CREATE = ("allowLaunchDescription", "createServerGroup")
RESIZE = ("resizeServerGroup",)
DISABLE = ("disableServerGroup",)
RESUME, SUSPEND = ("resumeAsgProcessesDescription",), ("suspendAsgProcessesDescription",)
PROCESSES = ["resumeScalingProcesses", "suspendScalingProcesses"]

EXPECTED = {
    "redblack": Expected(
        [
            *("top", "shrinkCluster", "disableCluster", "Wait Before Scale Down", "scaleDown"),
            "restoreMinCapacityFromSnapshot",
        ],
        [CREATE, ("destroyServerGroup",), DISABLE, (*RESUME, *RESIZE), RESIZE],
        {OLD: "0/0/0, 0 in service, 0 in traffic", NEW: "1/2/4, 2 in service, 2 in traffic"},
    ),
    "rollingredblack": Expected(
        [
            *("top", "Determine Deployed Server Group", f"Pin {OLD}"),
            *("Grow to 50% of Desired Size", *PROCESSES, f"Disable 50% of Traffic on {OLD}"),
            *("Grow to 100% of Desired Size", *PROCESSES, f"Disable 100% of Traffic on {OLD}"),
            f"Unpin {OLD}",
        ],
        [CREATE, RESIZE, *(2 * [RESUME, RESIZE, SUSPEND, DISABLE]), RESIZE],
        {
            OLDER: "1/2/4, 2 in service, 0 in traffic",
            OLD: "1/2/4, 2 in service, 0 in traffic",
            NEW: "1/2/4, 2 in service, 2 in traffic",
        },
    ),
    "highlander": Expected(
        ["top", "shrinkCluster", "disableCluster", "restoreMinCapacityFromSnapshot"],
        [CREATE, DISABLE, ("destroyServerGroup", "destroyServerGroup"), RESIZE],
        {NEW: "1/2/4, 2 in service, 2 in traffic"},
    ),
    "rollback": Expected(
        [
            *("top", "Snapshot Source Server Group", f"Enable {OLDER} due to rollback", f"Resize {OLDER}", *PROCESSES),
            *("waitBeforeDisable", f"Disable {OLD} due to rollback"),
            "Restore Min Capacity From Snapshot due to rollback",
        ],
        [("enableServerGroup",), RESIZE, DISABLE, RESIZE],
        {OLDER: "1/2/4, 2 in service, 2 in traffic", OLD: "1/2/4, 2 in service, 0 in traffic"},
    ),
}
KINDS = ("after", "kill_after", "throttle")
"""The answer is lost; the Lambda dies, and it has happened; throttled for ten minutes."""


def stands(here: World) -> dict[str, str]:
    place = here.cloud.place(ACCOUNT, REGION)
    behind = [place.behind.get(name) or () for name in (seeds.target_group(REGION), seeds.CLASSIC)]
    targets = [{one.instance for one in some} for some in behind]
    return {name: _told(place, name, targets) for name in sorted(place.groups.things)}


def _told(place: Place, name: str, targets: list[set[str]]) -> str:
    group = place.groups.things[name]
    serving = {one.id for one in group.instances if one.in_service}
    inside = [len(serving & some) for some in targets]
    assert len(set(inside)) == 1, f"{name} is in one load balancer and not in the other: {inside}"
    return f"{group.capacity}, {len(serving)} in service, {inside[0]} in traffic"


def played(strategy: str, made_by: Callable[[Place, str], None] = windlass, *faults: tuple[int, str]) -> Orca:
    here = world(made_by)
    for number, kind in faults:
        here.faults.at(number, kind)
    one = orca(here)
    one.run(SCENES[strategy].stage())
    assert len(here.faults.struck) >= len(faults)
    return one


def went_as(expected: Expected, one: Orca) -> None:
    assert [(stage.name, stage.status, stage.failure) for stage in one.stages] == [
        (name, Status.SUCCEEDED, "") for name in expected.path
    ]
    assert [posted.operations for posted in one.kato.posted] == expected.posted
    assert stands(one.world) == expected.stands


@cache
def calls_of(strategy: str) -> Mapping[str, list[Call]]:
    """The changes of the cloud that each operation makes where nothing goes wrong, in the order of the operations."""
    here = world(windlass)
    found: dict[str, list[Call]] = {}

    def look(call: Call) -> None:
        if of_the_cloud(call) and not call.reads and here.machines.latest is not None:
            found.setdefault(here.machines.latest.name, []).append(call)

    here.faults.watch(look)
    orca(here).run(SCENES[strategy].stage())
    return found


def struck() -> list[tuple[str, int, str]]:
    """Each operation of each strategy, with each fault."""
    counts = {strategy: sum(map(len, expected.posted)) for strategy, expected in EXPECTED.items()}
    return [(strategy, n, kind) for strategy, count in counts.items() for n in range(count) for kind in KINDS]


@pytest.mark.parametrize("made_by", [windlass, spinnaker])
@pytest.mark.parametrize("strategy", EXPECTED)
def test_a_strategy_goes_to_its_end_whoever_made_the_old_groups(
    strategy: str, made_by: Callable[[Place, str], None]
) -> None:
    went_as(EXPECTED[strategy], played(strategy, made_by))


@pytest.mark.parametrize(("strategy", "operation", "kind"), struck())
def test_a_fault_of_any_operation_changes_nothing_of_it(strategy: str, operation: int, kind: str) -> None:
    calls = list(calls_of(strategy).values())[operation]
    call = calls[KINDS.index(kind) * (len(calls) - 1) // 2]  # the first, one in the middle, the last

    went_as(EXPECTED[strategy], played(strategy, windlass, (call.number, kind)))


@pytest.mark.parametrize("strategy", ["redblack", "rollingredblack", "highlander"])
def test_a_deploy_stage_keeps_its_task_and_what_it_deployed(strategy: str) -> None:
    one = played(strategy)
    deploy, posted = one.stages[0], one.kato.posted[0]

    assert deploy.tasks == [posted.id]
    assert deploy.context["kato.last.task.id"] == {"id": posted.id}
    assert deploy.context["deploy.server.groups"] == {REGION: [NEW]}


def test_each_stage_keeps_the_tasks_it_has_asked_for_and_no_exception() -> None:
    one = played("rollback")
    kept = [task for stage in one.stages for task in stage.context.get("kato.tasks", [])]

    assert [task["id"] for task in unique(kept)] == [posted.id for posted in one.kato.posted]
    assert all(task["status"]["completed"] and "exception" not in task for task in kept)


def unique(tasks: list[dict[str, object]]) -> list[dict[str, object]]:
    return list({str(task["id"]): task for task in tasks}.values())
