"""Clouddriver's description of a load balancer: classic, application or network, each in words of its own."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import AliasChoices, Field

from lambdas.accounts import Account
from lambdas.cloud.balancers import LAMBDA
from lambdas.requests import Description, Flag, Invalid, Json, Number, account_of

KIND = "createAmazonLoadBalancerDescription"
"""Its codes (`CreateAmazonLoadBalancerDescriptionValidator.java`)."""
TYPES = ("classic", "application", "network")


class RedirectDescription(Description):
    protocol: str | None = None
    port: str | None = None
    host: str | None = None
    path: str | None = None
    query: str | None = None
    status_code: str | None = None


class OidcDescription(Description):
    """Its client secret is not read."""

    client_id: str | None = None


class ActionDescription(Description):
    type: str = "forward"
    target_group_name: str | None = None
    authenticate_oidc_action_config: OidcDescription | None = None
    redirect_action_config: RedirectDescription | None = Field(
        None, validation_alias=AliasChoices("redirectActionConfig", "redirectConfig")
    )

    @property
    def fields(self) -> Json:
        said: Json = {"type": self.type}
        if self.target_group_name and self.type == "forward":
            said["target_group"] = self.target_group_name
        if self.redirect_action_config:
            said["redirect"] = self.redirect_action_config.model_dump(exclude_none=True)
        return said


class ConditionDescription(Description):
    field: str | None = None
    values: tuple[str, ...] = ()
    http_request_method_config: Any = None

    @property
    def fields(self) -> Json:
        methods = (self.http_request_method_config or {}).get("values", ())
        return {"field": self.field, "values": self.values or tuple(methods)}


class RuleDescription(Description):
    priority: str | None = None
    conditions: tuple[ConditionDescription, ...] = ()
    actions: tuple[ActionDescription, ...] = ()

    @property
    def fields(self) -> Json:
        return {
            "priority": self.priority,
            "conditions": [one.fields for one in self.conditions],
            "actions": [one.fields for one in self.actions],
        }


class CertificateDescription(Description):
    certificate_arn: str | None = None


class ListenerDescription(Description):
    external_protocol: str | None = None
    internal_protocol: str | None = None
    external_port: Number = None
    internal_port: Number = None
    ssl_certificate_id: str | None = None
    policy_names: tuple[str, ...] = ()
    protocol: str | None = None
    port: Number = None
    ssl_policy: str | None = None
    certificates: tuple[CertificateDescription, ...] = ()
    default_actions: tuple[ActionDescription, ...] = ()
    rules: tuple[RuleDescription, ...] = ()

    @property
    def actions(self) -> tuple[ActionDescription, ...]:
        return (*self.default_actions, *(action for one in self.rules for action in one.actions))

    @property
    def classic(self) -> Json:
        return _said(
            port=self.external_port,
            protocol=self.external_protocol,
            instance_port=self.internal_port,
            instance_protocol=self.internal_protocol,
            certificate=self.ssl_certificate_id,
            policies=self.policy_names,
        )

    @property
    def fields(self) -> Json:
        """Other certificates than the first are of other host names: where none is named, they stay as they are."""
        certificate, *more = [one.certificate_arn for one in self.certificates] or [None]
        said = _said(port=self.port, protocol=self.protocol, certificate=certificate, ssl_policy=self.ssl_policy)
        return (
            said
            | ({"certificates": more} if more else {})
            | {
                "actions": [one.fields for one in self.default_actions],
                "rules": [one.fields for one in self.rules if one.priority != "default"],
            }
        )


class AttributesDescription(Description):
    deregistration_delay: Number = None
    stickiness_enabled: Flag = None
    stickiness_type: str | None = None
    stickiness_duration: Number = None
    proxy_protocol_v2: Flag = Field(None, validation_alias=AliasChoices("proxyProtocolV2", "proxyProtocol"))
    preserve_client_ip: Flag = None
    deregistration_delay_connection_termination: Flag = None
    multi_value_headers_enabled: Flag = None

    @property
    def of_function(self) -> dict[str, str]:
        """Of Lambda functions: all that they have."""
        said = self.multi_value_headers_enabled
        return {} if said is None else {"lambda.multi_value_headers.enabled": str(said).lower()}

    @property
    def fields(self) -> dict[str, str]:
        """In ELB's words."""
        said = {
            "deregistration_delay.timeout_seconds": self.deregistration_delay,
            "stickiness.enabled": self.stickiness_enabled,
            "stickiness.type": self.stickiness_type,
            "stickiness.lb_cookie.duration_seconds": self.stickiness_duration,
            "proxy_protocol_v2.enabled": self.proxy_protocol_v2,
            "preserve_client_ip.enabled": self.preserve_client_ip,
            "deregistration_delay.connection_termination.enabled": self.deregistration_delay_connection_termination,
        }
        return {name: str(value).lower() for name, value in said.items() if value is not None}


