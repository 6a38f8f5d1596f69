"""Terminate an instance and decrement: end one instance of a server group, which has one fewer from then on."""

from datetime import timedelta

from lambdas.activities import evidence, members
from lambdas.activities.members import MembersPlan
from lambdas.cloud import Cloud
from lambdas.requests import guards_of_one
from lambdas.requests.terminate_instance_and_decrement_server_group import TerminateInstanceAndDecrementServerGroup
from saga import Saga, step, wait_until

TERMINATE_INSTANCE_AND_DECREMENT_SERVER_GROUP: Saga[TerminateInstanceAndDecrementServerGroup, MembersPlan, Cloud] = (
    Saga(
        name="TerminateInstanceAndDecrementServerGroup",
        plan=members.plan_terminate,
        guards=guards_of_one,
        steps=(
            step("AskTrafficGuard", do=members.ask, undo=members.take_back),
            step("LowerMinimum", do=members.lower_minimum, undo=members.restore_minimum),
            step("TerminateInstance", do=members.terminate, pivot=True),
            wait_until("InstanceGone", check=members.leaving, within=timedelta(hours=3), watches=members.of_plan),
            step("LowerMaximum", do=members.lower_maximum),
        ),
        left=members.left_behind,
        difference=members.difference,
        evidence=evidence.of_group,
    )
)
