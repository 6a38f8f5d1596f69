"""Create a network interface: one that can be attached to an instance."""

from lambdas.activities import network_interfaces
from lambdas.activities.network_interfaces import InterfacePlan
from lambdas.cloud import Cloud
from lambdas.requests.create_network_interface import CreateNetworkInterface
from saga import Saga, step

CREATE_NETWORK_INTERFACE: Saga[CreateNetworkInterface, InterfacePlan, Cloud] = Saga(
    name="CreateNetworkInterface",
    plan=network_interfaces.plan_create,
    steps=(step("CreateInterface", do=network_interfaces.create, undo=network_interfaces.delete),),
    left=network_interfaces.left_behind,
    difference=network_interfaces.difference,
)
