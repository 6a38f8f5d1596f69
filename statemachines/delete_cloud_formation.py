"""Delete a CloudFormation stack with all that is in it, which cannot be taken back."""

from datetime import timedelta

from lambdas.activities import stacks
from lambdas.activities.stacks import ChangePlan
from lambdas.cloud import Cloud
from lambdas.requests.delete_cloud_formation import DeleteCloudFormation
from lambdas.requests.of_things import guards_of_thing
from saga import Saga, step, wait_until

DELETE_CLOUD_FORMATION: Saga[DeleteCloudFormation, ChangePlan, Cloud] = Saga(
    name="DeleteCloudFormation",
    plan=stacks.plan_delete,
    guards=guards_of_thing,
    steps=(
        step("DeleteStack", do=stacks.delete, pivot=True),
        wait_until("StackGone", check=stacks.still_there, within=stacks.within, at_most=timedelta(hours=10)),
    ),
    difference=stacks.changing,
)
