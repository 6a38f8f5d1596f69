"""Requests about load balancers: sentences of our own, Clouddriver's codes, and what both doors come to."""

import json
from typing import Any

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from lambdas.accounts import Account
from lambdas.cloud.balancers import HealthCheck
from lambdas.cloud.classic_balancers import ClassicListener
from lambdas.requests import Invalid
from lambdas.requests import amazon_load_balancer as parts
from lambdas.requests.delete_load_balancer import DeleteLoadBalancer
from lambdas.requests.upsert_load_balancer import UpsertLoadBalancer

ACCOUNTS = {"test": Account("test", "123456789012", ("us-east-1", "us-west-1"))}


def codes(model: type[Any], body: dict[str, Any]) -> tuple[str, ...]:
    with pytest.raises(Invalid) as caught:
        model.of_clouddriver(body, ACCOUNTS)
    return caught.value.codes


def test_a_deletion_is_a_request_for_each_region_and_classic_unless_it_is_said() -> None:
    body = {"credentials": "test", "loadBalancerName": "shop-api", "regions": ["us-west-1", "us-east-1"], "more": [1]}

    requests = DeleteLoadBalancer.of_clouddriver(body, ACCOUNTS)
    (other,) = DeleteLoadBalancer.of_clouddriver(
        body | {"regions": ["us-east-1"], "loadBalancerType": "network"}, ACCOUNTS
    )

    assert [(one.region, one.thing, one.tolerant) for one in requests] == [
        ("us-west-1", "classic:shop-api", True),
        ("us-east-1", "classic:shop-api", True),
    ]
    assert (other.load_balancer_type, other.thing, other.application) == ("network", "shop-api", "shop")
    assert other.cluster == "test/us-east-1/loadBalancer/shop-api"


def test_clouddrivers_codes_of_a_deletion() -> None:
    kind = "deleteAmazonLoadBalancerDescription"

    assert codes(DeleteLoadBalancer, {"account": "test"}) == (
        f"{kind}.regions.empty",
        f"{kind}.loadBalancerName.empty",
    )
    body = {"account": "test", "loadBalancerName": "shop-api", "regions": ["mars-1"]}
    assert codes(DeleteLoadBalancer, body) == (f"{kind}.regions.not.configured",)
    body |= {"regions": ["us-east-1"], "loadBalancerType": "gateway"}
    assert codes(DeleteLoadBalancer, body) == ("load_balancer_type: should be 'classic', 'application' or 'network'",)


def test_our_own_door_wants_the_type() -> None:
    with pytest.raises(Invalid) as caught:
        DeleteLoadBalancer.of_windlass({"account": "test", "region": "us-east-1", "loadBalancerName": "shop-api"})

    assert caught.value.codes == ("loadBalancerType: is required",)
    assert {"deleteLoadBalancer", "deleteAmazonLoadBalancerDescription"} <= DeleteLoadBalancer.clouddriver_names


OWN: dict[str, Any] = {"account": "test", "region": "us-east-1", "name": "shop-api"}
TARGETS = {"name": "shop-api", "protocol": "HTTP", "port": 8080}
WEB = {"port": 80, "protocol": "HTTP", "actions": [{"targetGroup": "shop-api"}]}
APPLICATION = OWN | {"loadBalancerType": "application", "listeners": [WEB], "targetGroups": [TARGETS]}
CLASSIC = OWN | {
    "loadBalancerType": "classic",
    "listeners": [{"port": 80, "protocol": "HTTP", "instancePort": 8080}],
}
KIND = "createAmazonLoadBalancerDescription"
ORCAS: dict[str, Any] = {
    "credentials": "test",
    "name": "shop-api",
    "subnetType": "internal",
    "availabilityZones": {"us-east-1": ["us-east-1a"], "us-west-1": []},
    "kato.tasks": ["x" * 1000],
}
ORCAS_LISTENER = {"protocol": "HTTP", "port": "80", "defaultActions": [{"targetGroupName": "shop-api"}]}
ORCAS_TARGETS = {"name": "shop-api", "protocol": "HTTP", "port": "8080"}


def refused(body: dict[str, Any], **fields: Any) -> tuple[str, ...]:
    with pytest.raises(Invalid) as caught:
        UpsertLoadBalancer.of_windlass(body | fields)
    return caught.value.codes


