"""Classic load balancers on ELB's first API."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lambdas import nouns
from lambdas.aws import tags as tagging
from lambdas.cloud import OPERATION_TAG, Tags
from lambdas.cloud.balancers import Balancer, HealthCheck
from lambdas.cloud.classic_balancers import (
    CROSS_ZONE,
    DRAIN_TIMEOUT,
    DRAINING,
    IDLE_TIMEOUT,
    ClassicBalancers,
    ClassicListener,
)
from lambdas.error_codes import translating
from lambdas.errors import NotFound

if TYPE_CHECKING:
    from mypy_boto3_elb import ElasticLoadBalancingClient

SERVICE = "elb"


class ElbClassicBalancers(ClassicBalancers):
    def __init__(self, clients: nouns.Clients) -> None:
        self._client: ElasticLoadBalancingClient = clients[SERVICE]

    def find(self, name: str) -> Balancer:
        found = self._described(name)
        with translating(SERVICE, f"load balancer {name}"):
            told = self._client.describe_tags(LoadBalancerNames=[name])["TagDescriptions"]
        maker = dict(tagging.parsed(tag for one in told for tag in one["Tags"])).get(OPERATION_TAG)
        return Balancer(
            *(name, name, "classic", found["DNSName"], found.get("VPCId") or "", found.get("Scheme", "")),
            subnets=tuple(sorted(found.get("Subnets", ()))),
            security_groups=tuple(sorted(found.get("SecurityGroups", ()))),
            operation=maker,
        )

    def attributes(self, balancer: str) -> Tags:
        with translating(SERVICE, f"load balancer {balancer}"):
            answer = self._client.describe_load_balancer_attributes(LoadBalancerName=balancer)
        said: Any = answer["LoadBalancerAttributes"]
        draining = said.get("ConnectionDraining", {})
        found = {
            CROSS_ZONE: said.get("CrossZoneLoadBalancing", {}).get("Enabled", False),
            DRAINING: draining.get("Enabled", False),
            DRAIN_TIMEOUT: draining.get("Timeout", 300),
            IDLE_TIMEOUT: said.get("ConnectionSettings", {}).get("IdleTimeout", 60),
        }
        return tuple(sorted((name, str(value).lower()) for name, value in found.items()))

    def listeners(self, balancer: str) -> tuple[ClassicListener, ...]:
        found = self._described(balancer)["ListenerDescriptions"]
        return tuple(sorted((_listener(one) for one in found), key=lambda one: one.port))

    def health_check(self, balancer: str) -> HealthCheck:
        found = self._described(balancer).get("HealthCheck") or {}
        protocol, _, rest = found.get("Target", "").partition(":")
        port, slash, path = rest.partition("/")
        return HealthCheck(
            *(protocol, port, slash + path, found.get("Interval", 0), found.get("Timeout", 0)),
            healthy=found.get("HealthyThreshold", 0),
            unhealthy=found.get("UnhealthyThreshold", 0),
        )

    def create(self, balancer: Balancer, listeners: Sequence[ClassicListener], tags: Tags) -> None:
        internal: Any = {"Scheme": "internal"} if balancer.scheme == "internal" else {}
        groups: Any = {"SecurityGroups": list(balancer.security_groups)} if balancer.security_groups else {}
        with translating(SERVICE, f"load balancer {balancer.name}"):
            self._client.create_load_balancer(
                LoadBalancerName=balancer.name,
                Listeners=[_said(one) for one in listeners],
                Subnets=list(balancer.subnets),
                Tags=tagging.rendered(tags),
                **internal,
                **groups,
            )

    def set_security_groups(self, balancer: str, groups: Sequence[str]) -> None:
        with translating(SERVICE, f"load balancer {balancer}"):
            self._client.apply_security_groups_to_load_balancer(LoadBalancerName=balancer, SecurityGroups=list(groups))

    def set_attributes(self, balancer: str, attributes: Tags) -> None:
        with translating(SERVICE, f"load balancer {balancer}"):
            self._client.modify_load_balancer_attributes(
                LoadBalancerName=balancer, LoadBalancerAttributes=_attributes(dict(attributes))
            )

    def set_health_check(self, balancer: str, health: HealthCheck) -> None:
        said: Any = {
            "Target": f"{health.protocol}:{health.port}{health.path}",
            "Interval": health.interval,
            "Timeout": health.timeout,
            "HealthyThreshold": health.healthy,
            "UnhealthyThreshold": health.unhealthy,
        }
        with translating(SERVICE, f"load balancer {balancer}"):
            self._client.configure_health_check(LoadBalancerName=balancer, HealthCheck=said)

    def create_listeners(self, balancer: str, listeners: Sequence[ClassicListener]) -> None:
        with translating(SERVICE, f"load balancer {balancer}"):
            self._client.create_load_balancer_listeners(
                LoadBalancerName=balancer, Listeners=[_said(one) for one in listeners]
            )

    def set_certificate(self, balancer: str, port: int, certificate: str) -> None:
        with translating(SERVICE, f"listener {port} of {balancer}"):
            self._client.set_load_balancer_listener_ssl_certificate(
                LoadBalancerName=balancer, LoadBalancerPort=port, SSLCertificateId=certificate
            )

    def set_policies(self, balancer: str, port: int, policies: Sequence[str]) -> None:
        with translating(SERVICE, f"listener {port} of {balancer}"):
            self._client.set_load_balancer_policies_of_listener(
                LoadBalancerName=balancer, LoadBalancerPort=port, PolicyNames=list(policies)
            )

    def delete_listeners(self, balancer: str, ports: Sequence[int]) -> None:
        with translating(SERVICE, f"load balancer {balancer}"):
            self._client.delete_load_balancer_listeners(LoadBalancerName=balancer, LoadBalancerPorts=list(ports))

    def delete(self, balancer: str) -> None:
        with translating(SERVICE, f"load balancer {balancer}"):
            self._client.delete_load_balancer(LoadBalancerName=balancer)

    def _described(self, name: str) -> Any:
        with translating(SERVICE, f"load balancer {name}"):
            found = self._client.describe_load_balancers(LoadBalancerNames=[name])["LoadBalancerDescriptions"]
        if not found:
            raise NotFound(f"load balancer {name}: there is none")
        return found[0]


def _listener(described: Any) -> ClassicListener:
    found = described["Listener"]
    return ClassicListener(
        found["LoadBalancerPort"],
        found["Protocol"].upper(),
        found["InstancePort"],
        (found.get("InstanceProtocol") or found["Protocol"]).upper(),
        found.get("SSLCertificateId") or "",
        tuple(sorted(described.get("PolicyNames", ()))),
    )


def _said(listener: ClassicListener) -> Any:
    said = {
        "Protocol": listener.protocol,
        "LoadBalancerPort": listener.port,
        "InstanceProtocol": listener.instance_protocol,
        "InstancePort": listener.instance_port,
    }
    return said | ({"SSLCertificateId": listener.certificate} if listener.certificate else {})


def _attributes(wanted: dict[str, str]) -> Any:
    said: dict[str, Any] = {}
    if CROSS_ZONE in wanted:
        said["CrossZoneLoadBalancing"] = {"Enabled": wanted[CROSS_ZONE] == "true"}
    if DRAINING in wanted:
        timeout = {"Timeout": int(wanted[DRAIN_TIMEOUT])} if DRAIN_TIMEOUT in wanted else {}
        said["ConnectionDraining"] = {"Enabled": wanted[DRAINING] == "true"} | timeout
    if IDLE_TIMEOUT in wanted:
        said["ConnectionSettings"] = {"IdleTimeout": int(wanted[IDLE_TIMEOUT])}
    return said
