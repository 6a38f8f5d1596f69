"""cfn-lint over a synthesised template: whatever it finds, but for what is explained here, finding by finding."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from cfnlint.api import lint_file  # type: ignore[import-untyped]  # ships no types

Json = dict[str, Any]
Explanation = Callable[[Any, Json], bool]


def a_role_before_whoever_has_it(match: Any, resources: Json) -> bool:
    """W3005, a DependsOn that a GetAtt implies already: CDK writes it for each function's and each machine's role."""
    if match.rule.id != "W3005" or match.path[2:3] != ["DependsOn"]:
        return False
    one = resources[match.path[1]]
    named = one["DependsOn"] if isinstance(one["DependsOn"], list) else [one["DependsOn"]]
    obsolete = next((name for name in named if f"'{name}'" in match.message), "")
    has_a_role = one["Type"] in ("AWS::Lambda::Function", "AWS::StepFunctions::StateMachine")
    return has_a_role and resources.get(obsolete, {}).get("Type") == "AWS::IAM::Role"


def the_output_of_succeed(match: Any, resources: Json) -> bool:
    """Its schema lacks a field that the language gives Succeed: https://states-language.net/spec.html#succeed-state."""
    return str(match.message).endswith("'OutputPath' was unexpected) at 'States/Succeeded/OutputPath'")


EXPLAINED: tuple[Explanation, ...] = (a_role_before_whoever_has_it, the_output_of_succeed)


def unexplained(template: Path) -> list[str]:
    """What cfn-lint finds in that template, every rule of it."""
    return list(_unexplained(template))


def _unexplained(template: Path) -> Iterator[str]:
    resources = json.loads(template.read_text())["Resources"]
    for match in lint_file(template):
        if not any(explained(match, resources) for explained in EXPLAINED):
            yield f"{match.rule.id} {match.message}"
