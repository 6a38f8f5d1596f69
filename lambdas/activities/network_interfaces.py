"""Network interfaces: made with the operation's tag, by which they are found and deleted again."""

from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from lambdas.activities import lookups
from lambdas.cloud import OPERATION_TAG, Cloud
from lambdas.cloud.network_interfaces import NetworkInterface, NetworkInterfaces
from lambdas.errors import NotFound, Rejected, RollBack
from lambdas.requests.create_network_interface import CreateNetworkInterface

ACTIONS = (
    "cloudwatch:DescribeAlarms",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
)
READS = ("ec2:DescribeNetworkInterfaces",)


@dataclass(frozen=True)
class InterfacePlan:
    account: str
    region: str
    zone: str
    interface: NetworkInterface
    schema: int = 1


def plan_create(request: CreateNetworkInterface, cloud: Cloud) -> InterfacePlan:
    """Find the subnet of that purpose in the zone, and the security groups in its VPC."""
    lookups.alarms_exist(request, cloud)
    subnet, vpc = _subnet(request, cloud)
    secondary = tuple(str(one) for one in request.secondary_private_ip_addresses)
    interface = NetworkInterface(
        subnet,
        request.description,
        lookups.security_groups(request.security_groups, vpc, cloud),
        str(request.primary_private_ip_address) if request.primary_private_ip_address else None,
        secondary,
        request.secondary_private_ip_address_count,
        tuple(sorted({**request.tags, OPERATION_TAG: cloud.operation}.items())),
    )
    return InterfacePlan(request.account, request.region, request.zone, interface)


def _subnet(request: CreateNetworkInterface, cloud: Cloud) -> tuple[str, str]:
    """Id and VPC; of several the first by id, so that it is the same whenever it is asked."""
    found = [
        one
        for one in cloud.network.subnets()
        if one.zone == request.zone
        and request.vpc_id in (None, one.vpc)
        and lookups.has_purpose(one, request.subnet_type)
    ]
    vpcs = sorted({one.vpc for one in found})
    if not found:
        raise Rejected(f"no subnet in {request.zone} has the purpose {request.subnet_type}; name one that some has")
    if len(vpcs) > 1:
        raise Rejected(f"subnets of that purpose in {request.zone} are in several VPCs ({', '.join(vpcs)}); say vpcId")
    first = min(found, key=lambda one: one.id)
    return first.id, first.vpc


def create(plan: InterfacePlan, cloud: Cloud) -> str:
    """Create the network interface; its tag tells whose it is."""
    made = cloud.of(NetworkInterfaces).create(plan.interface, cloud.operation)
    cloud.results["successfulResults"] = {plan.zone: {"networkInterfaceId": made}}
    cloud.results["failures"] = {}
    return f"created network interface {made} in {plan.interface.subnet}"


def delete(plan: InterfacePlan, cloud: Cloud) -> str:
    """Delete what this operation has created."""
    interfaces = cloud.of(NetworkInterfaces)
    made = interfaces.made_by(cloud.operation)
    for one in made:
        with suppress(NotFound):
            interfaces.delete(one)
    return f"deleted {', '.join(made)}" if made else "there is nothing to delete"


def left_behind(plan: InterfacePlan, cloud: Cloud) -> None:
    """Whether there is one that this operation has created although it was put back: then RollBack."""
    if made := cloud.of(NetworkInterfaces).made_by(cloud.operation):
        raise RollBack(f"network interface {', '.join(made)} is of this operation")


def difference(plan: InterfacePlan) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """The new network interface."""
    return None, {"networkInterface": asdict(plan.interface)}
