"""Execute a change set: CloudFormation changes the stack, or puts it back itself."""

from datetime import timedelta

from lambdas.activities import stacks
from lambdas.activities.stacks import ChangePlan
from lambdas.cloud import Cloud
from lambdas.requests.execute_cloud_formation_change_set import ExecuteCloudFormationChangeSet
from lambdas.requests.of_things import guards_of_thing
from saga import Saga, step, wait_until

LONGEST = timedelta(hours=10)

EXECUTE_CLOUD_FORMATION_CHANGE_SET: Saga[ExecuteCloudFormationChangeSet, ChangePlan, Cloud] = Saga(
    name="ExecuteCloudFormationChangeSet",
    plan=stacks.plan_execute,
    guards=guards_of_thing,
    steps=(
        step("ExecuteChangeSet", do=stacks.execute, pivot=True),
        wait_until("StackUpdated", check=stacks.unexecuted, within=stacks.within, at_most=LONGEST, cloud_undoes=True),
    ),
    results=stacks.results,
    difference=stacks.changing,
)
