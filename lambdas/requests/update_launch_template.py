"""updateLaunchTemplate: let new instances of a server group start from a new version of its launch template.

`legacyUdf` and `userDataOverride` steer Clouddriver's own user data providers. Windlass has none: they change nothing.
"""

from collections.abc import Iterator, Mapping
from typing import ClassVar, Self

from pydantic import Field

from lambdas.accounts import Account
from lambdas.requests import Flag, Json, account_of
from lambdas.requests.create_server_group import BURSTABLE
from lambdas.requests.launching import ChangesLaunch, LaunchDescription, accepted
from lambdas.requests.mixing import Mixes, MixesDescription

KIND = "ModifyServerGroupLaunchTemplateDescription"
PREFIX = KIND.lower()
"""As the validator spells its codes (`ModifyServerGroupLaunchTemplateValidator.java`)."""
NOTHING = (
    "No changes requested to launch template or related server group fields for "
    "modifyServerGroupLaunchTemplate operation."
)


class VersionDescription(LaunchDescription, MixesDescription):
    require_imds_v2: Flag = Field(None, alias="requireIMDV2")
    """So it is called there, and `requireIMDSv2` at createServerGroup."""
    associate_ipv6_address: Flag = Field(None, alias="associateIPv6Address")
    unlimited_cpu_credits: Flag = None
    enable_enclave: Flag = None

    def codes(self, account: Account | None, *, changes: bool) -> Iterator[str]:
        if not changes:
            yield NOTHING
        yield from self.of_region(KIND, account)
        yield from self.problems(PREFIX)
        types = (*self.override_types(), *((self.instance_type,) if self.instance_type else ()))
        if self.unlimited_cpu_credits is not None and not all(map(BURSTABLE.match, types)):
            yield f"{PREFIX}.bursting.not.supported.by.instanceType"
        if self.pools_wrong():
            yield f"{PREFIX}.spotInstancePools.not.supported.for.spotAllocationStrategy"


class UpdateLaunchTemplate(Mixes, ChangesLaunch):
    """Make a version of a server group's launch template, and let the group start new instances from it."""

    associate_ipv6_address: bool | None = Field(None, alias="associateIPv6Address")
    """Whether instances get an IPv6 address."""
    unlimited_cpu_credits: bool | None = None
    """For burstable types: `unlimited` (true) or `standard` (false) credits."""
    enable_enclave: bool | None = None
    """Whether instances can run Nitro enclaves."""

    clouddriver_names: ClassVar[frozenset[str]] = frozenset(
        {"updateLaunchTemplate", "modifyServerGroupLaunchTemplateDescription"}
    )

    def contradictions(self) -> Iterator[str]:
        yield from super().contradictions()
        yield from self.mixing()
        types = (*(one.instance_type for one in self.overrides), *((self.instance_type,) if self.instance_type else ()))
        for one in types if self.unlimited_cpu_credits is not None else ():
            if not BURSTABLE.match(one):
                yield f"unlimitedCpuCredits: {one} has no CPU credits; leave it out"

    @classmethod
    def of_clouddriver(cls, description: Json, accounts: Mapping[str, Account]) -> list[Self]:
        read, account = VersionDescription.read(description), account_of(description)
        fields = read.fields(account) | read.mixing()
        same = ("require_imds_v2", "associate_ipv6_address", "unlimited_cpu_credits", "enable_enclave")
        fields |= {name: value for name in same if (value := getattr(read, name)) is not None}
        changes = any(fields.get(name) is not None for name in cls.changing())
        accepted(read.codes(accounts.get(account), changes=changes))
        return [cls.normalised(fields)]
