"""Machine images and snapshots on EC2."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from lambdas import nouns
from lambdas.cloud import Tags
from lambdas.cloud.amis import Ami, Amis, Snapshot
from lambdas.error_codes import translating
from lambdas.errors import NotFound

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

SERVICE = "ec2"
AMI_ID = "ami-"


class Ec2Amis(Amis):
    def __init__(self, clients: nouns.Clients) -> None:
        self._ec2: EC2Client = clients[SERVICE]

    def find(self, name: str) -> tuple[Ami, ...]:
        # By filter even for an id, since an unknown one in ImageIds is an error.
        by = "image-id" if name.startswith(AMI_ID) else "name"
        found = sorted(self._images({by: name}), key=lambda one: str(one.get("CreationDate", "")), reverse=True)
        return tuple(_ami(one) for one in found)

    def launchers(self, image: str) -> tuple[str, ...]:
        with translating(SERVICE, f"image {image}"):
            answer = self._ec2.describe_image_attribute(ImageId=image, Attribute="launchPermission")
        permissions: Any = answer.get("LaunchPermissions", [])
        return tuple(sorted(one["UserId"] for one in permissions if "UserId" in one))

    def allow(self, image: str, account: str) -> None:
        self._permit(image, {"Add": [{"UserId": account}]})

    def forbid(self, image: str, account: str) -> None:
        self._permit(image, {"Remove": [{"UserId": account}]})

    def _permit(self, image: str, permission: Any) -> None:
        with translating(SERVICE, f"image {image}"):
            self._ec2.modify_image_attribute(ImageId=image, LaunchPermission=permission)

    def tags(self, image: str) -> Tags:
        filters: Any = [{"Name": "resource-id", "Values": [image]}]
        with translating(SERVICE, f"image {image}"):
            pages = list(self._ec2.get_paginator("describe_tags").paginate(Filters=filters))
        return tuple(sorted((one["Key"], one["Value"]) for page in pages for one in page["Tags"]))

    def tag(self, image: str, tags: Tags) -> None:
        with translating(SERVICE, f"image {image}"):
            self._ec2.create_tags(Resources=[image], Tags=_pairs(tags))

    def untag(self, image: str, tags: Tags) -> None:
        with translating(SERVICE, f"image {image}"):
            self._ec2.delete_tags(Resources=[image], Tags=_pairs(tags))

    def deregister(self, image: str) -> None:
        with translating(SERVICE, f"image {image}"):
            self._ec2.deregister_image(ImageId=image)

    def snapshot(self, snapshot: str) -> Snapshot:
        filters: Any = [{"Name": "snapshot-id", "Values": [snapshot]}]
        with translating(SERVICE, f"snapshot {snapshot}"):
            found = self._ec2.describe_snapshots(Filters=filters)["Snapshots"]
        if not found:
            raise NotFound(f"snapshot {snapshot}: there is none")
        return Snapshot(found[0]["SnapshotId"], found[0].get("OwnerId", ""))

    def made_of(self, snapshot: str) -> tuple[str, ...]:
        found = self._images({"block-device-mapping.snapshot-id": snapshot}, Owners=["self"])
        return tuple(sorted(one["ImageId"] for one in found))

    def delete_snapshot(self, snapshot: str) -> None:
        with translating(SERVICE, f"snapshot {snapshot}"):
            self._ec2.delete_snapshot(SnapshotId=snapshot)

    def _images(self, wanted: dict[str, str], **options: Any) -> Iterator[Any]:
        filters: Any = [{"Name": name, "Values": [value]} for name, value in wanted.items()]
        pages = self._ec2.get_paginator("describe_images")
        with translating(SERVICE, "images"):
            for page in pages.paginate(Filters=filters, IncludeDeprecated=True, **options):
                yield from page["Images"]


def _ami(image: Any) -> Ami:
    devices = [_small(one) for one in image.get("BlockDeviceMappings", [])]
    return Ami(
        id=image["ImageId"],
        name=image.get("Name", ""),
        owner=image.get("OwnerId", ""),
        public=image.get("Public", False),
        architecture=image.get("Architecture", "x86_64"),
        virtualization=image.get("VirtualizationType", "hvm"),
        devices=json.dumps(devices, sort_keys=True, separators=(",", ":")),
    )


def _small(device: Any) -> Any:
    """As the SDK for Java names attributes: `deviceName`, `ebs.snapshotId`."""
    if not isinstance(device, dict):
        return device
    return {name[0].lower() + name[1:]: _small(value) for name, value in device.items()}


def _pairs(tags: Tags) -> Any:
    return [{"Key": key, "Value": value} for key, value in tags]
