"""Application and network load balancers on ELB's second API."""

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from lambdas import nouns
from lambdas.aws import balancer_words as words
from lambdas.aws import tags as tagging
from lambdas.aws.load_balancers import existing
from lambdas.cloud import OPERATION_TAG, Tags
from lambdas.cloud.balancers import (
    LAMBDA,
    Balancer,
    Balancers,
    HealthCheck,
    Listener,
    Rule,
    TargetGroup,
    canonical,
    groups_in,
)
from lambdas.error_codes import translating
from lambdas.errors import NotFound

if TYPE_CHECKING:
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client

SERVICE = "elbv2"
SECURED = ("HTTPS", "TLS")
AT_ONCE = 20
"""Resources whose tags one DescribeTags tells:
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTags.html"""


class Elbv2Balancers(Balancers):
    def __init__(self, clients: nouns.Clients) -> None:
        self._client: ElasticLoadBalancingv2Client = clients[SERVICE]

    def find(self, name: str) -> Balancer:
        with translating(SERVICE, f"load balancer {name}"):
            found = self._client.describe_load_balancers(Names=[name])["LoadBalancers"]
        if not found:
            raise NotFound(f"load balancer {name}: there is none")
        return _balancer(found[0], self._makers([found[0]["LoadBalancerArn"]]))

    def attributes(self, balancer: str) -> Tags:
        with translating(SERVICE, f"load balancer {balancer}"):
            found = self._client.describe_load_balancer_attributes(LoadBalancerArn=balancer)["Attributes"]
        return tagging.parsed(found)

    def listeners(self, balancer: str) -> tuple[Listener, ...]:
        return tuple(sorted((_listener(one) for one in self._listeners(balancer)), key=lambda one: one.port))

    def certificates(self, balancer: str) -> tuple[tuple[int, str], ...]:
        secured = [one for one in self._listeners(balancer) if one["Protocol"] in SECURED]
        return tuple(sorted({(one["Port"], arn) for one in secured for arn in self._others(one)}))

    def rules(self, balancer: str) -> tuple[Rule, ...]:
        found = (_rules(one["Port"], self._rules(one["ListenerArn"])) for one in self._listeners(balancer))
        return tuple(sorted((rule for one in found for rule in one), key=lambda one: (one.port, one.priority)))

    def used(self, balancer: str) -> tuple[str, ...]:
        try:
            found = self._groups(LoadBalancerArn=balancer)
        except NotFound:
            return ()  # said of one that sends to none, too
        return tuple(sorted(one["TargetGroupName"] for one in found if set(one["LoadBalancerArns"]) == {balancer}))

    def target_groups(self, names: Sequence[str]) -> tuple[TargetGroup, ...]:
        found = existing(sorted(set(names)), lambda some: iter(self._groups(Names=list(some))))
        makers = self._makers([one["TargetGroupArn"] for one in found])
        return tuple(
            _target_group(one, self._attributes(one["TargetGroupArn"]), makers.get(one["TargetGroupArn"]))
            for one in sorted(found, key=lambda one: str(one["TargetGroupName"]))
        )

    def create(self, balancer: Balancer, tags: Tags) -> None:
        groups: Any = {"SecurityGroups": list(balancer.security_groups)} if balancer.security_groups else {}
        kind: Any = balancer.kind
        with translating(SERVICE, f"load balancer {balancer.name}"):
            self._client.create_load_balancer(
                Name=balancer.name,
                Type=kind,
                Scheme="internal" if balancer.scheme == "internal" else "internet-facing",
                Subnets=list(balancer.subnets),
                IpAddressType="dualstack" if balancer.ip_address_type == "dualstack" else "ipv4",
                Tags=tagging.rendered(tags),
                **groups,
            )

    def set_security_groups(self, balancer: str, groups: Sequence[str]) -> None:
        with translating(SERVICE, f"load balancer {balancer}"):
            self._client.set_security_groups(LoadBalancerArn=balancer, SecurityGroups=list(groups))

    def set_ip_address_type(self, balancer: str, ip_address_type: str) -> None:
        wanted: Any = ip_address_type
        with translating(SERVICE, f"load balancer {balancer}"):
            self._client.set_ip_address_type(LoadBalancerArn=balancer, IpAddressType=wanted)

    def set_attributes(self, balancer: str, attributes: Tags) -> None:
        with translating(SERVICE, f"load balancer {balancer}"):
            self._client.modify_load_balancer_attributes(
                LoadBalancerArn=balancer, Attributes=tagging.rendered(attributes)
            )

    def create_target_group(self, group: TargetGroup, tags: Tags) -> None:
        where: Any = {"Protocol": group.protocol, "Port": group.port, "VpcId": group.vpc}
        with translating(SERVICE, f"target group {group.name}"):
            self._client.create_target_group(
                Name=group.name,
                TargetType=_any(group.target_type),
                Tags=tagging.rendered(tags),
                **({} if group.target_type == LAMBDA else where),
                **_health(group.health),
            )

    def set_health_check(self, group: str, health: HealthCheck) -> None:
        arn = self._arns([group])[group]
        with translating(SERVICE, f"target group {group}"):
            self._client.modify_target_group(TargetGroupArn=arn, **_health(health))

    def set_target_attributes(self, group: str, attributes: Tags) -> None:
        arn = self._arns([group])[group]
        with translating(SERVICE, f"target group {group}"):
            self._client.modify_target_group_attributes(TargetGroupArn=arn, Attributes=tagging.rendered(attributes))

    def delete_target_group(self, group: str) -> None:
        arn = self._arns([group])[group]
        with translating(SERVICE, f"target group {group}"):
            self._client.delete_target_group(TargetGroupArn=arn)

    def create_listener(self, balancer: str, listener: Listener) -> None:
        said = self._said(listener)
        with translating(SERVICE, f"listener {listener.port} of {balancer}"):
            self._client.create_listener(LoadBalancerArn=balancer, **said)

    def modify_listener(self, balancer: str, listener: Listener) -> None:
        arn, said = self._listener(balancer, listener.port), self._said(listener)
        with translating(SERVICE, f"listener {listener.port} of {balancer}"):
            self._client.modify_listener(ListenerArn=arn, **said)

    def delete_listener(self, balancer: str, port: int) -> None:
        arn = self._listener(balancer, port)
        with translating(SERVICE, f"listener {port} of {balancer}"):
            self._client.delete_listener(ListenerArn=arn)

    def add_certificate(self, balancer: str, port: int, certificate: str) -> None:
        arn = self._listener(balancer, port)
        with translating(SERVICE, f"listener {port} of {balancer}"):
            self._client.add_listener_certificates(ListenerArn=arn, Certificates=[{"CertificateArn": certificate}])

    def remove_certificate(self, balancer: str, port: int, certificate: str) -> None:
        arn = self._listener(balancer, port)
        with translating(SERVICE, f"listener {port} of {balancer}"):
            self._client.remove_listener_certificates(ListenerArn=arn, Certificates=[{"CertificateArn": certificate}])

    def create_rule(self, balancer: str, rule: Rule) -> None:
        arn, said = self._listener(balancer, rule.port), self._rendered(rule)
        with translating(SERVICE, f"rule {rule.name} of {balancer}"):
            self._client.create_rule(ListenerArn=arn, Priority=rule.priority, **said)

    def modify_rule(self, balancer: str, rule: Rule) -> None:
        arn, said = self._rule(balancer, rule.port, rule.priority), self._rendered(rule)
        with translating(SERVICE, f"rule {rule.name} of {balancer}"):
            self._client.modify_rule(RuleArn=arn, **said)

    def delete_rule(self, balancer: str, port: int, priority: int) -> None:
        arn = self._rule(balancer, port, priority)
        with translating(SERVICE, f"rule {port}/{priority} of {balancer}"):
            self._client.delete_rule(RuleArn=arn)

    def delete(self, balancer: str) -> None:
        with translating(SERVICE, f"load balancer {balancer}"):
            self._client.delete_load_balancer(LoadBalancerArn=balancer)

    def _said(self, listener: Listener) -> Any:
        arns = self._arns(groups_in(listener.actions))
        secured: dict[str, Any] = {}
        if listener.certificate:
            secured["Certificates"] = [{"CertificateArn": listener.certificate}]
        if listener.policy:
            secured["SslPolicy"] = listener.policy
        actions = words.rendered_actions(json.loads(listener.actions), arns)
        return {"Port": listener.port, "Protocol": listener.protocol, "DefaultActions": actions} | secured

    def _rendered(self, rule: Rule) -> Any:
        return words.rendered_rule(rule.specification, self._arns(groups_in(rule.specification)))

    def _listeners(self, balancer: str) -> list[Any]:
        pages = self._client.get_paginator("describe_listeners").paginate(LoadBalancerArn=balancer)
        with translating(SERVICE, f"load balancer {balancer}"):
            return [one for page in pages for one in page["Listeners"]]

    def _listener(self, balancer: str, port: int) -> str:
        found = [str(one["ListenerArn"]) for one in self._listeners(balancer) if one["Port"] == port]
        if not found:
            raise NotFound(f"load balancer {balancer} has no listener at port {port}")
        return found[0]

    def _others(self, listener: Any) -> Iterator[str]:
        """ARNs of its certificates but the default one."""
        paginator = self._client.get_paginator("describe_listener_certificates")
        default = listener["Certificates"][0]["CertificateArn"] if listener.get("Certificates") else ""
        with translating(SERVICE, f"listener {listener['Port']}"):
            for page in paginator.paginate(ListenerArn=listener["ListenerArn"]):
                arns = (one["CertificateArn"] for one in page["Certificates"] if not one.get("IsDefault"))
                yield from (arn for arn in arns if arn != default)

    def _rules(self, listener: str) -> list[Any]:
        pages = self._client.get_paginator("describe_rules").paginate(ListenerArn=listener)
        with translating(SERVICE, f"listener {listener}"):
            return [one for page in pages for one in page["Rules"]]

    def _rule(self, balancer: str, port: int, priority: int) -> str:
        rules = self._rules(self._listener(balancer, port))
        found = [str(one["RuleArn"]) for one in rules if str(one["Priority"]) == str(priority)]
        if not found:
            raise NotFound(f"listener {port} of {balancer} has no rule of priority {priority}")
        return found[0]

    def _groups(self, **wanted: Any) -> list[Any]:
        pages = self._client.get_paginator("describe_target_groups").paginate(**wanted)
        with translating(SERVICE, "target groups"):
            return [one for page in pages for one in page["TargetGroups"]]

    def _arns(self, names: Sequence[str]) -> dict[str, str]:
        """Raises NotFound where one is missing."""
        found = self._groups(Names=sorted(set(names))) if names else ()
        return {one["TargetGroupName"]: one["TargetGroupArn"] for one in found}

    def _attributes(self, group: str) -> Tags:
        with translating(SERVICE, f"target group {group}"):
            found = self._client.describe_target_group_attributes(TargetGroupArn=group)["Attributes"]
        return tagging.parsed(found)

    def _makers(self, arns: Sequence[str]) -> dict[str, str | None]:
        """Which operations made them."""
        return dict(self._made(arns)) if arns else {}

    def _made(self, arns: Sequence[str]) -> Iterator[tuple[str, str | None]]:
        for first in range(0, len(arns), AT_ONCE):
            with translating(SERVICE, "tags"):
                found = self._client.describe_tags(ResourceArns=list(arns[first : first + AT_ONCE]))["TagDescriptions"]
            for one in found:
                yield one["ResourceArn"], dict(tagging.parsed(one["Tags"])).get(OPERATION_TAG)