def test_what_is_asked_of_an_application_load_balancer_in_elbs_words() -> None:
    rule = {
        "priority": 1,
        "conditions": [
            {"field": "query-string", "values": ["b=2", "a"]},
            {"field": "http-header", "header": "X-Who", "values": ["me"]},
        ],
        "actions": [{"type": "fixed-response", "fixedResponse": {"statusCode": "404"}}],
    }
    listener = WEB | {"rules": [rule], "actions": [{"type": "redirect", "redirect": {"statusCode": "HTTP_301"}}]}
    weighted = WEB | {"port": 81, "actions": [{"targetGroups": {"shop-api": 3, "shop-b": 1}}]}
    more = {"targetGroups": [TARGETS, TARGETS | {"name": "shop-b", "protocol": "HTTPS", "health": {"protocol": "TCP"}}]}

    request = UpsertLoadBalancer.of_windlass(APPLICATION | more | {"listeners": [listener, weighted]})
    redirect, forward = (json.loads(one.listener.actions) for one in request.listeners)
    ruled = json.loads(request.listeners[0].rules[0].of(80).specification)

    assert redirect[0]["RedirectConfig"] == {
        "Protocol": "#{protocol}",
        "Port": "#{port}",
        "Host": "#{host}",
        "Path": "/#{path}",
        "Query": "#{query}",
        "StatusCode": "HTTP_301",
    }
    assert forward == [{"Type": "forward", "TargetGroups": {"shop-api": 3, "shop-b": 1}}]
    assert ruled["Conditions"] == [
        {"Field": "http-header", "Config": {"HttpHeaderName": "X-Who", "Values": ["me"]}},
        {"Field": "query-string", "Config": {"Values": [{"Key": "b", "Value": "2"}, {"Value": "a"}]}},
    ]
    assert ruled["Actions"][0]["FixedResponseConfig"]["StatusCode"] == "404"
    checks = [one.group("vpc-1").health for one in request.target_groups]
    assert [(one.protocol, one.path, one.matcher) for one in checks] == [("HTTP", "/", "200-299"), ("TCP", "", "")]


def test_a_classic_load_balancers_check_and_attributes() -> None:
    said = {"health": {"path": "/health"}, "deregistrationDelay": 30, "crossZone": False, "idleTimeout": 90}

    request = UpsertLoadBalancer.of_windlass(CLASSIC | said)

    assert request.check == HealthCheck("HTTP", "8080", "/health", 10, 5, 10, 2)
    assert dict(request.attributes) == {
        "crossZone": "false",
        "drainTimeout": "30",
        "draining": "true",
        "idleTimeout": "90",
    }
    assert UpsertLoadBalancer.of_windlass(CLASSIC).attributes == ()


@pytest.mark.parametrize(
    ("body", "fields", "sentence"),
    [
        (APPLICATION, {"listeners": []}, "listeners: Tuple should have at least 1 item after validation, not 0"),
        (APPLICATION, {"listeners": [WEB, WEB]}, "listeners: two have the same port"),
        (
            APPLICATION,
            {"listeners": [WEB | {"protocol": "TCP"}]},
            "listeners: port 80: TCP is none of a load balancer of type application: HTTP, HTTPS",
        ),
        (
            APPLICATION,
            {"listeners": [WEB | {"protocol": "HTTPS"}]},
            "listeners: port 80: certificate goes with HTTPS, TLS and SSL, and with nothing else",
        ),
        (
            APPLICATION,
            {"listeners": [WEB | {"certificates": ["arn:aws:acm:1"]}]},
            "listeners: port 80: certificates go besides the default certificate, and not with a classic load balancer",
        ),
        (
            APPLICATION,
            {"listeners": [WEB | {"policies": ["sticky"]}]},
            "listeners: port 80: policies are of classic load balancers; say sslPolicy",
        ),
        (
            APPLICATION,
            {"targetGroups": [{"name": "shop-api", "targetType": "lambda", "port": 80}]},
            "targetGroups.0: target group shop-api: of type lambda, has neither protocol nor port; leave them out",
        ),
        (
            APPLICATION,
            {"targetGroups": [{"name": "shop-api"}]},
            "targetGroups.0: target group shop-api: needs protocol and port",
        ),
        (
            APPLICATION,
            {"targetGroups": []},
            "targetGroups: listeners send to shop-api, which is not among them; describe it",
        ),
        (
            APPLICATION,
            {"targetGroups": [TARGETS, TARGETS | {"name": "more"}]},
            "targetGroups: no listener sends to more; leave it out",
        ),
        (
            APPLICATION,
            {"crossZone": True},
            "crossZone: is not for a load balancer of type application; leave it out",
        ),
        (
            CLASSIC,
            {"targetGroups": [TARGETS], "deletionProtection": True},
            "targetGroups: is not for a load balancer of type classic; leave it out",
        ),
        (
            CLASSIC,
            {"listeners": [{"port": 80, "protocol": "HTTP"}]},
            "listeners: port 80: a classic load balancer has an instancePort, and neither actions nor rules",
        ),
        (
            APPLICATION | {"loadBalancerType": "network"},
            {"listeners": [WEB | {"protocol": "TCP", "actions": [{"type": "redirect", "redirect": None}]}]},
            "listeners.0.actions.0: of type redirect: say redirect",
        ),
    ],
)
def test_what_cannot_be_is_said_with_its_place(body: dict[str, Any], fields: dict[str, Any], sentence: str) -> None:
    assert refused(body, **fields)[0] == sentence


