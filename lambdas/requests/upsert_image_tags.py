"""upsertImageTags: give the machine images of a name tags."""

from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, Self

from pydantic import Field

from lambdas.accounts import Account
from lambdas.requests import Description, Invalid, Json, account_of
from lambdas.requests.of_things import OfOneThing

TagKey = Annotated[str, Field(min_length=1, max_length=128)]
TagValue = Annotated[str, Field(max_length=256)]
"""https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions"""


class ImageTagsDescription(Description):
    ami_name: str | None = None
    regions: tuple[str, ...] = ()
    tags: dict[str, str] = {}


class UpsertImageTags(OfOneThing):
    """Set tags of every machine image of a name; tags that are not named stay as they are."""

    ami_name: str = Field(min_length=1, max_length=128)
    """Name of the image, or its id (`ami-…`)."""
    tags: dict[TagKey, TagValue] = Field(min_length=1, max_length=50)
    """By key."""

    kind: ClassVar[str] = "image"
    named_by: ClassVar[str] = "ami_name"
    clouddriver_names: ClassVar[frozenset[str]] = frozenset({"upsertImageTags", "upsertAmiTagsDescription"})

    def contradictions(self) -> Iterator[str]:
        if reserved := sorted(key for key in self.tags if key.startswith("aws:")):
            yield f"tags: {', '.join(reserved)} begins with aws:, which only AWS sets; leave it out"

    @classmethod
    def of_clouddriver(cls, description: Json, accounts: Mapping[str, Account]) -> list[Self]:
        """One request for each Region. Clouddriver validates nothing here, and fails while working."""
        read = ImageTagsDescription.read(description)
        if not read.regions:
            raise Invalid(("regions: name at least one",))
        fields = {"account": account_of(description), "amiName": read.ami_name or "", "tags": read.tags}
        return [cls.normalised(fields | {"region": region}) for region in dict.fromkeys(read.regions)]
