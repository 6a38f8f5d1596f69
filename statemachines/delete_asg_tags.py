"""Delete tags: take tags off a server group, whose other tags stay as they are."""

from lambdas.activities import group_tags
from lambdas.activities.group_tags import TagsPlan
from lambdas.cloud import Cloud
from lambdas.requests import guards_of_one
from lambdas.requests.delete_asg_tags import DeleteAsgTags
from saga import Saga, step

DELETE_ASG_TAGS: Saga[DeleteAsgTags, TagsPlan, Cloud] = Saga(
    name="DeleteAsgTags",
    plan=group_tags.plan_delete,
    guards=guards_of_one,
    steps=(step("DeleteTags", do=group_tags.delete, undo=group_tags.restore),),
    left=group_tags.left_behind,
    difference=group_tags.difference,
)
