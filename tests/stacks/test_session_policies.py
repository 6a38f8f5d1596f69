"""Sessions in target accounts: what a function may do there is what it declares, and STS takes the policy."""

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from lambdas.accounts import Account
from lambdas.permissions import LONGEST, changes_groups, declared, session_policies, statements
from stacks.definitions import definitions
from stacks.windlass import declarations
from statemachines import ALL
from tests.stacks.service_reference import exists, takes_resources

Json = dict[str, Any]
TARGET = "210987654321"
THERE = Account("prod", TARGET, ("us-east-1",), f"arn:aws:iam::{TARGET}:role/windlass")
DECLARES = declarations(ALL, definitions(ALL))
ROLES = ["BaseIAMRole"]
UNRESTRICTED = {
    "cloudwatch:DescribeAlarms": "composite alarms are left out of what is scoped to less",
    "ec2:RunInstances": "a launch touches shared subnets and images of others",
}
"""What takes resources and is allowed on all of them; a new one needs a reason here, and AWS's page in the product."""


def environment(functions: Mapping[str, Json], name: str) -> dict[str, str]:
    """The function's variables that are plain text in the template."""
    found = functions[f"windlass-{name}"]["Environment"]["Variables"]
    return {key: value for key, value in found.items() if isinstance(value, str)}


def policy_of(functions: Mapping[str, Json], name: str) -> Json:
    found: Json = json.loads(session_policies(environment(functions, name))(THERE))
    return found


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


@pytest.mark.parametrize("name", DECLARES)
def test_a_session_may_do_what_its_function_declares_and_what_that_depends_on(
    name: str, functions: dict[str, Json]
) -> None:
    policy = policy_of(functions, name)

    assert policy["Statement"] == [one.json_value for one in statements(declared(DECLARES[name]), TARGET, ROLES)]
    assert declared(DECLARES[name]) <= {action for one in policy["Statement"] for action in listed(one["Action"])}


@pytest.mark.parametrize("name", DECLARES)
def test_a_session_s_policy_says_of_its_account_what_the_role_says_of_the_hub_s(
    name: str, functions: dict[str, Json], statements: dict[str, list[Json]]
) -> None:
    here = {
        (action, of_account(resource), json.dumps(one.get("Condition")))
        for one in statements[f"windlass-{name}"]
        for action in one["Action"]
        for resource in one["Resource"]
    }
    there = {
        (action, resource, json.dumps(one.get("Condition")))
        for one in policy_of(functions, name)["Statement"]
        for action in listed(one["Action"])
        for resource in listed(one["Resource"])
    }

    assert there <= here


def of_account(resource: Any) -> str:
    """The ARN with the target's account for the hub's."""
    if isinstance(resource, str):
        return resource
    parts = resource.get("Fn::Join", ["", []])[1]
    return "".join(TARGET if part == {"Ref": "AWS::AccountId"} else str(part) for part in parts)


@pytest.mark.parametrize("name", DECLARES)
def test_sts_takes_each_function_s_policy(name: str, functions: dict[str, Json]) -> None:
    policy = session_policies(environment(functions, name))(THERE)

    assert len(policy) <= LONGEST
    assert policy.isascii()


@pytest.mark.parametrize("name", DECLARES)
def test_sts_takes_it_whatever_the_application(name: str, functions: dict[str, Json]) -> None:
    """One whose name does not fit in, or means something in a policy, has its groups not told from others."""
    policies = session_policies(environment(functions, name))
    plain, *others = (policies(THERE, partial(str, whose)) for whose in ("shop", "a" * 2000, "s*p", "${aws:x}"))

    assert len(plain) <= LONGEST
    assert set(others) == {policies(THERE)}
    assert ("autoScalingGroupName/shop" in plain) == any(map(changes_groups, declared(DECLARES[name])))


def test_only_functions_with_a_declaration_may_assume_a_role(statements: dict[str, list[Json]]) -> None:
    assuming = {name for name, some in statements.items() for one in some if "sts:AssumeRole" in one["Action"]}

    assert assuming == {f"windlass-{name}" for name in DECLARES}


def test_a_deployment_whose_sessions_sts_would_refuse_is_refused_at_synth(synthesised: Callable[..., Path]) -> None:
    many = ",".join(f"a-role-with-a-name-of-some-length-{number}" for number in range(8))

    with pytest.raises(ValueError, match=r"function \w+ would need a policy of \d+ characters, and STS takes 2048: "):
        synthesised(passableRoles=many)


@pytest.mark.parametrize("action", sorted({one for named in DECLARES.values() for one in declared(named)}))
def test_whatever_aws_lets_a_policy_name_is_named(action: str) -> None:
    [statement, *_] = statements([action], TARGET)

    assert exists(action)
    assert (statement.resources != ("*",)) == (takes_resources(action) and action not in UNRESTRICTED)
