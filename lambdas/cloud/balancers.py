"""Application and network load balancers with their listeners, rules and target groups."""

import json
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lambdas.cloud import Tags
from lambdas.nouns import Noun, changes, reads

ELB = "elasticloadbalancing:"
LAMBDA = "lambda"
"""Type of the targets that are functions."""


@dataclass(frozen=True)
class Balancer:
    """A load balancer itself."""

    name: str
    id: str
    """Its ARN; a classic one's is its name."""
    kind: str
    """`application`, `network` or `classic`."""
    dns_name: str
    vpc: str
    scheme: str
    """`internal` or `internet-facing`."""
    subnets: tuple[str, ...]
    security_groups: tuple[str, ...] = ()
    """Ids, in order."""
    ip_address_type: str = "ipv4"
    operation: str | None = None
    """Which operation made it."""


@dataclass(frozen=True)
class HealthCheck:
    """How a target group finds out who is healthy."""

    protocol: str
    port: str = "traffic-port"
    path: str = ""
    interval: int = 10
    """Seconds."""
    timeout: int = 5
    """Seconds."""
    healthy: int = 10
    """Checks in a row."""
    unhealthy: int = 2
    matcher: str = ""
    """Status codes: `200-299`."""


@dataclass(frozen=True)
class TargetGroup:
    """A target group without its targets. Protocol, port, VPC and type can never be changed.

    One of Lambda functions has none of the first three.
    """

    name: str
    protocol: str
    port: int
    vpc: str
    target_type: str
    health: HealthCheck
    attributes: Tags = ()
    """In the words of ELB, in order; in a plan only those asked for."""
    operation: str | None = None

    @property
    def kept(self) -> tuple[str, int, str, str]:
        """What can never be changed."""
        return (self.protocol, self.port, self.vpc, self.target_type)


@dataclass(frozen=True)
class Listener:
    port: int
    protocol: str
    actions: str
    """The default actions as `canonical` text, target groups by name."""
    certificate: str = ""
    """ARN of the default certificate."""
    policy: str = ""
    """Name of the security policy of TLS; empty where there is none, or where none is asked for."""


@dataclass(frozen=True)
class Rule:
    """A rule of a listener that is not the default one."""

    port: int
    """The listener's."""
    priority: int
    specification: str
    """Conditions and actions as `canonical` text, target groups by name."""

    @property
    def name(self) -> str:
        return f"{self.port}/{self.priority}"


def canonical(said: Any) -> str:
    """The same text for the same thing."""
    return json.dumps(said, sort_keys=True, separators=(",", ":"))


def groups_in(text: str) -> list[str]:
    """Names of the target groups that canonical actions, or a rule's, send to."""
    said = json.loads(text)
    actions = said if isinstance(said, list) else said["Actions"]
    return [name for one in actions for name in one.get("TargetGroups", ())]


