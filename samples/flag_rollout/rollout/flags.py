"""Feature flags as free-form configurations of AWS AppConfig: what an operation may ask of them, and boto3's answer.

A flag is a configuration profile whose hosted versions say for how many of a hundred users it is on. AppConfig deploys
one version at a time to an environment. https://docs.aws.amazon.com/appconfig/2019-10-09/APIReference/Welcome.html
"""

import json
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from windlass import Clients, NotFound, Noun, Transient, changes, reads, translating

SERVICE = "appconfig"


@dataclass(frozen=True)
class Flag:
    """Ids of the application, the environment and the configuration profile."""

    application: str
    environment: str
    profile: str

    def __str__(self) -> str:
        return f"{self.application}/{self.environment}/{self.profile}"


@dataclass(frozen=True)
class Deployed:
    """The newest deployment of a flag."""

    number: int
    """Of the deployments to that environment: who begins another says which he has seen last."""
    version: str
    state: str
    """`DEPLOYING`, `BAKING`, `COMPLETE`, `ROLLED_BACK` …"""


class Flags(Noun):
    noun, service = "flags", SERVICE
    adapter = "rollout.flags:AppConfigFlags"

    @abstractmethod
    @reads("appconfig:ListDeployments")
    def deployed(self, flag: Flag) -> Deployed:
        """Raises NotFound where it was never deployed to that environment."""

    @abstractmethod
    @reads("appconfig:ListHostedConfigurationVersions")
    def version(self, flag: Flag, label: str) -> str:
        """The number of the version with that label. Raises NotFound."""

    @abstractmethod
    @reads("appconfig:ListHostedConfigurationVersions")
    def newest(self, flag: Flag) -> int:
        """The number of the newest version; 0 where there is none."""

    @abstractmethod
    @changes("appconfig:CreateHostedConfigurationVersion")
    def publish(self, flag: Flag, label: str, percentage: int, newest: int) -> None:
        """Make a version that is on for so many of a hundred. Raises Transient where `newest` is no longer the newest.

        A call whose answer was lost, and that lands when another has been made since, does nothing.
        """

    @abstractmethod
    @changes("appconfig:DeleteHostedConfigurationVersion")
    def withdraw(self, flag: Flag, version: str) -> None:
        """Raises NotFound."""

    @abstractmethod
    @changes("appconfig:StartDeployment")
    def deploy(self, flag: Flag, version: str, strategy: str, after: int) -> None:
        """Begin to deploy that version, if the deployment of number `after` is the newest.

        Raises Transient where it is not, or is still on its way; NotFound where there is no such version.
        """


class AppConfigFlags(Flags):
    def __init__(self, clients: Clients) -> None:
        self._client: Any = clients[SERVICE]

    def deployed(self, flag: Flag) -> Deployed:
        pages = self._client.get_paginator("list_deployments")
        with translating(SERVICE, f"flag {flag}"):
            for page in pages.paginate(ApplicationId=flag.application, EnvironmentId=flag.environment):
                for one in page["Items"]:  # newest first
                    if one["ConfigurationProfileId"] == flag.profile:
                        return Deployed(one["DeploymentNumber"], one["ConfigurationVersion"], one["State"])
        raise NotFound(f"flag {flag} was never deployed")

    def version(self, flag: Flag, label: str) -> str:
        with translating(SERVICE, f"flag {flag}"):
            found = self._client.list_hosted_configuration_versions(VersionLabel=label, **_profile(flag))["Items"]
        if not found:
            raise NotFound(f"flag {flag} has no version {label}")
        return str(max(one["VersionNumber"] for one in found))

    def newest(self, flag: Flag) -> int:
        with translating(SERVICE, f"flag {flag}"):
            found = self._client.list_hosted_configuration_versions(MaxResults=1, **_profile(flag))["Items"]
        return max((one["VersionNumber"] for one in found), default=0)  # newest first

    def publish(self, flag: Flag, label: str, percentage: int, newest: int) -> None:
        content = json.dumps({"enabled": percentage > 0, "percentage": percentage}).encode()
        seen: Any = {"LatestVersionNumber": newest} if newest else {}
        with _conflicting(self._client, f"flag {flag} has another newest version than {newest}"):
            self._client.create_hosted_configuration_version(
                VersionLabel=label, Content=content, ContentType="application/json", **seen, **_profile(flag)
            )

    def withdraw(self, flag: Flag, version: str) -> None:
        with translating(SERVICE, f"flag {flag}, version {version}"):
            self._client.delete_hosted_configuration_version(VersionNumber=int(version), **_profile(flag))

    def deploy(self, flag: Flag, version: str, strategy: str, after: int) -> None:
        with _conflicting(self._client, f"another deployment to environment {flag.environment} is on its way"):
            self._client.start_deployment(
                EnvironmentId=flag.environment,
                DeploymentStrategyId=strategy,
                ConfigurationVersion=version,
                LatestDeploymentNumber=after,
                **_profile(flag),
            )


@contextmanager
def _conflicting(client: Any, said: str) -> Iterator[None]:
    """AppConfig's conflicts pass: whoever reads again sees what the other has done."""
    with translating(SERVICE, said):
        try:
            yield
        except client.exceptions.ConflictException:
            raise Transient(said) from None


def _profile(flag: Flag) -> dict[str, str]:
    return {"ApplicationId": flag.application, "ConfigurationProfileId": flag.profile}
