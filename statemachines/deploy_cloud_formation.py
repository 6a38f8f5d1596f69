"""Deploy a CloudFormation stack: create it, update it, or make a change set for it."""

from datetime import timedelta

from lambdas.activities import stacks
from lambdas.activities.stacks import DeployPlan
from lambdas.cloud import Cloud
from lambdas.requests.deploy_cloud_formation import DeployCloudFormation
from lambdas.requests.of_things import guards_of_thing
from saga import Saga, step, wait_until

LONGEST = timedelta(hours=10)

DEPLOY_CLOUD_FORMATION: Saga[DeployCloudFormation, DeployPlan, Cloud] = Saga(
    name="DeployCloudFormation",
    plan=stacks.plan_deploy,
    guards=guards_of_thing,
    steps=(
        step("CreateStack", do=stacks.create, undo=stacks.delete_created),
        wait_until("StackCreated", check=stacks.uncreated, within=stacks.within, at_most=LONGEST),
        step("CreateChangeSet", do=stacks.prepare, undo=stacks.delete_prepared),
        wait_until("ChangeSetCreated", check=stacks.unprepared, within=timedelta(minutes=30)),
        step("UpdateStack", do=stacks.update, pivot=True),
        wait_until("StackUpdated", check=stacks.unupdated, within=stacks.within, at_most=LONGEST, cloud_undoes=True),
    ),
    left=stacks.left_behind,
    difference=stacks.deployed,
)
