"""Allow launch: share a machine image with another account, and give it the same tags there."""

from lambdas.activities import amis
from lambdas.activities.amis import AllowLaunchPlan
from lambdas.cloud import Cloud
from lambdas.requests.allow_launch import AllowLaunch
from lambdas.requests.of_things import guards_of_thing
from saga import Saga, step

ALLOW_LAUNCH: Saga[AllowLaunch, AllowLaunchPlan, Cloud] = Saga(
    name="AllowLaunch",
    plan=amis.plan_allow,
    guards=guards_of_thing,
    steps=(
        step("ShareImage", do=amis.allow, undo=amis.forbid),
        step("RemoveTags", do=amis.remove_tags, undo=amis.put_tags_back),
        step("CopyTags", do=amis.copy_tags, undo=amis.restore_tags),
    ),
    left=amis.left_shared,
    results=amis.resolved,
    difference=amis.sharing,
)
