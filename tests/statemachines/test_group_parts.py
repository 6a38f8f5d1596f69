"""Operations on what a server group has about it: the states they enter, there and back, and what stands afterwards."""

import json

import pytest

from lambdas.activities.policies import results
from lambdas.cloud.group_tags import GroupTag
from lambdas.cloud.policies import Policies
from lambdas.engine.tasks import plan_of
from lambdas.errors import Rejected
from lambdas.rows import Status
from lambdas.table import Key
from rehearsal.fake_cloud import differences
from rehearsal.fake_cloud.group_tags import FakeGroupTags, put
from rehearsal.fake_cloud.policies import put as put_alarm
from rehearsal.faults import Call
from rehearsal.scenarios import ACCOUNT, OURS, REGION, WHERE, named
from rehearsal.scenarios.upsert_alarm import STANDING, TOPIC
from rehearsal.scenarios.upsert_asg_lifecycle_hook import NEW
from rehearsal.trials import Scenario
from rehearsal.world import World
from statemachines.upsert_scaling_policy import UPSERT_SCALING_POLICY

PATHS: dict[str, list[tuple[str, str]]] = {
    "suspendAsgProcesses": [("SuspendProcesses", "groups.suspend")],
    "upsertServerGroupTags": [("PutTags", "group_tags.put")],
    "deleteAsgTags": [("DeleteTags", "group_tags.delete")],
    "modifyAsg": [
        ("UpdateAttributes", "attributes.update"),
        ("DisableMetrics", "attributes.disable_metrics"),
        ("EnableMetrics", "groups.enable_metrics"),
    ],
    "upsertAsgScheduledActions": [
        ("DeleteScheduledActions", "schedules.delete"),
        ("PutScheduledActions", "scaling.put_scheduled_action"),
    ],
    "upsertAlarm": [("PutAlarm", "alarms.put")],
    "upsertAlarm/new": [("PutAlarm", "alarms.put")],
    "deleteAlarm": [("DeleteAlarm", "alarms.delete")],
    "upsertScalingPolicy": [("PutScalingPolicy", "policies.put"), ("PutAlarm", "alarms.put")],
    "upsertScalingPolicy/new": [("PutScalingPolicy", "policies.put"), ("PutAlarm", "alarms.put")],
    "deleteScalingPolicy": [("DeleteAlarms", "alarms.delete"), ("DeleteScalingPolicy", "policies.delete")],
    "upsertAsgLifecycleHook": [("PutLifecycleHook", "hooks.put")],
    "upsertAsgLifecycleHook/new": [("PutLifecycleHook", "hooks.put")],
}
"""Each scenario's steps, and the call that each makes."""
BEGIN, END = ["Guard", "Plan", "Recovering"], ["Finish", "Succeeded"]
BACK = ["NothingLeft", "PutBack", "RolledBack"]
REFUSED = [(name, at) for name, steps in PATHS.items() for at in range(len(steps))]


def scenario_of(name: str) -> Scenario:
    (found,) = named(name)
    return found


def submitted(scenario: Scenario, world: World) -> str:
    return world.submit(scenario.operation, scenario.request, key="once")


@pytest.mark.parametrize("name", PATHS)
def test_its_steps_in_order_and_then_the_end(name: str) -> None:
    scenario = scenario_of(name)
    world = scenario.world()
    before = world.cloud.snapshot()

    result = world.run(submitted(scenario, world))

    assert result.path == [*BEGIN, *(step for step, _ in PATHS[name]), *END]
    assert differences(before, world.cloud.snapshot()) != []


@pytest.mark.parametrize(("name", "at"), REFUSED)
def test_a_refused_step_leads_back_and_nothing_has_changed(name: str, at: int) -> None:
    scenario, steps = scenario_of(name), [step for step, _ in PATHS[name]]
    world = scenario.world()
    before = world.cloud.snapshot()
    refused = PATHS[name][at][1]
    world.faults.on(lambda call: call == refused, lambda call: _refused if call.where == steps[at] else None)

    result = world.run(submitted(scenario, world))

    undos = [f"Undo{step}" for step in reversed(steps[: at + 1])]
    assert result.path == [*BEGIN, *steps[: at + 1], *undos, *BACK]
    assert result.control.status is Status.ROLLED_BACK
    assert "not today" in (result.control.error or "")
    assert differences(before, world.cloud.snapshot()) == []


def test_only_processes_that_ran_are_suspended_and_resumed_again() -> None:
    scenario = scenario_of("suspendAsgProcesses")
    world = scenario.world()
    operation = submitted(scenario, world)
    world.faults.watch(lambda call: world.signal(operation, "cancel") if call.name == "groups.suspend" else None)

    world.run(operation)

    assert [(deed.did, deed.what) for deed in world.cloud.deeds if deed.operation == operation] == [
        ("suspended processes of", ("AZRebalance",)),
        ("resumed processes of", ("AZRebalance",)),
    ]


