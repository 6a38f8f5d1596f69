"""What a request for a load balancer says of listeners, rules and target groups."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import Field

from lambdas.cloud.balancers import LAMBDA, HealthCheck, Listener, Rule, TargetGroup, canonical
from lambdas.requests import Json, Value

WEB, SECURED = ("HTTP", "HTTPS"), ("HTTPS", "TLS")
SIDES = {
    "application": WEB,
    "network": ("TCP", "UDP", "TCP_UDP", "TLS"),
    "classic": ("HTTP", "HTTPS", "TCP", "SSL"),
}
"""The protocols of each type's listeners."""

Field_ = Literal["host-header", "path-pattern", "http-header", "http-request-method", "query-string", "source-ip"]


class Redirect(Value):
    """Where a client is sent; what is not said stays as it asked."""

    protocol: str = "#{protocol}"
    port: str = "#{port}"
    host: str = "#{host}"
    path: str = "/#{path}"
    query: str = "#{query}"
    status_code: Literal["HTTP_301", "HTTP_302"]


class FixedResponse(Value):
    """What a client is answered."""

    status_code: str = Field(pattern="^[245][0-9][0-9]$")
    content_type: str = "text/plain"
    message_body: str = Field("", max_length=1024)


class Cognito(Value):
    """With which user pool of Cognito a client is authenticated, before the next action."""

    user_pool_arn: str = Field(min_length=1)
    user_pool_client_id: str = Field(min_length=1)
    user_pool_domain: str = Field(min_length=1)
    scope: str = "openid"
    on_unauthenticated_request: Literal["deny", "allow", "authenticate"] = "authenticate"
    session_cookie_name: str = "AWSELBAuthSessionCookie"
    session_timeout: int = Field(604_800, ge=1, le=604_800)
    """Seconds."""
    authentication_request_extra_params: dict[str, str] = Field(default_factory=dict, max_length=10)


SECRET = (
    "of type authenticate-oidc: holds a client secret, which AWS never tells, so it could not be put back; "
    "set it by other means, or authenticate with Cognito"
)


class Action(Value):
    """What becomes of a request: forwarded, redirected or answered; a client may be authenticated first."""

    type: Literal["forward", "redirect", "fixed-response", "authenticate-cognito", "authenticate-oidc"] = "forward"
    """`authenticate-oidc` is refused: its client secret could not be put back."""
    target_group: str | None = None
    """Name of the target group to forward to."""
    target_groups: dict[str, int] = Field(default_factory=dict)
    """Several of them, each with its weight."""
    redirect: Redirect | None = None
    fixed_response: FixedResponse | None = None
    cognito: Cognito | None = None

    def contradictions(self) -> Iterator[str]:
        if self.type == "authenticate-oidc":
            yield SECRET
            return
        needs = {
            "authenticate-cognito": ("cognito", self.cognito is not None),
            "forward": ("targetGroup or targetGroups", bool(self.target_group) != bool(self.target_groups)),
            "redirect": ("redirect", self.redirect is not None),
            "fixed-response": ("fixedResponse", self.fixed_response is not None),
        }
        name, given = needs[self.type]
        if not given:
            yield f"of type {self.type}: say {name}"

    @property
    def weights(self) -> dict[str, int]:
        return self.target_groups or ({self.target_group: 1} if self.target_group else {})

    @property
    def words(self) -> Json:
        """The canonical action."""
        if self.redirect:
            return {"Type": self.type, "RedirectConfig": _capitals(self.redirect)}
        if self.fixed_response:
            return {"Type": self.type, "FixedResponseConfig": _capitals(self.fixed_response)}
        if self.cognito:
            return {"Type": self.type, "AuthenticateCognitoConfig": _capitals(self.cognito)}
        weights = self.weights
        return {"Type": "forward", "TargetGroups": weights if len(weights) > 1 else dict.fromkeys(weights, 1)}


