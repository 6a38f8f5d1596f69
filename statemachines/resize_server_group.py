"""Resize: change a server group's capacity and wait until it is met."""

from datetime import timedelta

from lambdas.activities import capacity, differences, evidence, plans
from lambdas.activities.plans import ResizePlan
from lambdas.cloud import Cloud
from lambdas.requests import guards_of_one
from lambdas.requests.resize_server_group import ResizeServerGroup
from saga import Saga, step, wait_until

RESIZE_SERVER_GROUP: Saga[ResizeServerGroup, ResizePlan, Cloud] = Saga(
    name="ResizeServerGroup",
    plan=capacity.plan_resize,
    guards=guards_of_one,
    steps=(
        step("Resize", do=capacity.resize, undo=capacity.restore),
        wait_until(
            "AllHealthy",
            check=capacity.unready,
            within=plans.healthy_within,
            at_most=timedelta(hours=24),
            watches=plans.of_plan,
            stable_for=plans.stable_for,
        ),
    ),
    late=plans.on_unhealthy,
    left=capacity.left_behind,
    difference=differences.of_resize,
    evidence=evidence.of_group,
)