class Balancers(Noun):
    """Load balancers are named by their ARNs, but where they are found; target groups always by name."""

    noun, service, client = "balancers", "elasticloadbalancing", "elbv2"
    adapter = "lambdas.aws.balancers:Elbv2Balancers"

    @abstractmethod
    @reads(f"{ELB}DescribeLoadBalancers", f"{ELB}DescribeTags")
    def find(self, name: str) -> Balancer:
        """Raises NotFound."""

    @abstractmethod
    @reads(f"{ELB}DescribeLoadBalancerAttributes")
    def attributes(self, balancer: str) -> Tags:
        """In order. Raises NotFound."""

    @abstractmethod
    @reads(f"{ELB}DescribeListeners")
    def listeners(self, balancer: str) -> tuple[Listener, ...]:
        """By port. Raises NotFound."""

    @abstractmethod
    @reads(f"{ELB}DescribeListeners", f"{ELB}DescribeListenerCertificates")
    def certificates(self, balancer: str) -> tuple[tuple[int, str], ...]:
        """Those besides the default ones, in order: the listener's port and the ARN. Raises NotFound."""

    @abstractmethod
    @reads(f"{ELB}DescribeListeners", f"{ELB}DescribeRules")
    def rules(self, balancer: str) -> tuple[Rule, ...]:
        """By port and priority, but for the default ones. Raises NotFound."""

    @abstractmethod
    @reads(f"{ELB}DescribeTargetGroups")
    def used(self, balancer: str) -> tuple[str, ...]:
        """Names of the target groups that this load balancer, and no other, sends to. Raises NotFound."""

    @abstractmethod
    @reads(f"{ELB}DescribeTargetGroups", f"{ELB}DescribeTargetGroupAttributes", f"{ELB}DescribeTags")
    def target_groups(self, names: Sequence[str]) -> tuple[TargetGroup, ...]:
        """Those that exist, in order of their names."""

    @abstractmethod
    @changes(f"{ELB}CreateLoadBalancer", f"{ELB}AddTags")
    def create(self, balancer: Balancer, tags: Tags) -> None:
        """Create without listeners; its id and DNS name are AWS's to give. Raises AlreadyExists."""

    @abstractmethod
    @changes(f"{ELB}SetSecurityGroups")
    def set_security_groups(self, balancer: str, groups: Sequence[str]) -> None:
        """Raises NotFound."""

    @abstractmethod
    @changes(f"{ELB}SetIpAddressType")
    def set_ip_address_type(self, balancer: str, ip_address_type: str) -> None:
        """Raises NotFound."""

    @abstractmethod
    @changes(f"{ELB}ModifyLoadBalancerAttributes")
    def set_attributes(self, balancer: str, attributes: Tags) -> None:
        """Others stay. Raises NotFound."""

    @abstractmethod
    @changes(f"{ELB}CreateTargetGroup", f"{ELB}AddTags")
    def create_target_group(self, group: TargetGroup, tags: Tags) -> None:
        """Without its attributes. Raises AlreadyExists."""

    @abstractmethod
    @changes(f"{ELB}ModifyTargetGroup", f"{ELB}DescribeTargetGroups")
    def set_health_check(self, group: str, health: HealthCheck) -> None:
        """Raises NotFound."""

    @abstractmethod
    @changes(f"{ELB}ModifyTargetGroupAttributes", f"{ELB}DescribeTargetGroups")
    def set_target_attributes(self, group: str, attributes: Tags) -> None:
        """Others stay. Raises NotFound."""

    @abstractmethod
    @changes(f"{ELB}DeleteTargetGroup", f"{ELB}DescribeTargetGroups")
    def delete_target_group(self, group: str) -> None:
        """Raises NotFound, and Conflict while a load balancer sends to it."""

    @abstractmethod
    @changes(f"{ELB}CreateListener", f"{ELB}DescribeTargetGroups")
    def create_listener(self, balancer: str, listener: Listener) -> None:
        """Raises AlreadyExists for the port, NotFound."""

    @abstractmethod
    @changes(f"{ELB}ModifyListener", f"{ELB}DescribeListeners", f"{ELB}DescribeTargetGroups")
    def modify_listener(self, balancer: str, listener: Listener) -> None:
        """The one of that port. Raises NotFound."""

    @abstractmethod
    @changes(f"{ELB}DeleteListener", f"{ELB}DescribeListeners")
    def delete_listener(self, balancer: str, port: int) -> None:
        """With its rules. Raises NotFound."""

    @abstractmethod
    @changes(f"{ELB}AddListenerCertificates", f"{ELB}DescribeListeners")
    def add_certificate(self, balancer: str, port: int, certificate: str) -> None:
        """Besides the default one; one that is there already stays. Raises NotFound."""

    @abstractmethod
    @changes(f"{ELB}RemoveListenerCertificates", f"{ELB}DescribeListeners")
    def remove_certificate(self, balancer: str, port: int, certificate: str) -> None:
        """An absent one is no error. Raises NotFound for the listener."""

    @abstractmethod
    @changes(f"{ELB}CreateRule", f"{ELB}DescribeListeners", f"{ELB}DescribeTargetGroups")
    def create_rule(self, balancer: str, rule: Rule) -> None:
        """Raises AlreadyExists for the priority, NotFound."""

    @abstractmethod
    @changes(f"{ELB}ModifyRule", f"{ELB}DescribeListeners", f"{ELB}DescribeRules", f"{ELB}DescribeTargetGroups")
    def modify_rule(self, balancer: str, rule: Rule) -> None:
        """The one of that port and priority. Raises NotFound."""

    @abstractmethod
    @changes(f"{ELB}DeleteRule", f"{ELB}DescribeListeners", f"{ELB}DescribeRules")
    def delete_rule(self, balancer: str, port: int, priority: int) -> None:
        """Raises NotFound."""

    @abstractmethod
    @changes(f"{ELB}DeleteLoadBalancer")
    def delete(self, balancer: str) -> None:
        """With its listeners. An absent one is no error. Raises Rejected where it is protected from deletion."""
