"""deleteImage: deregister a machine image."""

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import Field

from lambdas.accounts import Account
from lambdas.requests import Description, Json, account_of
from lambdas.requests.of_things import OfOneThing


class ImageDescription(Description):
    image_id: str = ""
    region: str = ""


class DeleteImage(OfOneThing):
    """Deregister a machine image; one that is not there is deleted already."""

    image_id: str = Field(pattern=r"^ami-[0-9a-zA-Z]+$", max_length=64)
    """Id of the image: `ami-…`."""

    kind: ClassVar[str] = "image"
    named_by: ClassVar[str] = "image_id"
    clouddriver_names: ClassVar[frozenset[str]] = frozenset({"deleteImage"})

    @classmethod
    def of_clouddriver(cls, description: Json, accounts: Mapping[str, Account]) -> list[Self]:
        """Clouddriver validates nothing here, and fails while working."""
        read = ImageDescription.read(description)
        return [cls.normalised({"account": account_of(description)} | read.model_dump(by_alias=True))]