class Condition(Value):
    """What a request must be like for a rule to count."""

    field: Field_
    values: tuple[str, ...] = Field(min_length=1)
    """Any of these; of a query string `key=value`, or a value."""
    header: str | None = None
    """The HTTP header whose values they are."""

    def contradictions(self) -> Iterator[str]:
        if (self.field == "http-header") != (self.header is not None):
            yield "header: names the HTTP header of an http-header condition, and of no other"

    @property
    def words(self) -> Json:
        """The canonical condition."""
        values: list[Any] = sorted(self.values)
        if self.field == "query-string":
            values = sorted((_pair(one) for one in self.values), key=canonical)
        header = {"HttpHeaderName": self.header} if self.header else {}
        return {"Field": self.field, "Config": header | {"Values": values}}


class ListenerRule(Value):
    """Actions for requests that fulfil all conditions."""

    priority: int = Field(ge=1, le=50_000)
    """The lowest number is looked at first."""
    conditions: tuple[Condition, ...] = Field(min_length=1)
    actions: tuple[Action, ...] = Field(min_length=1)

    def of(self, port: int) -> Rule:
        conditions = sorted((one.words for one in self.conditions), key=canonical)
        return Rule(
            port,
            self.priority,
            canonical({"Conditions": conditions, "Actions": [one.words for one in self.actions]}),
        )


class ListenerAsked(Value):
    """A port on which the load balancer listens."""

    port: int = Field(ge=1, le=65535)
    protocol: Literal["HTTP", "HTTPS", "TCP", "UDP", "TCP_UDP", "TLS", "SSL"]
    certificate: str | None = None
    """ARN of the default certificate, where the protocol is secured."""
    certificates: tuple[str, ...] | None = Field(None, max_length=25)
    """ARNs of all others, for further host names; unless said they stay. Not of classic load balancers."""
    ssl_policy: str | None = None
    """Name of the security policy; unless said it stays, or is AWS's default."""
    actions: tuple[Action, ...] = ()
    """What is done with requests that no rule is for."""
    rules: tuple[ListenerRule, ...] = ()
    instance_port: int | None = Field(None, ge=1, le=65535)
    """Of a classic load balancer: the port of its instances."""
    instance_protocol: Literal["HTTP", "HTTPS", "TCP", "SSL"] | None = None
    """Of a classic load balancer; unless said `HTTP` behind HTTP and HTTPS, `TCP` behind TCP and SSL."""
    policies: tuple[str, ...] = ()
    """Of a classic load balancer: names of its policies, all that the listener has; unless said they stay."""

    def problems(self, kind: str) -> Iterator[str]:
        where = f"listeners: port {self.port}"
        if self.protocol not in SIDES[kind]:
            yield f"{where}: {self.protocol} is none of a load balancer of type {kind}: {', '.join(SIDES[kind])}"
        if (self.protocol in (*SECURED, "SSL")) != bool(self.certificate):
            yield f"{where}: certificate goes with HTTPS, TLS and SSL, and with nothing else"
        if self.certificates is not None and (kind == "classic" or not self.certificate):
            yield f"{where}: certificates go besides the default certificate, and not with a classic load balancer"
        if kind != "classic" and self.policies:
            yield f"{where}: policies are of classic load balancers; say sslPolicy"
        if any(one.cognito for one in self.every_action) and self.protocol != "HTTPS":
            yield f"{where}: to authenticate needs HTTPS"
        if kind == "classic" and (self.actions or self.rules or self.instance_port is None):
            yield f"{where}: a classic load balancer has an instancePort, and neither actions nor rules"
        if kind != "classic" and (not self.actions or self.instance_port is not None):
            yield f"{where}: needs actions, and has no instancePort: target groups say that"
        if kind == "network" and (self.rules or any(one.type != "forward" for one in self.actions)):
            yield f"{where}: a network load balancer forwards only, without rules"
        if len({one.priority for one in self.rules}) < len(self.rules):
            yield f"{where}: two rules have the same priority"

    @property
    def every_action(self) -> tuple[Action, ...]:
        return (*self.actions, *(action for rule in self.rules for action in rule.actions))

    @property
    def weights(self) -> dict[str, int]:
        """The target groups that it sends to."""
        return {name: weight for one in self.every_action for name, weight in one.weights.items()}

    @property
    def listener(self) -> Listener:
        actions = canonical([one.words for one in self.actions])
        return Listener(self.port, self.protocol, actions, self.certificate or "", self.ssl_policy or "")


