"""allowLaunch: share a machine image with another account, and give it the same tags there."""

from collections.abc import Iterator, Mapping
from typing import ClassVar, Self

from pydantic import Field

from lambdas.accounts import Account
from lambdas.requests import Description, Invalid, Json, account_of
from lambdas.requests.of_things import OfOneThing


class AllowLaunchDescription(Description):
    ami_name: str | None = None
    region: str | None = None
    account: str | None = None
    """The target, where `targetAccount` does not say it."""
    target_account: str | None = None


class AllowLaunch(OfOneThing):
    """Let another account launch a machine image. `account` is the image's owner."""

    ami_name: str = Field(min_length=1, max_length=128)
    """Id (`ami-…`) or name of the image."""
    target_account: str = Field(min_length=1)
    """Windlass's name of the account that shall launch it."""

    kind: ClassVar[str] = "image"
    named_by: ClassVar[str] = "ami_name"
    both_accounts: ClassVar[bool] = True
    clouddriver_names: ClassVar[frozenset[str]] = frozenset({"allowLaunchDescription"})

    @property
    def accounts(self) -> Mapping[str, str]:
        return {"account": self.account, "targetAccount": self.target_account}

    @classmethod
    def of_clouddriver(cls, description: Json, accounts: Mapping[str, Account]) -> list[Self]:
        """`account` is the target, `credentials` the owner (`AllowLaunchPreProcessor.java`)."""
        read = AllowLaunchDescription.read(description)
        target = read.target_account or read.account
        if found := tuple(_problems(read, target, accounts)):
            raise Invalid(found)
        fields = {"account": account_of(description), "region": read.region, "amiName": read.ami_name}
        return [cls.normalised(fields | {"targetAccount": target})]


def _problems(read: AllowLaunchDescription, target: str | None, accounts: Mapping[str, Account]) -> Iterator[str]:
    """Clouddriver's codes (`AllowLaunchDescriptionValidator.groovy`)."""
    if not read.ami_name:
        yield "allowLaunchDescription.amiName.empty"
    if not read.region:
        yield "allowLaunchDescription.region.empty"
    if not target:
        yield "allowLaunchDescription.targetAccount.empty"
    elif target not in accounts:
        yield "allowLaunchDescription.targetAccount.not.configured"
