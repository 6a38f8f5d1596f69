"""Detach instances: let them go from their server group, to run on or to end."""

from datetime import timedelta

from lambdas.activities import evidence, members
from lambdas.activities.members import MembersPlan
from lambdas.cloud import Cloud
from lambdas.requests import guards_of_one
from lambdas.requests.detach_instances import DetachInstances
from saga import Saga, step, wait_until

DETACH_INSTANCES: Saga[DetachInstances, MembersPlan, Cloud] = Saga(
    name="DetachInstances",
    plan=members.plan_detach,
    guards=guards_of_one,
    steps=(
        step("AskTrafficGuard", do=members.ask, undo=members.take_back),
        step("LowerMinimum", do=members.lower_minimum, undo=members.restore_minimum),
        step("TagInstances", do=members.tag, undo=members.untag),
        step("DetachInstances", do=members.detach, pivot=True),
        wait_until("InstancesDetached", check=members.leaving, within=timedelta(hours=2), watches=members.of_plan),
        step("TerminateInstances", do=members.end),
        wait_until("InstancesGone", check=members.still_there, within=timedelta(hours=1)),
    ),
    left=members.left_behind,
    difference=members.difference,
    evidence=evidence.of_group,
)