def test_orcas_application_load_balancer_is_a_request_for_each_region() -> None:
    attributes = {"deregistrationDelay": "30", "stickinessEnabled": True, "stickinessType": "lb_cookie"}
    rules = [
        {"priority": "default", "conditions": [], "actions": []},
        {
            "priority": "5",
            "conditions": [{"field": "path-pattern", "values": ["/a"]}],
            "actions": [{"type": "redirect", "redirectActionConfig": {"statusCode": "HTTP_302", "path": "/b"}}],
        },
    ]
    body = ORCAS | {
        "loadBalancerType": "application",
        "listeners": [ORCAS_LISTENER | {"rules": rules, "certificates": []}],
        "targetGroups": [ORCAS_TARGETS | {"attributes": attributes, "healthCheckPath": "/h", "healthCheckPort": 7001}],
        "deletionProtection": "true",
        "securityGroups": ["shop-web"],
    }

    requests = UpsertLoadBalancer.of_clouddriver(body, ACCOUNTS)

    assert [(one.region, one.zones, one.thing) for one in requests] == [
        ("us-east-1", ("us-east-1a",), "shop-api"),
        ("us-west-1", (), "shop-api"),
    ]
    request = requests[0]
    assert (request.internal, request.security_groups) == (True, ("shop-web",))
    assert request.attributes == (("deletion_protection.enabled", "true"),)
    assert [one.priority for one in request.listeners[0].rules] == [5]
    (group,) = request.target_groups
    assert (group.port, group.health.check("HTTP").port, group.health.path) == (8080, "7001", "/h")
    assert group.attributes == {
        "deregistration_delay.timeout_seconds": "30",
        "stickiness.enabled": "true",
        "stickiness.type": "lb_cookie",
    }


def test_orcas_classic_load_balancer_has_clouddrivers_defaults() -> None:
    listener = {
        "externalProtocol": "HTTPS",
        "externalPort": "443",
        "internalPort": "7001",
        "sslCertificateId": "arn:aws:acm:1",
    }
    body = {name: value for name, value in ORCAS.items() if name != "name"} | {
        "clusterName": "shop-main",
        "listeners": [listener],
        "healthCheck": "HTTP:7001/health",
    }

    request = UpsertLoadBalancer.of_clouddriver(body, ACCOUNTS)[0]

    assert (request.name, request.load_balancer_type) == ("shop-main-frontend", "classic")
    assert request.check == HealthCheck("HTTP", "7001", "/health", 10, 5, 10, 2)
    assert request.attributes == (("crossZone", "true"), ("idleTimeout", "60"))
    assert request.classic_listeners == (ClassicListener(443, "HTTPS", 7001, "HTTP", "arn:aws:acm:1"),)


CLOUDDRIVERS: dict[type[BaseModel], str] = {
    parts.LoadBalancerDescription: "loadBalancerType clusterName name vpcId isInternal subnetType idleTimeout "
    "securityGroups availabilityZones shieldProtectionEnabled listeners targetGroups deletionProtection "
    "loadBalancingCrossZone ipAddressType healthCheck healthCheckPort healthInterval healthTimeout unhealthyThreshold "
    "healthyThreshold crossZoneBalancing connectionDraining deregistrationDelay",
    parts.ListenerDescription: "externalProtocol internalProtocol externalPort internalPort sslCertificateId "
    "policyNames certificates protocol port sslPolicy defaultActions rules",
    parts.TargetsDescription: "name protocol port attributes targetType healthCheckProtocol healthCheckPath "
    "healthCheckPort healthCheckInterval healthCheckTimeout unhealthyThreshold healthyThreshold healthCheckMatcher",
    parts.AttributesDescription: "deregistrationDelay stickinessEnabled stickinessType stickinessDuration "
    "proxyProtocolV2 deregistrationDelayConnectionTermination multiValueHeadersEnabled",
    parts.ActionDescription: "type targetGroupName authenticateOidcActionConfig redirectActionConfig",
    parts.RuleDescription: "priority actions conditions",
    parts.ConditionDescription: "field values",
}
"""The fields of `UpsertAmazonLoadBalancer{,Classic,V2}Description.java` and of the classes in them."""


def test_no_field_of_clouddrivers_is_read_past_in_silence() -> None:
    told = " ".join(UpsertLoadBalancer.otherwise)
    for model, names in CLOUDDRIVERS.items():
        known = {str(one) for field in model.model_fields.values() for one in aliases(field)}
        for name in names.split():
            assert name in known or f"`{name}`" in told, f"{model.__name__}: {name}"


