"""Delete a load balancer with its listeners, then the target groups that only it sent to."""

from lambdas.activities import balancers
from lambdas.activities.balancers import DeletionPlan
from lambdas.cloud import Cloud
from lambdas.requests.delete_load_balancer import DeleteLoadBalancer
from lambdas.requests.of_things import guards_of_thing
from saga import Saga, step

DELETE_LOAD_BALANCER: Saga[DeleteLoadBalancer, DeletionPlan, Cloud] = Saga(
    name="DeleteLoadBalancer",
    plan=balancers.plan_delete,
    guards=guards_of_thing,
    steps=(
        # Listeners carry more than a plan could restore, and go with it: nothing is taken apart before.
        step("DeleteLoadBalancer", do=balancers.delete, pivot=True),
        step("DeleteTargetGroups", do=balancers.delete_target_groups),
    ),
    difference=balancers.deletion,
)
