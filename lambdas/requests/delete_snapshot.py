"""deleteSnapshot: delete a snapshot of a volume."""

from collections.abc import Iterator, Mapping
from typing import ClassVar, Self

from pydantic import Field

from lambdas.accounts import Account
from lambdas.requests import Description, Invalid, Json, account_of
from lambdas.requests.of_things import OfOneThing


class SnapshotDescription(Description):
    snapshot_id: str | None = None
    region: str | None = None


class DeleteSnapshot(OfOneThing):
    """Delete a snapshot; one that is not there is deleted already."""

    snapshot_id: str = Field(pattern=r"^snap-[0-9a-zA-Z]+$", max_length=64)
    """Id of the snapshot: `snap-…`."""

    kind: ClassVar[str] = "snapshot"
    named_by: ClassVar[str] = "snapshot_id"
    clouddriver_names: ClassVar[frozenset[str]] = frozenset({"deleteSnapshot"})

    @classmethod
    def of_clouddriver(cls, description: Json, accounts: Mapping[str, Account]) -> list[Self]:
        read, account = SnapshotDescription.read(description), account_of(description)
        if found := tuple(_problems(read, accounts.get(account))):
            raise Invalid(found)
        return [cls.normalised({"account": account} | read.model_dump(by_alias=True))]


def _problems(read: SnapshotDescription, account: Account | None) -> Iterator[str]:
    """Clouddriver's codes, the doubled one too (`DeleteAmazonSnapshotDescriptionValidator.java`)."""
    if not read.region:
        yield "DeleteAmazonSnapshotDescription.region.empty"
        yield "deleteAmazonSnapshotDescription.region.empty"
    elif account and account.regions and read.region not in account.regions:
        yield "DeleteAmazonSnapshotDescription.regions.not.configured"
    if not read.snapshot_id:
        yield "deleteAmazonSnapshotDescription.snapshotId.empty"
