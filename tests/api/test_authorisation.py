"""What a caller without the right is told, what the defaults permit, and how a decision is explained."""

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from lambdas import accounts
from lambdas.accounts import Account
from lambdas.authority import Authority
from lambdas.requests import Request
from lambdas.requests.create_server_group import CreateServerGroup
from lambdas.requests.delete_load_balancer import DeleteLoadBalancer
from lambdas.requests.terminate_instances import TerminateInstances
from rehearsal.gateway import Answered
from tests.api.http_door import CALLER, Door

RESIZE = {"region": "us-east-1", "serverGroupName": "shop-v001", "capacity": {"min": 1, "desired": 1, "max": 2}}
ASG = {"credentials": "prod", "region": "us-east-1", "asgName": "shop-v001", "capacity": {"min": 1, "max": 2}}
TEAM = "arn:aws:iam::123456789012:role/shop-ci"
POLICIES = """
@id("shop-by-day") permit (principal in Team::"shop", action, resource in Application::"shop")
  when { context.hour >= 8 && context.hour < 20 };
@id("nobody-on-mondays") forbid (principal, action in Action::"operate", resource) when { context.weekday == "Monday" };
@id("preemption-is-for-operators") forbid (principal, action == Action::"preempt", resource);
@id("operators-explain") permit (principal == Principal::"arn:aws:iam::123456789012:role/operator",
  action == Action::"explain", resource);
"""
"""The door's clock stands at 22:13 of a Tuesday."""


@pytest.fixture(autouse=True)
def _production(door: Door) -> None:
    accounts.put(door.table, Account("prod", "210987654321", ("us-east-1",), environment="prod"))


@pytest.fixture
def ruled(door: Door, tmp_path: Path) -> Door:
    """With policies of its own."""
    (tmp_path / "own.cedar").write_text(POLICIES)
    (tmp_path / "teams.json").write_text(json.dumps({"shop": ["arn:aws:iam::*:role/shop-ci", "user:ann"]}))
    door.hub = replace(door.hub, authority=Authority(tmp_path))
    return door


def resize(door: Door, account: str, arn: str = CALLER, **more: Any) -> Answered:
    return door.post("/operations/resizeServerGroup", {**RESIZE, "account": account, **more}, arn=arn)


def explained(door: Door, query: str, arn: str = CALLER) -> Any:
    got = door.get(f"/authorisation?{query}", arn=arn)
    assert got.status == 200, got.text
    return got.json


def test_without_a_policy_of_ours_nobody_writes_in_production(door: Door) -> None:
    before = door.rows()

    got = resize(door, "prod")

    assert (got.status, got.headers["Content-Type"]) == (403, "application/problem+json")
    assert got.json["detail"] == (
        f"{CALLER} may not resizeServerGroup operation (account prod, region us-east-1, application shop, "
        "cluster shop): no policy permits it, or one forbids it; "
        "GET /authorisation?action=resizeServerGroup says which"
    )
    assert (door.rows(), door.machines.started) == (before, [])
    assert resize(door, "test").status == 202


@pytest.mark.parametrize("environment", ["prod", "production", "Prod", "live", "tset"])
def test_an_environment_that_nobody_knows_is_production(door: Door, environment: str) -> None:
    accounts.put(door.table, Account("odd", "210987654321", ("us-east-1",), environment=environment))

    assert resize(door, "odd").status == 403


def test_clouddrivers_door_says_it_in_its_words(door: Door) -> None:
    got = door.post("/aws/ops", [{"resizeServerGroup": ASG}])

    assert (got.status, got.json["message"]) == (400, "Validation Failed")
    assert got.json["errors"][:2] == ["Access denied to account prod", "Access denied to application shop"]
    assert got.json["errors"][2].startswith(f"{CALLER} may not resizeServerGroup operation (account prod, ")


def test_of_a_batch_all_or_nothing(door: Door) -> None:
    before = door.rows()

    got = door.post("/aws/ops", [{"resizeServerGroup": ASG | {"credentials": "test"}}, {"resizeServerGroup": ASG}])

    assert (got.status, door.rows(), door.machines.started) == (400, before, [])


def test_a_freeze_that_reaches_production_needs_a_policy_too(door: Door) -> None:
    of_all, of_test = {"reason": "a feast"}, {"reason": "a feast", "scope": {"accounts": ["test"]}}

    assert door("PUT", "/freezes/feast", of_all).status == 403
    assert door("PUT", "/freezes/feast", of_test).status == 200
    assert door("DELETE", "/freezes/feast").status == 200


def test_an_alarm_in_production_holds_only_by_a_policy(door: Door) -> None:
    alarm = {"account": "prod", "region": "us-east-1", "name": "errors"}

    assert door("PUT", "/applications/shop/alarms", {"alarms": [alarm]}).status == 403
    assert door("PUT", "/applications/shop/alarms", {"alarms": [alarm | {"account": "test"}]}).status == 200


