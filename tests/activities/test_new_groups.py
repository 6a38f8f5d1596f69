"""A server group comes up furnished and once, and goes again without a trace."""

import base64
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.activities import capacity, launch_templates, scaling, server_groups
from lambdas.activities.plans import CreatePlan
from lambdas.cloud import OPERATION_TAG, Capacity, Group, GroupSettings
from lambdas.errors import Broken, Conflict, Rejected, RollBack, Transient
from rehearsal.fake_cloud import differences
from rehearsal.fake_cloud.place import ALWAYS, Template
from statemachines.create_server_group import CREATE_SERVER_GROUP
from tests.activities.walk import SOURCE, TARGETS, World, back, forward, order, size

GROUP = "shop-prod-v002"
COPYING = {"source": {"account": "prod", "region": "us-east-1", "asgName": SOURCE}}
HOOK = {"lifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING", "name": "warm-up"}
STEPS = len(list(CREATE_SERVER_GROUP.changes))


@pytest.fixture
def world() -> World:
    return World()


def planned(world: World, **changes: Any) -> CreatePlan:
    plan: CreatePlan = world.plan(CREATE_SERVER_GROUP, order(**changes))
    return plan


def group(world: World, name: str = GROUP) -> Group:
    found = world.place.groups.get(name)
    assert found is not None
    return found


def test_it_comes_up_as_asked_for(world: World) -> None:
    world.furnish()
    metrics = ["GroupInServiceInstances"]
    plan = planned(world, lifecycleHooks=[HOOK], enabledMetrics=metrics, suspendedProcesses=["AZRebalance"], **COPYING)

    forward(CREATE_SERVER_GROUP, plan, world.cloud)

    made = group(world)
    assert (made.capacity, *made.suspended, *made.metrics) == (Capacity(1, 2, 3), "AZRebalance", *metrics)
    assert made.settings == plan.settings
    assert [hook.name for hook in world.cloud.groups.hooks(GROUP)] == ["warm-up"]
    assert [one.name for one in world.cloud.scaling.policies(GROUP)] == ["shop-prod-v002-cpu", "up"]
    assert [one.name for one in world.cloud.scaling.scheduled_actions(GROUP)] == ["nightly"]


def test_each_step_says_what_it_did(world: World) -> None:
    plan = planned(world, startDisabled=True)

    said = forward(CREATE_SERVER_GROUP, plan, world.cloud)

    assert said[1].startswith("created Auto Scaling group shop-prod-v002 at 0/0/0 in subnet-")
    assert said[2:] == [
        "suspended AddToLoadBalancer of shop-prod-v002",
        "no hooks to add",
        "no scaling policies to copy",
        "no alarms to copy",
        "no scheduled actions to copy",
        "no metrics to enable",
        "scaled shop-prod-v002 to 1/2/3",
    ]


def test_every_step_may_be_done_twice(world: World) -> None:
    world.furnish()
    plan = planned(world, lifecycleHooks=[HOOK], **COPYING)

    for step in CREATE_SERVER_GROUP.changes:
        assert step.do(plan, world.cloud) == step.do(plan, world.cloud)

    assert world.fake.created.count(f"group {GROUP}") == 1
    assert world.fake.created.count(f"launch template {plan.launch_template}") == 1


@given(st.integers(0, STEPS), st.booleans())
def test_undoing_from_any_step_leaves_nothing_and_twice_is_once(steps: int, copying: bool) -> None:
    world = World()
    world.furnish()
    before = world.fake.snapshot()
    plan = planned(world, lifecycleHooks=[HOOK], **(COPYING if copying else {}))
    forward(CREATE_SERVER_GROUP, plan, world.cloud, steps=steps)

    for _ in range(2):
        back(CREATE_SERVER_GROUP, plan, world.cloud)
        world.drain()

    assert differences(before, world.fake.snapshot()) == []
    assert server_groups.left_behind(plan, world.cloud) is None


