"""Upsert scheduled actions: give a server group these, and no others."""

from lambdas.activities import schedules
from lambdas.activities.schedules import SchedulesPlan
from lambdas.cloud import Cloud
from lambdas.requests import guards_of_one
from lambdas.requests.upsert_asg_scheduled_actions import UpsertAsgScheduledActions
from saga import Saga, step

UPSERT_ASG_SCHEDULED_ACTIONS: Saga[UpsertAsgScheduledActions, SchedulesPlan, Cloud] = Saga(
    name="UpsertAsgScheduledActions",
    plan=schedules.plan_upsert,
    guards=guards_of_one,
    steps=(
        # First what goes: Auto Scaling refuses two actions that begin at the same time.
        step("DeleteScheduledActions", do=schedules.delete, undo=schedules.put_again),
        step("PutScheduledActions", do=schedules.put, undo=schedules.take_back),
    ),
    left=schedules.left_behind,
    difference=schedules.difference,
)
