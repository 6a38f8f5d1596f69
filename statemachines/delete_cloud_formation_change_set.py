"""Delete a change set, which cannot be taken back; its stack stays as it is."""

from lambdas.activities import stacks
from lambdas.activities.stacks import ChangePlan
from lambdas.cloud import Cloud
from lambdas.requests.delete_cloud_formation_change_set import DeleteCloudFormationChangeSet
from lambdas.requests.of_things import guards_of_thing
from saga import Saga, step

DELETE_CLOUD_FORMATION_CHANGE_SET: Saga[DeleteCloudFormationChangeSet, ChangePlan, Cloud] = Saga(
    name="DeleteCloudFormationChangeSet",
    plan=stacks.plan_delete_change_set,
    guards=guards_of_thing,
    steps=(step("DeleteChangeSet", do=stacks.delete_change_set, pivot=True),),
    difference=stacks.changing,
)
