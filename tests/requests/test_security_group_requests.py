"""Requests about security groups: sentences of our own, Clouddriver's codes, and what both doors come to."""

from typing import Any

import pytest

from lambdas.accounts import Account
from lambdas.requests import Invalid
from lambdas.requests.delete_security_group import DeleteSecurityGroup
from lambdas.requests.upsert_security_group import NO_CLASSIC, UpsertSecurityGroup

ACCOUNTS = {
    "test": Account("test", "123456789012", ("us-east-1", "us-west-1")),
    "prod": Account("prod", "210987654321", ("us-east-1",)),
}
OWN = {"account": "test", "region": "us-east-1", "vpcId": "vpc-1"}
UPSERT = OWN | {"name": "shop-api", "description": "of the API"}
ORCAS = {
    "credentials": "test",
    "region": "us-east-1",
    "vpcId": "vpc-1",
    "name": "shop-api",
    "description": "of the API",
    "kato.tasks": ["x" * 1000],
}
KIND = "upsertSecurityGroupDescription"


def refused(**fields: Any) -> tuple[str, ...]:
    with pytest.raises(Invalid) as caught:
        UpsertSecurityGroup.of_windlass(UPSERT | fields)
    return caught.value.codes


def codes(model: type[Any], body: dict[str, Any]) -> tuple[str, ...]:
    with pytest.raises(Invalid) as caught:
        model.of_clouddriver(body, ACCOUNTS)
    return caught.value.codes


def test_a_rule_is_what_ec2_makes_of_it() -> None:
    rules = [
        {"ipProtocol": "6", "startPort": 80, "endPort": 80, "cidr": "10.1.2.3/8"},
        {"ipProtocol": "ALL", "startPort": 1, "endPort": 2, "securityGroup": "shop-web"},
        {"ipProtocol": "tcp", "startPort": 1, "endPort": 2, "cidr": "2001:DB8:0::/32"},
    ]

    request = UpsertSecurityGroup.of_windlass(UPSERT | {"ingress": rules})

    assert [(one.ip_protocol, one.ports, one.cidr) for one in request.ingress] == [
        ("tcp", (80, 80), "10.0.0.0/8"),
        ("-1", (-1, -1), None),
        ("tcp", (1, 2), "2001:db8::/32"),
    ]
    assert (request.application, request.thing) == ("shop", "vpc-1:shop-api")
    assert request.cluster == "test/us-east-1/securityGroup/vpc-1:shop-api"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"description": ""}, "description: is required, unless ingressAppendOnly"),
        ({"name": "sg-1"}, "name: 'sg-1' begins with sg-, as only ids do; choose another"),
        ({"tags": {"aws:x": "1"}}, "tags: aws:x cannot be set; keys that begin with aws: are AWS's own"),
        ({"vpcId": "shop"}, "vpcId: String should match pattern '^vpc-'"),
        ({"ports": 1}, "ports: is not a known field; did you mean vpcId?"),
    ],
)
def test_what_cannot_be_is_said_with_its_field(fields: dict[str, Any], sentence: str) -> None:
    assert refused(**fields)[0].startswith(sentence.split(";", maxsplit=1)[0])


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ({"cidr": "10.0.0.300/8"}, "ingress.0.cidr: is no CIDR block; write one like 10.0.0.0/16 or 2001:db8::/32"),
        ({}, "ingress.0: says not who may; say one of cidr, prefixListId and securityGroup"),
        (
            {"cidr": "10.0.0.0/8", "securityGroup": "shop-web"},
            "ingress.0: says not who may; say one of cidr, prefixListId and securityGroup",
        ),
        (
            {"cidr": "10.0.0.0/8", "startPort": 9, "endPort": 8},
            "ingress.0: startPort to endPort (9 to 8) is no range; say 0 to 65535 for all",
        ),
        ({"cidr": "10.0.0.0/8", "endPort": 65536}, "ingress.0.endPort: should be less than or equal to 65535"),
        (
            {"securityGroup": "shop-web", "accountId": "210987654321"},
            "ingress.0: accountId: a security group of another account is named by its id; give securityGroup as sg-…",
        ),
    ],
)
def test_a_rule_that_cannot_be_is_said_with_its_place(rule: dict[str, Any], sentence: str) -> None:
    assert refused(ingress=[{"ipProtocol": "tcp", "startPort": 80, "endPort": 80} | rule]) == (sentence,)


