"""Requests about CloudFormation's stacks: templates as text and as object, two names each, sentences of our own."""

import json
from datetime import timedelta
from typing import Any

import pytest

from lambdas.requests import Invalid, Request
from lambdas.requests.delete_cloud_formation import DeleteCloudFormation
from lambdas.requests.delete_cloud_formation_change_set import DeleteCloudFormationChangeSet
from lambdas.requests.deploy_cloud_formation import DeployCloudFormation
from lambdas.requests.execute_cloud_formation_change_set import ExecuteCloudFormationChangeSet

WHERE = {"account": "test", "region": "us-east-1"}
SENT = {"credentials": "test", "region": "us-east-1", "kato.tasks": [{}], "stackName": "shop"}
TEMPLATE = {"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}


def wrong(model: type[Request], **body: Any) -> tuple[str, ...]:
    with pytest.raises(Invalid) as caught:
        model.of_windlass(WHERE | body)
    return caught.value.codes


def read(model: type[Request], **description: Any) -> Any:
    (request,) = model.of_clouddriver(SENT | description, {})
    return request


def test_a_template_is_a_text_or_an_object() -> None:
    as_text = read(DeployCloudFormation, templateBody=json.dumps(TEMPLATE))
    as_object = read(DeployCloudFormation, templateBody=TEMPLATE)

    assert as_text == as_object
    assert as_text.template_body == json.dumps(TEMPLATE)
    assert DeployCloudFormation.of_windlass(WHERE | {"stackName": "shop", "templateBody": TEMPLATE}) == as_text


def test_a_deployment_is_read_as_orca_sends_it() -> None:
    request = read(
        DeployCloudFormation,
        templateURL="https://bucket.s3.amazonaws.com/shop.json",
        templateBody=None,
        roleARN="arn:aws:iam::123456789012:role/deploy",
        parameters={"Days": 7},
        tags={"team": "shop"},
        capabilities=["CAPABILITY_IAM"],
        notificationARNs=["arn:aws:sns:us-east-1:123456789012:stacks"],
        isChangeSet="true",
        changeSetName="longer",
    )

    assert (request.parameters, request.tags) == ({"Days": "7"}, {"team": "shop"})
    assert (request.role_arn, request.change_set_name) == ("arn:aws:iam::123456789012:role/deploy", "longer")
    assert request.template_url == "https://bucket.s3.amazonaws.com/shop.json"
    assert request.capabilities == ("CAPABILITY_IAM",)
    assert request.notification_arns == ("arn:aws:sns:us-east-1:123456789012:stacks",)
    assert request.cluster == "test/us-east-1/stack/shop"


def test_the_name_of_a_change_set_counts_only_where_one_is_asked_for() -> None:
    request = read(DeployCloudFormation, templateBody="{}", isChangeSet=False, changeSetName="longer")

    assert request.change_set_name is None
    with pytest.raises(Invalid, match="changeSetName: is required where isChangeSet is said"):
        read(DeployCloudFormation, templateBody="{}", isChangeSet=True)


def test_what_orca_leaves_empty_is_not_said() -> None:
    request = read(DeployCloudFormation, templateBody="{}", templateURL="", roleARN="")

    assert (request.template_url, request.role_arn) == (None, None)


def test_a_template_has_to_be_one_and_small_enough() -> None:
    one = "templateBody: give the template, or its templateURL; one of both"

    assert wrong(DeployCloudFormation, stackName="shop") == (one,)
    assert wrong(DeployCloudFormation, stackName="shop", templateBody="{}", templateURL="https://x") == (one,)
    assert wrong(DeployCloudFormation, stackName="shop", templateBody="x" * 51_201) == (
        "templateBody: has 51201 bytes; CloudFormation takes 51200 inline: put it into S3 and give its templateURL",
    )


def test_template_and_parameters_are_never_shown() -> None:
    assert DeployCloudFormation.secrets == {"templateBody", "parameters"}


@pytest.mark.parametrize(
    "model", [DeployCloudFormation, ExecuteCloudFormationChangeSet, DeleteCloudFormationChangeSet, DeleteCloudFormation]
)
def test_a_stack_has_a_name_that_cloudformation_takes(model: type[Request]) -> None:
    pattern = "stackName: String should match pattern '^[a-zA-Z][-a-zA-Z0-9]*$'"

    assert pattern in wrong(model, stackName="7 shops", templateBody="{}")[0]
    with pytest.raises(Invalid) as caught:
        model.of_clouddriver({"credentials": "test", "region": "us-east-1", "templateBody": "{}"}, {})
    assert any(code.startswith("stackName: ") for code in caught.value.codes)


@pytest.mark.parametrize("model", [ExecuteCloudFormationChangeSet, DeleteCloudFormationChangeSet])
def test_a_change_set_is_named(model: type[Request]) -> None:
    assert read(model, changeSetName="longer").change_set_name == "longer"
    assert wrong(model, stackName="shop") == ("changeSetName: is required",)
    with pytest.raises(Invalid, match="changeSetName: String should match pattern"):
        read(model)


def test_a_stack_is_deleted_with_a_role_or_without() -> None:
    assert read(DeleteCloudFormation).role_arn is None
    assert read(DeleteCloudFormation, roleARN="").role_arn is None
    role = "arn:aws:iam::123456789012:role/deploy"
    assert read(DeleteCloudFormation, roleARN=role).role_arn == role


def test_patience_ends_where_an_operation_does() -> None:
    body = WHERE | {"stackName": "shop", "goneWithin": 7200}

    assert DeleteCloudFormation.of_windlass(body).gone_within == timedelta(hours=2)
    assert wrong(DeleteCloudFormation, stackName="shop", goneWithin="PT11H") == (
        "goneWithin: should be less than or equal to 10 hours",
    )


@pytest.mark.parametrize(
    ("model", "name"),
    [
        (DeployCloudFormation, "deployCloudFormation"),
        (ExecuteCloudFormationChangeSet, "executeCloudFormationChangeSet"),
        (DeleteCloudFormationChangeSet, "deleteCloudFormationChangeSet"),
        (DeleteCloudFormation, "deleteCloudFormation"),
    ],
)
def test_clouddrivers_callers_know_it_by_both_names(model: type[Request], name: str) -> None:
    assert model.clouddriver_names == {name, f"{name}Description"}