def test_a_disabled_group_reaches_its_size_and_never_takes_traffic(world: World) -> None:
    plan = planned(world, startDisabled=True)
    seen: set[int] = set()

    def look() -> None:
        ours = {one.id for one in group(world).instances} if world.place.groups.get(GROUP) else set()
        behind = [one for name in (*world.place.target_groups, *world.place.classics) for one in _behind(world, name)]
        seen.add(len(ours.intersection(behind)))

    world.fake.watch(look)
    forward(CREATE_SERVER_GROUP, plan, world.cloud)
    world.drain()

    assert len(group(world).instances) == 2
    assert seen == {0}
    assert capacity.unhealthy(plan, world.cloud) is None


def _behind(world: World, balancer: str) -> list[str]:
    return [one.instance for one in world.place.behind.get(balancer) or ()]


# What is there already.


def stranger(world: World, *, operation: str = "other", deleting: bool = False) -> None:
    settings = GroupSettings(tags=((OPERATION_TAG, operation),))
    world.place.groups.put(GROUP, Group(GROUP, Capacity(0, 0, 0), settings, deleting=deleting), ALWAYS)


def test_a_group_that_somebody_made_meanwhile_is_refused_in_words_and_stays(world: World) -> None:
    plan = planned(world)
    launch_templates.create(plan, world.cloud)
    stranger(world)

    with pytest.raises(Rejected, match="server group shop-prod-v002 was made by somebody else since"):
        server_groups.create_empty(plan, world.cloud)

    server_groups.delete(plan, world.cloud)
    assert not group(world).deleting
    assert world.cloud.findings == ["server group shop-prod-v002 was not made by this operation: left alone"]
    launch_templates.delete(plan, world.cloud)
    assert server_groups.left_behind(plan, world.cloud) is None


def test_a_group_of_that_name_on_its_way_out_is_waited_for(world: World) -> None:
    plan = planned(world)
    launch_templates.create(plan, world.cloud)
    stranger(world, deleting=True)

    with pytest.raises(Conflict, match="still being deleted"):
        server_groups.create_empty(plan, world.cloud)


def test_a_template_that_is_not_visible_yet_is_tried_again(world: World) -> None:
    with pytest.raises(Transient, match=r"launch template .* is not visible yet"):
        server_groups.create_empty(planned(world), world.cloud)


def test_a_group_that_is_not_visible_yet_is_tried_again(world: World) -> None:
    with pytest.raises(Transient, match="server group shop-prod-v002 is not visible yet"):
        capacity.scale_up(planned(world), world.cloud)


def test_a_strangers_template_is_refused_and_stays(world: World) -> None:
    plan = planned(world)
    foreign = Template(plan.launch_template, "lt-1", plan.launch, None, ((OPERATION_TAG, "other"),))
    world.place.templates.put(plan.launch_template, foreign, ALWAYS)

    with pytest.raises(Rejected, match="was not made by this operation"):
        launch_templates.create(plan, world.cloud)
    launch_templates.delete(plan, world.cloud)

    assert world.place.templates.get(plan.launch_template) == foreign
    assert len(world.cloud.findings) == 1


def test_the_template_of_a_later_operation_has_another_name() -> None:
    assert launch_templates.name_for(GROUP, "op1") != launch_templates.name_for(GROUP, "op2")


@pytest.mark.parametrize("group_name", ["a", "x" * 255, "shop~^-v001"])
def test_any_groups_template_has_a_name_that_ec2_takes_and_that_belongs_to_it(world: World, group_name: str) -> None:
    name = launch_templates.name_for(group_name, "op1")

    world.cloud.launch_templates.create(name, planned(world).launch, None, (), "token")
    assert launch_templates.belongs_to(name, group_name)


# User data.


