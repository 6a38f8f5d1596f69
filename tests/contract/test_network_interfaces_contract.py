"""Network interfaces: what EC2 and the fake cloud alike do and refuse."""

import pytest

from lambdas.cloud import OPERATION_TAG
from lambdas.cloud.network_interfaces import NetworkInterface, NetworkInterfaces
from lambdas.errors import NotFound, Rejected
from tests.contract.recording import Recorder
from tests.contract.worlds import World

TAGS = (("owner", "shop"), (OPERATION_TAG, "op1"))


@pytest.fixture
def interfaces(world: World) -> NetworkInterfaces:
    return world.cloud.of(NetworkInterfaces)


def wanted(world: World, tags: tuple[tuple[str, str], ...] = TAGS) -> NetworkInterface:
    return NetworkInterface(world.region.subnets[0], "of the batch", (world.region.security_group,), tags=tags)


def test_an_interface_is_found_by_its_operation_and_deleted(world: World, interfaces: NetworkInterfaces) -> None:
    made = interfaces.create(wanted(world), "op1")
    other = interfaces.create(wanted(world, ((OPERATION_TAG, "op2"),)), "op2")

    assert interfaces.made_by("op1") == (made,)
    interfaces.delete(made)
    assert (interfaces.made_by("op1"), interfaces.made_by("op2")) == ((), (other,))


def test_the_same_token_is_the_same_creation(world: World, interfaces: NetworkInterfaces) -> None:
    if not world.honours_client_tokens:
        pytest.skip("moto makes another one")

    assert interfaces.create(wanted(world), "op1") == interfaces.create(wanted(world), "op1")


def test_one_that_is_not_there_is_not_found(interfaces: NetworkInterfaces) -> None:
    with pytest.raises(NotFound, match="eni-0123456789abcdef0"):
        interfaces.delete("eni-0123456789abcdef0")


def test_a_subnet_that_does_not_exist_is_refused(interfaces: NetworkInterfaces) -> None:
    with pytest.raises(Rejected):
        interfaces.create(NetworkInterface("subnet-0aaaaaaaaaaaaaaaa"), "op1")


def test_ec2_is_given_the_token_the_addresses_and_the_tags(aws: Recorder, world: World) -> None:
    interface = NetworkInterface(
        world.region.subnets[0], "", (), "10.0.0.10", ("10.0.0.11", "10.0.0.12"), tags=(("owner", "shop"),)
    )
    if not world.honours_client_tokens:
        world.cloud.of(NetworkInterfaces).create(interface, "op1")
        given = aws.parameters("CreateNetworkInterface")
        assert (given["ClientToken"], given["PrivateIpAddress"]) == ("op1", "10.0.0.10")
        assert [one["PrivateIpAddress"] for one in given["PrivateIpAddresses"]] == ["10.0.0.11", "10.0.0.12"]
        assert given["TagSpecifications"][0]["Tags"] == [{"Key": "owner", "Value": "shop"}]
        assert "Description" not in given
