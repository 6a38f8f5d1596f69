"""Upsert a lifecycle hook: make or change one of a server group."""

from lambdas.activities import hooks
from lambdas.activities.hooks import HookPlan
from lambdas.cloud import Cloud
from lambdas.requests import guards_of_one
from lambdas.requests.upsert_asg_lifecycle_hook import UpsertAsgLifecycleHook
from saga import Saga, step

UPSERT_ASG_LIFECYCLE_HOOK: Saga[UpsertAsgLifecycleHook, HookPlan, Cloud] = Saga(
    name="UpsertAsgLifecycleHook",
    plan=hooks.plan_upsert,
    guards=guards_of_one,
    steps=(step("PutLifecycleHook", do=hooks.put, undo=hooks.restore),),
    left=hooks.left_behind,
    difference=hooks.difference,
)
