"""Launch templates on EC2."""

from typing import TYPE_CHECKING, Any

from lambdas.aws import launch_data
from lambdas.aws import tags as tagging
from lambdas.cloud import OPERATION_TAG, LaunchSettings, LaunchTemplate, Tags
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
        data: Any = launch_data.written(settings, user_data)
        marked: Any = {} if not tags else {"TagSpecifications": [launch_data.specified("launch-template", tags)]}
        with translating(SERVICE, f"launch template {name}", hidden=user_data):
            self._client.create_launch_template(
                LaunchTemplateName=name,
                ClientToken=token,
                LaunchTemplateData=data,
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
