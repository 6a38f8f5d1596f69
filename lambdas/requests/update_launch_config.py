"""updateLaunchConfig: let new instances of a server group start from another launch configuration.

AWS lets newer accounts make none any more; the operation is refused there with AWS's own sentence, and nothing is left.
"""

from collections.abc import Iterator, Mapping
from typing import ClassVar, Self

from lambdas.accounts import Account
from lambdas.requests import Json, account_of
from lambdas.requests.launching import ChangesLaunch, LaunchDescription, accepted

KIND = "ModifyAsgLaunchConfigurationDescription"
PREFIX = "modifyAsgLaunchConfigurationDescription"


class UpdateLaunchConfig(ChangesLaunch):
    """Make a launch configuration like a server group's own but for this, and let the group start from it."""

    tolerant: bool = False
    """As Clouddriver does: succeed with nothing done where nothing is to be different."""

    clouddriver_names: ClassVar[frozenset[str]] = frozenset(
        {"updateLaunchConfig", "modifyAsgLaunchConfigurationDescription"}
    )
    metadata: ClassVar[frozenset[str]] = ChangesLaunch.metadata | {"tolerant"}

    def contradictions(self) -> Iterator[str]:
        yield from (one for one in super().contradictions() if not self.tolerant or one != self.nothing)

    @classmethod
    def of_clouddriver(cls, description: Json, accounts: Mapping[str, Account]) -> list[Self]:
        read, account = LaunchDescription.read(description), account_of(description)
        accepted(_codes(read, accounts.get(account)))
        return [cls.normalised(read.fields(account) | {"tolerant": True})]


def _codes(read: LaunchDescription, account: Account | None) -> Iterator[str]:
    """In the order of `ModifyAsgLaunchConfigurationDescriptionValidator.groovy`."""
    yield from read.of_region(KIND, account)
    yield from read.problems(PREFIX)
