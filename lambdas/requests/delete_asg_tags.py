"""deleteAsgTags: take tags off a server group, whose other tags stay as they are."""

from collections.abc import Iterator, Mapping
from typing import ClassVar, Self

from pydantic import Field

from lambdas.accounts import Account
from lambdas.requests import AsgsDescription, Invalid, Json, OfOneServerGroup, account_of
from lambdas.requests.create_server_group import Names
from lambdas.requests.upsert_server_group_tags import MOST_TAGS, reserved


class TagKeysDescription(AsgsDescription):
    tag_keys: tuple[str | None, ...] = ()


class DeleteAsgTags(OfOneServerGroup):
    """Take tags off one server group."""

    tag_keys: Names = Field(min_length=1, max_length=MOST_TAGS)
    """Keys of the tags; those that are not there are passed over."""

    clouddriver_names: ClassVar[frozenset[str]] = frozenset({"deleteAsgTagsDescription"})

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.tag_keys))

    def contradictions(self) -> Iterator[str]:
        yield from super().contradictions()
        yield from reserved("tagKeys", self.tag_keys)

    @classmethod
    def of_clouddriver(cls, description: Json, accounts: Mapping[str, Account]) -> list[Self]:
        """Codes are those of `DeleteAsgTagsDescriptionValidator.groovy`: one for each key that is blank."""
        account = account_of(description)
        read = TagKeysDescription.read(description)
        found = list(read.refused("DeleteAsgTagsDescription", accounts.get(account)))
        found += ["deleteAsgTagsDescription.tagKey.invalid" for key in read.tag_keys if not key]
        if found:
            raise Invalid(found)
        shared = {"account": account, "tag_keys": read.tag_keys}
        return [cls.normalised(shared | {"region": asg.region, "server_group_name": asg.name}) for asg in read.folded]