def test_orcas_rules_refer_by_name_by_id_and_to_other_accounts() -> None:
    ports = {"startPort": "7001", "endPort": "7002"}
    body = ORCAS | {
        "ingressAppendOnly": "true",
        "ipIngress": [{"cidr": "10.0.0.0/8", "type": "tcp", **ports}],
        "securityGroupIngress": [
            {"name": "shop-web", "ipProtocol": "tcp", "accountName": "test", **ports},
            {"id": "sg-1", "ipProtocol": "tcp", "accountName": "prod", "vpcId": "vpc-2", **ports},
            {"name": "peer", "vpcId": "vpc-2", "ipProtocol": "tcp", **ports},
        ],
        "tags": {"key": "team", "value": "api"},
    }

    (request,) = UpsertSecurityGroup.of_clouddriver(body, ACCOUNTS)

    assert request.ingress[0].cidr == "10.0.0.0/8"
    assert {one.ports for one in request.ingress} == {(7001, 7002)}
    assert [(one.security_group, one.account_id, one.vpc_id) for one in request.ingress[1:]] == [
        ("shop-web", None, None),
        ("sg-1", "210987654321", None),
        ("peer", None, "vpc-2"),
    ]
    assert (request.ingress_append_only, request.tags) == (True, {"team": "api"})


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"name": ""}, (f"{KIND}.name.not.nullable",)),
        ({"description": None}, (f"{KIND}.description.not.nullable",)),
        ({"region": "mars-1"}, (f"{KIND}.regions.not.configured",)),
        (
            {"securityGroupIngress": [{"accountName": "test", "vpcId": "vpc-1"}]},
            ("Ingress for 'shop-api' was missing identifier: test.vpc-1.",),
        ),
        ({"vpcId": None}, (NO_CLASSIC,)),
        (
            {"securityGroupIngress": [{"name": "x", "accountName": "mars", "ipProtocol": "-1"}]},
            ("securityGroupIngress: account 'mars' is not known; give its accountId",),
        ),
    ],
)
def test_clouddrivers_codes(fields: dict[str, Any], expected: tuple[str, ...]) -> None:
    assert codes(UpsertSecurityGroup, ORCAS | fields) == expected


def test_a_deletion_is_a_request_for_each_region() -> None:
    body = {"account": "test", "securityGroupName": "shop-api", "vpcId": "vpc-1", "regions": ["us-west-1", "us-east-1"]}

    requests = DeleteSecurityGroup.of_clouddriver(body, ACCOUNTS)

    assert [(one.region, one.thing, one.tolerant) for one in requests] == [
        ("us-west-1", "vpc-1:shop-api", True),
        ("us-east-1", "vpc-1:shop-api", True),
    ]
    assert DeleteSecurityGroup.of_windlass(OWN | {"securityGroupName": "shop-api"}).tolerant is False


def test_clouddrivers_codes_of_a_deletion() -> None:
    kind = "deleteSecurityGroupDescription"

    assert codes(DeleteSecurityGroup, {"account": "test"}) == (
        f"{kind}.regions.empty",
        f"{kind}.securityGroupName.empty",
    )
    body = {"account": "test", "securityGroupName": "shop-api", "regions": ["mars-1"]}
    assert codes(DeleteSecurityGroup, body) == (f"{kind}.regions.not.configured",)
    assert codes(DeleteSecurityGroup, body | {"regions": ["us-east-1"]}) == (NO_CLASSIC,)


@pytest.mark.parametrize("model", [UpsertSecurityGroup, DeleteSecurityGroup])
def test_both_names_are_known(model: type[Any]) -> None:
    name = model.__name__[0].lower() + model.__name__[1:]

    assert model.clouddriver_names == {name, f"{name}Description"}
