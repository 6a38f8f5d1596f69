"""Requests about one thing that is no server group: a load balancer, a record, an image."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from pydantic import Field, model_validator

from lambdas.accounts import Account
from lambdas.requests import UNOWNED, Request, key


class OfOneThing(Request):
    """A request about one thing by its name."""

    application: str = Field("", max_length=255)
    """Whose it is; unless said, what its name begins with before the first hyphen."""

    kind: ClassVar[str]
    """As in guards: `loadBalancer`."""
    named_by: ClassVar[str] = "name"
    """The field that holds the thing's name."""

    @property
    def thing(self) -> str:
        """The thing's name, unique among its kind in the account's Region."""
        return str(getattr(self, self.named_by))

    @property
    def cluster(self) -> str:
        return key(self.account, self.region, self.kind, self.thing)

    @property
    def owners(self) -> tuple[str, ...]:
        return self.application, _owner(getattr(self, self.named_by))

    @model_validator(mode="before")
    @classmethod
    def _owned(cls, fields: Any) -> Any:
        """The application that the name tells, where none is said."""
        if not isinstance(fields, Mapping) or fields.get("application"):
            return fields
        alias = cls.model_fields[cls.named_by].alias or cls.named_by
        name = fields.get(alias, fields.get(cls.named_by))
        return {**fields, "application": _owner(name)}


def _owner(name: object) -> str:
    """The application that a thing's name begins with; operations are listed by it, so it is never empty."""
    return str(name or "").partition("-")[0] or UNOWNED


def guards_of_thing(request: OfOneThing) -> tuple[str, ...]:
    """The thing itself."""
    return (request.cluster,)


def regions_of(kind: str, regions: Sequence[str], account: Account | None) -> Iterator[str]:
    """Clouddriver's codes (`AmazonDescriptionValidationSupport.validateRegions`)."""
    if not regions:
        yield f"{kind}.regions.empty"
    elif account and account.regions and not set(regions) <= set(account.regions):
        yield f"{kind}.regions.not.configured"
