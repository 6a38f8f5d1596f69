"""createServerGroup's two doors: sentences at one, Clouddriver's codes at the other, one request behind both."""

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from lambdas.accounts import Account, AccountHook
from lambdas.requests import Invalid, problems
from lambdas.requests.basic_amazon_deploy import DEAD
from lambdas.requests.create_server_group import CreateServerGroup, ImageChoice

ACCOUNTS = {
    "aws-account1": Account("aws-account1", "123456789012", ("us-west-1",)),
    "test": Account("test", "123456789012", ("us-east-1", "us-west-1")),
}
OWN: dict[str, Any] = {
    "account": "test",
    "region": "us-east-1",
    "application": "shop",
    "stack": "prod",
    "image": "ami-0123456789abcdef0",
    "instanceType": "m5.large",
    "capacity": {"min": 1, "desired": 2, "max": 3},
    "subnetType": "internal",
}
BASIC: dict[str, Any] = {
    "type": "createServerGroup",
    "account": "aws_account",
    "amiName": "ami-12345",
    "stack": "myStack",
    "application": "myAwsApp",
    "availabilityZones": {"us-west-1": ["us-west-1a", "us-west-1c"]},
    "capacity": {"desired": 1, "max": 1, "min": 1},
    "cloudProvider": "aws",
    "credentials": "aws-account1",
    "healthCheckType": "EC2",
    "iamRole": "BaseInstanceProfile",
    "instanceType": "c3.large",
    "legacyUdf": False,
}
"""Clouddriver's own integration test `createServerGroup-basic.json`."""
PREFIX = "basicAmazonDeployDescription"


def own(**changes: Any) -> CreateServerGroup:
    return CreateServerGroup.of_windlass(OWN | changes)


def refused(**changes: Any) -> tuple[str, ...]:
    """What Windlass's own door says."""
    with pytest.raises(Invalid) as caught:
        own(**changes)
    return caught.value.codes


def read(**changes: Any) -> list[CreateServerGroup]:
    """What Clouddriver's door makes of it; a change to None leaves the field out."""
    body = {name: value for name, value in (BASIC | changes).items() if value is not None}
    return CreateServerGroup.of_clouddriver(body, ACCOUNTS)


def codes(**changes: Any) -> tuple[str, ...]:
    with pytest.raises(Invalid) as caught:
        read(**changes)
    return caught.value.codes


# Windlass's own door.


def test_the_stored_request_reads_back_as_it_was() -> None:
    request = own(
        healthyWithin=90,
        lifecycleHooks=[{"lifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING", "roleARN": "arn:role"}],
        requireIMDSv2=False,
        userData=base64.b64encode(b"hello").decode(),
        suspendedProcesses=["azrebalance"],
    )

    stored = json.loads(json.dumps(request.model_dump(mode="json", by_alias=True)))

    assert CreateServerGroup.model_validate(stored) == request
    assert stored["userData"] == "aGVsbG8="


def test_it_knows_its_cluster() -> None:
    assert own().cluster == "test/us-east-1/shop-prod"
    assert own(stack="", freeFormDetails="blue").cluster == "test/us-east-1/shop--blue"


def test_it_asks_for_the_second_version_of_instance_metadata_and_waits_for_health() -> None:
    assert own().require_imds_v2
    assert own().wait_for == "healthy"


