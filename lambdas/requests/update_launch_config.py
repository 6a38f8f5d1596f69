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
    otherwise: ClassVar[tuple[str, ...]] = (
        "Where detailed monitoring is taken off the instances, the group's metrics stay. Clouddriver disables all of "
        "them then; they cost nothing, need no detailed monitoring, and alarms may look at them. "
        "`modifyAsgDescription` with `enabledMetrics` takes them off, and puts them back.",
        "A launch configuration that was made in vain is deleted; Clouddriver leaves it. The one from before stays in "
        "both: other groups, and a rollback, may start from it.",
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
