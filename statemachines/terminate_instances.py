"""Terminate instances: end them for good, and wait until they are gone."""

from datetime import timedelta

from lambdas.activities import instances
from lambdas.activities.instances import TerminatePlan
from lambdas.cloud import Cloud
from lambdas.requests.of_instances import guards_of_instances
from lambdas.requests.terminate_instances import TerminateInstances
from saga import Saga, step, wait_until

TERMINATE_INSTANCES: Saga[TerminateInstances, TerminatePlan, Cloud] = Saga(
    name="TerminateInstances",
    plan=instances.plan_terminate,
    guards=guards_of_instances,
    steps=(
        step("AskTrafficGuard", do=instances.ask, undo=instances.take_back),
        step("TerminateInstances", do=instances.terminate, pivot=True),
        wait_until("InstancesGone", check=instances.still_there, within=timedelta(hours=1)),
    ),
    difference=instances.difference_of_termination,
)
