"""cloneServerGroup's two doors: anything may be left out, and what is said is judged as at createServerGroup."""

from typing import Any

import pytest

from lambdas.accounts import Account
from lambdas.requests import Invalid
from lambdas.requests.clone_server_group import CloneServerGroup
from lambdas.requests.create_server_group import CreateServerGroup

ACCOUNTS = {"test": Account("test", "123456789012", ("us-east-1", "us-west-1"))}
SOURCE = {"account": "test", "region": "us-east-1", "asgName": "shop-prod-blue-v007"}
OWN: dict[str, Any] = {"account": "test", "region": "us-east-1", "source": SOURCE}


def read(**description: Any) -> list[CloneServerGroup]:
    return CloneServerGroup.of_clouddriver({"credentials": "test"} | description, ACCOUNTS)


def codes(**description: Any) -> tuple[str, ...]:
    with pytest.raises(Invalid) as caught:
        read(**description)
    return caught.value.codes


def refused(**changes: Any) -> tuple[str, ...]:
    with pytest.raises(Invalid) as caught:
        CloneServerGroup.of_windlass(OWN | changes)
    return caught.value.codes


def test_the_name_is_the_sources_but_for_what_is_said() -> None:
    like = CloneServerGroup.of_windlass(OWN)
    other = CloneServerGroup.of_windlass(OWN | {"stack": "test", "freeFormDetails": ""})

    assert like.cluster == "test/us-east-1/shop-prod-blue"
    assert other.cluster == "test/us-east-1/shop-test"


def test_nothing_but_a_source_need_be_said() -> None:
    request = CloneServerGroup.of_windlass(OWN)

    assert not {"image", "capacity", "zones", "tags"} & {name for name, value in request.said.items() if value}


def test_every_field_of_a_creation_can_be_said_of_a_clone() -> None:
    ways = {"copy_source_custom_block_device_mappings", "copy_source_subnet_id_overrides"}

    assert set(CreateServerGroup.model_fields) - ways == set(CloneServerGroup.model_fields)


def test_what_is_said_is_judged_as_a_creation() -> None:
    assert refused(source=SOURCE | {"region": "us-west-1"}) == (
        "source: shop-prod-blue-v007 is in test/us-west-1; only a source in test/us-east-1 can be cloned",
    )
    assert refused(userData="?") == ("userData: is not base64",)
    assert refused(instanceType="m5.large", unlimitedCpuCredits=True) == (
        "unlimitedCpuCredits: m5.large has no CPU credits; leave it out",
    )
    assert refused(tags={"aws:x": "1"}) == ("tags.aws:x: tags that begin with aws: or windlass: are reserved",)
    assert refused(healthCheckType="TCP")[0].startswith("healthCheckType: ")
    assert refused(source=None) == ("application: is required",)


def test_a_description_without_source_clones_the_latest_of_its_cluster() -> None:
    (request,) = read(
        application="asgard",
        stack="asgard-test",
        amiName="ami-000",
        instanceType="m3.medium",
        availabilityZones={"us-west-1": ["us-west-1a"]},
    )

    assert (request.cluster, request.source) == ("test/us-west-1/asgard-asgard-test", None)
    assert (request.zones, request.instance_type, request.wait_for) == (("us-west-1a",), "m3.medium", "created")
    assert (request.block_devices, request.lifecycle_hooks, request.require_imds_v2) == (None, None, None)


def test_a_description_with_a_source_may_say_nothing_else() -> None:
    (request,) = read(source=SOURCE, spotPrice="", capacity={"min": "1"}, targetGroups=[], **{"kato.tasks": ["x"]})

    assert (request.region, request.cluster) == ("us-east-1", "test/us-east-1/shop-prod-blue")
    assert (request.zones, request.spot_price, request.target_groups) == (None, "", ())
    assert request.capacity is not None
    assert (request.capacity.min, request.capacity.max) == (1, None)


def test_each_region_is_a_request() -> None:
    requests = read(application="shop", availabilityZones={"us-west-1": ["us-west-1a"], "us-east-1": []})

    assert [one.region for one in requests] == ["us-west-1", "us-east-1"]


def test_clouddrivers_codes_are_said_at_once() -> None:
    assert codes(application="shop") == ("basicAmazonDeployDescription.availabilityZones.empty",)
    assert codes(
        application="shop",
        availabilityZones={"mars-1": []},
        blockDevices=[{"deviceName": "a"}],
        capacity={"min": 2, "max": 1},
        spotInstancePools=2,
        classicLinkVpcId="vpc-1",
    ) == (
        "Region not configured",
        "EBS device a missing required value size",
        "min size (2) > max size (1)",
        "basicAmazonDeployDescription.spotInstancePools.not.supported.for.spotAllocationStrategy",
        "classicLinkVpcId: AWS has retired EC2-Classic and ClassicLink; leave it out",
    )


def test_both_names_are_known() -> None:
    assert CloneServerGroup.clouddriver_names == {"cloneServerGroup", "copyLastAsgDescription"}
