"""A second AWS account as deployed: its template, its dry call, an operation that acts there and nowhere else."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.client import Answer, Json
from local.deploy import deploy_template
from local.seed import seed
from local.settings import ACCOUNT
from local.settings import OTHER_ACCOUNT as THERE
from local.stage import ROOT
from tests.end_to_end.live import HOME, Live, creation, eventually, plays, told
from tests.end_to_end.test_nudges_live import OLD, age, due_of

pytestmark = pytest.mark.xdist_group("embedded")

ROLE = f"arn:aws:iam::{THERE}:role/windlass-target"
PARAMETERS = {"HubAccount": ACCOUNT, "HubRegion": HOME, "Regions": f"{HOME},us-west-2"}
SEEDER = f"arn:aws:sts::{ACCOUNT}:user/moto"
"""What moto calls keys that nobody made."""
SECOND = {"id": THERE, "regions": [HOME, "us-west-2"], "environment": "test", "role": ROLE}


def there(live: Live, service: str) -> Any:
    """A client in the second account."""
    return live.stage.clients.within(THERE).get(service, HOME)


def deploy(live: Live, **parameters: str) -> dict[str, str]:
    """As its owner does: the template as it is generated, with his parameters."""
    file = live.logs.parent / "target.json"
    subprocess.run([sys.executable, "-m", "stacks.target", "--out", str(file)], cwd=ROOT, check=True)
    given = PARAMETERS | parameters
    return deploy_template("windlass-target", file.read_text(), live.stage.endpoint, account=THERE, parameters=given)


def put(live: Live, name: str, **more: Any) -> Answer:
    return live.ask("PUT", f"/accounts/{name}", SECOND | more)


def second_account(live: Live) -> dict[str, Any]:
    """From nothing to an operation there, and out again."""
    got: dict[str, Any] = {"before": put(live, "second")}
    got["outputs"] = deploy(live, ExternalIds="windlass/second,windlass/third")
    got["in"] = put(live, "second")
    got["again"] = put(live, "second")
    got["of another name"] = put(live, "mine")
    got["seeds"] = {name: seeded(live, name) for name in ("third", "mine")}
    seed(live.stage.endpoint, (HOME,), THERE)
    body = creation("there", account="second", capacity={"min": 0, "desired": 1, "max": 1})
    got["operation"] = live.run("createServerGroup", body)
    got["nudged"] = nudged_there(live)
    got["calls"] = live.calls("windlass-ServerGroups", 0)
    got["out"] = live.ask("DELETE", "/accounts/second")
    got["after"] = live.ask("POST", "/operations/createServerGroup", body)
    return got


@plays([second_account])
def test_an_account_is_opted_in_once_its_role_lets_the_hub_in(played: dict[str, Any]) -> None:
    before, opted = played["before"], played["in"]

    assert (before.status, [one["field"] for one in before.json["errors"]]) == (422, ["role"])
    assert f"HubAccount={ACCOUNT} and ExternalIds=windlass/second" in before.json["detail"]
    assert played["outputs"] == {"RoleArn": ROLE}
    assert (opted.status, opted.json["externalId"], opted.json["version"]) == (200, "windlass/second", 1), opted.text
    assert played["again"].json == opted.json


@plays([second_account])
def test_the_same_role_under_another_name_does_not_let_the_hub_in(played: dict[str, Any], live: Live) -> None:
    got = played["of another name"]

    assert (got.status, [one["field"] for one in got.json["errors"]]) == (422, ["role"])
    assert live.ask("GET", "/accounts/mine").status == 404


def nudged_there(live: Live) -> tuple[float, float, Json]:
    """A wait that seems old, in whose group launches fail again and again: from when on it counts as young again."""
    operation = live.submit("createServerGroup", creation("thither", account="second", instanceType="p5.48xlarge"))
    live.entered(operation, "InstancesHealthy")
    aged = age(live, operation)
    due = eventually(lambda: (now := due_of(live, operation)) > aged and now)
    live.signal(operation, signal="cancel", reason="seen enough")
    return aged, float(due), live.ended(operation)


@plays([second_account])
def test_what_moves_there_is_forwarded_and_brings_a_look_forward(played: dict[str, Any]) -> None:
    aged, due, ended = played["nudged"]

    assert due - aged > OLD - 60
    assert ended["status"] == "ROLLED_BACK", told(ended)


def seeded(live: Live, name: str) -> subprocess.CompletedProcess[str]:
    """As a platform team does."""
    file = live.logs.parent / f"{name}.json"
    file.write_text(json.dumps([SECOND | {"name": name}]))
    command = [sys.executable, "-m", "stacks.accounts", str(file), "--table", live.stage.outputs["TableName"]]
    keys = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_ENDPOINT_URL": live.stage.endpoint}
    return subprocess.run(
        [*command, "--region", HOME], cwd=ROOT, env=os.environ | keys, capture_output=True, text=True, check=False
    )


@plays([second_account])
def test_a_seed_file_is_tried_before_it_is_written(played: dict[str, Any], live: Live) -> None:
    third, mine = played["seeds"]["third"], played["seeds"]["mine"]

    assert (third.returncode, third.stdout) == (0, "seeded third\n"), third.stderr
    known = live.ask("GET", "/accounts/third").json
    assert (known["externalId"], [one["by"] for one in known["acts"]]) == ("windlass/third", [SEEDER])
    assert (mine.returncode, mine.stdout) == (1, "")
    assert f"account mine: role: {ROLE} does not let the hub in" in mine.stderr


@plays([second_account])
def test_nobody_but_a_function_that_acts_in_clouds_is_let_in(played: dict[str, Any], live: Live) -> None:
    assert played["in"].status == 200
    with pytest.raises(ClientError, match="AccessDenied"):
        live.aws("sts").assume_role(RoleArn=ROLE, RoleSessionName="me", ExternalId="windlass/second")


@plays([second_account])
def test_an_operation_acts_in_the_second_account_and_nowhere_else(played: dict[str, Any], live: Live) -> None:
    operation: Json = played["operation"]
    groups = there(live, "autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]

    assert operation["status"] == "SUCCEEDED", told(operation)
    assert [one["AutoScalingGroupName"] for one in groups] == ["there-prod-v000"]
    assert [one["LifecycleState"] for one in groups[0]["Instances"]] == ["InService"]
    assert not live.cloud("there")
    assert "sts:AssumeRole" in played["calls"]


@plays([second_account])
def test_an_account_that_was_opted_out_takes_nothing_new(played: dict[str, Any]) -> None:
    assert (played["out"].status, played["out"].json["name"]) == (200, "second"), played["out"].text
    assert (played["after"].status, "'second' is not known" in played["after"].json["detail"]) == (400, True)