def test_user_data_reaches_the_template_and_no_sentence(world: World) -> None:
    text = base64.b64encode(b"hunter2").decode()
    world.fake.secrets.texts["userData"] = text
    plan = planned(world, userData=text)

    said = launch_templates.create(plan, world.cloud)

    template = world.place.templates.get(plan.launch_template)
    assert template is not None
    assert template.user_data == text
    assert text not in said


def test_user_data_that_is_not_what_was_planned_with_is_our_bug(world: World) -> None:
    plan = planned(world, userData=base64.b64encode(b"one").decode())
    with pytest.raises(Transient):
        launch_templates.create(plan, world.cloud)

    world.fake.secrets.texts["userData"] = "other"

    with pytest.raises(Broken, match="not what was planned with"):
        launch_templates.create(plan, world.cloud)


# Copies.


def test_a_copied_alarm_watches_the_new_group_and_triggers_its_policy(world: World) -> None:
    world.furnish()
    plan = planned(world, **COPYING)

    forward(CREATE_SERVER_GROUP, plan, world.cloud)

    watching = world.place.alarms.get("shop-prod-v002-high")
    assert watching is not None
    assert (watching.group, watching.alarm.policy) == (GROUP, "shop-prod-v002-cpu")
    assert watching.alarm.specification == '{"Dimensions":[{"Name":"AutoScalingGroupName","Value":"shop-prod-v002"}]}'


def test_a_policy_that_vanished_since_the_plan_is_refused(world: World) -> None:
    world.furnish()
    plan = planned(world, **COPYING)
    world.place.policies.take(SOURCE, ALWAYS)

    with pytest.raises(Rejected, match="scaling policy shop-prod-v001-cpu of shop-prod-v001 has gone"):
        scaling.copy_policies(plan, world.cloud)


def test_undoing_the_alarms_leaves_the_sources(world: World) -> None:
    world.furnish()
    plan = planned(world, **COPYING)
    forward(CREATE_SERVER_GROUP, plan, world.cloud)

    scaling.delete_alarms(plan, world.cloud)

    assert sorted(world.place.alarms.things) == ["low", "shop-prod-v001-high"]


def test_long_and_equal_names_are_told_apart(world: World) -> None:
    long = "x" * 255
    taken = {long}

    cut = scaling._fitting(long, taken)

    assert cut not in taken
    assert len(cut) == 255


# Left behind.


def test_what_is_being_deleted_is_a_reason_to_wait(world: World) -> None:
    plan = planned(world)
    forward(CREATE_SERVER_GROUP, plan, world.cloud)
    back(CREATE_SERVER_GROUP, plan, world.cloud)
    stranger(world, operation="op1", deleting=True)

    assert server_groups.left_behind(plan, world.cloud) == "server group shop-prod-v002 is being deleted"


@pytest.mark.parametrize(
    ("late", "what"),
    [
        ("CreateLaunchTemplate", "launch template shop-prod-v002-"),
        ("CreateEmptyGroup", "server group shop-prod-v002"),
        ("CopyAlarms", "alarm shop-prod-v002-"),
    ],
)
def test_what_landed_late_is_undone_again(world: World, late: str, what: str) -> None:
    world.furnish()
    plan = planned(world, **COPYING)
    forward(CREATE_SERVER_GROUP, plan, world.cloud)
    for step in reversed(CREATE_SERVER_GROUP.changes):
        if step.undo and step.name != late:
            step.undo(plan, world.cloud)

    with pytest.raises(RollBack, match=f"{what}.* is there, as this operation made it"):
        server_groups.left_behind(plan, world.cloud)


def test_a_group_under_another_name_that_carries_the_tag_is_left_behind_too(world: World) -> None:
    plan = replace(planned(world), group="shop-prod-v009")
    stranger(world, operation="op1")

    with pytest.raises(RollBack, match="server group shop-prod-v002 is there, as this operation made it"):
        server_groups.left_behind(plan, world.cloud)


# Health.


