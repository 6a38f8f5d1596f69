"""createNetworkInterface: one request for each zone, Clouddriver's codes, sentences of our own."""

from typing import Any

import pytest

from lambdas.accounts import Account
from lambdas.requests import Invalid
from lambdas.requests.create_network_interface import CreateNetworkInterface

ACCOUNTS = {"test": Account("test", "123456789012", ("us-east-1", "us-west-1"))}
KIND = "createNetworkInterfaceDescription"


def codes(**description: Any) -> tuple[str, ...]:
    with pytest.raises(Invalid) as caught:
        CreateNetworkInterface.of_clouddriver({"credentials": "test"} | description, ACCOUNTS)
    return caught.value.codes


def test_what_is_missing_is_clouddrivers_codes() -> None:
    assert codes() == (
        f"{KIND}.regions.not.supplied",
        f"{KIND}.availabilityZones.not.supplied",
        f"{KIND}.subnetType.empty",
        f"{KIND}.regions.empty",
    )
    assert codes(availabilityZonesGroupedByRegion={"mars-1": []}, subnetType="internal") == (
        f"{KIND}.availabilityZones.not.supplied",
        f"{KIND}.regions.not.configured",
    )


def test_each_zone_is_a_request() -> None:
    requests = CreateNetworkInterface.of_clouddriver(
        {
            "credentials": "test",
            "availabilityZonesGroupedByRegion": {
                "us-west-1": ["us-west-1a"],
                "us-east-1": ["us-east-1b", "us-east-1c"],
            },
            "vpcId": "vpc-1badd00d",
            "subnetType": "internal",
            "networkInterface": {
                "description": "internal Asgard",
                "securityGroupNames": ["sg-12345678"],
                "primaryPrivateIpAddress": "127.0.0.1",
                "secondaryPrivateIpAddresses": ["127.0.0.2", "127.0.0.3"],
                "somethingElse": 1,
            },
        },
        ACCOUNTS,
    )

    assert [(one.region, one.zone) for one in requests] == [
        ("us-west-1", "us-west-1a"),
        ("us-east-1", "us-east-1b"),
        ("us-east-1", "us-east-1c"),
    ]
    assert {one.vpc_id for one in requests} == {"vpc-1badd00d"}
    assert requests[0].security_groups == ("sg-12345678",)
    assert [str(one) for one in requests[0].secondary_private_ip_addresses] == ["127.0.0.2", "127.0.0.3"]
    assert CreateNetworkInterface.clouddriver_names == {KIND}


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"zone": ""}, "zone: String should have at least 1 character"),
        ({"primaryPrivateIpAddress": "10.0"}, "primaryPrivateIpAddress: Input is not a valid IPv4 address"),
        (
            {"secondaryPrivateIpAddresses": ["10.0.0.1"], "secondaryPrivateIpAddressCount": 1},
            "secondaryPrivateIpAddresses: say which addresses, or secondaryPrivateIpAddressCount, but not both",
        ),
        ({"tags": {"aws:x": "1"}}, "tags: 'aws:x' is a name that only AWS or Windlass gives; choose another"),
    ],
)
def test_our_own_door_says_what_is_wrong(fields: dict[str, Any], problem: str) -> None:
    body = {"account": "test", "region": "us-east-1", "zone": "us-east-1a", "subnetType": "internal"}

    with pytest.raises(Invalid) as caught:
        CreateNetworkInterface.of_windlass(body | fields)
    assert caught.value.codes[0].startswith(problem)
