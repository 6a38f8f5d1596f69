"""Network interfaces on EC2."""

from typing import TYPE_CHECKING, Any

from lambdas import nouns
from lambdas.cloud import OPERATION_TAG
from lambdas.cloud.network_interfaces import NetworkInterface, NetworkInterfaces
from lambdas.error_codes import translating

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

SERVICE = "ec2"
TAGGED = "network-interface"


class Ec2(NetworkInterfaces):
    def __init__(self, clients: nouns.Clients) -> None:
        self._client: EC2Client = clients[SERVICE]

    def create(self, interface: NetworkInterface, token: str) -> str:
        with translating(SERVICE, f"network interface in {interface.subnet}"):
            answer = self._client.create_network_interface(ClientToken=token, **_wanted(interface))
        return answer["NetworkInterface"]["NetworkInterfaceId"]

    def made_by(self, operation: str) -> tuple[str, ...]:
        pages = self._client.get_paginator("describe_network_interfaces")
        with translating(SERVICE, "network interfaces"):
            answer = pages.paginate(Filters=[{"Name": f"tag:{OPERATION_TAG}", "Values": [operation]}])
            found = answer.build_full_result()["NetworkInterfaces"]
        return tuple(sorted(one["NetworkInterfaceId"] for one in found))

    def delete(self, interface: str) -> None:
        with translating(SERVICE, f"network interface {interface}"):
            self._client.delete_network_interface(NetworkInterfaceId=interface)


def _wanted(interface: NetworkInterface) -> dict[str, Any]:
    """EC2 takes the secondary addresses with the primary one, or how many of them besides it."""
    said = {
        "SubnetId": interface.subnet,
        "Description": interface.description,
        "Groups": list(interface.security_groups),
        "PrivateIpAddress": interface.address,
        "PrivateIpAddresses": [{"PrivateIpAddress": one, "Primary": False} for one in interface.addresses],
        "SecondaryPrivateIpAddressCount": interface.more,
        "TagSpecifications": [
            {"ResourceType": TAGGED, "Tags": [{"Key": key, "Value": value} for key, value in interface.tags]}
        ],
    }
    return {name: value for name, value in said.items() if value}
