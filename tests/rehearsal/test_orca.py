"""An unmodified Orca drives Windlass: whole deployments, as it posts, polls, waits and gives up."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import pytest

from lambdas.hub import Json
from rehearsal.fake_cloud import Place, seeds
from rehearsal.fake_cloud.place import CONFIGURATION
from rehearsal.faults import KINDS, Call, Model
from rehearsal.orca import Orca, Stage, Status
from rehearsal.orca.kato import Kato
from rehearsal.orca.monitor import monitor
from rehearsal.orca.pipeline import Definition
from rehearsal.orca.scenes import ACCOUNT, NEW, OLD, OLDER, REGION, SCENES, deploys, orca, spinnaker, windlass, world
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
STRIKES = ("after", "kill_after", "throttle")
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
    return [(strategy, n, kind) for strategy, count in counts.items() for n in range(count) for kind in STRIKES]


@pytest.mark.parametrize("made_by", [windlass, spinnaker])
@pytest.mark.parametrize("strategy", EXPECTED)
def test_a_strategy_goes_to_its_end_whoever_made_the_old_groups(
    strategy: str, made_by: Callable[[Place, str], None]
) -> None:
    went_as(EXPECTED[strategy], played(strategy, made_by))


@pytest.mark.parametrize("strategy", EXPECTED)
def test_the_launch_configurations_of_groups_that_are_destroyed_go_with_them(strategy: str) -> None:
    one = played(strategy, spinnaker)
    place = one.world.cloud.place(ACCOUNT, REGION)

    used = {group.launch_configuration for group in place.groups.things.values()} - {None}
    assert place.shelf(CONFIGURATION).things.keys() == used


@pytest.mark.parametrize(("strategy", "operation", "kind"), struck())
def test_a_fault_of_any_operation_changes_nothing_of_it(strategy: str, operation: int, kind: str) -> None:
    calls = list(calls_of(strategy).values())[operation]
    call = calls[STRIKES.index(kind) * (len(calls) - 1) // 2]  # the first, one in the middle, the last

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


def test_a_task_is_looked_at_each_five_seconds_until_it_is_over() -> None:
    one = played("highlander")

    looked = [look.at for look in one.kato.looks if look.task == one.kato.posted[0].id]

    assert {later - at for at, later in pairwise(looked)} == {5.0}
    assert {look.status for look in one.kato.looks} == {200}


def test_of_a_part_that_is_disabled_orca_waits_for_the_instances_that_the_task_names() -> None:
    one = played("rollingredblack")
    part = one.path.index(f"Disable 50% of Traffic on {OLD}")

    (results,) = one.stages[part].context["kato.tasks"][0]["resultObjects"]

    assert len(results["instanceIdsToDisable"]) == 1
    drained = one.stages[part + 1].started - one.stages[part].started
    assert drained >= one.world.cloud.manners.drain


def unique(tasks: list[dict[str, object]]) -> list[dict[str, object]]:
    return list({str(task["id"]): task for task in tasks}.values())


# What Windlass refuses, what Orca gives up.


def begun(*models: Callable[[World], Model]) -> Orca:
    here = world(windlass)
    here.faults.models.extend(model(here) for model in models)
    return orca(here)


def once(name: str, kind: str) -> Callable[[World], Model]:
    """The first call of that name that the API or an activity makes goes wrong so."""
    return lambda here: lambda call: KINDS[kind] if call.name == name and not here.faults.struck else None


def lasting(where: str, name: str, kind: str, seconds: float = math.inf) -> Callable[[World], Model]:
    """For so long each call of that name that is made there goes wrong so."""

    def model(here: World) -> Model:
        until = here.clock.now + seconds
        return lambda call: KINDS[kind] if (call.where, call.name) == (where, name) and here.clock.now < until else None

    return model


def executed(here: World) -> int:
    """How many operations there are: each has an execution of its own."""
    return len(here.machines.executions)


BEFORE = {OLDER: "1/2/4, 2 in service, 0 in traffic", OLD: "1/2/4, 2 in service, 2 in traffic"}


def test_a_refused_operation_ends_its_stage_with_the_exceptions_message() -> None:
    one = begun(once("launch_templates.create", "reject"))

    deploy = one.run(SCENES["redblack"].stage())

    kept = deploy.context["kato.tasks"][0]
    assert (deploy.status, deploy.failure) == (Status.TERMINAL, f"monitorDeploy: {kept['exception']['message']}")
    assert kept["exception"]["message"].startswith("Failed, and everything was put back: rehearsed: call")
    assert kept["exception"]["operation"] == "CreateServerGroup"
    assert kept["status"]["failed"]
    assert "deploy.server.groups" not in deploy.context
    assert (one.path, stands(one.world)) == (["top"], BEFORE)


def test_a_rolling_deployment_that_is_refused_midway_unpins_the_old_group_and_leaves_it_in_traffic() -> None:
    grow = list(calls_of("rollingredblack").values())[4][0]
    here = world(windlass)
    here.faults.at(grow.number, "reject_once")
    one = orca(here)

    deploy = one.run(SCENES["rollingredblack"].stage())

    assert [(stage.name, stage.status) for stage in one.stages] == [
        ("top", Status.TERMINAL),
        ("Determine Deployed Server Group", Status.SUCCEEDED),
        (f"Pin {OLD}", Status.SUCCEEDED),
        ("Grow to 50% of Desired Size", Status.TERMINAL),
        ("resumeScalingProcesses", Status.SUCCEEDED),
        (f"Unpin {OLD}", Status.SUCCEEDED),
    ]
    assert deploy.failure == ""
    assert one.stages[3].failure.startswith("monitorServerGroup: Failed, and everything was put back: rehearsed: call")
    assert stands(here) == {**BEFORE, NEW: "0/0/0, 0 in service, 0 in traffic"}


@pytest.mark.parametrize(
    ("wrong", "errors"),
    [
        ({"instanceType": None}, ["basicAmazonDeployDescription.instanceType.empty"]),
        (
            {"useSourceCapacity": False, "capacity": {"min": 3, "max": 1, "desired": 2}},
            ["min size (3) > max size (1)", "desired capacity (2) is not within min/max (3/1) range"],
        ),
        ({"account": "nobody"}, ["allowLaunchDescription.targetAccount.not.configured"]),
    ],
)
def test_a_request_that_is_not_valid_is_sent_once_and_its_errors_are_shown(wrong: Json, errors: list[str]) -> None:
    one = begun()

    deploy = one.run(deploys("redblack", **wrong).stage())

    assert deploy.status is Status.TERMINAL
    assert deploy.context["exception"]["details"] == {"error": "Bad Request", "errors": errors, "status": 400}
    assert [(posted.id, posted.tries) for posted in one.kato.posted] == [("", 1)]
    assert (executed(one.world), stands(one.world)) == (0, BEFORE)


@pytest.mark.parametrize(
    "fault",
    [once("table.write", "kill_after"), once("table.write", "late"), once("table.write", "after")],
    ids=["the API dies", "the acceptance lands late", "the acceptance has no answer"],
)
def test_a_request_that_got_no_answer_is_sent_again_and_is_one_task(fault: Callable[[World], Model]) -> None:
    one = begun(fault)

    one.run(SCENES["highlander"].stage())

    assert one.kato.posted[0].tries == 2
    assert executed(one.world) == sum(len(posted.operations) for posted in one.kato.posted)
    went_as(EXPECTED["highlander"], one)


def test_overload_is_told_so_that_a_request_is_sent_again_and_again() -> None:
    one = begun(lasting("api", "table.write", "before", seconds=15))

    one.run(SCENES["highlander"].stage())

    refused = [posted for posted in one.kato.posted if not posted.id]
    assert [posted.tries for posted in refused] == [3, 3, 3, 3]  # two seconds of tries, two of back-off
    one.kato.posted[:] = one.kato.posted[len(refused) :]
    went_as(EXPECTED["highlander"], one)


def test_after_a_minute_of_overload_the_stage_fails_and_nothing_was_accepted() -> None:
    one = begun(lasting("api", "table.write", "before"))

    deploy = one.run(SCENES["highlander"].stage())

    assert deploy.failure == "createServerGroup: timed out after 62 s"
    assert (executed(one.world), stands(one.world)) == (0, BEFORE)


def test_an_api_that_dies_three_times_ends_the_stage() -> None:
    one = begun(lasting("api", "table.get", "kill_before"))

    deploy = one.run(SCENES["highlander"].stage())

    assert deploy.failure == "createServerGroup: Internal server error"
    assert [(posted.id, posted.tries) for posted in one.kato.posted] == [("", 3)]


def test_looks_that_fail_for_ten_minutes_end_nothing() -> None:
    one = begun()
    until = one.clock.now + 600
    one.world.faults.models.append(
        lambda call: KINDS["before"] if call.where == "api" and one.kato.posted and one.clock.now < until else None
    )

    one.run(SCENES["highlander"].stage())

    assert [look.status for look in one.kato.looks][:: len(one.kato.looks) - 1] == [503, 200]
    went_as(EXPECTED["highlander"], one)


def test_a_task_that_nobody_knows_is_looked_for_thirty_times() -> None:
    one = begun()
    stage = Stage("enableServerGroup", "top", {"kato.last.task.id": {"id": "01JD"}, "serverGroupName": OLDER})
    watches = Orca(one.world, {"enableServerGroup": Definition((monitor(),))}, account=ACCOUNT, region=REGION)

    watches.run(stage)

    assert stage.failure == "monitorServerGroup: Task not found (id: 01JD)"
    assert [look.status for look in watches.kato.looks] == [404] * 30
    assert watches.kato.looks[-1].at - watches.kato.looks[0].at == 145


def test_what_is_not_done_within_fifty_minutes_is_put_back_before_orca_stops_looking() -> None:
    one = begun(once("groups.enable_metrics", "exhaust"))

    deploy = one.run(deploys("redblack", instanceMonitoring=True, enabledMetrics=["GroupTotalInstances"]).stage())

    assert 3000 < one.kato.looks[-1].at - one.kato.looks[0].at < 3600
    assert deploy.failure.startswith("monitorDeploy: Failed, and everything was put back: operation")
    assert deploy.failure.endswith("did not finish in time")
    assert stands(one.world) == BEFORE


def test_what_takes_longer_to_put_back_than_orca_looks_is_put_back_all_the_same() -> None:
    one = begun(once("groups.enable_metrics", "exhaust"))
    place = one.world.cloud.place(ACCOUNT, REGION)
    place.manners = replace(place.manners, deletion=1500)

    deploy = one.run(deploys("redblack", instanceMonitoring=True, enabledMetrics=["GroupTotalInstances"]).stage())

    assert deploy.failure == "monitorDeploy: timed out after 3605 s"
    assert one.world.run(f"{one.kato.posted[0].id}-1").end == "ROLLED_BACK"
    assert stands(one.world) == BEFORE


def test_what_is_past_its_point_of_no_return_goes_on_when_orca_has_stopped_looking() -> None:
    one = begun(once("groups.delete", "throttle"))
    place = one.world.cloud.place(ACCOUNT, REGION)
    place.manners = replace(place.manners, deletion=3400)

    deploy = one.run(SCENES["redblack"].stage())

    shrink = one.stages[1]
    assert (deploy.status, shrink.failure) == (Status.TERMINAL, "monitorShrinkCluster: timed out after 3605 s")
    destroyed = one.world.run(shrink.context["kato.last.task.id"]["id"])
    assert (destroyed.end, OLDER in stands(one.world)) == ("SUCCEEDED", False)
    assert one.kato.look(destroyed.id)["status"]["completed"]


def test_what_another_pipeline_wants_of_the_same_group_waits_its_turn_as_a_task_that_runs() -> None:
    one = begun(lasting("SuspendProcesses", "groups.suspend", "before", seconds=600))
    other = Kato(one.clock, one.gateway, "another pipeline")
    payload = {"credentials": ACCOUNT, "serverGroupName": OLD, "region": REGION}
    resize = [{"resizeServerGroup": payload | {"capacity": {"min": 1, "desired": 3, "max": 4}}}]
    seen: list[Json] = []
    one.clock.at(400, lambda: seen.append(other.look(other.request(("theirs", 0.0), resize))))
    one.clock.at(500, lambda: seen.append(other.look(seen[0]["id"])))

    one.run(SCENES["rollback"].stage())

    assert [task["status"]["completed"] for task in seen] == [False, False]
    assert seen[1]["status"]["status"] == (
        f"Waiting for guard: {ACCOUNT}/{REGION}/serverGroup/{OLD} is guarded by operation {one.kato.posted[2].id}; "
        "this operation is next"
    )
    assert [stage.name for stage in one.stages if stage.status is not Status.SUCCEEDED] == []
    one.world.run(seen[0]["id"])
    assert other.look(seen[0]["id"])["status"]["completed"]
