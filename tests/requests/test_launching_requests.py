"""Requests that change what a server group starts from: both doors, every code, every sentence."""

from typing import Any

import pytest

from lambdas.accounts import Account
from lambdas.requests import Invalid
from lambdas.requests.launching import ChangesLaunch
from lambdas.requests.update_launch_config import UpdateLaunchConfig
from lambdas.requests.update_launch_template import NOTHING, UpdateLaunchTemplate

ACCOUNTS = {"test": Account("test", "123456789012", ("us-east-1",))}
BASE: dict[str, Any] = {"credentials": "test", "region": "us-east-1", "asgName": "shop-v001"}
BOTH = [
    (UpdateLaunchTemplate, "ModifyServerGroupLaunchTemplateDescription", "modifyservergrouplaunchtemplatedescription"),
    (UpdateLaunchConfig, "ModifyAsgLaunchConfigurationDescription", "modifyAsgLaunchConfigurationDescription"),
]


def codes(model: type[ChangesLaunch], **description: Any) -> tuple[str, ...]:
    with pytest.raises(Invalid) as caught:
        model.of_clouddriver({**BASE, "instanceType": "m5.large"} | description, ACCOUNTS)
    return caught.value.codes


def said(model: type[ChangesLaunch], **body: Any) -> tuple[str, ...]:
    with pytest.raises(Invalid) as caught:
        model.of_windlass({"account": "test", "region": "us-east-1", "serverGroupName": "shop-v001"} | body)
    return caught.value.codes


@pytest.mark.parametrize(("model", "kind", "prefix"), BOTH)
def test_what_clouddriver_refuses_is_refused_with_its_codes(model: type[ChangesLaunch], kind: str, prefix: str) -> None:
    assert codes(model, region="", asgName=None, associatePublicIpAddress="true") == (
        f"{kind}.region.empty",
        f"{prefix}.region.empty",
        f"{prefix}.asgName.empty",
        f"{prefix}.associatePublicIpAddress.subnetType.not.supplied",
    )
    assert codes(model, region="mars-1") == (f"{kind}.region.not.configured",)
    assert codes(model, blockDevices=[{"size": 1}]) == ("Device name is required for block device",)
    assert codes(model, classicLinkVpcId="vpc-1") == (
        "classicLinkVpcId: AWS has retired EC2-Classic and ClassicLink; leave it out",
    )


def test_a_template_has_codes_of_its_own() -> None:
    prefix = "modifyservergrouplaunchtemplatedescription"

    assert codes(UpdateLaunchTemplate, unlimitedCpuCredits=False) == (
        f"{prefix}.bursting.not.supported.by.instanceType",
    )
    overrides = [{"instanceType": "t3.large"}, {"instanceType": "m5.large"}]
    assert codes(
        UpdateLaunchTemplate,
        instanceType=None,
        unlimitedCpuCredits=True,
        launchTemplateOverridesForInstanceType=overrides,
    ) == (f"{prefix}.bursting.not.supported.by.instanceType",)
    for strategy in (None, "capacity-optimized"):
        assert codes(UpdateLaunchTemplate, spotInstancePools="2", spotAllocationStrategy=strategy) == (
            f"{prefix}.spotInstancePools.not.supported.for.spotAllocationStrategy",
        )


def test_nothing_to_change_of_a_template_is_clouddrivers_sentence() -> None:
    hollow = {"securityGroupsAppendOnly": True, "copySourceCustomBlockDeviceMappings": "false", "legacyUdf": False}

    assert codes(UpdateLaunchTemplate, instanceType="", **hollow) == (NOTHING,)


def test_nothing_to_change_of_a_configuration_is_accepted_as_clouddriver_does() -> None:
    (request,) = UpdateLaunchConfig.of_clouddriver(BASE, ACCOUNTS)

    assert (request.tolerant, request.server_group_name) == (True, "shop-v001")


def test_a_templates_description_becomes_a_request() -> None:
    (request,) = UpdateLaunchTemplate.of_clouddriver(
        {
            **BASE,
            "account": "other",
            "kato.tasks": ["x"],
            "amiName": "shop-1.1",
            "ebsOptimized": "true",
            "requireIMDV2": "true",
            "associateIPv6Address": "false",
            "enableEnclave": True,
            "base64UserData": "eA==",
            "spotPrice": "",
            "securityGroups": ["web"],
            "blockDevices": [{"deviceName": "/dev/sdb", "size": "10"}],
            "onDemandBaseCapacity": "0",
            "spotInstancePools": 0,
            "launchTemplateOverridesForInstanceType": [
                {"instanceType": "m5.large", "weightedCapacity": 2, "priority": "2"},
                {"instanceType": "m5.xlarge", "priority": 1},
                {"instanceType": "m4.large"},
            ],
        },
        ACCOUNTS,
    )

    assert request.account == "test"
    assert request.image is not None
    assert request.image.name == "shop-1.1"
    assert (request.ebs_optimized, request.require_imds_v2, request.enable_enclave) == (True, True, True)
    assert (request.associate_ipv6_address, request.user_data, request.spot_price) == (False, "eA==", "")
    assert (request.security_groups, request.on_demand_base_capacity) == (("web",), 0)
    assert request.spot_instance_pools is None
    assert request.block_devices is not None
    assert request.block_devices[0].size == 10
    assert [one.instance_type for one in request.overrides] == ["m5.xlarge", "m5.large", "m4.large"]
    assert request.overrides[1].weighted_capacity == "2"


def test_an_image_id_is_read_where_no_name_is_given() -> None:
    (request,) = UpdateLaunchTemplate.of_clouddriver({**BASE, "imageId": "ami-1"}, ACCOUNTS)

    assert request.image is not None
    assert request.image.id == "ami-1"


@pytest.mark.parametrize("model", [UpdateLaunchTemplate, UpdateLaunchConfig])
def test_windlass_own_door_says_what_is_wrong(model: type[ChangesLaunch]) -> None:
    assert said(model) == ("give at least one setting to change",)
    assert said(model, securityGroupsAppendOnly=True) == ("give at least one setting to change",)
    assert said(model, userData="?") == ("userData: is not base64",)
    assert "did you mean instanceType?" in said(model, instanceTyp="m5.large")[0]
    assert said(model, spotPrice="much")[0].startswith("spotPrice: ")


def test_windlass_own_door_knows_what_a_template_takes() -> None:
    assert said(UpdateLaunchTemplate, instanceType="m5.large", unlimitedCpuCredits=True) == (
        "unlimitedCpuCredits: m5.large has no CPU credits; leave it out",
    )
    assert said(UpdateLaunchTemplate, spotInstancePools=2) == (
        "spotInstancePools: is only for spotAllocationStrategy lowest-price; say that too, or leave it out",
    )


def test_both_have_their_generic_and_their_legacy_name() -> None:
    assert UpdateLaunchTemplate.clouddriver_names == {
        "updateLaunchTemplate",
        "modifyServerGroupLaunchTemplateDescription",
    }
    assert UpdateLaunchConfig.clouddriver_names == {"updateLaunchConfig", "modifyAsgLaunchConfigurationDescription"}
