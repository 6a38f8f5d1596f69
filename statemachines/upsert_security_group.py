"""Upsert a security group: make it if it is not there, then bring its inbound rules to those asked for."""

from lambdas.activities import security_groups
from lambdas.activities.security_groups import SecurityGroupPlan
from lambdas.cloud import Cloud
from lambdas.requests.of_things import guards_of_thing
from lambdas.requests.upsert_security_group import UpsertSecurityGroup
from saga import Saga, step

UPSERT_SECURITY_GROUP: Saga[UpsertSecurityGroup, SecurityGroupPlan, Cloud] = Saga(
    name="UpsertSecurityGroup",
    plan=security_groups.plan_upsert,
    guards=guards_of_thing,
    steps=(
        step("CreateGroup", do=security_groups.create, undo=security_groups.delete_new),
        step("TagGroup", do=security_groups.tag, undo=security_groups.untag),
        step("DescribeRules", do=security_groups.describe, undo=security_groups.describe_as_before),
        step("AuthorizeIngress", do=security_groups.authorize, undo=security_groups.revoke_new),
        step("RevokeIngress", do=security_groups.revoke, undo=security_groups.authorize_again),
    ),
    left=security_groups.left_behind,
    difference=security_groups.difference,
)
