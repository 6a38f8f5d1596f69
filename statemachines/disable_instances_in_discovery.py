"""Disable instances in discovery: keep others from finding them."""

from lambdas.activities import discovery
from lambdas.activities.discovery import DiscoveryPlan
from lambdas.cloud import Cloud
from lambdas.requests.discovery import DisableInstancesInDiscovery
from lambdas.requests.of_instances import guards_of_instances
from saga import Saga, step

DISABLE_INSTANCES_IN_DISCOVERY: Saga[DisableInstancesInDiscovery, DiscoveryPlan, Cloud] = Saga(
    name="DisableInstancesInDiscovery",
    plan=discovery.plan_disable,
    guards=guards_of_instances,
    steps=(step("SetStatus", do=discovery.keep_from, undo=discovery.say_again),),
    left=discovery.left_behind,
    difference=discovery.difference,
    results=discovery.results,
)
