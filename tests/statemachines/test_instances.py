"""Operations on instances as a whole: the states they enter, what they refuse, and what stands afterwards."""

from dataclasses import replace
from typing import Any

import pytest

from lambdas.cloud import Capacity
from lambdas.cloud.ec2_instances import Ec2Instances
from lambdas.rows import Status
from lambdas.table import Key
from rehearsal.fake_cloud import differences, seeds
from rehearsal.fake_cloud.ec2_instances import terminate, touch, touched
from rehearsal.faults import Call
from rehearsal.scenarios import ACCOUNT, NEIGHBOUR, REGION, named
from rehearsal.scenarios.region import OUR_INSTANCES, OURS
from rehearsal.trials import BRISK, Scenario
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
    return world, world.run(
        world.submit(scenario.operation, {**scenario.request, **fields}, key=f"{scenario.name}{fields}")
    )


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


def ending(world: World) -> None:
    """The second instance begins to shut down."""
    world.cloud.manners = replace(world.cloud.manners, shutdown=600)
    world.cloud.place(ACCOUNT, REGION).manners = world.cloud.manners
    terminate(world.cloud.place(ACCOUNT, REGION), SECOND)


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
    ending(world)

    world, result = ran(scenario, world, instanceIds=instances)

    assert result.path == [*BEGIN[:2], *BACK]
    assert why(world, result, "Plan") == said
    assert not [one for one in world.cloud.deeds if one.did == "rebooted"]


def test_terminated_instances_are_waited_for_and_replaced_by_their_group() -> None:
    world, result = ran(plain("terminateInstances"))
    world.clock.drain(600)

    assert result.path == [*BEGIN, "AskTrafficGuard", "TerminateInstances", "InstancesGone", *END]
    assert result.took >= world.cloud.manners.shutdown
    assert len(members(world)) == len(OUR_INSTANCES)
    assert not set(members(world)) & set(OUR_INSTANCES)


def test_absent_instances_are_terminated_already() -> None:
    world, result = ran(plain("terminateInstances"), instanceIds=[STRANGER])

    assert result.path == [*BEGIN, "AskTrafficGuard", "TerminateInstances", "InstancesGone", *END]
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

    assert result.path == [*BEGIN, "AskTrafficGuard", "UndoAskTrafficGuard", *BACK]
    assert "cluster shop-prod in us-east-1 is protected" in why(world, result, "AskTrafficGuard")
    assert differences(kept, world.cloud.snapshot()) == []


def test_one_of_several_instances_of_a_protected_cluster_may_go() -> None:
    scenario = plain("terminateInstances")
    world = scenario.world()
    world.run(world.submit("destroyServerGroup", {"account": ACCOUNT, "region": REGION, "serverGroupName": NEIGHBOUR}))

    _, result = ran(replace(scenario, invariants=()), world, instanceIds=[FIRST])

    assert result.control.status is Status.SUCCEEDED


def shape(world: World) -> tuple[list[str], Capacity]:
    found = world.cloud.place(ACCOUNT, REGION).groups.get(OURS)
    assert found is not None
    return [one.id for one in found.instances], found.capacity


DECREMENT = "terminateInstanceAndDecrementServerGroup"


def test_an_instance_ends_and_its_group_has_one_fewer() -> None:
    world, result = ran(plain(DECREMENT))
    world.clock.drain(600)

    steps = ["AskTrafficGuard", "LowerMinimum", "TerminateInstance", "InstanceGone", "LowerMaximum"]
    assert result.path == [*BEGIN, *steps, *END]
    assert shape(world) == ([SECOND], Capacity(1, 1, 1))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"adjustMinIfNecessary": False}, f"server group {OURS} has 2/2/4: 1 fewer are less than its minimum; say"),
        ({"instance": STRANGER}, f"server group {OURS} does not have instance {STRANGER}; name one that it has"),
        ({"instance": SECOND}, f"instance {SECOND} of server group {OURS} is Terminating; name one that stays"),
        ({"serverGroupName": "shop-prod-v404"}, "server group shop-prod-v404 does not exist in us-east-1; name one"),
    ],
)
def test_a_decrement_that_cannot_be_is_refused_before_anything_is_done(fields: dict[str, Any], said: str) -> None:
    scenario = plain(DECREMENT)
    world = scenario.world()
    ending(world)
    before = world.cloud.snapshot()

    world, result = ran(scenario, world, **fields)

    assert result.path == [*BEGIN[:2], *BACK]
    assert why(world, result, "Plan").startswith(f"Rejected: {said}")
    assert differences(before, world.cloud.snapshot()) == []


