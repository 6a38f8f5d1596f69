"""Destroy: take a server group out of traffic, which can be taken back, then delete it, which cannot."""

from datetime import timedelta

from lambdas.activities import (
    differences,
    evidence,
    launch_templates,
    load_balancers,
    plans,
    processes,
    retirement,
    scaling,
    traffic,
)
from lambdas.activities.plans import DestroyPlan
from lambdas.cloud import Cloud
from lambdas.requests import guards_of_one
from lambdas.requests.destroy_server_group import DestroyServerGroup
from saga import Saga, step, wait_until

DESTROY_SERVER_GROUP: Saga[DestroyServerGroup, DestroyPlan, Cloud] = Saga(
    name="DestroyServerGroup",
    plan=retirement.plan_destroy,
    guards=guards_of_one,
    steps=(
        step("SuspendProcesses", do=processes.stand_down, undo=processes.resume),
        step(
            "TakeOutOfTargetGroups",
            do=load_balancers.take_out_of_target_groups,
            undo=load_balancers.put_back_into_target_groups,
        ),
        step(
            "TakeOutOfLoadBalancers",
            do=load_balancers.take_out_of_load_balancers,
            undo=load_balancers.put_back_into_load_balancers,
        ),
        step("DeleteGroup", do=retirement.delete, pivot=True),
        wait_until("GroupGone", check=retirement.still_there, within=timedelta(hours=1), watches=plans.of_plan),
        step("DeleteAlarms", do=scaling.delete_alarms_of_group),
        step("DeleteLaunchTemplate", do=launch_templates.delete_unused),
    ),
    left=traffic.left_out,
    difference=differences.of_destroy,
    evidence=evidence.of_group,
)
