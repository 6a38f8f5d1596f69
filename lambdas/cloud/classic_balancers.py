"""Classic load balancers with their listeners, their health check and their attributes."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from lambdas.cloud import Tags
from lambdas.cloud.balancers import ELB, Balancer, HealthCheck
from lambdas.nouns import Noun, changes, reads

CROSS_ZONE, DRAINING, DRAIN_TIMEOUT, IDLE_TIMEOUT = "crossZone", "draining", "drainTimeout", "idleTimeout"
"""Attributes; times are seconds."""


@dataclass(frozen=True)
class ClassicListener:
    """Nothing of it can be changed but the certificate and the policies."""

    port: int
    protocol: str
    """`HTTP`, `HTTPS`, `TCP` or `SSL`."""
    instance_port: int
    instance_protocol: str
    certificate: str = ""
    """ARN."""
    policies: tuple[str, ...] = ()
    """Names of policies of the load balancer, in order; where none is asked for, HTTPS and SSL get AWS's default."""


class ClassicBalancers(Noun):
    """Load balancers are named by their names."""

    noun, service, client = "classic_balancers", "elasticloadbalancing", "elb"
    adapter = "lambdas.aws.classic_balancers:ElbClassicBalancers"

    @abstractmethod
    @reads(f"{ELB}DescribeLoadBalancers", f"{ELB}DescribeTags")
    def find(self, name: str) -> Balancer:
        """Raises NotFound."""

    @abstractmethod
    @reads(f"{ELB}DescribeLoadBalancerAttributes")
    def attributes(self, balancer: str) -> Tags:
        """In order. Raises NotFound."""

    @abstractmethod
    @reads(f"{ELB}DescribeLoadBalancers")
    def listeners(self, balancer: str) -> tuple[ClassicListener, ...]:
        """By port. Raises NotFound."""

    @abstractmethod
    @reads(f"{ELB}DescribeLoadBalancers")
    def health_check(self, balancer: str) -> HealthCheck:
        """Raises NotFound."""

    @abstractmethod
    @changes(f"{ELB}CreateLoadBalancer", f"{ELB}AddTags")
    def create(self, balancer: Balancer, listeners: Sequence[ClassicListener], tags: Tags) -> None:
        """Create with its listeners; its DNS name is AWS's to give. Raises AlreadyExists."""

    @abstractmethod
    @changes(f"{ELB}ApplySecurityGroupsToLoadBalancer")
    def set_security_groups(self, balancer: str, groups: Sequence[str]) -> None:
        """Raises NotFound."""

    @abstractmethod
    @changes(f"{ELB}ModifyLoadBalancerAttributes")
    def set_attributes(self, balancer: str, attributes: Tags) -> None:
        """Others stay; whether it drains and for how long go together. Raises NotFound."""

    @abstractmethod
    @changes(f"{ELB}ConfigureHealthCheck")
    def set_health_check(self, balancer: str, health: HealthCheck) -> None:
        """Raises NotFound."""

    @abstractmethod
    @changes(f"{ELB}CreateLoadBalancerListeners")
    def create_listeners(self, balancer: str, listeners: Sequence[ClassicListener]) -> None:
        """Without their policies; those that stand alike already stay.

        Raises AlreadyExists where another has a port, NotFound.
        """

    @abstractmethod
    @changes(f"{ELB}SetLoadBalancerListenerSSLCertificate")
    def set_certificate(self, balancer: str, port: int, certificate: str) -> None:
        """Raises NotFound for the load balancer and for the port."""

    @abstractmethod
    @changes(f"{ELB}SetLoadBalancerPoliciesOfListener")
    def set_policies(self, balancer: str, port: int, policies: Sequence[str]) -> None:
        """All that it shall have. Raises NotFound, and Rejected where the load balancer has no such policy."""

    @abstractmethod
    @changes(f"{ELB}DeleteLoadBalancerListeners")
    def delete_listeners(self, balancer: str, ports: Sequence[int]) -> None:
        """Absent ones are no error. Raises NotFound."""

    @abstractmethod
    @changes(f"{ELB}DeleteLoadBalancer")
    def delete(self, balancer: str) -> None:
        """An absent one is no error."""
