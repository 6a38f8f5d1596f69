"""Upsert a scaling policy: make or change one of a server group, and the alarm that sets it off."""

from lambdas.activities import policies
from lambdas.activities.policies import UpsertPolicyPlan
from lambdas.cloud import Cloud
from lambdas.requests.upsert_scaling_policy import UpsertScalingPolicy, guards_of_policy
from saga import Saga, step

UPSERT_SCALING_POLICY: Saga[UpsertScalingPolicy, UpsertPolicyPlan, Cloud] = Saga(
    name="UpsertScalingPolicy",
    plan=policies.plan_upsert,
    guards=guards_of_policy,
    steps=(
        step("PutScalingPolicy", do=policies.put, undo=policies.restore),
        step("PutAlarm", do=policies.put_alarm, undo=policies.restore_alarm),
    ),
    left=policies.left_behind,
    results=policies.results,
    difference=policies.difference,
)
