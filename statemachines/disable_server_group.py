"""Disable: take a server group out of traffic and wait until its connections have ended."""

from datetime import timedelta

from lambdas.activities import differences, evidence, load_balancers, plans, processes, traffic
from lambdas.activities.plans import TrafficPlan
from lambdas.cloud import Cloud
from lambdas.requests import guards_of_one
from lambdas.requests.disable_server_group import DisableServerGroup
from saga import Saga, step, wait_until

DISABLE_SERVER_GROUP: Saga[DisableServerGroup, TrafficPlan, Cloud] = Saga(
    name="DisableServerGroup",
    plan=traffic.plan_disable,
    guards=guards_of_one,
    steps=(
        step("SuspendProcesses", do=processes.stand_down, undo=processes.resume),
        step(
            "TakeOutOfLoadBalancers",
            do=load_balancers.take_out_of_load_balancers,
            undo=load_balancers.put_back_into_load_balancers,
        ),
        step(
            "TakeOutOfTargetGroups",
            do=load_balancers.take_out_of_target_groups,
            undo=load_balancers.put_back_into_target_groups,
        ),
        wait_until(
            "OutOfTraffic",
            check=traffic.in_traffic_still,
            within=plans.within,
            at_most=timedelta(hours=24),
            watches=plans.of_plan,
        ),
    ),
    left=traffic.left_out,
    results=traffic.results,
    difference=differences.of_disable,
    evidence=evidence.of_group,
)
