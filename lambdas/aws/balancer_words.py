"""Actions and conditions of listeners between ELB's words and canonical ones, in which target groups have names."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from lambdas.cloud.balancers import canonical

Json = dict[str, Any]

ANYTHING = {"Protocol": "#{protocol}", "Port": "#{port}", "Host": "#{host}", "Path": "/#{path}", "Query": "#{query}"}
"""What a redirect that does not say otherwise keeps:
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RedirectActionConfig.html"""
COGNITO = {
    "AuthenticationRequestExtraParams": {},
    "OnUnauthenticatedRequest": "authenticate",
    "Scope": "openid",
    "SessionCookieName": "AWSELBAuthSessionCookie",
    "SessionTimeout": 604_800,
}
"""What an action that authenticates with Cognito does unless it says otherwise:
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_AuthenticateCognitoActionConfig.html"""
_ARN = re.compile(r":targetgroup/([^/]+)/")


def name_of(arn: str) -> str:
    """A target group's name."""
    found = _ARN.search(arn)
    return found[1] if found else arn


def actions_of(actions: Sequence[Any]) -> list[Json]:
    """Canonical actions of ELB's."""
    return [_action(one) for one in sorted(actions, key=lambda one: int(one.get("Order", 0)))]


def _action(action: Json) -> Json:
    if action["Type"] == "redirect":
        return {"Type": "redirect", "RedirectConfig": ANYTHING | action["RedirectConfig"]}
    if action["Type"] == "authenticate-cognito":
        return {"Type": action["Type"], "AuthenticateCognitoConfig": COGNITO | action["AuthenticateCognitoConfig"]}
    if action["Type"] != "forward":
        return {name: value for name, value in action.items() if name != "Order"}
    config = action.get("ForwardConfig", {})
    groups = config.get("TargetGroups") or [{"TargetGroupArn": action["TargetGroupArn"]}]
    weights = {name_of(one["TargetGroupArn"]): int(one.get("Weight", 1)) for one in groups}
    sticky = config.get("TargetGroupStickinessConfig", {})
    return forward(weights, sticky if str(sticky.get("Enabled")).lower() == "true" else None)


def forward(weights: Mapping[str, int], sticky: Json | None = None) -> Json:
    """A canonical forward action. Where there is one target group only, its weight says nothing."""
    said = dict(weights) if len(weights) > 1 else dict.fromkeys(weights, 1)
    return {"Type": "forward", "TargetGroups": said} | ({"Sticky": sticky} if sticky else {})


def conditions_of(conditions: Sequence[Any]) -> list[Json]:
    """Canonical conditions of ELB's, in an order of their own."""
    return sorted(({"Field": one["Field"], "Config": _config(one)} for one in conditions), key=canonical)


def _config(condition: Json) -> Json:
    found = condition.get(_key(condition["Field"])) or {"Values": condition.get("Values", [])}
    return {
        name: sorted(value, key=canonical) if isinstance(value, list) else value
        for name, value in found.items()
        if value
    }


def _key(field: str) -> str:
    """`path-pattern` has its values in `PathPatternConfig`."""
    return "".join(word.capitalize() for word in field.split("-")) + "Config"


def specification(rule: Any) -> str:
    """The text of ELB's rule."""
    said = {"Conditions": conditions_of(rule["Conditions"]), "Actions": actions_of(rule["Actions"])}
    return canonical(said | ({"Transforms": rule["Transforms"]} if rule.get("Transforms") else {}))


def rendered_actions(actions: Sequence[Json], arns: Mapping[str, str]) -> Any:
    """ELB's own words again; `arns` by name."""
    return [_rendered(one, arns) | {"Order": order} for order, one in enumerate(actions, 1)]


def _rendered(action: Json, arns: Mapping[str, str]) -> Json:
    if action["Type"] != "forward":
        return action
    weights = action["TargetGroups"]
    if len(weights) == 1 and "Sticky" not in action:  # the only form that network load balancers take
        return {"Type": "forward", "TargetGroupArn": arns[next(iter(weights))]}
    groups = [{"TargetGroupArn": arns[name], "Weight": weight} for name, weight in weights.items()]
    sticky = {"TargetGroupStickinessConfig": action["Sticky"]} if "Sticky" in action else {}
    return {"Type": "forward", "ForwardConfig": {"TargetGroups": groups} | sticky}


def rendered_rule(text: str, arns: Mapping[str, str]) -> Any:
    """Conditions, actions and transforms of a rule in ELB's own words."""
    said = json.loads(text)
    conditions = [{"Field": one["Field"], _key(one["Field"]): one["Config"]} for one in said["Conditions"]]
    transforms = {"Transforms": said["Transforms"]} if "Transforms" in said else {}
    return {"Conditions": conditions, "Actions": rendered_actions(said["Actions"], arns)} | transforms
