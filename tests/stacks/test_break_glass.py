"""What goes past the engine's promises is granted to no function, and to a role for emergencies only with MFA."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.templates import resolved
from stacks import ROOT
from stacks.break_glass import PURPOSE
from stacks.permissions import PAGE, page
from tests.stacks.policies import Hub, Request, allows, in_deployment, listed
from tests.stacks.recorded_calls import HUB, REGION

Json = dict[str, Any]
WHO = f"arn:aws:iam::{HUB}:user/ann,arn:aws:iam::{HUB}:role/on-call"
EXECUTION = f"arn:aws:states:{REGION}:{HUB}:execution:windlass-CreateServerGroup:one"
TABLE, QUEUE = f"arn:aws:dynamodb:{REGION}:{HUB}:table/windlass-operations", f"arn:aws:sqs:{REGION}:{HUB}:"
EMERGENCIES = [
    Request("states:StopExecution", EXECUTION),
    Request("states:RedriveExecution", EXECUTION),
    Request("sqs:PurgeQueue", f"{QUEUE}windlass-sweep_queue"),
    Request("sqs:PurgeQueue", f"{QUEUE}windlass-errands"),
    Request("dynamodb:DeleteTable", TABLE),
    Request("dynamodb:UpdateTable", TABLE),
    Request("dynamodb:Scan", TABLE),
]
NOBODY_S = [
    *EMERGENCIES,
    Request("states:DeleteStateMachine", f"arn:aws:states:{REGION}:{HUB}:stateMachine:windlass-CreateServerGroup"),
    Request("states:UpdateStateMachine", f"arn:aws:states:{REGION}:{HUB}:stateMachine:windlass-CreateServerGroup"),
    Request("lambda:UpdateFunctionCode", f"arn:aws:lambda:{REGION}:{HUB}:function:windlass-Engine"),
    Request("iam:PutRolePolicy", f"arn:aws:iam::{HUB}:role/windlass-Engine"),
    Request("iam:AttachRolePolicy", f"arn:aws:iam::{HUB}:role/windlass-Engine"),
    Request("kms:ScheduleKeyDeletion", f"arn:aws:kms:{REGION}:{HUB}:key/Key"),
    Request("sts:AssumeRole", f"arn:aws:iam::{HUB}:role/somebody-break-glass"),
]


@pytest.fixture(scope="module")
def broken(synthesised: Callable[..., Path]) -> Json:
    """The template of a deployment in which somebody may."""
    found: Json = json.loads((synthesised(breakGlass=WHO) / "Windlass.template.json").read_text())
    return found


def role_of(template: Json) -> tuple[str, Json]:
    [(name, role)] = [
        (name, one["Properties"])
        for name, one in template["Resources"].items()
        if one["Type"] == "AWS::IAM::Role" and one["Properties"].get("Description") == PURPOSE
    ]
    return name, role


def statements_of(template: Json, role: str) -> list[Json]:
    policies = [
        one["Properties"]["PolicyDocument"]
        for one in template["Resources"].values()
        if one["Type"] == "AWS::IAM::Policy" and one["Properties"]["Roles"] == [{"Ref": role}]
    ]
    return [one for policy in resolved(policies, Hub(template)) for one in listed(json.dumps(policy))]


def test_without_the_setting_there_is_no_such_role(template: Json) -> None:
    assert PURPOSE not in json.dumps(template)


def test_no_function_and_no_machine_may_do_what_only_an_emergency_needs(
    statements: dict[str, list[Json]], template: Json
) -> None:
    granted = in_deployment(statements, template)

    assert [(name, one.action) for name, some in granted.items() for one in NOBODY_S if allows(some, one)] == []


def test_the_role_may_do_it_to_this_hub_s_things_and_to_no_others(broken: Json) -> None:
    granted = statements_of(broken, role_of(broken)[0])
    others = [one.resource.replace("windlass-", "others-") for one in EMERGENCIES]

    assert [one for one in EMERGENCIES if not allows(granted, one)] == []
    assert [
        one for one, other in zip(EMERGENCIES, others, strict=True) if allows(granted, Request(one.action, other))
    ] == []


def test_it_is_assumed_by_those_named_alone_and_with_a_second_factor_shown_within_the_hour(broken: Json) -> None:
    _, role = role_of(broken)
    [trust] = role["AssumeRolePolicyDocument"]["Statement"]

    assert sorted(trust["Principal"]["AWS"]) == sorted(WHO.split(","))
    assert trust["Condition"] == {
        "Bool": {"aws:MultiFactorAuthPresent": "true"},
        "NumericLessThan": {"aws:MultiFactorAuthAge": "3600"},
    }
    assert role["MaxSessionDuration"] == 3600


@pytest.mark.parametrize(
    "who", ["*", "arn:aws:iam::123456789012:root", "arn:aws:iam::*:role/x", "ann", "arn:aws:iam::123456789012:role/a*"]
)
def test_whoever_is_no_user_and_no_role_by_name_is_refused_at_synth(synthesised: Callable[..., Path], who: str) -> None:
    with pytest.raises(ValueError, match="context breakGlass="):
        synthesised(breakGlass=who)


def test_the_page_of_permissions_says_what_the_template_says(broken: Json) -> None:
    assert (ROOT / PAGE).read_text(encoding="utf-8") == page(broken), "stale: run `python -m stacks.permissions`"