def test_a_tag_that_somebody_changed_meanwhile_stays_theirs_and_the_others_are_put_back() -> None:
    scenario = scenario_of("upsertServerGroupTags")
    world = scenario.world()
    operation = submitted(scenario, world)
    place = world.cloud.place(ACCOUNT, REGION)

    def meddle(call: Call) -> None:
        if call.name == "group_tags.put" and call.where == "PutTags":
            world.signal(operation, "cancel")
            put(place, OURS, [GroupTag("team", "theirs")])

    world.faults.watch(meddle)
    result = world.run(operation)

    assert result.control.status is Status.ROLLED_BACK
    assert FakeGroupTags(place).find(OURS) == (
        GroupTag("cost", "4711", propagate=False),
        GroupTag("team", "theirs"),
        GroupTag("windlass:operation", "earlier"),
    )
    step = world.table.get(Key(f"op#{operation}", "step#UndoPutTags")) or {}
    assert step["findings"] == [f"tag of {OURS}: team is no longer as this operation made it: left as it is"]


def test_scheduled_actions_are_changed_in_place_only_where_no_field_comes_or_goes() -> None:
    scenario = scenario_of("upsertAsgScheduledActions")
    world = scenario.world()

    world.run(submitted(scenario, world))

    actions = {
        one.name: json.loads(one.specification) for one in world.cloud.place(ACCOUNT, REGION).actions.get(OURS) or ()
    }
    assert actions.pop("morning") == {"MinSize": 3, "Recurrence": "0 6 * * *", "TimeZone": "Europe/Berlin"}
    assert actions.pop("night") == {"MinSize": 1, "Recurrence": "0 2 * * *"}
    assert [name.rpartition("-")[0] for name in actions] == [OURS, OURS]
    assert sorted(actions.values(), key=lambda one: str(one["Recurrence"])) == [
        {"MaxSize": 4, "MinSize": 2, "Recurrence": "0 12 * * *"},
        {"DesiredCapacity": 2, "MaxSize": 4, "MinSize": 1, "Recurrence": "0 18 * * *"},
    ]


def test_a_hook_keeps_what_the_request_does_not_tell_of() -> None:
    scenario = scenario_of("upsertAsgLifecycleHook")
    world = scenario.world()
    request = {**WHERE, "serverGroupName": OURS, "name": "drain", "heartbeatTimeout": 90}
    world.run(submitted(scenario, world))

    world.run(world.submit(scenario.operation, request, key="twice"))

    (hook,) = world.cloud.place(ACCOUNT, REGION).hooks.get(OURS) or ()
    assert (hook.heartbeat, hook.role, hook.target) == (90, NEW["roleARN"], NEW["notificationTargetARN"])


def test_a_new_policy_is_answered_with_its_name_its_arn_and_its_alarm() -> None:
    scenario = scenario_of("upsertScalingPolicy/new")
    world = scenario.world()
    operation = submitted(scenario, world)
    world.run(operation)

    plan = (world.table.get(Key(f"op#{operation}", "plan")) or {})["plan"]
    step = world.table.get(Key(f"op#{operation}", "step#PutScalingPolicy")) or {}
    policy = world.cloud.cloud(ACCOUNT, REGION).of(Policies).find(OURS, plan["name"])
    assert step["results"] == {"policyArn": policy.arn}
    assert policy.alarms == (plan["alarm"]["name"],)
    assert results(plan_of(UPSERT_SCALING_POLICY, plan)) == {
        "policyName": plan["name"],
        "alarmName": plan["alarm"]["name"],
    }
    assert plan["name"].startswith(f"{OURS}-policy-")


def test_an_alarm_that_serves_others_too_outlives_its_policy_and_those_that_do_not_go_with_it() -> None:
    scenario = scenario_of("deleteScalingPolicy")
    world = scenario.world()
    world.run(submitted(scenario, world))

    place = world.cloud.place(ACCOUNT, REGION)
    assert [name for name in place.alarms.things if name.startswith(OURS)] == [f"{OURS}-loud"]
    assert json.loads(place.alarms.things[f"{OURS}-loud"].alarm.specification)["AlarmActions"] == [TOPIC]


def test_an_alarm_that_somebody_changed_meanwhile_stays_theirs_and_the_policy_is_put_back() -> None:
    scenario = scenario_of("deleteScalingPolicy")
    world = scenario.world()
    operation, place = submitted(scenario, world), world.cloud.place(ACCOUNT, REGION)
    theirs = json.dumps(STANDING | {"Threshold": 1.0}, sort_keys=True, separators=(",", ":"))

    def meddle(call: Call) -> None:
        if call.name == "policies.delete" and call.where == "DeleteScalingPolicy":
            world.signal(operation, "cancel")
            put_alarm(place, f"{OURS}-quiet", theirs)

    world.faults.watch(meddle)
    result = world.run(operation)

    assert result.control.status is Status.ROLLED_BACK
    assert place.alarms.things[f"{OURS}-quiet"].alarm.specification == theirs
    assert world.cloud.cloud(ACCOUNT, REGION).of(Policies).find(OURS, "up").alarms == (f"{OURS}-busy", f"{OURS}-loud")


def _refused(*_: object) -> None:
    raise Rejected("not today")
