"""Delete a scaling policy of a server group, and the alarms that serve nothing else."""

from lambdas.activities import policies
from lambdas.activities.policies import DeletePolicyPlan
from lambdas.cloud import Cloud
from lambdas.requests import guards_of_one
from lambdas.requests.delete_scaling_policy import DeleteScalingPolicy
from saga import Saga, step

DELETE_SCALING_POLICY: Saga[DeleteScalingPolicy, DeletePolicyPlan, Cloud] = Saga(
    name="DeleteScalingPolicy",
    plan=policies.plan_delete,
    guards=guards_of_one,
    steps=(
        # In this order the policy stands again, with its new ARN, before its alarms are put back.
        step("DeleteAlarms", do=policies.delete_alarms, undo=policies.put_alarms_again),
        step("DeleteScalingPolicy", do=policies.delete, undo=policies.make_again),
    ),
    left=policies.left_deleted,
    difference=policies.difference_of_deletion,
)
