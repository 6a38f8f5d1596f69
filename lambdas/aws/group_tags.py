"""Tags of server groups on EC2 Auto Scaling."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lambdas import nouns
from lambdas.cloud.group_tags import GroupTag, GroupTags
from lambdas.error_codes import translating

if TYPE_CHECKING:
    from mypy_boto3_autoscaling import AutoScalingClient

SERVICE = "autoscaling"
KIND = "auto-scaling-group"


class AutoScalingTags(GroupTags):
    def __init__(self, clients: nouns.Clients) -> None:
        self._client: AutoScalingClient = clients[SERVICE]

    def find(self, group: str) -> tuple[GroupTag, ...]:
        """https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeTags.html"""
        pages = self._client.get_paginator("describe_tags")
        with translating(SERVICE, f"tags of group {group}"):
            found = [
                GroupTag(one["Key"], one.get("Value", ""), one["PropagateAtLaunch"])
                for page in pages.paginate(Filters=[{"Name": KIND, "Values": [group]}])
                for one in page["Tags"]
                if not one["Key"].startswith("aws:")
            ]
        return tuple(sorted(found, key=lambda one: one.key))

    def put(self, group: str, tags: Sequence[GroupTag]) -> None:
        rendered: Any = [_of(group, one.key) | {"Value": one.value, "PropagateAtLaunch": one.propagate} for one in tags]
        if rendered:
            with translating(SERVICE, f"tags of group {group}"):
                self._client.create_or_update_tags(Tags=rendered)

    def delete(self, group: str, keys: Sequence[str]) -> None:
        rendered: Any = [_of(group, key) for key in keys]
        if rendered:
            with translating(SERVICE, f"tags of group {group}"):
                self._client.delete_tags(Tags=rendered)


def _of(group: str, key: str) -> dict[str, Any]:
    return {"ResourceId": group, "ResourceType": KIND, "Key": key}
