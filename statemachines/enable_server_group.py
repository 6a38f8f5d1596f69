"""Enable: put a server group into traffic and wait until its instances are healthy there."""

from datetime import timedelta

from lambdas.activities import differences, evidence, load_balancers, plans, processes, traffic
from lambdas.activities.plans import TrafficPlan
from lambdas.cloud import Cloud
from lambdas.requests import guards_of_one
from lambdas.requests.enable_server_group import EnableServerGroup
from saga import Saga, step, wait_until

ENABLE_SERVER_GROUP: Saga[EnableServerGroup, TrafficPlan, Cloud] = Saga(
    name="EnableServerGroup",
    plan=traffic.plan_enable,
    guards=guards_of_one,
    steps=(
        step("ResumeProcesses", do=processes.resume, undo=processes.suspend),
        step(
            "PutIntoLoadBalancers",
            do=load_balancers.put_into_load_balancers,
            undo=load_balancers.take_out_of_load_balancers,
        ),
        step(
            "PutIntoTargetGroups",
            do=load_balancers.put_into_target_groups,
            undo=load_balancers.take_out_of_target_groups,
        ),
        wait_until(
            "InTraffic",
            check=traffic.not_in_traffic,
            within=plans.within,
            at_most=timedelta(hours=24),
            watches=plans.of_plan,
            stable_for=plans.stable_for,
        ),
    ),
    late=plans.on_unhealthy,
    left=traffic.left_in,
    difference=differences.of_enable,
    evidence=evidence.of_group,
)
