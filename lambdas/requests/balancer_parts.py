"""What a request for a load balancer says of listeners, rules and target groups."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import Field

from lambdas.cloud.balancers import HealthCheck, Listener, Rule, TargetGroup, canonical
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


class Action(Value):
    """What becomes of a request: forwarded, redirected or answered."""

    type: Literal["forward", "redirect", "fixed-response"] = "forward"
    target_group: str | None = None
    """Name of the target group to forward to."""
    target_groups: dict[str, int] = Field(default_factory=dict)
    """Several of them, each with its weight."""
    redirect: Redirect | None = None
    fixed_response: FixedResponse | None = None

    def contradictions(self) -> Iterator[str]:
        needs = {
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
    ssl_policy: str | None = None
    """Name of the security policy; unless said it stays, or is AWS's default."""
    actions: tuple[Action, ...] = ()
    """What is done with requests that no rule is for."""
    rules: tuple[ListenerRule, ...] = ()
    instance_port: int | None = Field(None, ge=1, le=65535)
    """Of a classic load balancer: the port of its instances."""
    instance_protocol: Literal["HTTP", "HTTPS", "TCP", "SSL"] | None = None
    """Of a classic load balancer; unless said `HTTP` behind HTTP and HTTPS, `TCP` behind TCP and SSL."""

    def problems(self, kind: str) -> Iterator[str]:
        where = f"listeners: port {self.port}"
        if self.protocol not in SIDES[kind]:
            yield f"{where}: {self.protocol} is none of a load balancer of type {kind}: {', '.join(SIDES[kind])}"
        if (self.protocol in (*SECURED, "SSL")) != bool(self.certificate):
            yield f"{where}: certificate goes with HTTPS, TLS and SSL, and with nothing else"
        if kind == "classic" and (self.actions or self.rules or self.instance_port is None):
            yield f"{where}: a classic load balancer has an instancePort, and neither actions nor rules"
        if kind != "classic" and (not self.actions or self.instance_port is not None):
            yield f"{where}: needs actions, and has no instancePort: target groups say that"
        if kind == "network" and (self.rules or any(one.type != "forward" for one in self.actions)):
            yield f"{where}: a network load balancer forwards only, without rules"
        if len({one.priority for one in self.rules}) < len(self.rules):
            yield f"{where}: two rules have the same priority"

    @property
    def weights(self) -> dict[str, int]:
        """The target groups that it sends to."""
        actions = (*self.actions, *(action for rule in self.rules for action in rule.actions))
        return {name: weight for one in actions for name, weight in one.weights.items()}

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
    protocol: Literal["HTTP", "HTTPS", "TCP", "UDP", "TCP_UDP", "TLS"]
    port: int = Field(ge=1, le=65535)
    target_type: Literal["instance", "ip"] = "instance"
    health: HealthAsked = Field(default_factory=HealthAsked)
    attributes: dict[str, str] = Field(default_factory=dict)
    """In ELB's words: `deregistration_delay.timeout_seconds`; others stay."""

    def group(self, vpc: str) -> TargetGroup:
        attributes = tuple(sorted(self.attributes.items()))
        return TargetGroup(
            self.name, self.protocol, self.port, vpc, self.target_type, self.health.check(self.protocol), attributes
        )


def _capitals(value: Value) -> Json:
    """As AWS writes it: `StatusCode`."""
    return {name[0].upper() + name[1:]: each for name, each in value.model_dump(by_alias=True).items()}


def _pair(text: str) -> Mapping[str, str]:
    key, equals, value = text.partition("=")
    return {"Key": key, "Value": value} if equals else {"Value": key}
