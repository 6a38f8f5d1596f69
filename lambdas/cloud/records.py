"""DNS records in Route 53's hosted zones."""

from abc import abstractmethod
from dataclasses import dataclass

from lambdas.nouns import Noun, changes, reads


@dataclass(frozen=True)
class Record:
    """A simple record set: no alias, no routing policy."""

    name: str
    """With a dot at the end, as Route 53 gives it: `api.example.com.`."""
    type: str
    """`A`, `AAAA`, `CNAME` or `PTR`."""
    values: tuple[str, ...]
    ttl: int
    """Seconds."""


class Records(Noun):
    noun, service = "records", "route53"
    adapter = "lambdas.aws.records:Route53"

    @abstractmethod
    @reads("route53:ListHostedZonesByName")
    def zone(self, name: str) -> str:
        """The id of the hosted zone of that name; of several, the public one. Raises NotFound."""

    @abstractmethod
    @reads("route53:ListResourceRecordSets")
    def find(self, zone: str, name: str, type: str) -> Record:  # noqa: A002 - as it is called
        """Raises NotFound; Rejected where that name has an alias or a routing policy, which is not ours to change."""

    @abstractmethod
    @changes("route53:ChangeResourceRecordSets")
    def put(self, zone: str, record: Record) -> None:
        """Create or replace."""

    @abstractmethod
    @changes("route53:ChangeResourceRecordSets")
    def delete(self, zone: str, record: Record) -> None:
        """Delete exactly that record. Raises NotFound where it is not there, or is another by now."""