def test_every_problem_is_a_sentence_with_its_path() -> None:
    said = refused(aplication="shop", instanceType=None, capacity={"min": "few", "desired": 1}, waitFor="now")

    assert said == (
        "instanceType: should be a valid string",
        "capacity.min: should be a valid integer, unable to parse string as an integer",
        "capacity.max: is required",
        "waitFor: should be 'created' or 'healthy'",
        "aplication: is not a known field; did you mean application?",
    )


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"capacity": {"min": 3, "desired": 3, "max": 1}}, "capacity: min (3) is greater than max (1)"),
        (
            {"capacity": {"min": 1, "desired": 5, "max": 3}},
            "capacity: desired (5) is not within min and max (1 to 3)",
        ),
        ({"capacity": None}, "capacity: is required, or source.useSourceCapacity"),
        (
            {"application": "sh op"},
            "application 'sh op' contains illegal characters; use letters, digits, '.' and '_'",
        ),
        (
            {"sequence": 3, "ignoreSequence": True},
            "sequence and ignoreSequence contradict each other; give one of them",
        ),
        ({"subnetType": None}, "subnetIds, subnetType, subnetTags or zones: say where the group goes"),
        (
            {"subnetIds": ["subnet-1"]},
            "subnetIds, subnetType and subnetTags contradict each other; give one of them",
        ),
        ({"unlimitedCpuCredits": True}, "unlimitedCpuCredits: m5.large has no CPU credits; leave it out"),
        ({"userData": "not base64!"}, "userData: is not base64"),
        (
            {"userData": base64.b64encode(b"x" * 20_000).decode()},
            "userData: has 20000 bytes; EC2 takes 16384",
        ),
        ({"tags": {"aws:x": "1"}}, "tags.aws:x: tags that begin with aws: or windlass: are reserved"),
        (
            {"suspendedProcesses": ["Launch"]},
            "suspendedProcesses: with Launch suspended the group never reaches 2 instances; "
            "leave it out, or say waitFor created",
        ),
        (
            {"source": {"account": "test", "region": "eu-west-1", "asgName": "shop-v001"}},
            "source: shop-v001 is in test/eu-west-1; only a source in test/us-east-1 can be copied",
        ),
        ({"image": {"owner": "self"}}, "image: owner and pattern go together"),
        ({"image": {}}, "image: give an id, a name, a parameter, or owner and pattern"),
        ({"blockDevices": [{"deviceName": "/dev/sdb"}]}, "blockDevices.0: /dev/sdb needs a size in GiB"),
        (
            {"blockDevices": [{"deviceName": "/dev/sdb", "virtualName": "ephemeral0", "size": 1}]},
            "blockDevices.0: /dev/sdb is an instance store volume: leave out the EBS settings",
        ),
    ],
)
def test_what_contradicts_itself_is_refused_in_a_sentence(changes: dict[str, Any], sentence: str) -> None:
    assert refused(**changes) == (sentence,)


def test_what_was_sent_is_in_no_message() -> None:
    said = refused(userData="c2VjcmV0 !", spotPrice="hunter2")

    assert "hunter2" not in " ".join(said)
    assert "c2VjcmV0" not in " ".join(said)
    with pytest.raises(ValidationError) as caught:
        CreateServerGroup.model_validate(OWN | {"spotPrice": "hunter2"})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("ami-0123", ImageChoice(id="ami-0123")),
        ("ssm:/shop/image", ImageChoice(parameter="/shop/image")),
        ("shop-1.0", ImageChoice(name="shop-1.0")),
    ],
)
def test_an_image_may_be_a_plain_text(text: str, choice: ImageChoice) -> None:
    assert own(image=text).image == choice


def test_an_unknown_account_or_region_names_the_known_ones() -> None:
    assert problems(own(account="nobody"), ACCOUNTS) == (
        "account: 'nobody' is not known; known accounts: aws-account1, test",
    )
    assert problems(own(region="eu-west-1"), ACCOUNTS) == (
        "region: 'eu-west-1' is not configured for account test; it has us-east-1, us-west-1",
    )
    assert problems(own(), ACCOUNTS) == ()


# Clouddriver's door.


def test_clouddrivers_basic_body_is_understood() -> None:
    (request,) = read()

    assert request.account == "aws-account1"
    assert request.cluster == "aws-account1/us-west-1/myAwsApp-myStack"
    assert request.image == ImageChoice(id="ami-12345")
    assert request.zones == ("us-west-1a", "us-west-1c")
    assert request.wait_for == "created"
    assert not request.require_imds_v2


def test_each_region_is_a_request_of_its_own_in_the_order_given() -> None:
    zones = {"us-west-1": ["us-west-1a"], "us-east-1": ["us-east-1b"]}

    requests = read(credentials="test", availabilityZones=zones)

    assert [(one.region, one.zones) for one in requests] == [
        ("us-west-1", ("us-west-1a",)),
        ("us-east-1", ("us-east-1b",)),
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"availabilityZones": {"us-west-2": ["us-west-2a"]}}, ["Region not configured"]),
        ({"availabilityZones": None, "subnetType": "internal"}, [f"{PREFIX}.availabilityZones.empty"]),
        (
            {"availabilityZones": {"us-west-1": []}},
            [f"{PREFIX}.availabilityZones.or.subnetType.not.supplied"],
        ),
        (
            {"instanceType": "c3.small", "unlimitedCpuCredits": False},
            [f"{PREFIX}.bursting.not.supported.by.instanceType"],
        ),
        (
            {"associatePublicIpAddress": "true"},
            [f"{PREFIX}.associatePublicIpAddress.subnetType.not.supplied"],
        ),
        (
            {"capacity": {"min": "3", "max": "1", "desired": 5}},
            ["min size (3) > max size (1)", "desired capacity (5) is not within min/max (3/1) range"],
        ),
        (
            {"blockDevices": [{"size": 1}, {"deviceName": "b"}, {"deviceName": "c", "virtualName": "e", "size": 1}]},
            [
                "Device name is required for block device",
                "EBS device b missing required value size",
                "Ephemeral block device c with EBS configuration parameters",
            ],
        ),
        (
            {"application": "", "amiName": None, "instanceType": None},
            [f"{PREFIX}.application.empty", f"{PREFIX}.amiName.empty", f"{PREFIX}.instanceType.empty"],
        ),
    ],
)
def test_every_rule_of_clouddriver_answers_with_its_code(changes: dict[str, Any], expected: list[str]) -> None:
    assert list(codes(**changes)) == expected


