"""Update launch template: new instances of a server group start from a new version of its launch template."""

from lambdas.activities import evidence, launching
from lambdas.activities.launching import LaunchPlan
from lambdas.cloud import Cloud
from lambdas.requests import guards_of_one
from lambdas.requests.update_launch_template import UpdateLaunchTemplate
from saga import Saga, step

UPDATE_LAUNCH_TEMPLATE: Saga[UpdateLaunchTemplate, LaunchPlan, Cloud] = Saga(
    name="UpdateLaunchTemplate",
    plan=launching.plan_version,
    guards=guards_of_one,
    steps=(
        step("CreateVersion", do=launching.create_version, undo=launching.delete_version),
        step("UpdateGroup", do=launching.use_version, undo=launching.use_version_before),
    ),
    left=launching.version_left,
    difference=launching.difference,
    evidence=evidence.of_group,
)
