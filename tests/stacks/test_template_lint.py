"""The synthesised template under cfn-lint, and within CloudFormation's and IAM's limits."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.stacks.lint import unexplained

Json = dict[str, Any]


def test_cfn_lint_finds_nothing(assembly: Path) -> None:
    assert unexplained(assembly / "Windlass.template.json") == []


ROLE = {
    "Type": "AWS::IAM::Role",
    "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}},
}
FUNCTION = {
    "Type": "AWS::Lambda::Function",
    "DependsOn": ["Role"],
    "Properties": {
        "Code": {"S3Bucket": "ours", "S3Key": "code"},
        "Handler": "a.b",
        "Role": {"Fn::GetAtt": ["Role", "Arn"]},
        "Runtime": "python3.13",
    },
}
PARAMETER = {
    "Type": "AWS::SSM::Parameter",
    "DependsOn": ["Topic"],
    "Properties": {"Type": "String", "Value": {"Ref": "Topic"}},
}


def test_an_explanation_covers_its_finding_and_no_other(tmp_path: Path) -> None:
    template = tmp_path / "small.template.json"
    resources = {"Role": ROLE, "Function": FUNCTION, "Topic": {"Type": "AWS::SNS::Topic"}, "Parameter": PARAMETER}
    template.write_text(json.dumps({"Resources": resources}))

    found = unexplained(template)

    assert [one.partition(" ")[0] for one in found] == ["W3005"]
    assert "'Topic'" in found[0]


def test_no_role_s_inline_policy_nears_iam_s_limit(of_type: Callable[[str], dict[str, Json]]) -> None:
    """10,240 characters: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html."""
    sizes = {
        one["PolicyName"]: len(json.dumps(one["PolicyDocument"], separators=(",", ":")))
        for one in of_type("AWS::IAM::Policy").values()
    }

    assert {name: size for name, size in sizes.items() if size > 9_000} == {}


def test_the_template_is_far_from_cloudformation_s_megabyte(assembly: Path) -> None:
    assert (assembly / "Windlass.template.json").stat().st_size < 700_000
