"""A release shifts gradually: CodeDeploy moves every alias, two alarms watch, and machines come last."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from doctor.deployed import TAKE_BACK
from stacks.application import application
from stacks.shifts import GRADUAL, WAYS
from tests.stacks.conftest import Json

ALIAS, GROUP = "AWS::Lambda::Alias", "AWS::CodeDeploy::DeploymentGroup"


def of(resources: dict[str, Json], kind: str) -> dict[str, Json]:
    return {name: one for name, one in resources.items() if one["Type"] == kind}


def test_every_alias_is_moved_by_a_group_of_its_own(resources: dict[str, Json]) -> None:
    aliases, groups = of(resources, ALIAS), of(resources, GROUP)
    moved = [one["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"] for one in aliases.values()]

    assert sorted(one["DeploymentGroupName"]["Ref"] for one in moved) == sorted(groups)
    assert {json.dumps(one["ApplicationName"]) for one in moved} == {
        json.dumps(one["Properties"]["ApplicationName"]) for one in groups.values()
    }


def test_every_group_shifts_a_tenth_first_and_is_watched(resources: dict[str, Json]) -> None:
    alarms = {name: one["Properties"]["AlarmName"] for name, one in of(resources, "AWS::CloudWatch::Alarm").items()}
    for group in of(resources, GROUP).values():
        given = group["Properties"]
        watched = {alarms[one["Name"]["Ref"]] for one in given["AlarmConfiguration"]["Alarms"]}

        assert watched == {"windlass-broken", "windlass-ended-from-outside"} == {f"windlass-{one}" for one in TAKE_BACK}
        assert given["AlarmConfiguration"]["Enabled"]
        assert given["DeploymentConfigName"] == f"CodeDeployDefault.Lambda{GRADUAL}"
        assert "DEPLOYMENT_STOP_ON_ALARM" in given["AutoRollbackConfiguration"]["Events"]


def test_codedeploy_may_move_our_aliases_and_nothing_else(resources: dict[str, Json]) -> None:
    roles = [one["Properties"] for one in of(resources, "AWS::IAM::Role").values()]
    (role,) = [one for one in roles if "codedeploy" in json.dumps(one["AssumeRolePolicyDocument"])]
    (policy,) = role["Policies"]
    allowed = {json.dumps(one["Action"]): one["Resource"] for one in policy["PolicyDocument"]["Statement"]}

    assert "ManagedPolicyArns" not in role
    moves = json.dumps(["lambda:GetAlias", "lambda:GetProvisionedConcurrencyConfig", "lambda:UpdateAlias"])
    assert set(allowed) == {moves, '"cloudwatch:DescribeAlarms"'}
    assert "function:windlass-*" in json.dumps(allowed[moves])


def test_a_machine_is_changed_after_the_aliases_it_calls(resources: dict[str, Json]) -> None:
    aliases = of(resources, ALIAS)
    for machine in of(resources, "AWS::StepFunctions::StateMachine").values():
        called = machine["Properties"]["DefinitionSubstitutions"].values()

        assert {one["Ref"] for one in called} <= set(aliases)


def test_off_is_at_once(synthesised: Callable[..., Path]) -> None:
    template = json.loads((synthesised(gradual="off") / "Windlass.template.json").read_text())

    assert not of(template["Resources"], GROUP)
    assert not any("UpdatePolicy" in one for one in of(template["Resources"], ALIAS).values())


def test_a_way_that_codedeploy_does_not_know_is_refused(layer: Path) -> None:
    with pytest.raises(ValueError, match=r"context gradual='slowly' is unknown; say one of Canary10Percent5Minutes, "):
        application({"gradual": "slowly"}, layer=layer)


def test_every_way_is_one_of_codedeploys() -> None:
    from aws_cdk import aws_codedeploy as codedeploy  # noqa: PLC0415 - jsii, only here

    for name, constant in WAYS.items():
        config = getattr(codedeploy.LambdaDeploymentConfig, constant)
        assert config.deployment_config_name == f"CodeDeployDefault.Lambda{name}"
