"""Modify: change attributes of a server group, and which of its metrics are collected."""

from lambdas.activities import attributes
from lambdas.activities.attributes import ModifyPlan
from lambdas.cloud import Cloud
from lambdas.requests import guards_of_one
from lambdas.requests.modify_asg import ModifyAsg
from saga import Saga, step

MODIFY_ASG: Saga[ModifyAsg, ModifyPlan, Cloud] = Saga(
    name="ModifyAsg",
    plan=attributes.plan_modify,
    guards=guards_of_one,
    steps=(
        step("UpdateAttributes", do=attributes.update, undo=attributes.restore),
        step("DisableMetrics", do=attributes.disable_metrics, undo=attributes.collect_again),
        step("EnableMetrics", do=attributes.enable_metrics, undo=attributes.collect_no_more),
    ),
    left=attributes.left_behind,
    difference=attributes.difference,
)
