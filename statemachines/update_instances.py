"""Update instances: give the instances of a server group other security groups."""

from lambdas.activities import evidence, instances
from lambdas.activities.instances import UpdatePlan
from lambdas.cloud import Cloud
from lambdas.requests import guards_of_one
from lambdas.requests.update_instances import UpdateInstances
from saga import Saga, step

UPDATE_INSTANCES: Saga[UpdateInstances, UpdatePlan, Cloud] = Saga(
    name="UpdateInstances",
    plan=instances.plan_update,
    guards=guards_of_one,
    steps=(step("SetSecurityGroups", do=instances.secure, undo=instances.secure_again),),
    left=instances.still_secured,
    difference=instances.difference_of_update,
    evidence=evidence.of_group,
)
