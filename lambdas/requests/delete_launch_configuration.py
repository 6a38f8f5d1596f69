"""deleteLaunchConfiguration: delete a launch configuration, if no server group uses it."""

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import Field

from lambdas.accounts import Account
from lambdas.requests import Description, Json, account_of
from lambdas.requests.of_things import OfOneThing


class LaunchConfigurationDescription(Description):
    launch_configuration_name: str | None = None
    region: str | None = None


class DeleteLaunchConfiguration(OfOneThing):
    """Delete one launch configuration; one that is not there is no error."""

    launch_configuration_name: str = Field(min_length=1, max_length=255)
    """Name of the configuration."""

    kind: ClassVar[str] = "launchConfiguration"
    named_by: ClassVar[str] = "launch_configuration_name"
    clouddriver_names: ClassVar[frozenset[str]] = frozenset({"deleteLaunchConfiguration"})

    @classmethod
    def of_clouddriver(cls, description: Json, accounts: Mapping[str, Account]) -> list[Self]:
        """There is no validator in Clouddriver."""
        read = LaunchConfigurationDescription.read(description).model_dump(exclude_none=True)
        return [cls.normalised(read | {"account": account_of(description)})]
