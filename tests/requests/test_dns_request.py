"""upsertAmazonDNS by both doors."""

from typing import Any

import pytest

from lambdas.accounts import Account
from lambdas.requests import Invalid
from lambdas.requests.upsert_amazon_dns import UpsertAmazonDns

ACCOUNTS = {"prod": Account("prod", "123456789012", ("us-west-2", "us-east-1"))}
BODY = {
    "account": "prod",
    "region": "us-east-1",
    "name": "shop-api.example.com",
    "type": "CNAME",
    "target": "green.example.com",
    "hostedZoneName": "example.com",
}


def of(**changes: Any) -> UpsertAmazonDns:
    body = {name: value for name, value in (BODY | changes).items() if value is not None}
    return UpsertAmazonDns.of_windlass(body)


def test_a_record_is_one_thing_of_its_application() -> None:
    request = of(type="A", target="10.0.0.1")

    assert (request.application, request.ttl) == ("shop", 60)
    assert request.cluster == "prod/us-east-1/record/A:shop-api.example.com"


def test_a_name_that_tells_no_application_is_nobodys_and_can_be_listed_all_the_same() -> None:
    assert of(name="-api.example.com").application == "unowned"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": "api.example.org"}, "name: 'api.example.org' is not in the hosted zone 'example.com'"),
        ({"type": "MX"}, "type: should be 'A', 'AAAA', 'CNAME' or 'PTR'"),
        ({"target": None}, "target: is required"),
        ({"ttl": -1}, "ttl: should be greater than or equal to 0"),
        ({"zone": "example.com"}, "zone: is not a known field"),
    ],
)
def test_what_is_wrong_is_said(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence):
        of(**changes)


def test_clouddrivers_body_needs_no_region_and_no_target() -> None:
    description = {
        "credentials": "prod",
        "type": "CNAME",
        "name": "shop.example.com.",
        "hostedZoneName": "example.com.",
        "stageId": "01",
    }

    (request,) = UpsertAmazonDns.of_clouddriver(description, ACCOUNTS)

    assert (request.region, request.target) == ("us-west-2", None)


def test_clouddrivers_code_for_a_type_that_is_none() -> None:
    with pytest.raises(Invalid) as refused:
        UpsertAmazonDns.of_clouddriver({"credentials": "prod", "type": "MX"}, ACCOUNTS)

    assert refused.value.codes == ("upsertAmazonDNSDescription.type.invalid",)
