"""All functions run in the subnets that a deployment names, with Lambda's permissions for it and not the code's."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App

from lambdas.permissions import declared
from stacks import ROOT
from stacks.definitions import definitions
from stacks.network import LOOKS, MANAGES
from stacks.settings import Settings
from stacks.windlass import declarations
from statemachines import ALL
from tests.stacks.lint import unexplained

Json = dict[str, Any]
PLACE = {"subnets": "subnet-0a1b2c3d4e5f60718, subnet-1a1b2c3d", "securityGroups": "sg-0a1b2c3d4e5f60718"}
DECLARES = declarations(ALL, definitions(ALL))
BY_LAMBDA_ITSELF = {"logs", "xray"}
BY_OTHER_SERVICES = {"kms"}
NOT_CALLED = {"iam"}
"""Passing a role is checked with the call that passes it."""


@pytest.fixture(scope="module")
def inside(synthesised: Callable[..., Path]) -> Path:
    return synthesised(**PLACE)


@pytest.fixture(scope="module")
def found(inside: Path) -> dict[str, Json]:
    resources: dict[str, Json] = json.loads((inside / "Windlass.template.json").read_text())["Resources"]
    return resources


@pytest.fixture(scope="module")
def functions(found: dict[str, Json]) -> dict[str, Json]:
    """The resources of all functions, by name without the prefix."""
    made = [one for one in found.values() if one["Type"] == "AWS::Lambda::Function"]
    return {one["Properties"]["FunctionName"].removeprefix("windlass-"): one for one in made}


@pytest.fixture(scope="module")
def statements(found: dict[str, Json], functions: dict[str, Json]) -> dict[str, list[Json]]:
    """What each function's role says, by the function's name."""
    told: dict[str, list[Json]] = {}
    for name, function in functions.items():
        role = {"Ref": function["Properties"]["Role"]["Fn::GetAtt"][0]}
        policies = [one["Properties"] for one in found.values() if one["Type"] == "AWS::IAM::Policy"]
        told[name] = [s for one in policies if role in one["Roles"] for s in one["PolicyDocument"]["Statement"]]
    return told


def actions(statement: Json) -> set[str]:
    given = statement["Action"]
    return {given} if isinstance(given, str) else {*given}


def test_every_function_is_there(functions: dict[str, Json]) -> None:
    assert len(functions) > 20
    for one in functions.values():
        assert one["Properties"]["VpcConfig"] == {
            "SubnetIds": ["subnet-0a1b2c3d4e5f60718", "subnet-1a1b2c3d"],
            "SecurityGroupIds": ["sg-0a1b2c3d4e5f60718"],
        }


def test_without_subnets_no_function_is_anywhere(resources: dict[str, Json]) -> None:
    assert not any("VpcConfig" in one.get("Properties", {}) for one in resources.values())
    assert "lambda:SourceFunctionArn" not in json.dumps(resources)


def test_to_move_is_a_new_version(inside: Path, template: Json, found: dict[str, Json]) -> None:
    def versions(resources: dict[str, Json]) -> set[str]:
        return {name for name, one in resources.items() if one["Type"] == "AWS::Lambda::Version"}

    assert versions(found).isdisjoint(versions(template["Resources"]))


def test_lambda_may_manage_interfaces_before_it_connects(
    found: dict[str, Json], functions: dict[str, Json], statements: dict[str, list[Json]]
) -> None:
    policies = {name for name, one in found.items() if one["Type"] == "AWS::IAM::Policy"}
    for name, function in functions.items():
        allowed = {action for one in statements[name] if one["Effect"] == "Allow" for action in actions(one)}

        assert allowed >= {*MANAGES, *LOOKS}
        assert policies.intersection(function["DependsOn"])


@pytest.mark.parametrize("kind", ["Api", "Engine", "Courier", "NetworkInterfaces", "ServerGroups"])
def test_the_code_may_do_of_it_what_it_declares_and_nothing_else(kind: str, statements: dict[str, list[Json]]) -> None:
    (denied,) = (one for one in statements[kind] if one["Effect"] == "Deny")
    own = declared(DECLARES.get(kind, ()))

    assert actions(denied) == {*MANAGES, *LOOKS} - own
    assert denied["Resource"] == "*"
    (condition,) = denied["Condition"]["ArnEquals"].values()
    assert f":function:windlass-{kind}" in json.dumps(condition)


def test_what_is_denied_is_nobody_s_work(statements: dict[str, list[Json]]) -> None:
    for name, said in statements.items():
        (denied,) = (one for one in said if one["Effect"] == "Deny")

        assert actions(denied).isdisjoint(declared(DECLARES.get(name, ())))
        assert denied["Condition"].keys() == {"ArnEquals"}
        assert denied["Condition"]["ArnEquals"].keys() == {"lambda:SourceFunctionArn"}


def test_the_documentation_lists_the_endpoint_of_each_service_that_is_called(statements: dict[str, list[Json]]) -> None:
    allowed = {action for said in statements.values() for one in said for action in actions(one)}
    called = {action.partition(":")[0] for action in allowed} - BY_LAMBDA_ITSELF - BY_OTHER_SERVICES - NOT_CALLED

    listed = re.findall(r"^\| `([a-z0-9]+)` \|", (ROOT / "docs" / "vpc.md").read_text(), re.MULTILINE)

    assert sorted(listed) == sorted(called)


def test_no_global_endpoint_of_sts_is_asked(functions: dict[str, Json]) -> None:
    told = {one["Properties"]["Environment"]["Variables"]["AWS_STS_REGIONAL_ENDPOINTS"] for one in functions.values()}

    assert told == {"regional"}


def test_the_template_stays_within_the_limits_and_cfn_lint_finds_nothing(inside: Path, found: dict[str, Json]) -> None:
    policies = [one["Properties"] for one in found.values() if one["Type"] == "AWS::IAM::Policy"]

    assert unexplained(inside / "Windlass.template.json") == []
    sizes = {one["PolicyName"]: len(json.dumps(one["PolicyDocument"], separators=(",", ":"))) for one in policies}
    assert {name: size for name, size in sizes.items() if size > 9_000} == {}
    assert len(found) <= 0.9 * 500


@pytest.mark.parametrize(
    ("context", "sentence"),
    [
        (
            {"subnets": PLACE["subnets"]},
            "securityGroups is missing; give subnets and securityGroups, or neither",
        ),
        ({"securityGroups": PLACE["securityGroups"]}, "by halves: context subnets is missing"),
        (PLACE | {"subnets": "vpc-0a1b2c3d"}, "context subnets: vpc-0a1b2c3d is no id; say for example subnet-0a1b"),
        (PLACE | {"securityGroups": "default"}, "context securityGroups: default is no id; say for example sg-0a1b"),
        (PLACE | {"securityGroups": ",".join(6 * ["sg-0a1b2c3d"])}, "securityGroups has 6 ids; Lambda takes 5 at most"),
    ],
)
def test_a_network_that_cannot_be_is_refused_in_a_sentence(context: Json, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Settings.of(App(context=context).node)