def _any(value: Any) -> Any:
    return value


def _balancer(found: Any, makers: dict[str, str | None]) -> Balancer:
    return Balancer(
        found["LoadBalancerName"],
        found["LoadBalancerArn"],
        found["Type"],
        found["DNSName"],
        found.get("VpcId", ""),
        found.get("Scheme", "internet-facing"),
        tuple(sorted(one["SubnetId"] for one in found["AvailabilityZones"])),
        tuple(sorted(found.get("SecurityGroups", ()))),
        found.get("IpAddressType", "ipv4"),
        makers.get(found["LoadBalancerArn"]),
    )


def _listener(found: Any) -> Listener:
    certificates = [one["CertificateArn"] for one in found.get("Certificates", ())]
    secured = found["Protocol"] in SECURED
    return Listener(
        found["Port"],
        found["Protocol"],
        canonical(words.actions_of(found["DefaultActions"])),
        certificates[0] if certificates and secured else "",
        found.get("SslPolicy", "") if secured else "",
    )


def _rules(port: int, found: Sequence[Any]) -> Iterator[Rule]:
    for one in found:
        if not one.get("IsDefault") and one["Priority"] != "default":
            yield Rule(port, int(one["Priority"]), words.specification(one))


def _target_group(found: Any, attributes: Tags, operation: str | None) -> TargetGroup:
    calls = found.get("TargetType") == LAMBDA  # a function has no ports
    health = HealthCheck(
        "" if calls else found.get("HealthCheckProtocol", ""),
        "" if calls else found.get("HealthCheckPort", "traffic-port"),
        found.get("HealthCheckPath") or "",
        found["HealthCheckIntervalSeconds"],
        found["HealthCheckTimeoutSeconds"],
        found["HealthyThresholdCount"],
        found["UnhealthyThresholdCount"],
        found.get("Matcher", {}).get("HttpCode") or "",
    )
    return TargetGroup(
        found["TargetGroupName"],
        found.get("Protocol", ""),
        found.get("Port", 0),
        found.get("VpcId", ""),
        found.get("TargetType", "instance"),
        health,
        attributes,
        operation,
    )


def _health(check: HealthCheck) -> Any:
    said = {
        "HealthCheckProtocol": check.protocol,
        "HealthCheckPort": check.port,
        "HealthCheckPath": check.path,
        "HealthCheckIntervalSeconds": check.interval,
        "HealthCheckTimeoutSeconds": check.timeout,
        "HealthyThresholdCount": check.healthy,
        "UnhealthyThresholdCount": check.unhealthy,
        "Matcher": {"HttpCode": check.matcher} if check.matcher else None,
    }
    return {name: value for name, value in said.items() if value}