def test_all_problems_of_an_operation_come_at_once() -> None:
    found = codes(amiName="", availabilityZones={}, capacity={"min": 2, "max": 1}, blockDevices=[{"deviceName": "a"}])

    assert found == (
        f"{PREFIX}.amiName.empty",
        f"{PREFIX}.availabilityZones.empty",
        f"{PREFIX}.availabilityZones.or.subnetType.not.supplied",
        "EBS device a missing required value size",
        "min size (2) > max size (1)",
    )


@pytest.mark.parametrize("field", DEAD)
def test_a_field_of_a_retired_feature_is_refused_by_name(field: str) -> None:
    assert codes(**{field: "some"}) == (f"{field}: AWS has retired EC2-Classic and ClassicLink; leave it out",)
    assert read(**{field: ""})


def test_a_mixed_instances_policy_is_read_with_texts_for_numbers() -> None:
    (request,) = read(
        onDemandBaseCapacity="0",
        spotAllocationStrategy="lowest-price",
        spotInstancePools="3",
        launchTemplateOverridesForInstanceType=[{"instanceType": "c3.xlarge", "weightedCapacity": 2, "priority": ""}],
        spotPrice="0.5",
    )

    assert request.mixes
    assert (request.on_demand_base_capacity, request.spot_instance_pools) == (0, 3)
    assert [(one.instance_type, one.weighted_capacity) for one in request.overrides] == [("c3.xlarge", "2")]
    (plain,) = read(spotInstancePools=0, launchTemplateOverridesForInstanceType=[])
    assert not plain.mixes


def test_a_mixed_instances_policy_has_codes() -> None:
    types = [{"instanceType": "t3.large"}, {"instanceType": "m5.large"}]

    assert codes(instanceType="t3.large", unlimitedCpuCredits="true", launchTemplateOverridesForInstanceType=types) == (
        f"{PREFIX}.bursting.not.supported.by.instanceType",
    )
    assert codes(spotInstancePools=2, spotAllocationStrategy="capacity-optimized") == (
        f"{PREFIX}.spotInstancePools.not.supported.for.spotAllocationStrategy",
    )


def test_all_that_only_a_launch_template_can_say_is_read() -> None:
    (request,) = read(
        kernelId="aki-1",
        ramdiskId="ari-1",
        associateIPv6Address="true",
        enableEnclave="true",
        placement={"tenancy": "dedicated", "partitionNumber": "2", "hostId": ""},
        licenseSpecifications=[{"arn": "arn:license"}],
        blockDeviceTags={"backup": "daily"},
        setLaunchTemplate=True,
        useAmiBlockDeviceMappings=True,
        copySourceCustomBlockDeviceMappings="true",
        copySourceSubnetIdOverrides="true",
    )

    assert (request.kernel_id, request.ramdisk_id, request.associate_ipv6_address) == ("aki-1", "ari-1", True)
    assert request.placement is not None
    assert (request.placement.tenancy, request.placement.partition_number) == ("dedicated", 2)
    assert [one.arn for one in request.license_specifications] == ["arn:license"]
    assert (request.enable_enclave, request.block_device_tags) == (True, {"backup": "daily"})
    assert request.copy_source_custom_block_device_mappings
    assert request.copy_source_subnet_id_overrides


def test_subnets_by_id_are_noted_for_the_next_of_the_cluster() -> None:
    (request,) = read(subnetIds=["subnet-1", "subnet-2"], tags={"team": "shop"})

    assert request.tags == {"team": "shop", "SPINNAKER_SUBNET_ID_OVERRIDE": "subnet-1,subnet-2"}


