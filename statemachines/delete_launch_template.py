"""Delete a launch template with all its versions, which cannot be taken back."""

from lambdas.activities import launch_templates
from lambdas.activities.launch_templates import DeletePlan
from lambdas.cloud import Cloud
from lambdas.requests.delete_launch_template import DeleteLaunchTemplate
from lambdas.requests.of_things import guards_of_thing
from saga import Saga, step

DELETE_LAUNCH_TEMPLATE: Saga[DeleteLaunchTemplate, DeletePlan, Cloud] = Saga(
    name="DeleteLaunchTemplate",
    plan=launch_templates.plan_delete_template,
    guards=guards_of_thing,
    steps=(step("DeleteLaunchTemplate", do=launch_templates.delete_template, pivot=True),),
    difference=launch_templates.deleted,
)
