"""What a caller may say of what a standing server group's instances start from; shared by the operations that do."""

from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import Field

from lambdas.accounts import Account
from lambdas.requests import Description, Flag, Invalid, Json, OfOneServerGroup
from lambdas.requests.basic_amazon_deploy import BlockDeviceDescription, Texts
from lambdas.requests.create_server_group import BlockDeviceMapping, ImageChoice, Names, wrong_user_data


class ChangesLaunch(OfOneServerGroup):
    """Other settings for the instances that a server group launches from now on. Those it has stay as they are."""

    image: ImageChoice | None = None
    """What new instances start from; resolved once."""
    instance_type: str | None = Field(None, min_length=1)
    """E.g. `m5.large`."""
    security_groups: Names | None = None
    """Names or ids."""
    security_groups_append_only: bool = False
    """Add these security groups to those there are."""
    associate_public_ip_address: bool | None = None
    """Whether instances get a public address."""
    key_pair: str | None = Field(None, min_length=1)
    """Name of the SSH key pair."""
    iam_role: str | None = Field(None, min_length=1)
    """Name or ARN of the instance profile; `{{application}}` becomes the application's name."""
    user_data: str | None = Field(None, repr=False, json_schema_extra={"writeOnly": True})
    """User data in base64, at most 16 KiB before; kept encrypted and never shown."""
    block_devices: tuple[BlockDeviceMapping, ...] | None = None
    """Volumes, instead of those there are; an empty list means those of the image."""
    copy_source_custom_block_device_mappings: bool = True
    """Keep the volumes there are also where the instance type changes."""
    spot_price: str | None = Field(None, pattern=r"^(\d+(\.\d+)?)?$")
    """Spot instances at no more than so many dollars an hour; an empty text means on demand."""
    kernel_id: str | None = Field(None, min_length=1)
    """Kernel, of paravirtual images."""
    ramdisk_id: str | None = Field(None, min_length=1)
    """RAM disk, of paravirtual images."""
    instance_monitoring: bool | None = None
    """Detailed monitoring of instances."""
    ebs_optimized: bool | None = None
    """EBS optimisation, for types that do not have it always."""
    require_imds_v2: bool | None = Field(None, alias="requireIMDSv2")
    """Only version 2 of the instance metadata service (tokens)."""

    secrets: ClassVar[frozenset[str]] = frozenset({"userData"})
    metadata: ClassVar[frozenset[str]] = frozenset(
        ("security_groups_append_only", "copy_source_custom_block_device_mappings")
    )
    """Fields that say how, and change nothing by themselves."""
    nothing: ClassVar[str] = "give at least one setting to change"

    def contradictions(self) -> Iterator[str]:
        yield from super().contradictions()
        if not any(getattr(self, name) is not None for name in self.changing()):
            yield self.nothing
        if self.user_data and (found := wrong_user_data(self.user_data)):
            yield f"userData: {found}"

    @classmethod
    def changing(cls) -> frozenset[str]:
        """The fields that change something."""
        return frozenset(cls.model_fields) - frozenset(OfOneServerGroup.model_fields) - cls.metadata


class LaunchDescription(Description):
    """What the descriptions of both operations hold."""

    region: str | None = None
    asg_name: str | None = None
    server_group_name: str | None = None
    ami_name: str | None = None
    image_id: str | None = None
    instance_type: str | None = None
    subnet_type: str | None = None
    iam_role: str | None = None
    key_pair: str | None = None
    associate_public_ip_address: Flag = None
    spot_price: str | None = None
    kernel_id: str | None = None
    ramdisk_id: str | None = None
    instance_monitoring: Flag = None
    ebs_optimized: Flag = None
    base64_user_data: str | None = Field(None, repr=False)
    block_devices: tuple[BlockDeviceDescription, ...] | None = None
    security_groups: Texts = None
    security_groups_append_only: Flag = None
    copy_source_custom_block_device_mappings: Flag = None
    classic_link_vpc_id: str | None = None
    classic_link_vpc_security_groups: Texts = None

    @property
    def name(self) -> str | None:
        return self.asg_name or self.server_group_name

    def of_region(self, kind: str, account: Account | None) -> Iterator[str]:
        """Clouddriver's `AmazonDescriptionValidationSupport.validateRegion`."""
        if not self.region:
            yield f"{kind}.region.empty"
        elif account and account.regions and self.region not in account.regions:
            yield f"{kind}.region.not.configured"

    def problems(self, prefix: str) -> Iterator[str]:
        """What both validators have, in their order."""
        if not self.region:
            yield f"{prefix}.region.empty"
        if not self.name:
            yield f"{prefix}.asgName.empty"
        if self.associate_public_ip_address and not self.subnet_type:
            yield f"{prefix}.associatePublicIpAddress.subnetType.not.supplied"
        for device in self.block_devices or ():
            yield from device.problems()
        if self.classic_link_vpc_id or self.classic_link_vpc_security_groups:
            yield "classicLinkVpcId: AWS has retired EC2-Classic and ClassicLink; leave it out"

    def fields(self, account: str) -> Json:
        """The request's fields: what was not said stays as it is."""
        same = (
            *("region", "instance_type", "iam_role", "key_pair", "associate_public_ip_address", "kernel_id"),
            *("ramdisk_id", "instance_monitoring", "ebs_optimized", "security_groups"),
            *("security_groups_append_only", "copy_source_custom_block_device_mappings"),
        )
        devices = self.block_devices
        said: dict[str, Any] = {name: getattr(self, name) for name in same} | {
            "account": account,
            "server_group_name": self.name,
            "image": self.ami_name or self.image_id,
            "user_data": self.base64_user_data,
            "block_devices": None if devices is None else [one.model_dump(exclude_none=True) for one in devices],
        }
        price = {} if self.spot_price is None else {"spot_price": self.spot_price}
        return {name: value for name, value in said.items() if value is not None and value != ""} | price


def accepted(codes: Iterator[str]) -> None:
    """Raises Invalid where there are any."""
    if found := tuple(codes):
        raise Invalid(found)
