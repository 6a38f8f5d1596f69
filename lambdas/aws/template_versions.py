"""Versions of launch templates on EC2."""

from typing import TYPE_CHECKING, Any

from lambdas import nouns
from lambdas.aws import launch_data
from lambdas.cloud.launching import LaunchChange, TemplateVersions, Version
from lambdas.error_codes import translating
from lambdas.errors import NotFound, Rejected, Transient

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import LaunchTemplateVersionTypeDef

SERVICE = "ec2"
GONE = ("launchTemplateVersionDoesNotExist", "launchTemplateNameDoesNotExist")
"""https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ResponseError.html"""


class Ec2TemplateVersions(TemplateVersions):
    def __init__(self, clients: nouns.Clients) -> None:
        self._client: EC2Client = clients[SERVICE]

    def find(self, template: str, version: str) -> Version:
        found = self._version(template, version)
        settings = launch_data.read(found["LaunchTemplateData"])
        return Version(found["VersionNumber"], settings, found.get("VersionDescription", ""))

    def user_data(self, template: str, number: int) -> str:
        return self._version(template, str(number))["LaunchTemplateData"].get("UserData", "")

    def marked(self, template: str, mark: str, after: int) -> tuple[int, ...]:
        pages = self._client.get_paginator("describe_launch_template_versions")
        try:
            with translating(SERVICE, f"launch template {template}"):
                return tuple(
                    version["VersionNumber"]
                    for page in pages.paginate(LaunchTemplateName=template, MinVersion=str(after + 1))
                    for version in page["LaunchTemplateVersions"]
                    if version.get("VersionDescription") == mark
                )
        except NotFound:
            return ()

    def create(
        self, template: str, source: int, change: LaunchChange, user_data: str | None, mark: str, token: str
    ) -> int:
        """From the whole of the source: EC2's own way, `SourceVersion`, cannot take anything away."""
        data = self._version(template, str(source))["LaunchTemplateData"]
        changed: Any = launch_data.changed(data, change, user_data)
        with translating(SERVICE, f"launch template {template}", hidden=changed.get("UserData")):
            made = self._client.create_launch_template_version(
                LaunchTemplateName=template, LaunchTemplateData=changed, VersionDescription=mark, ClientToken=token
            )
        return made["LaunchTemplateVersion"]["VersionNumber"]

    def delete(self, template: str, number: int) -> None:
        what = f"version {number} of launch template {template}"
        with translating(SERVICE, what):
            answer = self._client.delete_launch_template_versions(LaunchTemplateName=template, Versions=[str(number)])
        for refused in answer.get("UnsuccessfullyDeletedLaunchTemplateVersions", ()):
            error = refused.get("ResponseError", {})
            code = error.get("Code", "unexpectedError")
            raise _meaning(code)(f"{what}: EC2 answered {code}: {error.get('Message', '')}")

    def _version(self, template: str, version: str) -> "LaunchTemplateVersionTypeDef":
        with translating(SERVICE, f"launch template {template}"):
            found = self._client.describe_launch_template_versions(LaunchTemplateName=template, Versions=[version])
        if not found["LaunchTemplateVersions"]:
            raise NotFound(f"launch template {template} has no version {version}")
        return found["LaunchTemplateVersions"][0]


def _meaning(code: str) -> type[NotFound] | type[Rejected] | type[Transient]:
    if code in GONE:
        return NotFound
    return Transient if code == "unexpectedError" else Rejected
