"""What the instances of a server group that stands start from, and how that is changed.

A group starts from a version of a launch template, perhaps within a mixed instances policy, or from a launch
configuration. User data stays where it is: what is changed is changed by the adapter, and only what is said.
"""

from abc import abstractmethod
from dataclasses import dataclass, fields
from typing import Any

from lambdas.cloud import BlockDevice, Group, LaunchSettings
from lambdas.nouns import Noun, changes, reads


@dataclass(frozen=True)
class Start:
    """What a group's new instances start from."""

    template: str | None = None
    version: str | None = None
    """A number, `$Default` or `$Latest`."""
    policy: str | None = None
    """As `GroupSettings.mixed`."""
    configuration: str | None = None

    @classmethod
    def of(cls, group: Group) -> "Start":
        if group.launch_configuration:
            return cls(configuration=group.launch_configuration)
        return cls(group.launch_template, group.launch_template_version, group.settings.mixed)


@dataclass(frozen=True)
class LaunchChange:
    """What is to be different; None stays as it is. An empty text, or an empty list, takes it away."""

    image: str | None = None
    instance_type: str | None = None
    security_groups: tuple[str, ...] | None = None
    """Ids."""
    key_pair: str | None = None
    instance_profile: str | None = None
    user_data: str | None = None
    """Reference for `Secrets.text`."""
    block_devices: tuple[BlockDevice, ...] | None = None
    spot_price: str | None = None
    monitoring: bool | None = None
    ebs_optimized: bool | None = None
    public_ip: bool | None = None
    ipv6: bool | None = None
    imds_v2: bool | None = None
    credit_specification: str | None = None
    kernel: str | None = None
    ramdisk: str | None = None
    enclave: bool | None = None

    def said(self) -> dict[str, Any]:
        """What is to be different, by field."""
        return {one.name: value for one in fields(self) if (value := getattr(self, one.name)) is not None}


@dataclass(frozen=True)
class Version:
    """A version of a launch template."""

    number: int
    settings: LaunchSettings
    """Without user data."""
    mark: str = ""
    """Who made it: its description."""


class TemplateVersions(Noun):
    noun, service = "template_versions", "ec2"
    adapter = "lambdas.aws.template_versions:Ec2TemplateVersions"

    @abstractmethod
    @reads("ec2:DescribeLaunchTemplateVersions")
    def find(self, template: str, version: str) -> Version:
        """By its number, `$Default` or `$Latest`. Raises NotFound."""

    @abstractmethod
    @reads("ec2:DescribeLaunchTemplateVersions")
    def user_data(self, template: str, number: int) -> str:
        """In base64; empty where there is none. A secret: it goes into no plan. Raises NotFound."""

    @abstractmethod
    @reads("ec2:DescribeLaunchTemplateVersions")
    def marked(self, template: str, mark: str, after: int) -> tuple[int, ...]:
        """Numbers, greater than `after`, of the versions with that mark. Empty for an absent template."""

    @abstractmethod
    @changes("ec2:DescribeLaunchTemplateVersions", "ec2:CreateLaunchTemplateVersion")
    def create(
        self, template: str, source: int, change: LaunchChange, user_data: str | None, mark: str, token: str
    ) -> int:
        """A version like `source` but for the change; its number. The same token again is the same creation.

        Raises NotFound for the template or its source, AlreadyExists where the token was used for something else.
        """

    @abstractmethod
    @changes("ec2:DeleteLaunchTemplateVersions")
    def delete(self, template: str, number: int) -> None:
        """Raises NotFound; Rejected for the default version."""


class Launching(Noun):
    noun, service = "launching", "autoscaling"
    adapter = "lambdas.aws.launching:AutoScalingLaunching"

    @abstractmethod
    @changes("autoscaling:UpdateAutoScalingGroup")
    def use(self, group: str, start: Start) -> None:
        """Let new instances start from this; those there are stay. Raises NotFound for the group."""

    @abstractmethod
    @reads("autoscaling:DescribeLaunchConfigurations")
    def configuration(self, name: str) -> LaunchSettings:
        """Without user data. Raises NotFound."""

    @abstractmethod
    @reads("autoscaling:DescribeLaunchConfigurations")
    def user_data(self, configuration: str) -> str:
        """In base64; empty where there is none. A secret: it goes into no plan. Raises NotFound."""

    @abstractmethod
    @changes("autoscaling:DescribeLaunchConfigurations", "autoscaling:CreateLaunchConfiguration")
    def configure(self, name: str, source: str, change: LaunchChange, user_data: str | None) -> None:
        """Make a launch configuration like `source` but for the change. Raises AlreadyExists, NotFound for `source`."""

    @abstractmethod
    @changes("autoscaling:DeleteLaunchConfiguration")
    def unconfigure(self, name: str) -> None:
        """Delete a launch configuration. Raises NotFound."""
