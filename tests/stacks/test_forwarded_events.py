"""Events of target accounts: whose the hub's bus takes, which, and where they go."""

import json
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk.assertions import Template
from constructs import Node

from lambdas.nudges import PATTERNS
from stacks.nudges import Nudges
from stacks.settings import Settings

Json = dict[str, Any]
KINDS = sorted({kind for one in PATTERNS.values() for kind in one["detail_type"]})


class Made:
    """The construct alone, for accounts or an organisation whose events are taken."""

    def __init__(self, *events_from: str) -> None:
        stack = Stack(App(), "Alone")
        code = lambda_.Code.from_inline("pass")
        function = lambda_.Function(stack, "F", code=code, handler="x", runtime=lambda_.Runtime.PYTHON_3_13)
        Nudges(
            stack, "Nudges", function=function, key=kms.Key(stack, "Key"), prefix="windlass-", events_from=events_from
        )
        self.resources: dict[str, Json] = Template.from_stack(stack).to_json()["Resources"]

    def of(self, kind: str) -> dict[str, Json]:
        return {name: one["Properties"] for name, one in self.resources.items() if one["Type"] == kind}

    @property
    def policy(self) -> Json:
        (one,) = self.of("AWS::Events::EventBusPolicy").values()
        return one


@pytest.fixture(scope="module")
def accounts() -> Made:
    return Made("222222222222", "333333333333")


def test_nobody_s_events_are_taken_unless_somebody_is_named() -> None:
    made = Made()

    assert (made.of("AWS::Events::EventBus"), made.of("AWS::Events::EventBusPolicy")) == ({}, {})
    assert {one.get("EventBusName") for one in made.of("AWS::Events::Rule").values()} == {None}


def test_the_accounts_that_are_named_may_put_events_that_nudge_and_no_others(accounts: Made) -> None:
    (bus,) = accounts.of("AWS::Events::EventBus")
    statement = accounts.policy["Statement"]

    assert accounts.policy["EventBusName"] == "windlass-nudges"
    assert (statement["Effect"], statement["Action"]) == ("Allow", "events:PutEvents")
    assert statement["Resource"] == {"Fn::GetAtt": [bus, "Arn"]}
    assert [one["Fn::Join"][1][-1] for one in statement["Principal"]["AWS"]] == [
        ":iam::222222222222:root",
        ":iam::333333333333:root",
    ]
    assert statement["Condition"] == {
        "ForAllValues:StringEquals": {"events:source": sorted(PATTERNS), "events:detail-type": KINDS}
    }


def test_an_organisation_may_put_them() -> None:
    statement = Made("o-a1b2c3d4e5").policy["Statement"]

    assert statement["Principal"] == "*"
    assert statement["Condition"]["StringEquals"] == {"aws:PrincipalOrgID": ["o-a1b2c3d4e5"]}
    assert statement["Condition"]["ForAllValues:StringEquals"]["events:source"] == sorted(PATTERNS)


def test_what_is_forwarded_goes_where_the_hub_s_own_events_go(accounts: Made) -> None:
    rules = list(accounts.of("AWS::Events::Rule").values())
    (bus,) = accounts.of("AWS::Events::EventBus")

    buses = {False: [one for one in rules if "EventBusName" not in one]}
    buses[True] = [one for one in rules if one.get("EventBusName") == {"Ref": bus}]
    patterns = {named: [json.dumps(one["EventPattern"]) for one in some] for named, some in buses.items()}
    assert sorted(patterns[True]) == sorted(patterns[False])
    assert len(rules) == 2 * len(PATTERNS)
    assert len({json.dumps(target["Arn"]) for one in rules for target in one["Targets"]}) == 1


@pytest.mark.parametrize("given", ["22", "222222222222,o-a1b2c3d4e5", "o-A", "o-a1b2c3d4e5,o-a1b2c3d4e6"])
def test_a_deployment_names_accounts_or_one_organisation(given: str) -> None:
    node: Node = App(context={"eventsFrom": given}).node

    with pytest.raises(ValueError, match="neither a list of accounts nor one organisation; say for example 2222"):
        Settings.of(node)


def test_accounts_are_named_with_commas(tmp_path: Path) -> None:
    settings = Settings.of(App(context={"eventsFrom": "222222222222, 333333333333"}).node)

    assert settings.events_from == ("222222222222", "333333333333")
