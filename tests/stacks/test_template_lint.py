"""The synthesised template under cfn-lint, and within CloudFormation's and IAM's limits."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cfnlint.api import lint_file  # type: ignore[import-untyped]  # ships no types
from cfnlint.config import ManualArgs  # type: ignore[import-untyped]  # ships no types

Json = dict[str, Any]

HARMLESS = ["W3005"]
"""A DependsOn that a GetAtt implies already: CDK writes it for every role of a function."""
MISTAKEN = "'OutputPath' was unexpected) at 'States/Succeeded/OutputPath'"
"""cfn-lint's schema lacks a field that the language gives Succeed: https://states-language.net/spec.html#succeed-state."""


def test_cfn_lint_finds_nothing(assembly: Path) -> None:
    found = lint_file(assembly / "Windlass.template.json", config=ManualArgs(ignore_checks=HARMLESS))

    sentences = [f"{one.rule.id} {one.message}" for one in found]
    assert [sentence for sentence in sentences if not sentence.endswith(MISTAKEN)] == []


def test_no_role_s_inline_policy_nears_iam_s_limit(of_type: Callable[[str], dict[str, Json]]) -> None:
    """10,240 characters: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html."""
    sizes = {
        one["PolicyName"]: len(json.dumps(one["PolicyDocument"], separators=(",", ":")))
        for one in of_type("AWS::IAM::Policy").values()
    }

    assert {name: size for name, size in sizes.items() if size > 9_000} == {}


def test_the_template_is_far_from_cloudformation_s_megabyte(assembly: Path) -> None:
    assert (assembly / "Windlass.template.json").stat().st_size < 700_000