class TargetsDescription(Description):
    name: str | None = None
    protocol: str | None = None
    port: Number = None
    target_type: str | None = None
    attributes: AttributesDescription | None = None
    health_check_protocol: str | None = None
    health_check_path: str | None = None
    health_check_port: str | None = None
    health_check_interval: Number = None
    health_check_timeout: Number = None
    unhealthy_threshold: Number = None
    healthy_threshold: Number = None
    health_check_matcher: str | None = None

    @property
    def calls(self) -> bool:
        return (self.target_type or "").lower() == LAMBDA

    @property
    def fields(self) -> Json:
        """Of Lambda functions without protocols and ports, which Clouddriver does not hand on either."""
        health = _said(
            protocol=None if self.calls else self.health_check_protocol,
            path=self.health_check_path,
            port=None if self.calls else self.health_check_port,
            interval=self.health_check_interval,
            timeout=self.health_check_timeout,
            healthy_threshold=self.healthy_threshold,
            unhealthy_threshold=self.unhealthy_threshold,
            matcher=self.health_check_matcher,
        )
        said = self.attributes or AttributesDescription()
        attributes = said.of_function if self.calls else said.fields
        where = {} if self.calls else {"protocol": self.protocol, "port": self.port}
        target_type = LAMBDA if self.calls else self.target_type
        return _said(name=self.name, target_type=target_type, **where) | {
            "health": health,
            "attributes": attributes,
        }


