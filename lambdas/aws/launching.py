"""What server groups start from on EC2 Auto Scaling; its launch configurations."""

import base64
from typing import TYPE_CHECKING, Any

from lambdas import nouns
from lambdas.aws import specifications
from lambdas.aws.launch_data import Data, block_device, block_device_of, given
from lambdas.cloud import LaunchSettings
from lambdas.cloud.launching import LaunchChange, Launching, Start
from lambdas.error_codes import translating
from lambdas.errors import NotFound

if TYPE_CHECKING:
    from mypy_boto3_autoscaling import AutoScalingClient
    from mypy_boto3_autoscaling.type_defs import LaunchConfigurationTypeDef

SERVICE = "autoscaling"
PLAIN = {
    "image": "ImageId",
    "instance_type": "InstanceType",
    "key_pair": "KeyName",
    "instance_profile": "IamInstanceProfile",
    "security_groups": "SecurityGroups",
    "spot_price": "SpotPrice",
    "ebs_optimized": "EbsOptimized",
    "public_ip": "AssociatePublicIpAddress",
    "kernel": "KernelId",
    "ramdisk": "RamdiskId",
}
"""Settings that are one value there as here."""
REPORTED = ("LaunchConfigurationName", "LaunchConfigurationARN", "CreatedTime")
DEAD = ("ClassicLinkVPCId", "ClassicLinkVPCSecurityGroups")
"""EC2-Classic is no more; a copy that names it is refused."""


class AutoScalingLaunching(Launching):
    def __init__(self, clients: nouns.Clients) -> None:
        self._client: AutoScalingClient = clients[SERVICE]

    def use(self, group: str, start: Start) -> None:
        with translating(SERVICE, f"group {group}"):
            self._client.update_auto_scaling_group(AutoScalingGroupName=group, **rendered(start))

    def configuration(self, name: str) -> LaunchSettings:
        return _settings(self._configuration(name))

    def user_data(self, configuration: str) -> str:
        return self._configuration(configuration).get("UserData", "")

    def configure(self, name: str, source: str, change: LaunchChange, user_data: str | None) -> None:
        changed: Any = _changed(self._configuration(source), change, user_data)
        text = changed.get("UserData")
        if text:  # botocore encodes this one itself, and only this one
            changed["UserData"] = base64.b64decode(text)
        with translating(SERVICE, f"launch configuration {name}", hidden=text):
            self._client.create_launch_configuration(LaunchConfigurationName=name, **changed)

    def unconfigure(self, name: str) -> None:
        """AWS says of an absent one that it is not found, or nothing."""
        with translating(SERVICE, f"launch configuration {name}"):
            self._client.delete_launch_configuration(LaunchConfigurationName=name)

    def _configuration(self, name: str) -> "LaunchConfigurationTypeDef":
        with translating(SERVICE, f"launch configuration {name}"):
            found = self._client.describe_launch_configurations(LaunchConfigurationNames=[name])
        if not found["LaunchConfigurations"]:
            raise NotFound(f"launch configuration {name}: there is none")
        return found["LaunchConfigurations"][0]


def rendered(start: Start) -> Any:
    """The parameters of CreateAutoScalingGroup and UpdateAutoScalingGroup alike."""
    if start.configuration:
        return {"LaunchConfigurationName": start.configuration}
    specification = {"LaunchTemplateName": start.template, "Version": start.version}
    if start.policy is None:
        return {"LaunchTemplate": specification}
    return {"MixedInstancesPolicy": _mixed(specification, start.policy)}


def _mixed(specification: Any, policy: str) -> Data:
    """The whole policy. What it does not say is said to be nothing, or what is there would stay."""
    said = specifications.read(policy)
    return {
        "LaunchTemplate": {"LaunchTemplateSpecification": specification, "Overrides": said.get("Overrides", [])},
        # "To remove a maximum price that you previously set, include the property but specify an empty string."
        "InstancesDistribution": {"SpotMaxPrice": ""} | said.get("InstancesDistribution", {}),
    }


def _settings(one: "LaunchConfigurationTypeDef") -> LaunchSettings:
    said: Any = {field: one.get(name) for field, name in PLAIN.items()}
    return LaunchSettings(
        **{name: value for name, value in said.items() if value not in (None, "", [])}
        | {"security_groups": tuple(one.get("SecurityGroups", ()))},
        block_devices=tuple(map(block_device_of, one.get("BlockDeviceMappings", ()))),
        monitoring=one.get("InstanceMonitoring", {}).get("Enabled", True),
        imds_v2=one.get("MetadataOptions", {}).get("HttpTokens") == "required",
        placement=(("Tenancy", tenancy),) if (tenancy := one.get("PlacementTenancy")) else (),
    )


def _changed(described: "LaunchConfigurationTypeDef", change: LaunchChange, user_data: str | None) -> Data:
    said = change.said()
    new: Data = {name: value for name, value in described.items() if name not in (*REPORTED, *DEAD)}
    new |= {name: said[field] for field, name in PLAIN.items() if field in said}
    if change.security_groups is not None:
        new["SecurityGroups"] = list(change.security_groups)
    if change.block_devices is not None:
        new["BlockDeviceMappings"] = [block_device(one) for one in change.block_devices]
    if change.monitoring is not None:
        new["InstanceMonitoring"] = {"Enabled": change.monitoring}
    if change.imds_v2 is not None:
        tokens = {"HttpTokens": "required" if change.imds_v2 else "optional"}
        new["MetadataOptions"] = new.get("MetadataOptions", {}) | tokens
    if change.user_data is not None:
        new["UserData"] = user_data
    return given(new)
