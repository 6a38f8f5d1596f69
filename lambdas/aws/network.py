"""Zones, subnets and security groups on EC2."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lambdas.aws import tags
from lambdas.cloud import SecurityGroup, Subnet
from lambdas.error_codes import translating

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import SecurityGroupTypeDef

SERVICE = "ec2"


class Network:
    """`lambdas.cloud.Network`."""

    def __init__(self, client: "EC2Client") -> None:
        self._client = client

    def zones(self) -> tuple[str, ...]:
        wanted = _filters({"state": ["available"], "zone-type": ["availability-zone"]})
        with translating(SERVICE, "availability zones"):
            found = self._client.describe_availability_zones(Filters=wanted)["AvailabilityZones"]
        return tuple(sorted(zone["ZoneName"] for zone in found))

    def subnets(self, ids: Sequence[str] = ()) -> tuple[Subnet, ...]:
        pages = self._client.get_paginator("describe_subnets")
        wanted = {"Filters": _filters({"subnet-id": list(ids)})} if ids else {}
        with translating(SERVICE, "subnets"):
            return tuple(
                Subnet(one["SubnetId"], one["AvailabilityZone"], one["VpcId"], tags.parsed(one.get("Tags", ())))
                for page in pages.paginate(**wanted)
                for one in page["Subnets"]
            )

    def security_groups(self, names_or_ids: Sequence[str]) -> tuple[SecurityGroup, ...]:
        """Two reads where ids are among them: a group may be called like an id, and filters all have to match."""
        ids = [one for one in names_or_ids if one.startswith("sg-")]
        found = self._security_groups("group-name", names_or_ids) + self._security_groups("group-id", ids)
        return tuple({group.id: group for group in found}.values())

    def _security_groups(self, kind: str, wanted: Sequence[str]) -> list[SecurityGroup]:
        if not wanted:
            return []
        pages = self._client.get_paginator("describe_security_groups")
        with translating(SERVICE, "security groups"):
            found = [
                group
                for page in pages.paginate(Filters=_filters({kind: list(wanted)}))
                for group in page["SecurityGroups"]
            ]
        # Filters take * and ? as wildcards, names may contain them.
        return [_security_group(one) for one in found if one["GroupName"] in wanted or one["GroupId"] in wanted]


def _filters(wanted: dict[str, list[str]]) -> Any:
    return [{"Name": name, "Values": values} for name, values in wanted.items()]


def _security_group(group: "SecurityGroupTypeDef") -> SecurityGroup:
    return SecurityGroup(group["GroupId"], group["GroupName"], group.get("VpcId", ""))
