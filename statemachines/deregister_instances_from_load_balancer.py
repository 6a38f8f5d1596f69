"""Deregister instances: take instances out of load balancers, and wait until their connections have ended."""

from datetime import timedelta

from lambdas.activities import registrations
from lambdas.activities.registrations import RegistrationsPlan
from lambdas.cloud import Cloud
from lambdas.requests.of_instances import guards_of_instances
from lambdas.requests.registrations import DeregisterInstancesFromLoadBalancer
from saga import Saga, step, wait_until

DEREGISTER_INSTANCES_FROM_LOAD_BALANCER: Saga[DeregisterInstancesFromLoadBalancer, RegistrationsPlan, Cloud] = Saga(
    name="DeregisterInstancesFromLoadBalancer",
    plan=registrations.plan_deregister,
    guards=guards_of_instances,
    steps=(
        step(
            "TakeOutOfLoadBalancers",
            do=registrations.take_out_of_load_balancers,
            undo=registrations.put_back_into_load_balancers,
        ),
        step(
            "TakeOutOfTargetGroups",
            do=registrations.take_out_of_target_groups,
            undo=registrations.put_back_into_target_groups,
        ),
        wait_until("OutOfTraffic", check=registrations.in_traffic_still, within=timedelta(minutes=70)),
    ),
    left=registrations.left_behind,
    difference=registrations.difference,
)