def test_only_the_size_counts_for_a_caller_who_does_not_wait_for_health(world: World) -> None:
    assert capacity.unhealthy(planned(world, waitFor="created"), world.cloud) is None


def test_a_healthy_group_has_no_reason_left(world: World) -> None:
    plan = planned(world)
    forward(CREATE_SERVER_GROUP, plan, world.cloud)

    assert capacity.unhealthy(plan, world.cloud) is None


def test_a_group_that_is_not_visible_is_not_healthy(world: World) -> None:
    said = capacity.unhealthy(planned(world), world.cloud)

    assert said == "server group shop-prod-v002 is not visible yet, or somebody deleted it"


def test_a_group_that_somebody_made_in_the_place_of_ours_is_none_of_ours(world: World) -> None:
    plan = planned(world)
    forward(CREATE_SERVER_GROUP, plan, world.cloud)
    found = world.cloud.groups.find(GROUP)
    world.place.group_is(GROUP, settings=replace(found.settings, tags=(("owner", "somebody else"),)))

    with pytest.raises(Rejected, match="server group shop-prod-v002 was deleted, and made again by somebody else"):
        capacity.unhealthy(plan, world.cloud)


def test_a_read_from_before_it_was_scaled_up_does_not_count(world: World) -> None:
    plan = planned(world)
    forward(CREATE_SERVER_GROUP, plan, world.cloud, steps=2)

    said = capacity.unhealthy(plan, world.cloud)

    assert said == "0 of 2 instances healthy; shop-prod-v002 has 0/0/0, not 1/2/3"


def test_want_of_capacity_is_told_in_auto_scalings_words(world: World) -> None:
    world.place.has_no_capacity(600)
    plan = planned(world)
    forward(CREATE_SERVER_GROUP, plan, world.cloud)

    said = capacity.unhealthy(plan, world.cloud)

    assert said is not None
    assert said.startswith("0 of 2 instances healthy; Auto Scaling: We currently do not have sufficient m5.large")


def test_an_instance_must_be_healthy_behind_every_load_balancer(world: World) -> None:
    plan = planned(world)
    forward(CREATE_SERVER_GROUP, plan, world.cloud)
    first = group(world).instances[0].id
    world.cloud.load_balancers.deregister(TARGETS, (first,))

    assert capacity.unhealthy(plan, world.cloud) == f"1 of 2 instances healthy; {first}: not registered in shop-web"


def test_a_bad_image_is_told_by_the_load_balancer(world: World) -> None:
    plan = planned(world, image="broken-1.0.0-x86_64-20260301")
    forward(CREATE_SERVER_GROUP, plan, world.cloud)

    said = capacity.unhealthy(plan, world.cloud)

    assert said is not None
    assert said.endswith(": Target.FailedHealthChecks in shop-classic")


def test_a_group_scaled_in_meanwhile_needs_fewer(world: World) -> None:
    plan = planned(world)
    forward(CREATE_SERVER_GROUP, plan, world.cloud)
    world.cloud.groups.resize(GROUP, Capacity(1, 1, 3))

    assert size(world.place, GROUP).desired == 1
    assert capacity.unhealthy(plan, world.cloud) is None


def test_a_group_that_somebody_deletes_is_given_up(world: World) -> None:
    plan = planned(world)
    forward(CREATE_SERVER_GROUP, plan, world.cloud)
    world.place.group_is(GROUP, deleting=True)

    with pytest.raises(Rejected, match="is being deleted by somebody else"):
        capacity.unhealthy(plan, world.cloud)


def test_a_load_balancer_that_is_gone_is_no_health(world: World) -> None:
    plan = planned(world)
    forward(CREATE_SERVER_GROUP, plan, world.cloud)
    del world.place.target_groups[TARGETS]

    with pytest.raises(Rejected, match="a load balancer of server group shop-prod-v002 is gone"):
        capacity.unhealthy(plan, world.cloud)
