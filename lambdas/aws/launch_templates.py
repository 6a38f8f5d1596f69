"""Launch templates on EC2."""

from typing import TYPE_CHECKING, Any

from lambdas.aws import tags as tagging
from lambdas.cloud import OPERATION_TAG, BlockDevice, LaunchSettings, LaunchTemplate, Tags
from lambdas.error_codes import translating
from lambdas.errors import NotFound

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

SERVICE = "ec2"


class LaunchTemplates:
    """`lambdas.cloud.LaunchTemplates`."""

    def __init__(self, client: "EC2Client") -> None:
        self._client = client

    def create(self, name: str, settings: LaunchSettings, user_data: str | None, tags: Tags, token: str) -> None:
        marked: Any = {} if not tags else {"TagSpecifications": [_tagged("launch-template", tags)]}
        with translating(SERVICE, f"launch template {name}", hidden=user_data):
            self._client.create_launch_template(
                LaunchTemplateName=name,
                ClientToken=token,
                LaunchTemplateData=_data(settings, user_data),
                **marked,
            )

    def find(self, name: str) -> LaunchTemplate:
        with translating(SERVICE, f"launch template {name}"):
            found = self._client.describe_launch_templates(LaunchTemplateNames=[name])["LaunchTemplates"]
        if not found:
            raise NotFound(f"launch template {name}: there is none")
        one = found[0]
        return LaunchTemplate(one["LaunchTemplateName"], one["LaunchTemplateId"], tagging.parsed(one.get("Tags", ())))

    def image(self, name: str, version: str) -> str:
        """Nothing else of the answer is looked at: it holds the user data."""
        with translating(SERVICE, f"launch template {name}"):
            found = self._client.describe_launch_template_versions(LaunchTemplateName=name, Versions=[version])
        if not found["LaunchTemplateVersions"]:
            raise NotFound(f"launch template {name} has no version {version}")
        return found["LaunchTemplateVersions"][0]["LaunchTemplateData"].get("ImageId", "")

    def delete(self, name: str) -> None:
        with translating(SERVICE, f"launch template {name}"):
            self._client.delete_launch_template(LaunchTemplateName=name)

    def made_by(self, operation: str) -> tuple[str, ...]:
        pages = self._client.get_paginator("describe_launch_templates")
        with translating(SERVICE, "launch templates"):
            return tuple(
                template["LaunchTemplateName"]
                for page in pages.paginate(Filters=tagging.filter_by(OPERATION_TAG, operation))
                for template in page["LaunchTemplates"]
            )


def _data(settings: LaunchSettings, user_data: str | None) -> Any:
    """RequestLaunchTemplateData: what is left out is EC2's default.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RequestLaunchTemplateData.html
    """
    data: dict[str, Any] = {
        "ImageId": settings.image,
        "InstanceType": settings.instance_type,
        "KeyName": settings.key_pair,
        "IamInstanceProfile": _profile(settings.instance_profile),
        "UserData": user_data,
        "BlockDeviceMappings": [_block_device(device) for device in settings.block_devices],
        "InstanceMarketOptions": _market(settings.spot_price),
        "Monitoring": {"Enabled": settings.monitoring},
        "EbsOptimized": settings.ebs_optimized,
        "MetadataOptions": {"HttpTokens": "required" if settings.imds_v2 else "optional"},
        "CreditSpecification": settings.credit_specification and {"CpuCredits": settings.credit_specification},
        "TagSpecifications": [_tagged(kind, settings.tags) for kind in ("instance", "volume") if settings.tags],
    }
    return _given(data | _interface(settings))


def _interface(settings: LaunchSettings) -> dict[str, Any]:
    """Security groups stand at the network interface as soon as a template describes one, else beside it."""
    groups = list(settings.security_groups)
    if settings.public_ip is None:
        return {"SecurityGroupIds": groups}
    interface = {"DeviceIndex": 0, "AssociatePublicIpAddress": settings.public_ip, "DeleteOnTermination": True}
    return {"NetworkInterfaces": [interface | _given({"Groups": groups})]}


def _profile(name_or_arn: str | None) -> dict[str, str] | None:
    if not name_or_arn:
        return None
    return {"Arn" if name_or_arn.startswith("arn:") else "Name": name_or_arn}


def _market(spot_price: str | None) -> dict[str, Any] | None:
    return {"MarketType": "spot", "SpotOptions": {"MaxPrice": spot_price}} if spot_price else None


def _block_device(device: BlockDevice) -> dict[str, Any]:
    if device.virtual_name:
        return {"DeviceName": device.device, "VirtualName": device.virtual_name}
    ebs = {
        "VolumeSize": device.size_gib,
        "VolumeType": device.volume_type,
        "DeleteOnTermination": device.delete_on_termination,
        "Iops": device.iops,
        "Throughput": device.throughput_mib,
        "SnapshotId": device.snapshot,
        "Encrypted": device.encrypted,
        "KmsKeyId": device.kms_key,
    }
    return {"DeviceName": device.device, "Ebs": _given(ebs)}


def _tagged(kind: str, tags: Tags) -> Any:
    return {"ResourceType": kind, "Tags": tagging.rendered(tags)}


def _given(parameters: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if value not in (None, "", [])}
