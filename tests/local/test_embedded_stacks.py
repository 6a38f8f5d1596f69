"""CloudFormation on the embedded AWS: updates keep what is there, failures roll back and say why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.deploy import DeployError, deploy, deploy_template
from local.templates import TemplateError, in_order, references, resolved
from tests.local.conftest import Embedded, template

Json = dict[str, Any]
PARAMETER = {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "/p", "Type": "String", "Value": "1"}}


def test_an_update_moves_the_alias_and_keeps_the_items(aws: Embedded) -> None:
    table, name = aws.client("dynamodb"), aws.outputs["Things"]
    table.put_item(TableName=name, Item={"id": {"S": "survivor"}})
    before, _ = aws.invoke({"do": "describe"})

    deploy_template("small", json.dumps(template("green")), aws.endpoint)

    after, _ = aws.invoke({"do": "describe"})
    assert (after["colour"], int(after["version"])) == ("green", int(before["version"]) + 1)
    assert table.get_item(TableName=name, Key={"id": {"S": "survivor"}})["Item"]
    versions = aws.client("lambda").list_versions_by_function(FunctionName=aws.outputs["WorkName"])["Versions"]
    assert [version["Version"] for version in versions] == ["$LATEST", after["version"]]


def test_an_unknown_type_fails_the_deployment_by_name(aws: Embedded) -> None:
    resources = {"Good": PARAMETER, "Strange": {"Type": "AWS::Strange::Thing", "DependsOn": "Good"}}

    with pytest.raises(DeployError, match=r"Strange.*does not know the resource type AWS::Strange::Thing"):
        deploy_template("strange", json.dumps({"Resources": resources}), aws.endpoint)

    assert aws.client("ssm").get_parameters(Names=["/p"])["Parameters"] == []


def test_a_refused_resource_rolls_back_with_the_services_reason(aws: Embedded) -> None:
    function = {"FunctionName": "f", "Handler": "x", "Runtime": "python3.12", "Code": {"ZipFile": "x"}, "Role": "none"}
    resources = {"Bad": {"Type": "AWS::Lambda::Function", "Properties": function}}

    with pytest.raises(DeployError, match=r"ROLLBACK_COMPLETE: Bad \(AWS::Lambda::Function\).*role"):
        deploy_template("refused", json.dumps({"Resources": resources}), aws.endpoint)


def test_a_failed_update_restores_what_was(aws: Embedded) -> None:
    deploy_template("twice", json.dumps({"Resources": {"P": _parameter("1")}}), aws.endpoint)
    changed = {"P": _parameter("2"), "Q": {"Type": "AWS::Strange::Thing", "DependsOn": "P"}}

    with pytest.raises(DeployError, match="UPDATE_ROLLBACK_COMPLETE"):
        deploy_template("twice", json.dumps({"Resources": changed}), aws.endpoint)

    assert aws.client("ssm").get_parameter(Name="/twice")["Parameter"]["Value"] == "1"


def test_a_protected_stack_is_deleted_only_when_it_is_let_go_of(aws: Embedded) -> None:
    cloudformation = aws.client("cloudformation")
    kept = {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "/kept", "Type": "String", "Value": "1"}}
    body = json.dumps({"Resources": {"P": kept}})
    cloudformation.create_stack(StackName="kept", TemplateBody=body, EnableTerminationProtection=True)

    with pytest.raises(ClientError, match=r"Stack \[kept\] cannot be deleted while TerminationProtection is enabled"):
        cloudformation.delete_stack(StackName="kept")

    assert aws.client("ssm").get_parameters(Names=["/kept"])["Parameters"]
    cloudformation.update_termination_protection(StackName="kept", EnableTerminationProtection=False)
    cloudformation.delete_stack(StackName="kept")
    assert aws.client("ssm").get_parameters(Names=["/kept"])["Parameters"] == []


def _parameter(value: str) -> Json:
    return {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "/twice", "Type": "String", "Value": value}}


def test_an_alarm_is_composed_of_alarms_that_are_there(aws: Embedded) -> None:
    alarm = {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmName": "part",
            "Namespace": "N",
            "MetricName": "M",
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 1,
            "ComparisonOperator": "GreaterThanThreshold",
        },
    }
    composite = {
        "Type": "AWS::CloudWatch::CompositeAlarm",
        "Properties": {"AlarmName": "whole", "AlarmRule": {"Fn::Sub": 'ALARM("${Part.Arn}") OR OK(part)'}},
    }
    cloudwatch = aws.client("cloudwatch")

    with pytest.raises(ClientError, match=r"alarms \[none\] in the alarm rule do not exist"):
        cloudwatch.put_composite_alarm(AlarmName="bad", AlarmRule="ALARM(none)")
    deploy_template("composed", json.dumps({"Resources": {"Part": alarm, "Whole": composite}}), aws.endpoint)

    (whole,) = cloudwatch.describe_alarms(AlarmNames=["whole"], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    assert whole["AlarmRule"] == 'ALARM("arn:aws:cloudwatch:us-east-1:123456789012:alarm:part") OR OK(part)'
    assert cloudwatch.describe_alarms(AlarmNames=["part", "whole"])["CompositeAlarms"] == []
    aws.client("cloudformation").delete_stack(StackName="composed")
    assert cloudwatch.describe_alarms(AlarmNames=["whole"], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"] == []


def test_one_stack_imports_what_another_exports(aws: Embedded) -> None:
    properties = {"Name": "/imported", "Type": "String", "Value": {"Fn::ImportValue": "small-seen"}}
    resources = {"P": {"Type": "AWS::SSM::Parameter", "Properties": properties}}

    deploy_template("importer", json.dumps({"Resources": resources}), aws.endpoint)

    assert aws.client("ssm").get_parameter(Name="/imported")["Parameter"]["Value"] == aws.outputs["Seen"]


def test_a_deleted_stack_leaves_nothing(aws: Embedded) -> None:
    deploy_template("gone", json.dumps({"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}), aws.endpoint)

    aws.client("cloudformation").delete_stack(StackName="gone")

    assert not [url for url in aws.client("sqs").list_queues().get("QueueUrls", []) if "gone" in url]


def test_a_change_set_creates_and_updates(aws: Embedded) -> None:
    cloudformation = aws.client("cloudformation")
    names: Json = {"StackName": "by-change-set", "ChangeSetName": "c"}
    for kind, value in (("CREATE", "1"), ("UPDATE", "2")):
        body = json.dumps({"Resources": {"P": _parameter(value) | {"DependsOn": []}}}).replace("/twice", "/changed")
        cloudformation.create_change_set(**names, ChangeSetType=kind, TemplateBody=body)
        assert cloudformation.describe_change_set(**names)["Status"] == "CREATE_COMPLETE"
        cloudformation.execute_change_set(**names)

    status = cloudformation.describe_stacks(StackName="by-change-set")["Stacks"][0]["StackStatus"]
    assert status == "UPDATE_COMPLETE"
    assert aws.client("ssm").get_parameter(Name="/changed")["Parameter"]["Value"] == "2"


def test_an_assembly_is_deployed_in_the_order_of_its_stacks(aws: Embedded, tmp_path: Path) -> None:
    (tmp_path / "asset.code").mkdir()
    (tmp_path / "asset.code" / "x.py").write_text("x = 1")
    place = {"bucketName": "assets-${AWS::AccountId}-${AWS::Region}", "objectKey": "code.zip"}
    asset = {"source": {"path": "asset.code", "packaging": "zip"}, "destinations": {"here": place}}
    (tmp_path / "A.assets.json").write_text(json.dumps({"files": {"code": asset}}))
    exported = {"Value": "from A", "Export": {"Name": "of-a"}}
    _write(tmp_path, "A", {"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}, "Outputs": {"O": exported}})
    imported = {"Name": "/b", "Type": "String", "Value": {"Fn::ImportValue": "of-a"}}
    _write(
        tmp_path,
        "B",
        {
            "Resources": {"P": {"Type": "AWS::SSM::Parameter", "Properties": imported}},
            "Outputs": {"V": {"Value": {"Fn::GetAtt": ["P", "Value"]}}},
        },
    )
    stacks = {name: _artifact(name, needs) for name, needs in (("B", ["A"]), ("A", []))}
    (tmp_path / "manifest.json").write_text(json.dumps({"artifacts": stacks}))

    outputs = deploy(tmp_path, aws.endpoint)

    assert outputs == {"A": {"O": "from A"}, "B": {"V": "from A"}}
    assert aws.client("s3").head_object(Bucket="assets-123456789012-us-east-1", Key="code.zip")["ContentLength"]


def _write(folder: Path, name: str, content: Json) -> None:
    (folder / f"{name}.template.json").write_text(json.dumps(content))


def _artifact(name: str, needs: list[str]) -> Json:
    properties = {"templateFile": f"{name}.template.json", "stackName": name}
    return {"type": "aws:cloudformation:stack", "properties": properties, "dependencies": needs}


class Names:
    """A scope in which everything is called after itself."""

    def ref(self, name: str) -> Any:
        return name.lower()

    def attribute(self, name: str, attribute: str) -> Any:
        return f"{name}:{attribute}"

    def condition(self, name: str) -> bool:
        return name == "Yes"

    def mapping(self, name: str) -> Any:
        return {"a": {"b": name}}

    def imported(self, name: str) -> Any:
        return f"imported {name}"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Ref": "X"}, "x"),
        ({"Fn::GetAtt": ["X", "Arn"]}, "X:Arn"),
        ({"Fn::GetAtt": "X.Outputs.Y"}, "X:Outputs.Y"),
        ({"Fn::Sub": "${X}-${X.Arn}-${!X}"}, "x-X:Arn-${X}"),
        ({"Fn::Sub": ["${a}-${X}", {"a": {"Ref": "A"}}]}, "a-x"),
        ({"Fn::Join": ["/", ["a", {"Ref": "B"}, 3]]}, "a/b/3"),
        ({"Fn::Select": [1, {"Fn::Split": ["-", "a-b"]}]}, "b"),
        ({"Fn::If": ["Yes", 1, 2]}, 1),
        ({"Fn::FindInMap": ["M", "a", "b"]}, "M"),
        ({"Fn::ImportValue": {"Fn::Sub": "${X}"}}, "imported x"),
        ({"Fn::Not": [{"Fn::Equals": ["a", "b"]}]}, True),
        ({"Fn::And": [{"Condition": "Yes"}, {"Condition": "No"}]}, False),
        ({"Condition": {"StringEquals": {"a": "b"}}}, {"Condition": {"StringEquals": {"a": "b"}}}),
        ([{"Fn::ToJsonString": {"a": {"Ref": "B"}}}], ['{"a": "b"}']),
    ],
)
def test_a_function_stands_for_its_value(value: Any, expected: Any) -> None:
    assert resolved(value, Names()) == expected


def test_an_unknown_function_is_refused() -> None:
    with pytest.raises(TemplateError, match="Fn::Cidr is not supported"):
        resolved({"Fn::Cidr": ["10.0.0.0/16", 1]}, Names())


def test_resources_come_after_what_they_mention() -> None:
    resources: dict[str, Json] = {
        "C": {"Properties": {"x": {"Fn::Sub": "${B.Arn} ${AWS::Region}"}}},
        "B": {"Properties": {"x": [{"Fn::GetAtt": ["A", "Arn"]}]}},
        "A": {},
        "D": {"DependsOn": "C"},
    }

    assert in_order(resources) == ["A", "B", "C", "D"]
    assert sorted(references(resources)) == ["A", "AWS::Region", "B"]


def test_a_circle_of_resources_is_refused() -> None:
    with pytest.raises(TemplateError, match="Circular dependency"):
        in_order({"A": {"DependsOn": "B"}, "B": {"DependsOn": "A"}})
