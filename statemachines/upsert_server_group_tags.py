"""Upsert tags: put tags on a server group, whose other tags stay as they are."""

from lambdas.activities import group_tags
from lambdas.activities.group_tags import TagsPlan
from lambdas.cloud import Cloud
from lambdas.requests import guards_of_one
from lambdas.requests.upsert_server_group_tags import UpsertServerGroupTags
from saga import Saga, step

UPSERT_SERVER_GROUP_TAGS: Saga[UpsertServerGroupTags, TagsPlan, Cloud] = Saga(
    name="UpsertServerGroupTags",
    plan=group_tags.plan_upsert,
    guards=guards_of_one,
    steps=(step("PutTags", do=group_tags.put, undo=group_tags.restore),),
    left=group_tags.left_behind,
    difference=group_tags.difference,
)
