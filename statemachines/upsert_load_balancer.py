"""Upsert a load balancer: make it if it is not there, then bring one kind of its parts after another to what is asked.

What is asked for is there before anything else is removed: removals come last, since they cannot be put back. A step
writes the parts of one matter, each by an absolute call of its own; one more state for each would outgrow the history.
"""

from lambdas.activities import balancers
from lambdas.activities.balancer_plans import BalancerPlan
from lambdas.cloud import Cloud
from lambdas.requests.of_things import guards_of_thing
from lambdas.requests.upsert_load_balancer import UpsertLoadBalancer
from saga import Saga, step

UPSERT_LOAD_BALANCER: Saga[UpsertLoadBalancer, BalancerPlan, Cloud] = Saga(
    name="UpsertLoadBalancer",
    plan=balancers.plan_upsert,
    guards=guards_of_thing,
    steps=(
        step("CreateTargetGroups", do=balancers.create_target_groups, undo=balancers.delete_new_target_groups),
        step("CreateLoadBalancer", do=balancers.create, undo=balancers.delete_new),
        step("SetNetwork", do=balancers.set_network, undo=balancers.restore_network),
        step("SetAttributes", do=balancers.set_attributes, undo=balancers.restore_attributes),
        step("ConfigureTargets", do=balancers.configure_targets, undo=balancers.restore_targets),
        step("PutListeners", do=balancers.put_listeners, undo=balancers.restore_listeners),
        step("PutRules", do=balancers.put_rules, undo=balancers.restore_rules),
        step("RemoveListeners", do=balancers.remove, pivot=True),
        step("DeleteTargetGroups", do=balancers.delete_unused),
    ),
    left=balancers.left_behind,
    difference=balancers.difference,
)
