"""Requests about load balancers: sentences of our own, Clouddriver's codes, and what both doors come to."""

from typing import Any

import pytest

from lambdas.accounts import Account
from lambdas.requests import Invalid
from lambdas.requests.delete_load_balancer import DeleteLoadBalancer

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
