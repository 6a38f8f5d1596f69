"""Upsert image tags: give the machine images of a name tags."""

from lambdas.activities import amis
from lambdas.activities.amis import RetagPlan
from lambdas.cloud import Cloud
from lambdas.requests.of_things import guards_of_thing
from lambdas.requests.upsert_image_tags import UpsertImageTags
from saga import Saga, step

UPSERT_IMAGE_TAGS: Saga[UpsertImageTags, RetagPlan, Cloud] = Saga(
    name="UpsertImageTags",
    plan=amis.plan_tags,
    guards=guards_of_thing,
    steps=(step("PutTags", do=amis.put_tags, undo=amis.take_tags_back),),
    left=amis.left_tagged,
    difference=amis.tags_of,
)
