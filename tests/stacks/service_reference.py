"""AWS's service authorization reference, as cfn-lint ships it: which action takes which resources.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

import json
import re
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def _reference() -> dict[str, Any]:
    text = files("cfnlint.data.AdditionalSpecs").joinpath("Policies.json").read_text()
    return dict(json.loads(text))


def exists(action: str) -> bool:
    service, _, name = action.partition(":")
    return name.lower() in _reference()[service]["Actions"]


def takes_resources(action: str) -> bool:
    """Whether a policy can name what the action is for."""
    service, _, name = action.partition(":")
    return bool(_reference()[service]["Actions"][name.lower()].get("Resources"))


def kinds_of(action: str) -> list[str]:
    """Kinds of things that the action is for: `launch-template`, `listener/app`."""
    service, _, name = action.partition(":")
    return list(_reference()[service]["Actions"][name.lower()].get("Resources", []))


def conditions_of(service: str, kind: str) -> list[str]:
    """Keys by which a policy can ask about such a thing."""
    known = _reference()[service]["Resources"]
    found = next(value for name, value in known.items() if name.partition("/")[0] == kind.lower())
    return list(found.get("ConditionKeys", []))


def is_for(action: str, arn: str) -> bool:
    """Whether AWS's reference has the action ask for things with such ARNs."""
    patterns = arns_of(action) if takes_resources(action) else []
    return any(re.fullmatch(re.sub(r"\$\{\w+\}", "[^:]*", pattern), arn) for pattern in patterns)


def arns_of(action: str) -> list[str]:
    """Patterns of the ARNs of what the action is for: `arn:${Partition}:ec2:${Region}:${Account}:instance/.*`."""
    service, _, name = action.partition(":")
    known = _reference()[service]
    return [known["Resources"][kind.lower()]["ARNFormats"][0] for kind in known["Actions"][name.lower()]["Resources"]]