def aliases(field: FieldInfo) -> list[object]:
    choices = getattr(field.validation_alias, "choices", None)
    return list(choices or (field.validation_alias or field.alias,))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"listeners": []}, ("listeners.empty",)),
        ({"name": None, "listeners": [{}]}, ("missing.name.or.clusterName",)),
        (
            {"subnetType": None, "availabilityZones": None, "listeners": [{}]},
            ("missing.subnetType.or.availabilityZones",),
        ),
        ({"availabilityZones": {"mars-1": []}, "listeners": [{}]}, ("region.not.configured",)),
        (
            {"subnetType": None, "availabilityZones": {"us-east-1": None}, "listeners": [{}]},
            ("missing.subnetType.or.availabilityZones",),
        ),
        ({"deregistrationDelay": 0, "listeners": [{}]}, ("deregistrationDelay.invalid",)),
        ({"loadBalancerType": "gateway"}, ("loadBalancerType.invalid",)),
        ({"loadBalancerType": "network"}, ("targetGroups.empty",)),
        (
            {"loadBalancerType": "network", "targetGroups": [{}], "listeners": [ORCAS_LISTENER]},
            (
                *("targetGroups.name.missing", "targetGroups.protocol.missing", "targetGroups.port.missing"),
                *("listeners.invalid.targetGroup", "targetGroups.unused"),
            ),
        ),
        (
            {"loadBalancerType": "application", "targetGroups": [ORCAS_TARGETS], "listeners": [{"port": 80}]},
            ("listeners.missing.defaultAction", "targetGroups.unused"),
        ),
    ],
)
def test_clouddrivers_codes_of_an_upsert(fields: dict[str, Any], expected: tuple[str, ...]) -> None:
    assert codes(UpsertLoadBalancer, ORCAS | fields) == tuple(f"{KIND}.{one}" for one in expected)


def test_no_region_and_what_authenticates_are_refused_in_words() -> None:
    body = ORCAS | {"loadBalancerType": "application", "targetGroups": [ORCAS_TARGETS], "listeners": [ORCAS_LISTENER]}
    secret = {"type": "authenticate-oidc", "authenticateOidcActionConfig": {"clientId": "1", "clientSecret": "s3cret"}}
    listener = ORCAS_LISTENER | {"defaultActions": [secret, {"targetGroupName": "shop-api"}]}

    (nowhere,) = codes(UpsertLoadBalancer, body | {"availabilityZones": {}})
    authenticates = codes(UpsertLoadBalancer, body | {"listeners": [listener]})

    assert nowhere.startswith("availabilityZones: names no Region")
    assert authenticates[0].startswith("listeners.0.actions.0: of type authenticate-oidc: holds a client secret")
    assert "s3cret" not in str(authenticates)
    nobody = ORCAS_LISTENER | {"defaultActions": [{"type": "authenticate-oidc"}, {"targetGroupName": "shop-api"}]}
    assert codes(UpsertLoadBalancer, body | {"listeners": [nobody]}) == (f"{KIND}.listeners.invalid.oidcConfig",)


def test_orcas_certificates_functions_and_policies() -> None:
    certificates = [{"certificateArn": f"arn:aws:acm:{number}"} for number in (1, 2)]
    secured = ORCAS_LISTENER | {"protocol": "HTTPS", "certificates": certificates}
    calls = {"name": "shop-api", "targetType": "Lambda", "attributes": {"multiValueHeadersEnabled": "true"}}
    body = ORCAS | {"loadBalancerType": "application", "targetGroups": [calls], "listeners": [secured]}
    classic = ORCAS | {"listeners": [{"externalProtocol": "HTTP", "externalPort": 80, "internalPort": 1}]}
    classic["listeners"][0]["policyNames"] = ["sticky"]
    classic |= {"shieldProtectionEnabled": True, "vpcId": "vpc-1"}

    request = UpsertLoadBalancer.of_clouddriver(body, ACCOUNTS)[0]

    assert (request.listeners[0].certificate, request.certificates) == ("arn:aws:acm:1", {80: ("arn:aws:acm:2",)})
    assert request.target_groups[0].group("vpc-1").kept == ("", 0, "", "lambda")
    assert request.target_groups[0].attributes == {"lambda.multi_value_headers.enabled": "true"}
    assert UpsertLoadBalancer.of_clouddriver(classic, ACCOUNTS)[0].classic_listeners[0].policies == ("sticky",)
    network = body | {"loadBalancerType": "network"}
    assert codes(UpsertLoadBalancer, network)[0] == f"{KIND}.loadBalancerType.invalid"
