"""Operations on instances as a whole: the states they enter, what they refuse, and what stands afterwards."""

from dataclasses import replace
from typing import Any

import pytest

from lambdas.rows import Status
from lambdas.table import Key
from rehearsal.fake_cloud import differences
from rehearsal.fake_cloud.ec2_instances import touch
from rehearsal.scenarios import ACCOUNT, NEIGHBOUR, REGION, named
from rehearsal.scenarios.region import OUR_INSTANCES, OURS
from rehearsal.trials import Scenario
from rehearsal.world import Result, World

BEGIN, END = ["Guard", "Plan", "Recovering"], ["Finish", "Succeeded"]
BACK = ["PutBack", "RolledBack"]
FIRST, SECOND = OUR_INSTANCES
STRANGER = "i-0fedcba9876543210"


def plain(operation: str) -> Scenario:
    (scenario,) = named(operation)
    return scenario


def ran(scenario: Scenario, world: World | None = None, **fields: Any) -> tuple[World, Result]:
    world = world or scenario.world()
    return world, world.run(world.submit(scenario.operation, {**scenario.request, **fields}, key=str(fields)))


def why(world: World, result: Result, step: str) -> str:
    row = world.table.get(Key(f"op#{result.id}", f"step#{step}")) or {}
    return str(row["error"])


def members(world: World, group: str = OURS) -> list[str]:
    found = world.cloud.place(ACCOUNT, REGION).groups.get(group)
    return [one.id for one in found.instances] if found else []


def test_instances_are_rebooted_where_they_are() -> None:
    world, result = ran(plain("rebootInstances"))

    assert result.path == [*BEGIN, "RebootInstances", *END]
    assert [(one.did, one.name) for one in world.cloud.deeds if one.operation == result.id] == [
        ("rebooted", FIRST),
        ("rebooted", SECOND),
    ]
    assert members(world) == list(OUR_INSTANCES)


@pytest.mark.parametrize(
    ("instances", "said"),
    [
        ([FIRST, STRANGER], f"Rejected: instance {STRANGER} does not exist in us-east-1; name instances that do"),
        ([SECOND], f"Rejected: instance {SECOND} is shutting-down; only one that is running can be rebooted"),
    ],
)
def test_what_does_not_run_is_not_rebooted(instances: list[str], said: str) -> None:
    scenario = plain("rebootInstances")
    world = scenario.world()
    ran(plain("terminateInstances"), world, instanceIds=[SECOND])
    world = scenario.world()
    world.cloud.cloud(ACCOUNT, REGION).groups.delete(OURS) if instances == [SECOND] else None

    world, result = ran(scenario, world, instanceIds=instances)

    assert result.path == [*BEGIN[:2], *BACK]
    assert why(world, result, "Plan") == said
    assert not [one for one in world.cloud.deeds if one.did == "rebooted"]


def test_terminated_instances_are_waited_for_and_replaced_by_their_group() -> None:
    world, result = ran(plain("terminateInstances"))
    world.clock.drain(600)

    assert result.path == [*BEGIN, "TerminateInstances", "InstancesGone", *END]
    assert result.took >= world.cloud.manners.shutdown
    assert len(members(world)) == len(OUR_INSTANCES)
    assert not set(members(world)) & set(OUR_INSTANCES)


def test_absent_instances_are_terminated_already() -> None:
    world, result = ran(plain("terminateInstances"), instanceIds=[STRANGER])

    assert result.path == [*BEGIN, "TerminateInstances", "InstancesGone", *END]
    assert members(world) == list(OUR_INSTANCES)


def test_a_protected_instance_keeps_all_of_them() -> None:
    scenario = plain("terminateInstances")
    world = scenario.world()
    touch(world.cloud.place(ACCOUNT, REGION), SECOND, protected=True)
    before = world.cloud.snapshot()

    world, result = ran(scenario, world)

    assert result.path == [*BEGIN[:2], *BACK]
    assert why(world, result, "Plan").startswith(f"Rejected: instance {SECOND} is protected from termination; take")
    assert differences(before, world.cloud.snapshot()) == []


def test_the_last_instances_of_a_protected_cluster_stay() -> None:
    scenario = plain("terminateInstances")
    world = scenario.world()
    world.run(world.submit("destroyServerGroup", {"account": ACCOUNT, "region": REGION, "serverGroupName": NEIGHBOUR}))
    kept = world.cloud.snapshot()

    world, result = ran(scenario, world)

    assert result.control.status is not Status.SUCCEEDED
    assert "cluster shop-prod in us-east-1 is protected" in why(world, result, "TerminateInstances")
    assert differences(kept, world.cloud.snapshot()) == []


def test_one_of_several_instances_of_a_protected_cluster_may_go() -> None:
    scenario = plain("terminateInstances")
    world = scenario.world()
    world.run(world.submit("destroyServerGroup", {"account": ACCOUNT, "region": REGION, "serverGroupName": NEIGHBOUR}))

    _, result = ran(replace(scenario, invariants=()), world, instanceIds=[FIRST])

    assert result.control.status is Status.SUCCEEDED