def test_the_accounts_lifecycle_hooks_come_after_the_callers_unless_unwanted() -> None:
    hook = AccountHook(
        "autoscaling:EC2_INSTANCE_TERMINATING", "arn:aws:iam::{{accountId}}:role/hook", "arn:aws:sns:{{region}}:topic"
    )
    accounts = {"aws-account1": replace(ACCOUNTS["aws-account1"], hooks=(hook,))}
    own_hook = {"name": "own", "lifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING"}

    (request,) = CreateServerGroup.of_clouddriver(BASIC | {"lifecycleHooks": [own_hook]}, accounts)
    (without,) = CreateServerGroup.of_clouddriver(BASIC | {"includeAccountLifecycleHooks": "false"}, accounts)

    first, second = request.lifecycle_hooks
    assert (first.name, second.name) == ("own", None)
    assert second.role_arn == "arn:aws:iam::123456789012:role/hook"
    assert second.notification_target_arn == "arn:aws:sns:us-west-1:topic"
    assert without.lifecycle_hooks == ()


def test_what_contradicts_itself_at_windlass_own_door() -> None:
    assert refused(spotInstancePools=2) == (
        "spotInstancePools: is only for spotAllocationStrategy lowest-price; say that too, or leave it out",
    )
    assert refused(
        instanceType="t3.large",
        unlimitedCpuCredits=True,
        launchTemplateOverridesForInstanceType=[{"instanceType": "m5.large"}],
    ) == ("unlimitedCpuCredits: m5.large has no CPU credits; leave it out",)
    assert refused(blockDeviceTags={"aws:x": "1"}) == (
        "blockDeviceTags.aws:x: tags that begin with aws: or windlass: are reserved",
    )
    assert refused(capacityReservation={"id": "cr-1", "resourceGroupArn": "arn"}) == (
        "capacityReservation: id and resourceGroupArn contradict each other; give one of them",
    )


def test_a_whole_stage_context_is_read_past() -> None:
    (plain,) = read()

    (request,) = read(**{"kato.tasks": [{"history": ["x" * 2_000_000]}], "target": "ancestor_asg", "moniker": {}})

    assert request == plain


def test_texts_become_numbers_and_booleans() -> None:
    (request,) = read(cooldown="30", startDisabled="true", sequence="", healthCheckGracePeriod="5", spotPrice=0.25)

    assert (request.cooldown, request.start_disabled, request.sequence) == (30, True, None)
    assert (request.health_check_grace_period, request.spot_price) == (5, "0.25")


def test_what_cannot_be_coerced_is_a_problem() -> None:
    assert codes(cooldown="soon") == ("cooldown: should be a valid integer, unable to parse string as an integer",)


def test_a_stack_with_hyphens_makes_the_same_name() -> None:
    (request,) = read(stack="the-stack", freeFormDetails="blue")

    assert str(request.name) == "myAwsApp-the-stack-blue"


def test_illegal_characters_are_found_at_the_door() -> None:
    (sentence,) = codes(stack="a b")

    assert sentence.startswith("stack 'a b' contains illegal characters")


def test_explicit_subnets_override_the_purpose() -> None:
    (request,) = read(subnetIds=["subnet-1"], subnetType="internal")

    assert (request.subnet_ids, request.subnet_type) == (("subnet-1",), None)


def test_tags_of_aws_are_left_out() -> None:
    assert read(tags={"aws:cloudformation:stack-name": "x", "team": "shop"})[0].tags == {"team": "shop"}


def test_group_metrics_need_detailed_monitoring_there() -> None:
    assert read(enabledMetrics=["GroupMinSize"])[0].enabled_metrics == ()
    assert read(enabledMetrics=["GroupMinSize"], instanceMonitoring=True)[0].enabled_metrics == ("GroupMinSize",)


def test_an_incomplete_source_is_none() -> None:
    assert read(source={"account": "aws-account1"})[0].source is None
    assert read(source={})[0].source is None


def test_a_complete_source_is_copied_if_it_still_exists() -> None:
    source = {"account": "aws-account1", "region": "us-west-1", "asgName": "myAwsApp-v001", "serverGroupName": "x"}

    (request,) = read(source=source)

    assert request.source is not None
    assert request.source.optional


def test_a_capacity_that_comes_from_the_source_is_not_judged() -> None:
    source = {"account": "aws-account1", "region": "us-west-1", "asgName": "myAwsApp-v001", "useSourceCapacity": "true"}

    (request,) = read(source=source, capacity={"min": 3, "max": 1})

    assert request.capacity is None
    assert request.source is not None
    assert not request.source.optional


def test_without_a_desired_capacity_the_minimum_is_meant() -> None:
    (request,) = read(capacity={"min": 2, "max": 4})

    assert request.capacity is not None
    assert request.capacity.desired == 2


def test_both_of_clouddrivers_names_are_known() -> None:
    assert {"createServerGroup", "basicAmazonDeployDescription"} == CreateServerGroup.clouddriver_names