@pytest.mark.parametrize("operation", [DECREMENT, "detachInstances"])
def test_what_was_lowered_is_restored_where_the_pivot_is_never_reached(operation: str) -> None:
    scenario = plain(operation)
    world = scenario.world()
    before = world.cloud.snapshot()
    submitted = world.submit(scenario.operation, scenario.request)
    world.faults.watch(lambda call: world.signal(submitted, "cancel") if call.name == "members.least" else None)

    result = world.run(submitted)

    assert result.path[:5] == [*BEGIN, "AskTrafficGuard", "LowerMinimum"]
    assert result.path[-5:] == ["UndoLowerMinimum", "UndoAskTrafficGuard", "NothingLeft", *BACK]
    assert differences(before, world.cloud.snapshot()) == []


def test_detached_instances_end_where_that_is_asked_for() -> None:
    world, result = ran(plain("detachInstances"))
    world.clock.drain(600)

    steps = ["AskTrafficGuard", "LowerMinimum", "TagInstances", "DetachInstances"]
    assert result.path == [*BEGIN, *steps, "InstancesDetached", "TerminateInstances", "InstancesGone", *END]
    assert shape(world) == ([], Capacity(0, 0, 4))
    assert not set(world.cloud.place(ACCOUNT, REGION).instances) & set(OUR_INSTANCES)


def test_detached_instances_run_on_with_a_tag_and_are_replaced() -> None:
    world, result = ran(plain("detachInstances/kept"))
    world.clock.drain(600)

    place = world.cloud.place(ACCOUNT, REGION)
    assert result.control.status is Status.SUCCEEDED
    assert len(members(world)) == len(OUR_INSTANCES)
    assert FIRST not in members(world)
    assert touched(place, FIRST).tags == (("spinnaker:Detached", OURS),)
    assert FIRST in place.instances


def test_more_than_auto_scaling_takes_at_once_are_detached_in_batches() -> None:
    scenario = plain("detachInstances/kept")
    world = scenario.world()
    world.cloud.cloud(ACCOUNT, REGION).groups.resize(OURS, Capacity(0, 25, 50))
    world.clock.drain(600)

    world, result = ran(scenario, world, instanceIds=members(world))

    assert result.control.status is Status.SUCCEEDED
    assert [len(one.what) for one in world.cloud.deeds if one.did == "detached"] == [20, 5]  # type: ignore[arg-type]


def test_unless_it_is_clouddrivers_a_detachment_of_a_stranger_is_refused() -> None:
    scenario = plain("detachInstances")

    world, refused = ran(scenario, instanceIds=[FIRST, STRANGER])
    _, passed = ran(scenario, instanceIds=[FIRST, STRANGER], tolerant=True)
    _, none = ran(scenario, instanceIds=[STRANGER], tolerant=True)
    _, absent = ran(scenario, serverGroupName="shop-prod-v404", tolerant=True)

    assert why(world, refused, "Plan") == (
        f"Rejected: instance {STRANGER} cannot be detached: server group {OURS} does not have it; name one in service"
    )
    assert {one.control.status for one in (passed, none, absent)} == {Status.SUCCEEDED}


INTO, OUT = "registerInstancesWithLoadBalancer", "deregisterInstancesFromLoadBalancer"


def behind(world: World, balancer: str) -> set[str]:
    targets = world.cloud.place(ACCOUNT, REGION).behind.get(balancer) or ()
    return {one.instance for one in targets} & set(OUR_INSTANCES)


def both(world: World) -> list[set[str]]:
    return [behind(world, seeds.CLASSIC), behind(world, seeds.target_group(REGION))]


def test_instances_are_taken_out_of_both_kinds_of_load_balancers_and_put_into_them_again() -> None:
    world, out = ran(plain(OUT))

    assert out.path == [*BEGIN, "TakeOutOfLoadBalancers", "TakeOutOfTargetGroups", "OutOfTraffic", *END]
    assert out.took >= world.cloud.manners.drain
    assert both(world) == [set(), set()]

    _, into = ran(plain(INTO), world)
    assert into.path == [*BEGIN, "PutIntoLoadBalancers", "PutIntoTargetGroups", *END]
    assert both(world) == [set(OUR_INSTANCES), set(OUR_INSTANCES)]


def test_a_deregistration_that_need_not_be_drained_ends_at_once() -> None:
    _, result = ran(plain(OUT), waitFor="deregistered")

    assert result.control.status is Status.SUCCEEDED
    assert result.took < BRISK.drain


def test_of_a_server_group_only_the_load_balancers_of_the_kind_asked_for_are_concerned() -> None:
    world, result = ran(plain(INTO), ofGroup=["targetGroups"], instanceIds=[FIRST, STRANGER])

    assert result.control.status is Status.SUCCEEDED
    assert both(world) == [set(), {FIRST}]


