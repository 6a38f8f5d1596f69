"""upsertSecurityGroup: make a security group, or let another set of inbound rules stand in one that is there.

EC2-Classic is gone: a security group is always one of a VPC, and so is what its rules refer to by name.
"""

from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, AliasChoices, BeforeValidator, Field

from lambdas.accounts import Account
from lambdas.cloud.security_groups import ALL
from lambdas.requests import Description, Flag, Invalid, Json, Number, Value, account_of
from lambdas.requests.of_things import OfOneThing

NO_CLASSIC = "vpcId: is required, since EC2-Classic is gone; name the VPC of the security group"
PROTOCOLS = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "all": "-1"}
"""EC2 answers with these names for the numbers."""


def _named(protocol: object) -> object:
    said = str(protocol).lower()
    return PROTOCOLS.get(said, said)


def _block(cidr: str) -> str:
    """As EC2 keeps it, which sets the bits of the host to zero."""
    try:
        return str(ip_network(cidr, strict=False))
    except ValueError:
        raise ValueError("is no CIDR block; write one like 10.0.0.0/16 or 2001:db8::/32") from None


class Ingress(Value):
    """Who may reach which ports: a CIDR block, a prefix list or a security group."""

    ip_protocol: Annotated[str, BeforeValidator(_named)]
    """`tcp`, `udp`, `icmp`, `icmpv6`, a protocol's number, or `-1` for all."""
    start_port: int = Field(ALL, ge=-1, le=65535)
    """The first port, or the ICMP type; -1 is all."""
    end_port: int = Field(ALL, ge=-1, le=65535)
    """The last port, or the ICMP code; -1 is all."""
    cidr: Annotated[str, AfterValidator(_block)] | None = None
    """Addresses: `10.0.0.0/16` or `2001:db8::/32`."""
    prefix_list_id: str | None = Field(None, pattern="^pl-")
    """Addresses that a prefix list holds."""
    security_group: str | None = Field(None, min_length=1, max_length=255)
    """Id or name of the security group whose members may; its own name is the group itself."""
    vpc_id: str | None = None
    """The VPC in which that name is looked up, if it is another."""
    account_id: str | None = Field(None, pattern="^[0-9]{12}$")
    """The AWS account whose security group it is, if it is another; needs the id of the group."""
    description: str = Field("", max_length=255)

    def contradictions(self) -> Iterator[str]:
        if sum(one is not None for one in (self.cidr, self.prefix_list_id, self.security_group)) != 1:
            yield "says not who may; say one of cidr, prefixListId and securityGroup"
        if self.ip_protocol in ("tcp", "udp") and not 0 <= self.start_port <= self.end_port:
            yield f"startPort to endPort ({self.start_port} to {self.end_port}) is no range; say 0 to 65535 for all"
        if self.account_id and not (self.security_group or "").startswith("sg-"):
            yield "accountId: a security group of another account is named by its id; give securityGroup as sg-…"

    @property
    def ports(self) -> tuple[int, int]:
        return (ALL, ALL) if self.ip_protocol == "-1" else (self.start_port, self.end_port)


