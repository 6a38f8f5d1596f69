"""Instances on EC2, one by one."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from lambdas import nouns
from lambdas.cloud import Tags
from lambdas.cloud.ec2_instances import Ec2Instance, Ec2Instances
from lambdas.error_codes import translating
from lambdas.errors import NotFound

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import InstanceTypeDef, TagTypeDef

SERVICE = "ec2"
GROUP = "aws:autoscaling:groupName"
"""Auto Scaling keeps it on what it has: https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-tagging.html"""
GONE = "terminated"
OF_A_FILTER = 200
"""Values that a filter takes: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html"""


class Ec2(Ec2Instances):
    def __init__(self, clients: nouns.Clients) -> None:
        self._client: EC2Client = clients[SERVICE]

    def found(self, ids: Sequence[str]) -> dict[str, Ec2Instance]:
        # By a filter: asked by ids, one that does not exist fails the call for all.
        pages = self._client.get_paginator("describe_instances")
        found: dict[str, Ec2Instance] = {}
        for first in range(0, len(ids), OF_A_FILTER):
            some = list(ids[first : first + OF_A_FILTER])
            with translating(SERVICE, "instances"):
                answer = pages.paginate(Filters=[{"Name": "instance-id", "Values": some}]).build_full_result()
            every = (one for reservation in answer["Reservations"] for one in reservation["Instances"])
            found |= {one["InstanceId"]: _instance(one) for one in every if one["State"]["Name"] != GONE}
        return found

    def protected(self, instance: str) -> bool:
        with translating(SERVICE, f"instance {instance}"):
            answer = self._client.describe_instance_attribute(InstanceId=instance, Attribute="disableApiTermination")
        return answer["DisableApiTermination"].get("Value", False)

    def reboot(self, instances: Sequence[str]) -> None:
        with translating(SERVICE, f"instances {', '.join(instances)}"):
            self._client.reboot_instances(InstanceIds=list(instances))

    def terminate(self, instances: Sequence[str]) -> None:
        each_present(instances, self._terminate)

    def tag(self, instances: Sequence[str], key: str, value: str) -> None:
        def put(some: Sequence[str]) -> None:
            with translating(SERVICE, f"instances {', '.join(some)}"):
                self._client.create_tags(Resources=list(some), Tags=[{"Key": key, "Value": value}])

        each_present(instances, put)

    def untag(self, instances: Sequence[str], key: str, value: str) -> None:
        def take(some: Sequence[str]) -> None:
            with translating(SERVICE, f"instances {', '.join(some)}"):
                self._client.delete_tags(Resources=list(some), Tags=[{"Key": key, "Value": value}])

        each_present(instances, take)

    def secure(self, instance: str, security_groups: Sequence[str]) -> None:
        with translating(SERVICE, f"instance {instance}"):
            self._client.modify_instance_attribute(InstanceId=instance, Groups=list(security_groups))

    def _terminate(self, instances: Sequence[str]) -> None:
        with translating(SERVICE, f"instances {', '.join(instances)}"):
            self._client.terminate_instances(InstanceIds=list(instances))


def each_present(instances: Sequence[str], change: Callable[[Sequence[str]], None]) -> None:
    """Change them; where one has vanished, which fails the call for all, one by one."""
    try:
        change(instances)
    except NotFound:
        if len(instances) > 1:
            for one in instances:
                each_present([one], change)


def _instance(described: "InstanceTypeDef") -> Ec2Instance:
    tags = _tags(described.get("Tags", []))
    return Ec2Instance(
        described["InstanceId"],
        described["State"]["Name"],
        dict(tags).get(GROUP, ""),
        described.get("VpcId", ""),
        tuple(sorted(one["GroupId"] for one in described.get("SecurityGroups", []))),
        tuple((key, value) for key, value in tags if not key.startswith("aws:")),
    )


def _tags(described: "list[TagTypeDef]") -> Tags:
    return tuple(sorted((one["Key"], one["Value"]) for one in described))
