"""Upsert an alarm: make or change a metric alarm of CloudWatch."""

from lambdas.activities import alarms
from lambdas.activities.alarms import AlarmPlan
from lambdas.cloud import Cloud
from lambdas.requests.of_things import guards_of_thing
from lambdas.requests.upsert_alarm import UpsertAlarm
from saga import Saga, step

UPSERT_ALARM: Saga[UpsertAlarm, AlarmPlan, Cloud] = Saga(
    name="UpsertAlarm",
    plan=alarms.plan_upsert,
    guards=guards_of_thing,
    steps=(step("PutAlarm", do=alarms.put, undo=alarms.restore),),
    left=alarms.left_behind,
    results=alarms.results,
    difference=alarms.difference,
)