class UpsertSecurityGroup(OfOneThing):
    """Create a security group, or change the inbound rules of one."""

    name: str = Field(min_length=1, max_length=255)
    """Name of the security group."""
    vpc_id: str = Field(pattern="^vpc-")
    """The VPC in which it is."""
    description: str = Field("", max_length=255)
    """What it is for, where it is made; AWS lets nobody change it afterwards."""
    ingress: tuple[Ingress, ...] = ()
    """All inbound rules that shall stand; others are revoked."""
    ingress_append_only: bool = False
    """Revoke nothing: rules that stand and are not named stay."""
    tags: dict[str, str] = Field(default_factory=dict)
    """Tags to create or replace; others stay."""

    kind: ClassVar[str] = "securityGroup"
    clouddriver_names: ClassVar[frozenset[str]] = frozenset({"upsertSecurityGroup", "upsertSecurityGroupDescription"})

    @property
    def thing(self) -> str:
        return f"{self.vpc_id}:{self.name}"

    def contradictions(self) -> Iterator[str]:
        if self.name.startswith("sg-"):
            yield f"name: {self.name!r} begins with sg-, as only ids do; choose another"
        if not self.description and not self.ingress_append_only:
            yield "description: is required, unless ingressAppendOnly"
        if reserved := sorted(key for key in self.tags if key.startswith("aws:")):
            yield f"tags: {', '.join(reserved)} cannot be set; keys that begin with aws: are AWS's own"

    @classmethod
    def of_clouddriver(cls, description: Json, accounts: Mapping[str, Account]) -> list[Self]:
        read, account = GroupDescription.read(description), account_of(description)
        if found := list(read.problems(accounts.get(account))):
            raise Invalid(found)
        if not read.vpc_id:
            raise Invalid((NO_CLASSIC,))
        fields = read.model_dump(include={"name", "vpc_id", "region", "description"}, exclude_none=True)
        tags = {read.tags.key: read.tags.value or ""} if read.tags and read.tags.key else {}
        ingress = [*(one.model_dump(exclude_none=True) for one in read.ip_ingress), *read.groups(account, accounts)]
        appends = bool(read.ingress_append_only)
        given = {"account": account, "ingress": ingress, "ingress_append_only": appends, "tags": tags}
        return [cls.normalised(fields | given)]


# Clouddriver's door: `UpsertSecurityGroupDescription.groovy`, `UpsertSecurityGroupDescriptionValidator.groovy`.


class TagDescription(Description):
    key: str | None = None
    value: str | None = None


class IngressDescription(Description):
    ip_protocol: str | None = Field(None, validation_alias=AliasChoices("ipProtocol", "type"))
    start_port: Number = None
    end_port: Number = None
    description: str | None = None


class IpIngressDescription(IngressDescription):
    cidr: str | None = None


class GroupIngressDescription(IngressDescription):
    account_name: str | None = None
    account_id: str | None = None
    id: str | None = None
    vpc_id: str | None = None
    name: str | None = None

    def __str__(self) -> str:
        """As Clouddriver says it."""
        said = (self.account_name or self.account_id, self.vpc_id, self.name or self.id)
        return ".".join(one or "" for one in said)

    def fields(self, account: str, accounts: Mapping[str, Account]) -> Json:
        """As our own request has it. Raises Invalid for an account whose id nobody knows."""
        shared = self.model_dump(include={"ip_protocol", "start_port", "end_port", "description"}, exclude_none=True)
        owner, mine = self._owner(accounts), accounts[account].id if account in accounts else None
        return shared | {
            "security_group": self.id or self.name,
            "vpc_id": None if self.id else self.vpc_id,
            "account_id": None if owner in (None, mine) else owner,
        }

    def _owner(self, accounts: Mapping[str, Account]) -> str | None:
        if self.account_id or not self.account_name:
            return self.account_id
        if self.account_name not in accounts:
            raise Invalid((f"securityGroupIngress: account {self.account_name!r} is not known; give its accountId",))
        return accounts[self.account_name].id


class GroupDescription(Description):
    name: str | None = None
    description: str | None = None
    vpc_id: str | None = None
    region: str | None = None
    security_group_ingress: tuple[GroupIngressDescription, ...] = ()
    ip_ingress: tuple[IpIngressDescription, ...] = ()
    ingress_append_only: Flag = None
    tags: TagDescription | None = None

    def problems(self, account: Account | None) -> Iterator[str]:
        """Clouddriver's codes, in its order."""
        kind = "upsertSecurityGroupDescription"
        if not self.name:
            yield f"{kind}.name.not.nullable"
        if not self.description and not self.ingress_append_only:
            yield f"{kind}.description.not.nullable"
        if any(one.id is None and one.name is None for one in self.security_group_ingress):
            said = ", ".join(map(str, self.security_group_ingress))
            yield f"Ingress for '{self.name}' was missing identifier: {said}"
        if account and account.regions and self.region not in account.regions:
            yield f"{kind}.regions.not.configured"

    def groups(self, account: str, accounts: Mapping[str, Account]) -> list[Json]:
        return [one.fields(account, accounts) for one in self.security_group_ingress]
