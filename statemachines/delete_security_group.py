"""Delete a security group that nothing uses; what uses it is named, and nothing is done."""

from lambdas.activities import security_groups
from lambdas.activities.security_groups import DeletionPlan
from lambdas.cloud import Cloud
from lambdas.requests.delete_security_group import DeleteSecurityGroup
from lambdas.requests.of_things import guards_of_thing
from saga import Saga, step

DELETE_SECURITY_GROUP: Saga[DeleteSecurityGroup, DeletionPlan, Cloud] = Saga(
    name="DeleteSecurityGroup",
    plan=security_groups.plan_delete,
    guards=guards_of_thing,
    steps=(step("DeleteGroup", do=security_groups.delete, pivot=True),),
    difference=security_groups.deletion,
)
