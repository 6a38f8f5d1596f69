"""Register instances: put instances into target groups and classic load balancers."""

from lambdas.activities import registrations
from lambdas.activities.registrations import RegistrationsPlan
from lambdas.cloud import Cloud
from lambdas.requests.of_instances import guards_of_instances
from lambdas.requests.registrations import RegisterInstancesWithLoadBalancer
from saga import Saga, step

REGISTER_INSTANCES_WITH_LOAD_BALANCER: Saga[RegisterInstancesWithLoadBalancer, RegistrationsPlan, Cloud] = Saga(
    name="RegisterInstancesWithLoadBalancer",
    plan=registrations.plan_register,
    guards=guards_of_instances,
    steps=(
        step(
            "PutIntoLoadBalancers",
            do=registrations.put_into_load_balancers,
            undo=registrations.take_back_from_load_balancers,
        ),
        step(
            "PutIntoTargetGroups",
            do=registrations.put_into_target_groups,
            undo=registrations.take_back_from_target_groups,
        ),
    ),
    left=registrations.left_behind,
    difference=registrations.difference,
)
