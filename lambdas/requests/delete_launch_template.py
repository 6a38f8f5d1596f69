"""deleteLaunchTemplate: delete a launch template with all its versions, if no server group uses it."""

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import Field

from lambdas.accounts import Account
from lambdas.requests import Description, Json, account_of
from lambdas.requests.of_things import OfOneThing


class LaunchTemplateDescription(Description):
    launch_template_id: str | None = None
    region: str | None = None


class DeleteLaunchTemplate(OfOneThing):
    """Delete one launch template; one that is not there is no error."""

    launch_template_id: str = Field(pattern=r"^lt-[0-9a-zA-Z]+$", max_length=64)
    """Id of the template: `lt-…`."""

    kind: ClassVar[str] = "launchTemplate"
    named_by: ClassVar[str] = "launch_template_id"
    clouddriver_names: ClassVar[frozenset[str]] = frozenset({"deleteLaunchTemplate"})

    @classmethod
    def of_clouddriver(cls, description: Json, accounts: Mapping[str, Account]) -> list[Self]:
        """There is no validator in Clouddriver."""
        read = LaunchTemplateDescription.read(description).model_dump(exclude_none=True)
        return [cls.normalised(read | {"account": account_of(description)})]
