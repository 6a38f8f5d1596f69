"""The template of target accounts: who may assume its role, what that may do, and what it forwards."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App
from cdk_nag import AwsSolutionsChecks
from cfnlint.api import lint  # type: ignore[import-untyped]  # ships no types

from lambdas.dependent_actions import PASS_ROLE, dependents_of
from lambdas.nudges import PATTERNS
from lambdas.permissions import declared, resources_of
from stacks import ROOT
from stacks.definitions import definitions
from stacks.target import Target, main, template
from stacks.windlass import declarations
from statemachines import ALL
from tests.stacks.nag_exceptions import EXCEPTIONS

Json = dict[str, Any]
HERE = {"Ref": "AWS::AccountId"}


@pytest.fixture(scope="module")
def made() -> Json:
    return template()


@pytest.fixture(scope="module")
def role(made: Json) -> Json:
    properties: Json = made["Resources"]["Role"]["Properties"]
    return properties


@pytest.fixture(scope="module")
def statements(role: Json) -> list[Json]:
    """What the role may do, passing roles apart."""
    (policy,) = role["Policies"]
    return [one for one in policy["PolicyDocument"]["Statement"] if "Effect" in one]


@pytest.fixture(scope="module")
def passing(role: Json) -> Json:
    (one,) = (one for one in role["Policies"][0]["PolicyDocument"]["Statement"] if "Fn::If" in one)
    condition, said, otherwise = one["Fn::If"]
    assert (condition, otherwise) == ("Passes", {"Ref": "AWS::NoValue"})
    return dict(said)


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def text(value: Any) -> str:
    """With the names of parameters where their values will be."""
    if isinstance(value, str):
        return value
    if "Ref" in value:
        return f"<{value['Ref']}>"
    return "".join(map(text, value["Fn::Join"][1]))


def actions(statements: list[Json]) -> set[str]:
    return {action for one in statements for action in listed(one["Action"])}


def test_cfn_lint_finds_nothing(made: Json) -> None:
    found = lint(json.dumps(made), regions=["us-east-1", "eu-west-1"])

    assert [f"{one.rule.id} {one.message}" for one in found] == []


def test_aws_s_own_rules_find_the_wildcards_that_are_explained_of_the_functions_and_nothing_else() -> None:
    app = App()
    Target(app)
    found = AwsSolutionsChecks(app).validate_scope(app).violations

    explained = {one.rule for one in EXCEPTIONS if one.rule.startswith("AwsSolutions-IAM5")}
    assert {one.rule_name for one in found} - explained == set()
    assert {each.construct_path for one in found for each in one.violating_resources} == {"WindlassTarget/Role"}


def test_the_role_may_do_what_any_function_declares_and_what_that_depends_on(
    statements: list[Json], passing: Json
) -> None:
    declares = declarations(ALL, definitions(ALL))
    calls = {action for references in declares.values() for action in declared(references)}

    assert actions([*statements, passing]) == calls | {one.action for one in dependents_of(calls)}


def test_operations_of_other_packages_are_in_the_template_of_their_hub(
    made: Json, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "samples" / "flag_rollout"))
    monkeypatch.setenv("WINDLASS_OPERATIONS", "aws,rollout.roll_out_flag:ROLL_OUT_FLAG")
    file = tmp_path / "target.json"

    main(["--out", str(file)])

    theirs, ours = json.loads(file.read_text()), json.dumps(made)
    assert theirs.keys() == made.keys()
    assert "appconfig:StartDeployment" in json.dumps(theirs["Resources"]["Role"])
    assert "appconfig" not in ours


def test_it_acts_on_the_account_s_own_things_whoever_made_them(statements: list[Json]) -> None:
    on_all = {action for one in statements if "*" in listed(one["Resource"]) for action in listed(one["Action"])}
    conditions = {key for one in statements for operator in one.get("Condition", {}).values() for key in operator}

    assert {action for action in on_all if resources_of(action, "1") != ("*",)} == set()
    assert conditions == {"aws:RequestedRegion", "ec2:CreateAction", "iam:AWSServiceName"}  # no tag, no name


def test_it_acts_in_the_regions_that_are_named(statements: list[Json]) -> None:
    named = {"aws:RequestedRegion": {"Ref": "Regions"}}
    elsewhere = [one for one in statements if named | equalities(one) != equalities(one)]

    assert {action.partition(":")[0] for action in actions(elsewhere)} == {"iam", "route53"}


def equalities(statement: Json) -> Json:
    found: Json = statement.get("Condition", {}).get("StringEquals", {})
    return found


def test_roles_are_passed_that_are_named_to_three_services(passing: Json) -> None:
    delimiter, joined = passing["Resource"]["Fn::Split"]
    start, names = joined["Fn::Join"][1]

    assert passing["Action"] == PASS_ROLE
    assert (delimiter, start) == (",", "arn:*:iam::*:role/")
    assert names == {"Fn::Join": [f",{start}", {"Ref": "PassableRoles"}]}
    assert passing["Condition"] == {
        "StringEquals": {
            "iam:PassedToService": ["autoscaling.amazonaws.com", "cloudformation.amazonaws.com", "ec2.amazonaws.com"]
        }
    }


def test_only_the_hub_s_functions_are_let_in_and_only_with_the_external_id(role: Json) -> None:
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]

    assert trust["Action"] == "sts:AssumeRole"
    assert text(trust["Principal"]["AWS"]) == "arn:<AWS::Partition>:iam::<HubAccount>:root"
    assert trust["Condition"]["StringEquals"] == {"sts:ExternalId": {"Ref": "ExternalIds"}}
    functions = text(trust["Condition"]["ArnLike"]["aws:PrincipalArn"])
    assert functions == "arn:<AWS::Partition>:iam::<HubAccount>:role/windlass/clouds/*"


def test_the_hub_s_functions_that_act_in_clouds_have_roles_of_that_path(
    functions: dict[str, Json], of_type: Any
) -> None:
    paths = {name: one.get("Path") for name, one in of_type("AWS::IAM::Role").items()}
    by_function = {name: paths[one["Role"]["Fn::GetAtt"][0]] for name, one in functions.items()}

    acting = {f"windlass-{name}" for name in declarations(ALL, definitions(ALL))}
    assert {name for name, path in by_function.items() if path == "/windlass/clouds/"} == acting
    assert {path for name, path in by_function.items() if name not in acting} == {"/windlass/"}


def test_another_prefix_is_another_hub() -> None:
    said = json.dumps(template(prefix="staging-"))

    assert "role/staging/clouds/*" in said
    assert "event-bus/staging-nudges" in said
    assert "windlass/clouds" not in said


def test_a_boundary_bounds_both_roles(made: Json) -> None:
    roles = [one["Properties"] for one in made["Resources"].values() if one["Type"] == "AWS::IAM::Role"]

    bounded = {"Fn::If": ["Bounded", {"Ref": "PermissionsBoundary"}, {"Ref": "AWS::NoValue"}]}
    assert [one["PermissionsBoundary"] for one in roles] == [bounded] * 2


def test_the_role_is_made_once_and_events_are_forwarded_in_each_region(made: Json) -> None:
    conditions = {name: one["Condition"] for name, one in made["Resources"].items()}

    assert conditions.pop("Role") == "IsHome"
    assert set(conditions.values()) == {"Forwards"}
    assert made["Conditions"]["IsHome"] == {
        "Fn::Equals": [{"Ref": "AWS::Region"}, {"Fn::Select": [0, {"Ref": "Regions"}]}]
    }


def test_what_nudges_is_forwarded_to_the_hub_s_bus_and_nothing_else(made: Json) -> None:
    rules = list(rules_of(made))
    bus = "arn:<AWS::Partition>:events:<HubRegion>:<HubAccount>:event-bus/windlass-nudges"

    patterns = {one["EventPattern"]["source"][0]: one["EventPattern"] for one in rules}
    assert {source: one["detail-type"] for source, one in patterns.items()} == {
        source: one["detail_type"] for source, one in PATTERNS.items()
    }
    assert {text(target["Arn"]) for one in rules for target in one["Targets"]} == {bus}
    (may,) = made["Resources"]["Forwarder"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    assert (may["Action"], text(may["Resource"])) == ("events:PutEvents", bus)


def rules_of(made: Json) -> Iterator[Json]:
    return (one["Properties"] for one in made["Resources"].values() if one["Type"] == "AWS::Events::Rule")


def test_iam_takes_the_role_s_policy(statements: list[Json], passing: Json) -> None:
    """10,240 characters in all: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html."""
    assert len(json.dumps([*statements, passing], separators=(",", ":"))) < 9_000


def test_it_is_written_where_it_is_asked_for(tmp_path: Path, made: Json, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "new" / "target.json"

    assert main(["--out", str(file)]) == 0
    assert json.loads(file.read_text()) == made
    assert capsys.readouterr().out == f"{file}\n"
