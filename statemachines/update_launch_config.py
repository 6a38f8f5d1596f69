"""Update launch configuration: new instances of a server group start from another launch configuration."""

from lambdas.activities import evidence, launching
from lambdas.activities.launching import LaunchPlan
from lambdas.cloud import Cloud
from lambdas.requests import guards_of_one
from lambdas.requests.update_launch_config import UpdateLaunchConfig
from saga import Saga, step

UPDATE_LAUNCH_CONFIG: Saga[UpdateLaunchConfig, LaunchPlan, Cloud] = Saga(
    name="UpdateLaunchConfig",
    plan=launching.plan_configuration,
    guards=guards_of_one,
    steps=(
        step("CreateConfiguration", do=launching.create_configuration, undo=launching.delete_configuration),
        step("UpdateGroup", do=launching.use_configuration, undo=launching.use_configuration_before),
    ),
    left=launching.configuration_left,
    results=launching.results,
    difference=launching.difference,
    evidence=evidence.of_group,
)
