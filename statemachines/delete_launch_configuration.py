"""Delete a launch configuration, which cannot be taken back."""

from lambdas.activities import launch_templates
from lambdas.activities.launch_templates import DeletePlan
from lambdas.cloud import Cloud
from lambdas.requests.delete_launch_configuration import DeleteLaunchConfiguration
from lambdas.requests.of_things import guards_of_thing
from saga import Saga, step

DELETE_LAUNCH_CONFIGURATION: Saga[DeleteLaunchConfiguration, DeletePlan, Cloud] = Saga(
    name="DeleteLaunchConfiguration",
    plan=launch_templates.plan_delete_configuration,
    guards=guards_of_thing,
    steps=(step("DeleteLaunchConfiguration", do=launch_templates.delete_configuration, pivot=True),),
    difference=launch_templates.deleted,
)
