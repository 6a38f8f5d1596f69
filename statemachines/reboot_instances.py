"""Reboot instances: start them anew where they are."""

from lambdas.activities import instances
from lambdas.activities.instances import RebootPlan
from lambdas.cloud import Cloud
from lambdas.requests.of_instances import guards_of_instances
from lambdas.requests.reboot_instances import RebootInstances
from saga import Saga, step

REBOOT_INSTANCES: Saga[RebootInstances, RebootPlan, Cloud] = Saga(
    name="RebootInstances",
    plan=instances.plan_reboot,
    guards=guards_of_instances,
    steps=(step("RebootInstances", do=instances.reboot, pivot=True),),
)