@pytest.mark.parametrize(
    ("operation", "fields", "said"),
    [
        (INTO, {"loadBalancerNames": ["lost"]}, "classic load balancer lost does not exist in us-east-1"),
        (OUT, {"targetGroupNames": ["lost"]}, "target group lost does not exist in us-east-1"),
        (INTO, {"serverGroupName": "shop-prod-v404"}, "server group shop-prod-v404 does not exist in us-east-1"),
        (
            INTO,
            {"instanceIds": [STRANGER], "loadBalancerNames": [seeds.CLASSIC]},
            f"instance {STRANGER} does not exist in us-east-1; name instances that run",
        ),
    ],
)
def test_what_is_not_there_cannot_be_registered(operation: str, fields: dict[str, Any], said: str) -> None:
    scenario = plain(operation)
    world = scenario.world()
    before = world.cloud.snapshot()

    world, result = ran(scenario, world, **fields)

    assert result.path == [*BEGIN[:2], *BACK]
    assert why(world, result, "Plan").startswith(f"Rejected: {said}")
    assert differences(before, world.cloud.snapshot()) == []


def test_the_last_instances_of_a_protected_cluster_stay_in_traffic() -> None:
    scenario = plain(OUT)
    world = scenario.world()
    world.run(world.submit("destroyServerGroup", {"account": ACCOUNT, "region": REGION, "serverGroupName": NEIGHBOUR}))

    world, result = ran(scenario, world)
    _, overridden = ran(replace(scenario, invariants=()), world, overrideTrafficGuard=True)

    assert result.path[3:5] == ["TakeOutOfLoadBalancers", "UndoTakeOutOfLoadBalancers"]
    assert "cluster shop-prod in us-east-1 is protected" in why(world, result, "TakeOutOfLoadBalancers")
    assert overridden.control.status is Status.SUCCEEDED
    assert both(world) == [set(), set()]


def secured(world: World) -> dict[str, tuple[str, ...]]:
    found = world.cloud.cloud(ACCOUNT, REGION).of(Ec2Instances).found([*OUR_INSTANCES])
    return {one.id: one.security_groups for one in found.values()}


ADMIN = "sg-0123456789abcdef7"


@pytest.mark.parametrize(("appends", "after"), [(True, (seeds.WEB, ADMIN)), (False, (ADMIN,))])
def test_a_groups_instances_get_other_security_groups(appends: bool, after: tuple[str, ...]) -> None:
    world, result = ran(plain("updateInstances"), securityGroupsAppendOnly=appends)

    assert result.path == [*BEGIN, "SetSecurityGroups", *END]
    assert secured(world) == dict.fromkeys(OUR_INSTANCES, after)


def test_a_security_group_that_is_not_there_changes_nothing() -> None:
    world, result = ran(plain("updateInstances"), securityGroups=["lost"])

    assert result.path == [*BEGIN[:2], *BACK]
    assert "security group lost does not exist in VPC" in why(world, result, "Plan")


def test_instances_that_somebody_else_has_changed_since_keep_what_they_have() -> None:
    scenario = plain("updateInstances")
    world = scenario.world()
    place = world.cloud.place(ACCOUNT, REGION)

    def theirs(call: Call) -> None:
        if (call.name, call.where) == ("ec2_instances.found", "Plan"):
            touch(place, SECOND, security_groups=(ADMIN,))

    world.faults.watch(theirs)

    result = world.run(world.submit(scenario.operation, scenario.request))

    assert result.path == [*BEGIN, "SetSecurityGroups", "UndoSetSecurityGroups", "NothingLeft", *BACK]
    assert secured(world) == {FIRST: (seeds.WEB,), SECOND: (ADMIN,)}


IN_GROUP: dict[str, Any] = {"serverGroup": OURS}


@pytest.mark.parametrize(
    ("operation", "before", "after"),
    [
        ("terminateInstances", {"instances": [FIRST, SECOND]}, None),
        (DECREMENT, IN_GROUP | {"instances": [FIRST], "minimum": 2}, IN_GROUP | {"instances": [], "minimum": 1}),
        (
            "detachInstances",
            IN_GROUP | {"instances": [FIRST, SECOND], "minimum": 2},
            IN_GROUP | {"instances": [], "minimum": 0},
        ),
        (
            OUT,
            {"registered": {"shop-web": [FIRST, SECOND], "shop-classic": [FIRST, SECOND]}},
            {"registered": {"shop-web": [], "shop-classic": []}},
        ),
        (
            "updateInstances",
            {"securityGroups": {FIRST: [seeds.WEB], SECOND: [seeds.WEB]}},
            {"securityGroups": {FIRST: [seeds.WEB, ADMIN], SECOND: [seeds.WEB, ADMIN]}},
        ),
        (
            "enableInstancesInDiscovery",
            {"discovery": {FIRST: "OUT_OF_SERVICE", SECOND: "OUT_OF_SERVICE"}},
            {"discovery": {FIRST: "UP", SECOND: "UP"}},
        ),
    ],
)
def test_people_see_what_stood_there_before_and_what_shall(operation: str, before: Any, after: Any) -> None:
    scenario = plain(operation)
    world = scenario.world()
    saga = scenario.saga(world)
    assert saga.difference is not None

    plan = saga.plan(saga.request_type.model_validate(scenario.request), world.cloud.cloud(ACCOUNT, REGION, "op1"))

    assert saga.difference(plan) == (before, after)