class LoadBalancerDescription(Description):
    load_balancer_type: str = "classic"
    name: str | None = None
    cluster_name: str | None = None
    is_internal: Flag = None
    subnet_type: str | None = None
    security_groups: tuple[str, ...] | None = None
    availability_zones: dict[str, tuple[str, ...] | None] | None = None
    listeners: tuple[ListenerDescription, ...] = ()
    target_groups: tuple[TargetsDescription, ...] = ()
    idle_timeout: Number = None
    deletion_protection: Flag = None
    load_balancing_cross_zone: Flag = None
    ip_address_type: str | None = None
    health_check: str | None = None
    health_interval: Number = 10
    health_timeout: Number = 5
    unhealthy_threshold: Number = 2
    healthy_threshold: Number = 10
    cross_zone_balancing: Flag = None
    connection_draining: Flag = None
    deregistration_delay: Number = None

    @property
    def classic(self) -> bool:
        return self.load_balancer_type == "classic"

    def problems(self, account: Account | None) -> Iterator[str]:
        """Clouddriver's codes, in its order."""
        if self.name is None and self.cluster_name is None:
            yield f"{KIND}.missing.name.or.clusterName"
        if self.subnet_type is None and self.availability_zones is None:
            yield f"{KIND}.missing.subnetType.or.availabilityZones"
        for region, zones in (self.availability_zones or {}).items():
            if account and account.regions and region not in account.regions:
                yield f"{KIND}.region.not.configured"
            if self.subnet_type is None and zones is None:
                yield f"{KIND}.missing.subnetType.or.availabilityZones"
                break
        if self.load_balancer_type not in TYPES:
            yield f"{KIND}.loadBalancerType.invalid"
        else:
            yield from self._of_classic() if self.classic else self._of_targets()

    def _of_classic(self) -> Iterator[str]:
        if not self.listeners:
            yield f"{KIND}.listeners.empty"
        if self.deregistration_delay is not None and not 1 <= self.deregistration_delay <= 3600:
            yield f"{KIND}.deregistrationDelay.invalid"

    def _of_targets(self) -> Iterator[str]:
        if not self.target_groups:
            yield f"{KIND}.targetGroups.empty"
        for group in self.target_groups:
            for name in ("name",) if group.calls else ("name", "protocol", "port"):
                if not getattr(group, name):
                    yield f"{KIND}.targetGroups.{name}.missing"
            if group.calls and self.load_balancer_type != "application":
                yield f"{KIND}.loadBalancerType.invalid"
        known, used = {one.name for one in self.target_groups}, set()
        for listener in self.listeners:
            if not listener.default_actions:
                yield f"{KIND}.listeners.missing.defaultAction"
            forwards = [one.target_group_name for one in listener.actions if one.type == "forward"]
            used.update(forwards)
            yield from (f"{KIND}.listeners.invalid.targetGroup" for one in forwards if one not in known)
            oidc = [one.authenticate_oidc_action_config for one in listener.actions if one.type == "authenticate-oidc"]
            yield from (f"{KIND}.listeners.invalid.oidcConfig" for one in oidc if one is None or one.client_id is None)
        if known - used:
            yield f"{KIND}.targetGroups.unused"

    @property
    def shared(self) -> Json:
        """What both kinds say, but for account and Region."""
        internal = self.is_internal if self.is_internal is not None else "internal" in (self.subnet_type or "")
        return _said(
            name=self.name or f"{self.cluster_name}-frontend",
            load_balancer_type=self.load_balancer_type,
            internal=internal,
            subnet_type=self.subnet_type,
            security_groups=self.security_groups,
            idle_timeout=self.idle_timeout,
        )

    @property
    def fields(self) -> Json:
        if not self.classic:
            return self.shared | _said(
                listeners=[one.fields for one in self.listeners],
                target_groups=[one.fields for one in self.target_groups],
                deletion_protection=self.deletion_protection,
                cross_zone=self.load_balancing_cross_zone if self.load_balancer_type == "network" else None,
                ip_address_type=self.ip_address_type,
            )
        return self.shared | _said(
            listeners=[one.classic for one in self.listeners],
            health=self._health(),
            cross_zone=True if self.cross_zone_balancing is None else self.cross_zone_balancing,
            connection_draining=self.connection_draining,
            deregistration_delay=self.deregistration_delay,
            idle_timeout=60 if self.idle_timeout is None else self.idle_timeout,
        )

    def _health(self) -> Json | None:
        """`HTTP:7001/health` in parts."""
        if not self.health_check:
            return None
        protocol, _, rest = self.health_check.partition(":")
        port, slash, path = rest.partition("/")
        return _said(
            protocol=protocol,
            port=port,
            path=slash + path,
            interval=self.health_interval,
            timeout=self.health_timeout,
            healthy_threshold=self.healthy_threshold,
            unhealthy_threshold=self.unhealthy_threshold,
        )


def fields_of(description: Json, accounts: Mapping[str, Account]) -> Iterator[Json]:
    """The fields of one request for each Region. Raises Invalid."""
    read, account = LoadBalancerDescription.read(description), account_of(description)
    if found := list(read.problems(accounts.get(account))):
        raise Invalid(found)
    if not read.availability_zones:
        raise Invalid(("availabilityZones: names no Region; name each with its zones, or with none for all",))
    for region, zones in read.availability_zones.items():
        yield read.fields | {"account": account, "region": region, "zones": zones or ()}


def _said(**fields: Any) -> Json:
    return {name: value for name, value in fields.items() if value is not None}
