"""upsertLoadBalancer: make a load balancer, or bring one that is there to what is asked for.

Classic load balancers live in subnets only: EC2-Classic's zones without a VPC are gone. Actions of type
`authenticate-oidc` hold a secret that AWS never tells, so they could not be put back.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import ClassVar, Self

from pydantic import Field

from lambdas.accounts import Account
from lambdas.cloud import Tags
from lambdas.cloud.balancers import HealthCheck
from lambdas.cloud.classic_balancers import CROSS_ZONE, DRAIN_TIMEOUT, DRAINING, IDLE_TIMEOUT, ClassicListener
from lambdas.requests import Json
from lambdas.requests.amazon_load_balancer import fields_of
from lambdas.requests.balancer_parts import WEB, HealthAsked, ListenerAsked, TargetsAsked
from lambdas.requests.delete_load_balancer import Kind, thing_of
from lambdas.requests.of_things import OfOneThing


class UpsertLoadBalancer(OfOneThing):
    """Create a load balancer, or change one: all listeners, rules and target groups that shall be."""

    name: str = Field(pattern="^[A-Za-z0-9-]{1,32}$")
    """Name of the load balancer."""
    load_balancer_type: Kind
    """What it is."""
    internal: bool = False
    """Reached from its VPC only; where it stands already, it stays as it is."""
    subnet_type: str | None = None
    """Purpose of its subnets (tag `immutable_metadata`), one in each zone; where it stands, it stays in its own."""
    subnet_ids: tuple[str, ...] = ()
    """Instead: its subnets."""
    zones: tuple[str, ...] = ()
    """Zones of these subnets; none is all."""
    security_groups: tuple[str, ...] = ()
    """Names or ids; unless said they stay, or are the VPC's default."""
    ip_address_type: str | None = Field(None, pattern="^(ipv4|dualstack)$")
    """`ipv4` or `dualstack`, of application and network load balancers."""
    listeners: tuple[ListenerAsked, ...] = Field(min_length=1)
    """All that shall be; others are removed."""
    target_groups: tuple[TargetsAsked, ...] = ()
    """All that its listeners send to; others that only it sent to are deleted."""
    health: HealthAsked | None = None
    """Of a classic load balancer."""
    idle_timeout: int | None = Field(None, ge=1, le=4000)
    """Seconds, of application and classic load balancers; unless said it stays, as do all of these."""
    cross_zone: bool | None = None
    """Send to targets in all zones, of network and classic load balancers."""
    deletion_protection: bool | None = None
    """Of application and network load balancers."""
    connection_draining: bool | None = None
    """Of a classic load balancer: let connections end."""
    deregistration_delay: int | None = Field(None, ge=1, le=3600)
    """Of a classic load balancer: for so many seconds."""

    kind: ClassVar[str] = "loadBalancer"
    otherwise: ClassVar[tuple[str, ...]] = (
        "`authenticate-oidc` is refused: its client secret is never told by AWS, so it could not be put back. "
        "A listener or rule that has one already is left alone, and its change refused.",
        "Certificates after the first are the listener's for further host names. Clouddriver hands all to one call, "
        "which takes one; where only one is named, the others stay.",
        "`policyNames` of a classic listener are set. Clouddriver only keeps those that a changed listener has.",
        "A classic listener that stands with other protocols or ports is refused: it could only be deleted and made "
        "anew, and a deletion that takes effect late would take the new one. Clouddriver does that.",
        "`shieldProtectionEnabled` has no effect, as in Clouddriver for an account without `shieldEnabled`: Shield "
        "Advanced protects what its administrator subscribes.",
        "The application's security groups are not made: name some, or it gets the VPC's default. So "
        "`healthCheckPort`, which only opens a port there, has no effect, and `vpcId` none: the subnets tell the VPC.",
    )
    clouddriver_names: ClassVar[frozenset[str]] = frozenset(
        {"upsertLoadBalancer", "upsertAmazonLoadBalancerDescription", "upsertAmazonLoadBalancer"}
    )

    @property
    def thing(self) -> str:
        return thing_of(self.load_balancer_type, self.name)

    @property
    def classic(self) -> bool:
        return self.load_balancer_type == "classic"

    def contradictions(self) -> Iterator[str]:
        for listener in self.listeners:
            yield from listener.problems(self.load_balancer_type)
        if len({one.port for one in self.listeners}) < len(self.listeners):
            yield "listeners: two have the same port"
        yield from self._of_type()
        yield from self._targets()

    def _of_type(self) -> Iterator[str]:
        only = {
            "targetGroups": (self.target_groups, ("application", "network")),
            "ipAddressType": (self.ip_address_type, ("application", "network")),
            "deletionProtection": (self.deletion_protection is not None, ("application", "network")),
            "health": (self.health, ("classic",)),
            "connectionDraining": (self.connection_draining is not None, ("classic",)),
            "deregistrationDelay": (self.deregistration_delay is not None, ("classic",)),
            "idleTimeout": (self.idle_timeout is not None, ("application", "classic")),
            "crossZone": (self.cross_zone is not None, ("network", "classic")),
        }
        for name, (given, kinds) in only.items():
            if given and self.load_balancer_type not in kinds:
                yield f"{name}: is not for a load balancer of type {self.load_balancer_type}; leave it out"

    def _targets(self) -> Iterator[str]:
        """Each target group is described, and used."""
        described = [one.name for one in self.target_groups]
        used = {name for one in self.listeners for name in one.weights}
        if len(set(described)) < len(described):
            yield "targetGroups: two have the same name"
        if unknown := sorted(used - set(described)):
            yield f"targetGroups: listeners send to {', '.join(unknown)}, which is not among them; describe it"
        if self.load_balancer_type != "application" and (calls := [one for one in self.target_groups if one.calls]):
            yield f"targetGroups: {calls[0].name} is of type lambda, which an application load balancer alone sends to"
        if unused := sorted(set(described) - used):
            yield f"targetGroups: no listener sends to {', '.join(unused)}; leave it out"

    @property
    def attributes(self) -> Tags:
        """Those asked for, in the words of its API."""
        protects = None if self.deletion_protection is None else str(self.deletion_protection).lower()
        said = {
            "idle_timeout.timeout_seconds": self.idle_timeout,
            "load_balancing.cross_zone.enabled": self.cross_zone,
            "deletion_protection.enabled": protects,
        }
        if self.classic:
            drains = self.connection_draining
            drains = True if drains is None and self.deregistration_delay is not None else drains
            said = {
                CROSS_ZONE: self.cross_zone,
                DRAINING: drains,
                DRAIN_TIMEOUT: self.deregistration_delay,
                IDLE_TIMEOUT: self.idle_timeout,
            }
        return tuple(sorted((name, str(value).lower()) for name, value in said.items() if value is not None))

    @property
    def check(self) -> HealthCheck | None:
        """Of a classic load balancer: at the port of its first listener's instances, unless another is said."""
        if self.health is None:
            return None
        first = self.classic_listeners[0]
        asked = self.health.check(first.instance_protocol)
        at = str(first.instance_port) if asked.port == "traffic-port" else asked.port
        return replace(asked, port=at, matcher="")

    @property
    def certificates(self) -> dict[int, tuple[str, ...]]:
        """By the listener's port, those besides the default one, where the request says which."""
        return {one.port: one.certificates for one in self.listeners if one.certificates is not None}

    @property
    def classic_listeners(self) -> tuple[ClassicListener, ...]:
        """Of a classic load balancer, by port."""
        found = (
            ClassicListener(
                one.port,
                one.protocol,
                one.instance_port or one.port,
                one.instance_protocol or ("HTTP" if one.protocol in WEB else "TCP"),
                one.certificate or "",
                tuple(sorted(one.policies)),
            )
            for one in self.listeners
        )
        return tuple(sorted(found, key=lambda one: one.port))

    @classmethod
    def of_clouddriver(cls, description: Json, accounts: Mapping[str, Account]) -> list[Self]:
        """One request for each Region that `availabilityZones` names."""
        return [cls.normalised(fields) for fields in fields_of(description, accounts)]
