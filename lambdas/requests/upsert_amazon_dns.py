"""upsertAmazonDNS: point a name of a hosted zone somewhere."""

from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal, Self

from pydantic import Field

from lambdas.accounts import Account
from lambdas.requests import Description, Invalid, Json, account_of
from lambdas.requests.of_things import OfOneThing

TTL = 60
"""Seconds, as Clouddriver sets them (`UpsertAmazonDNSAtomicOperation.groovy`)."""
TYPES = ("A", "CNAME", "PTR", "AAAA")


class DnsDescription(Description):
    type: str | None = None
    name: str | None = None
    target: str | None = None
    hosted_zone_name: str | None = None


class UpsertAmazonDns(OfOneThing):
    """Create or replace one DNS record."""

    name: str = Field(min_length=1, max_length=255)
    """Name of the record: `api.example.com`."""
    type: Literal["A", "AAAA", "CNAME", "PTR"]
    target: str | None = Field(None, min_length=1, max_length=1024)
    """Where it points: an address or a name. Through Clouddriver's door it may be left out behind an upsertLoadBalancer
    of the same batch: then it is that load balancer's name.
    """
    hosted_zone_name: str = Field(min_length=1, max_length=255)
    """Name of the hosted zone: `example.com`."""
    ttl: int = Field(TTL, ge=0, le=2_147_483_647)
    """Seconds that resolvers may keep it."""

    kind: ClassVar[str] = "record"
    clouddriver_names: ClassVar[frozenset[str]] = frozenset({"upsertAmazonDNSDescription"})

    @property
    def thing(self) -> str:
        return f"{self.type}:{self.name.rstrip('.').lower()}"

    def contradictions(self) -> Iterator[str]:
        name, zone = self.name.rstrip(".").lower(), self.hosted_zone_name.rstrip(".").lower()
        if name != zone and not name.endswith(f".{zone}"):
            yield f"name: {self.name!r} is not in the hosted zone {self.hosted_zone_name!r}; give its full name"

    @classmethod
    def of_windlass(cls, body: Json) -> Self:
        """As of every request; there is no batch at this door, so it needs a target."""
        request = super().of_windlass(body)
        if request.target is None:
            raise Invalid(("target: is required",))
        return request

    @classmethod
    def of_clouddriver(cls, description: Json, accounts: Mapping[str, Account]) -> list[Self]:
        """Route 53 is of no Region: the account's first stands for all."""
        read = DnsDescription.read(description)
        account = accounts.get(account_of(description))
        if read.type not in TYPES:  # `UpsertAmazonDNSDescriptionValidator.groovy`
            raise Invalid(("upsertAmazonDNSDescription.type.invalid",))
        fields = read.model_dump(exclude_none=True) | {"account": account_of(description)}
        return [cls.normalised(fields | {"region": account.regions[0] if account and account.regions else "us-east-1"})]
