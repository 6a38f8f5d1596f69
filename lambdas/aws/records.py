"""DNS records on Route 53."""

from typing import TYPE_CHECKING, Any

from lambdas import nouns
from lambdas.cloud.records import Record, Records
from lambdas.error_codes import translating
from lambdas.errors import NotFound, Rejected

if TYPE_CHECKING:
    from mypy_boto3_route53 import Route53Client

SERVICE = "route53"


class Route53(Records):
    def __init__(self, clients: nouns.Clients) -> None:
        self._client: Route53Client = clients[SERVICE]

    def zone(self, name: str) -> str:
        dotted = _dotted(name)
        with translating(SERVICE, f"hosted zone {dotted}"):
            found = self._client.list_hosted_zones_by_name(DNSName=dotted)["HostedZones"]
        named = [one for one in found if one["Name"] == dotted]
        public = [one for one in named if not one.get("Config", {}).get("PrivateZone")]
        if not named:
            raise NotFound(f"hosted zone {dotted}: there is none")
        return (public or named)[0]["Id"].rpartition("/")[2]

    def find(self, zone: str, name: str, type: str) -> Record:  # noqa: A002
        start: Any = {"StartRecordName": _dotted(name), "StartRecordType": type, "MaxItems": "1"}
        with translating(SERVICE, f"hosted zone {zone}"):
            found = self._client.list_resource_record_sets(HostedZoneId=zone, **start)["ResourceRecordSets"]
        here = [one for one in found if (one["Name"], one["Type"]) == (_dotted(name), type)]
        if not here:
            raise NotFound(f"record {type} {name}: there is none")
        if "TTL" not in here[0] or "SetIdentifier" in here[0]:
            raise Rejected(f"record {type} {name} is an alias or has a routing policy: change it by other means")
        values = tuple(sorted(one["Value"] for one in here[0]["ResourceRecords"]))
        return Record(here[0]["Name"], type, values, here[0]["TTL"])

    def put(self, zone: str, record: Record) -> None:
        self._change(zone, "UPSERT", record)

    def delete(self, zone: str, record: Record) -> None:
        self._change(zone, "DELETE", record)

    def _change(self, zone: str, action: str, record: Record) -> None:
        change: Any = {
            "Action": action,
            "ResourceRecordSet": {
                "Name": record.name,
                "Type": record.type,
                "TTL": record.ttl,
                "ResourceRecords": [{"Value": value} for value in record.values],
            },
        }
        with translating(SERVICE, f"record {record.type} {record.name}"):
            self._client.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [change]})


def _dotted(name: str) -> str:
    return name if name.endswith(".") else f"{name}."