def test_a_decision_is_explained(ruled: Door) -> None:
    at_noon, at_night = (f"2023-11-14T{hour}:00:00" for hour in ("12", "22"))
    asked = "action=resizeServerGroup&account=prod&region=us-east-1&application=shop&cluster=shop-main"

    by_day = explained(ruled, f"{asked}&at={at_noon}", TEAM)

    assert by_day == {
        "allowed": True,
        "principal": TEAM,
        "user": None,
        "teams": ["shop"],
        "action": "resizeServerGroup",
        "resource": "Operation",
        "attributes": {
            "account": "prod",
            "environment": "prod",
            "region": "us-east-1",
            "application": "shop",
            "cluster": "shop-main",
        },
        "policies": ["shop-by-day"],
        "errors": [],
        "at": f"{at_noon}Z",
    }
    by_night = explained(ruled, f"{asked}&at={at_night}", TEAM)
    assert (by_night["allowed"], by_night["policies"]) == (False, [])
    on_monday = explained(ruled, f"{asked}&at=2023-11-13T12:00:00", TEAM)
    assert (on_monday["allowed"], on_monday["policies"]) == (False, ["nobody-on-mondays"])


def test_what_a_request_insists_on_is_asked_for_besides(ruled: Door) -> None:
    noon = datetime.fromisoformat("2023-11-14T12:00:00+00:00").timestamp()
    ruled.hub = replace(ruled.hub, now=lambda: noon)

    assert resize(ruled, "prod", TEAM).status == 202
    refused = resize(ruled, "prod", TEAM, preempt=True)

    assert refused.status == 403
    assert refused.json["detail"].startswith(f"{TEAM} may not preempt operation (account prod, ")


def test_only_who_may_explain_asks_about_somebody_else(ruled: Door) -> None:
    asked = f"action=cancel&account=prod&application=shop&at=2023-11-14T12:00:00&principal={TEAM}"

    got = ruled.get(f"/authorisation?{asked}")

    assert (got.status, f"{CALLER} may not explain hub" in got.json["detail"]) == (403, True)
    assert explained(ruled, asked, "arn:aws:iam::123456789012:role/operator")["allowed"]
    through = explained(ruled, f"{asked}&user=ann", "arn:aws:iam::123456789012:role/operator")
    assert (through["allowed"], through["user"], through["teams"]) == (True, "ann", ["shop"])


@pytest.mark.parametrize(
    ("query", "resource"),
    [
        ("action=lock&account=prod&region=us-east-1&kind=serverGroup&name=shop-v001", "Guard"),
        ("action=read&account=prod&kind=cluster&name=shop-main", "Guard"),
        ("action=freeze&account=prod&name=feast", "Freeze"),
        ("action=hold&account=prod&application=shop", "Application"),
        ("action=notify&application=shop", "Application"),
        ("action=explain", "Hub"),
        ("action=readEvidence&account=prod&application=shop", "Operation"),
    ],
)
def test_every_kind_of_thing_can_be_asked_about(ruled: Door, query: str, resource: str) -> None:
    told = explained(ruled, f"{query}&at=2023-11-14T12:00:00", TEAM)

    assert told["resource"] == resource
    assert told["allowed"] is (told["attributes"].get("application") == "shop")


@pytest.mark.parametrize(
    ("query", "field", "said"),
    [
        ("action=creatServerGroup", "action", "there is no 'creatServerGroup'; did you mean createServerGroup?"),
        ("action=cancel&acount=prod", "acount", "did you mean account?"),
        ("", "action", "Field required"),
    ],
)
def test_a_question_that_means_nothing_is_told_so(door: Door, query: str, field: str, said: str) -> None:
    got = door.get(f"/authorisation?{query}")

    assert got.status == 400
    assert any(one["field"] == field and said in one["message"] for one in got.json["errors"]), got.text


WHERE = {"account": "prod", "region": "us-east-1"}
BALANCER = {**WHERE, "loadBalancerName": "cart-api", "loadBalancerType": "application"}


@pytest.mark.parametrize(
    ("request_", "owners"),
    [
        (DeleteLoadBalancer.of_windlass(BALANCER), {"cart"}),
        (
            DeleteLoadBalancer.of_windlass(BALANCER | {"application": "shop"}),
            {"shop", "cart"},
        ),
        (TerminateInstances.of_windlass({**WHERE, "instanceIds": ["i-00000000000000009"]}), {"unowned"}),
        (
            TerminateInstances.of_windlass({**WHERE, "instanceIds": ["i-00000000000000009"], "application": "shop"}),
            {"shop", "unowned"},
        ),
        (
            TerminateInstances.of_windlass(
                {**WHERE, "instanceIds": ["i-00000000000000009"], "serverGroupName": "cart-v001", "application": "shop"}
            ),
            {"shop", "cart"},
        ),
        (
            CreateServerGroup.of_windlass(
                {
                    **WHERE,
                    "application": "shop",
                    "image": "shop-1",
                    "instanceType": "m5.large",
                    "subnetType": "internal",
                    "capacity": {"min": 1, "desired": 1, "max": 1},
                    "source": {**WHERE, "asgName": "cart-v001"},
                }
            ),
            {"shop", "cart"},
        ),
    ],
)
def test_nobody_makes_a_thing_his_by_saying_so(request_: Request, owners: set[str]) -> None:
    assert set(request_.owners) == owners
