"""createNetworkInterface: make a network interface that can be attached to an instance."""

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address
from typing import ClassVar, Self

from pydantic import Field

from lambdas.accounts import Account
from lambdas.requests import UNOWNED, Description, Invalid, Json, Number, Request, account_of, key

KIND = "createNetworkInterfaceDescription"


class InterfaceDescription(Description):
    """Clouddriver's `AwsNetworkInterface`."""

    description: str | None = None
    security_group_names: tuple[str, ...] | None = None
    security_groups: tuple[str, ...] | None = None
    primary_private_ip_address: str | None = None
    secondary_private_ip_addresses: tuple[str, ...] | None = None
    secondary_private_ip_address_count: Number = None
    tags: dict[str, str] | None = None


class NetworkInterfaceDescription(Description):
    availability_zones_grouped_by_region: dict[str, tuple[str, ...]] | None = None
    vpc_id: str | None = None
    subnet_type: str | None = None
    network_interface: InterfaceDescription = InterfaceDescription()
    application: str | None = None

    def problems(self, account: Account | None) -> list[str]:
        """`CreateNetworkInterfaceDescriptionValidator.groovy`, which says of no Region two things."""
        zones, found = self.availability_zones_grouped_by_region or {}, []
        if not zones:
            found.append(f"{KIND}.regions.not.supplied")
        if not any(zones.values()):
            found.append(f"{KIND}.availabilityZones.not.supplied")
        if not self.subnet_type:
            found.append(f"{KIND}.subnetType.empty")
        if not zones:
            found.append(f"{KIND}.regions.empty")
        elif account and account.regions and not zones.keys() <= set(account.regions):
            found.append(f"{KIND}.regions.not.configured")
        return found


class CreateNetworkInterface(Request):
    """Create one network interface in one zone."""

    zone: str = Field(min_length=1, max_length=64)
    """The availability zone: `us-east-1a`."""
    subnet_type: str = Field(min_length=1, max_length=255)
    """Purpose of the subnet, as its tag `immutable_metadata` says it."""
    vpc_id: str | None = Field(None, min_length=1)
    """The VPC, where several have such a subnet in that zone."""
    description: str = Field("", max_length=255)
    security_groups: tuple[str, ...] = Field((), max_length=16)
    """Ids or names; where there are none, the VPC's default one counts."""
    primary_private_ip_address: IPv4Address | None = None
    """Where none is given, one that is free."""
    secondary_private_ip_addresses: tuple[IPv4Address, ...] = Field((), max_length=49)
    secondary_private_ip_address_count: int = Field(0, ge=0, le=49)
    """How many secondary addresses, whichever are free."""
    tags: dict[str, str] = Field(default_factory=dict, max_length=40)
    application: str = Field(UNOWNED, min_length=1, max_length=255)
    """Whose it is."""

    clouddriver_names: ClassVar[frozenset[str]] = frozenset({KIND})

    def contradictions(self) -> Iterator[str]:
        yield from super().contradictions()
        if self.secondary_private_ip_addresses and self.secondary_private_ip_address_count:
            yield "secondaryPrivateIpAddresses: say which addresses, or secondaryPrivateIpAddressCount, but not both"
        if reserved := [name for name in self.tags if name.startswith(("aws:", "windlass:"))]:
            yield f"tags: {reserved[0]!r} is a name that only AWS or Windlass gives; choose another"

    @property
    def cluster(self) -> str:
        return key(self.account, self.region, "networkInterface", self.subnet_type, self.zone)

    @classmethod
    def of_clouddriver(cls, description: Json, accounts: Mapping[str, Account]) -> list[Self]:
        """One for each zone of each Region."""
        account, read = account_of(description), NetworkInterfaceDescription.read(description)
        if found := read.problems(accounts.get(account)):
            raise Invalid(found)
        asked = read.network_interface
        said = {
            "subnet_type": read.subnet_type,
            "vpc_id": read.vpc_id,
            "description": asked.description,
            "security_groups": (*(asked.security_groups or ()), *(asked.security_group_names or ())),
            "primary_private_ip_address": asked.primary_private_ip_address,
            "secondary_private_ip_addresses": asked.secondary_private_ip_addresses,
            "secondary_private_ip_address_count": asked.secondary_private_ip_address_count,
            "tags": asked.tags,
            "application": read.application,
        }
        fields = {"account": account} | {name: value for name, value in said.items() if value}
        return [
            cls.normalised(fields | {"region": region, "zone": zone})
            for region, zones in (read.availability_zones_grouped_by_region or {}).items()
            for zone in zones
        ]
