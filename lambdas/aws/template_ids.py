"""Launch templates by their ids on EC2."""

from typing import TYPE_CHECKING

from lambdas import nouns
from lambdas.aws import tags as tagging
from lambdas.cloud import LaunchTemplate
from lambdas.cloud.template_ids import TemplateIds
from lambdas.error_codes import translating
from lambdas.errors import NotFound

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

SERVICE = "ec2"


class Ec2TemplateIds(TemplateIds):
    def __init__(self, clients: nouns.Clients) -> None:
        self._client: EC2Client = clients[SERVICE]

    def find(self, id: str) -> LaunchTemplate:  # noqa: A002
        with translating(SERVICE, f"launch template {id}"):
            found = self._client.describe_launch_templates(LaunchTemplateIds=[id])["LaunchTemplates"]
        if not found:
            raise NotFound(f"launch template {id}: there is none")
        return LaunchTemplate(found[0]["LaunchTemplateName"], id, tagging.parsed(found[0].get("Tags", ())))

    def delete(self, id: str) -> None:  # noqa: A002
        with translating(SERVICE, f"launch template {id}"):
            self._client.delete_launch_template(LaunchTemplateId=id)
