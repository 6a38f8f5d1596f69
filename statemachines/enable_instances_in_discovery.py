"""Enable instances in discovery: let others find them again."""

from lambdas.activities import discovery
from lambdas.activities.discovery import DiscoveryPlan
from lambdas.cloud import Cloud
from lambdas.requests.discovery import EnableInstancesInDiscovery
from lambdas.requests.of_instances import guards_of_instances
from saga import Saga, step

ENABLE_INSTANCES_IN_DISCOVERY: Saga[EnableInstancesInDiscovery, DiscoveryPlan, Cloud] = Saga(
    name="EnableInstancesInDiscovery",
    plan=discovery.plan_enable,
    guards=guards_of_instances,
    steps=(step("SetStatus", do=discovery.let_find, undo=discovery.say_again),),
    left=discovery.left_behind,
    difference=discovery.difference,
    results=discovery.results,
)