class HealthAsked(Value):
    """How it is found out who is healthy."""

    protocol: Literal["HTTP", "HTTPS", "TCP", "SSL", "TLS"] | None = None
    """Unless said the target group's, or TCP for what is not HTTP."""
    port: str = "traffic-port"
    path: str = ""
    interval: int = Field(10, ge=5, le=300)
    """Seconds."""
    timeout: int = Field(5, ge=2, le=120)
    """Seconds."""
    healthy_threshold: int = Field(10, ge=2, le=10)
    """Checks in a row."""
    unhealthy_threshold: int = Field(2, ge=2, le=10)
    matcher: str = ""
    """Status codes that are healthy; unless said `200-299`."""

    def of_function(self) -> HealthCheck:
        """Of Lambda functions, which have no ports."""
        return HealthCheck(
            *("", "", self.path or "/", self.interval, self.timeout, self.healthy_threshold, self.unhealthy_threshold),
            matcher=self.matcher or "200",
        )

    def check(self, protocol: str) -> HealthCheck:
        """Behind a listener or target group of that protocol."""
        mine = self.protocol or (protocol if protocol in WEB else "TCP")
        web = mine in WEB
        return HealthCheck(
            *(mine, self.port, (self.path or "/") if web else "", self.interval, self.timeout),
            healthy=self.healthy_threshold,
            unhealthy=self.unhealthy_threshold,
            matcher=(self.matcher or "200-299") if web else "",
        )


class TargetsAsked(Value):
    """A target group that listeners send to."""

    name: str = Field(pattern="^[A-Za-z0-9-]{1,32}$")
    protocol: Literal["HTTP", "HTTPS", "TCP", "UDP", "TCP_UDP", "TLS"] | None = None
    """Needed but for Lambda functions, which have neither protocol nor port."""
    port: int | None = Field(None, ge=1, le=65535)
    target_type: Literal["instance", "ip", "lambda"] = "instance"
    health: HealthAsked = Field(default_factory=HealthAsked)
    attributes: dict[str, str] = Field(default_factory=dict)
    """In ELB's words: `deregistration_delay.timeout_seconds`; others stay."""

    @property
    def calls(self) -> bool:
        """Whether its targets are functions."""
        return self.target_type == LAMBDA

    def contradictions(self) -> Iterator[str]:
        if self.target_type == LAMBDA and (self.protocol or self.port or self.health.protocol):
            yield f"target group {self.name}: of type lambda, has neither protocol nor port; leave them out"
        if self.target_type != LAMBDA and not (self.protocol and self.port):
            yield f"target group {self.name}: needs protocol and port"

    def group(self, vpc: str) -> TargetGroup:
        attributes = tuple(sorted(self.attributes.items()))
        if self.target_type == LAMBDA:
            return TargetGroup(self.name, "", 0, "", LAMBDA, self.health.of_function(), attributes)
        protocol, port = self.protocol or "", self.port or 0
        return TargetGroup(self.name, protocol, port, vpc, self.target_type, self.health.check(protocol), attributes)


def _capitals(value: Value) -> Json:
    """As AWS writes it: `StatusCode`."""
    return {name[0].upper() + name[1:]: each for name, each in value.model_dump(by_alias=True).items()}


def _pair(text: str) -> Mapping[str, str]:
    key, equals, value = text.partition("=")
    return {"Key": key, "Value": value} if equals else {"Value": key}
