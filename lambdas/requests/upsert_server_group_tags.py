"""upsertServerGroupTags: put tags on a server group, whose other tags stay as they are."""

from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar, Self

from pydantic import Field

from lambdas.accounts import Account
from lambdas.requests import AsgsDescription, Invalid, Json, OfOneServerGroup, account_of
from lambdas.requests.create_server_group import RESERVED_TAGS

MOST_TAGS = 50
"""Of a group: https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-tagging.html"""


class TagsDescription(AsgsDescription):
    tags: dict[str, str | None] | None = None


class UpsertServerGroupTags(OfOneServerGroup):
    """Put tags on one server group."""

    tags: dict[str, str] = Field(min_length=1, max_length=MOST_TAGS)
    """By key; a tag that is there already gets the new value."""
    propagate_at_launch: bool = True
    """Whether instances that the group launches from now on get them too. Those that run never do."""

    clouddriver_names: ClassVar[frozenset[str]] = frozenset({"upsertServerGroupTags", "upsertAsgTagsDescription"})

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(self.tags)

    def contradictions(self) -> Iterator[str]:
        yield from super().contradictions()
        yield from reserved("tags", self.tags)
        for key, value in self.tags.items():
            if not 1 <= len(key) <= 128 or len(value) > 256:
                yield f"tags.{key[:128]}: a key has 1 to 128 characters, a value at most 256"

    @classmethod
    def of_clouddriver(cls, description: Json, accounts: Mapping[str, Account]) -> list[Self]:
        """Codes are those of `UpsertAsgTagsDescriptionValidator.groovy`: one for each tag that is blank."""
        account = account_of(description)
        read = TagsDescription.read(description)
        found = list(read.refused("UpsertAsgTagsDescription", accounts.get(account)))
        found += [] if read.tags else ["upsertAsgTagsDescription.tags.empty"]
        found += ["upsertAsgTagsDescription.tag.invalid" for tag in (read.tags or {}).items() if not all(tag)]
        if found:
            raise Invalid(found)
        shared = {"account": account, "tags": read.tags}
        return [cls.normalised(shared | {"region": asg.region, "server_group_name": asg.name}) for asg in read.folded]


def reserved(field: str, keys: Iterable[str]) -> Iterator[str]:
    """What is wrong with changing these tags: AWS's own cannot be, Windlass's tell whose a group is."""
    for key in keys:
        if key.startswith(RESERVED_TAGS):
            yield f"{field}.{key}: tags that begin with {' or '.join(RESERVED_TAGS)} are reserved"
