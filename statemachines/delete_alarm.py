"""Delete an alarm of CloudWatch."""

from lambdas.activities import alarms
from lambdas.activities.alarms import AlarmPlan
from lambdas.cloud import Cloud
from lambdas.requests.delete_alarm import DeleteAlarm
from lambdas.requests.of_things import guards_of_thing
from saga import Saga, step

DELETE_ALARM: Saga[DeleteAlarm, AlarmPlan, Cloud] = Saga(
    name="DeleteAlarm",
    plan=alarms.plan_delete,
    guards=guards_of_thing,
    steps=(step("DeleteAlarm", do=alarms.delete, undo=alarms.restore),),
    left=alarms.left_behind,
    results=alarms.results,
    difference=alarms.difference,
)
