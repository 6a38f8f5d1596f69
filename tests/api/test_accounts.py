"""Accounts over HTTP: who opts which in, what keeps one from it, who wins of two, and when one may go."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lambdas import accounts
from lambdas.accounts import Account, account_of
from lambdas.authority import POLICIES, Authority
from lambdas.dry_calls import Finding
from lambdas.errors import Throttled
from lambdas.rows import Status
from rehearsal.gateway import Answered
from tests.api.http_door import CALLER, Door

NOW = "2023-11-14T22:13:20Z"
ID, ROLE = "222222222222", "arn:aws:iam::222222222222:role/windlass-target"
PROD: dict[str, Any] = {"id": ID, "regions": ["us-east-1", "eu-west-1"], "environment": "prod", "role": ROLE}
EVERYTHING = PROD | {
    "externalId": "windlass/prod",
    "brake": {"groups": 5, "percent": 20},
    "protectedClusters": [{"application": "shop", "stack": "prod", "detail": "", "region": "us-*"}],
    "lifecycleHooks": [
        {
            "lifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING",
            "roleARN": "arn:aws:iam::{{accountId}}:role/hooks",
            "notificationTargetARN": "arn:aws:sns:{{region}}:{{accountId}}:terminating",
            "heartbeatTimeout": 120,
            "defaultResult": "CONTINUE",
        }
    ],
}
OPTED_IN = (
    "opted account prod in: id 222222222222; regions us-east-1, eu-west-1; environment prod; "
    f"role {ROLE}; external_id windlass/prod"
)
GROUP = {"account": "prod", "region": "us-east-1", "serverGroupName": "shop-prod-v001"}


@pytest.fixture
def door(door: Door, tmp_path: Path) -> Door:
    """The policies that are deployed, with the caller among the administrators."""
    (tmp_path / "defaults.cedar").write_text((POLICIES / "defaults.cedar").read_text())
    (tmp_path / "teams.json").write_text(f'{{"administrators": ["{CALLER}"]}}')
    door.hub = replace(door.hub, authority=Authority(tmp_path))
    return door


def put(door: Door, name: str = "prod", body: dict[str, Any] = PROD, **more: Any) -> Answered:
    return door("PUT", f"/accounts/{name}", body, **more)


def act(did: str) -> dict[str, str]:
    return {"at": NOW, "by": CALLER, "did": did}


def test_an_account_is_opted_in_read_and_listed(door: Door) -> None:
    told = put(door, body=EVERYTHING)

    shown = {"name": "prod", "plays": {}, "version": 1, "link": "/accounts/prod"}
    assert (told.status, told.headers["ETag"]) == (200, '"1"')
    (did,) = told.json["acts"]
    assert did["did"].startswith(OPTED_IN)
    assert told.json == EVERYTHING | shown | {"acts": [did]}
    assert door.get("/accounts/prod").json == told.json
    assert door.get("/accounts/prod").headers["ETag"] == '"1"'
    listed = door.get("/accounts").json["accounts"]
    assert [one["name"] for one in listed] == ["aws-account1", "prod", "test"]
    assert listed[1] == EVERYTHING | shown


def test_its_external_id_is_windlass_s_to_give(door: Door) -> None:
    assert put(door).json["externalId"] == "windlass/prod"
    assert put(door, "prod-eu").json["externalId"] == "windlass/prod-eu"


def test_the_reader_makes_the_dry_call_of_what_would_be_kept(door: Door) -> None:
    put(door, body=EVERYTHING)

    ((function, event),) = door.functions.asked
    assert (function, event) == ("Reader", {"verify": accounts.row_of(account_of(event["verify"]))})
    kept = accounts.find(door.table, "prod")
    assert kept is not None
    assert account_of(event["verify"]) == replace(kept, version=0)


def test_the_same_once_more_changes_nothing(door: Door) -> None:
    first, rows = put(door), door.table.rows()

    again = put(door)

    assert (again.status, again.json, again.headers["ETag"]) == (200, first.json, first.headers["ETag"])
    assert door.table.rows() == rows
    assert len(door.functions.asked) == 2  # what it once was does not show that it still is


def test_a_change_is_told_with_what_stood_there_before(door: Door) -> None:
    put(door)

    told = put(door, body=PROD | {"environment": "staging", "regions": ["us-east-1", "eu-west-1", "eu-west-2"]})

    assert told.json["version"] == 2
    assert told.json["acts"][0] == act(
        "changed account prod: regions us-east-1, eu-west-1, eu-west-2, was us-east-1, eu-west-1; "
        "environment staging, was prod"
    )


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        ({"id": "22"}, "id", "should match pattern"),
        ({"id": None}, "id", "valid string"),
        ({"regions": []}, "regions", "at least 1 item"),
        ({"regions": ["us-east-1", "mars"]}, "regions.1", "should match pattern"),
        ({"environment": None}, "environment", "valid string"),
        ({"role": "arn:aws:iam::222222222222:role/admin"}, "role", "windlass-"),
        ({"role": "arn:aws:iam::333333333333:role/windlass-target"}, "body", "is of account 333333333333, not of 2222"),
        ({"role": None, "externalId": "windlass/prod"}, "body", "there is none; leave it out"),
        ({"regions": ["us-east-1"] * 2}, "body", "us-east-1 is there twice"),
        ({"externalId": "windlass/cart"}, "externalId", "that of account prod is windlass/prod, not windlass/cart"),
        ({"brake": {"percent": 101}}, "brake.percent", "less than or equal to 100"),
        ({"brake": {"groups": True}}, "brake.groups", "valid integer"),
        ({"protectedClusters": [{"application": "shop", "stak": "x"}]}, "protectedClusters.0.stak", "not permitted"),
        ({"lifecycleHooks": [{"roleARN": "arn"}]}, "lifecycleHooks.0.lifecycleTransition", "required"),
        ({"plays": {"discovery": "Eureka"}}, "plays.discovery", "should match pattern"),
        ({"plays": {"discovery": "subprocess:Popen@sh"}}, "plays.discovery", "is in no package that an operation of"),
        ({"plays": {"discovery": "lambdas.sessions:own"}}, "plays.discovery", "it has tests"),
        ({"colour": "red"}, "colour", "not permitted"),
    ],
)
def test_what_no_account_can_be_is_400(door: Door, change: dict[str, Any], field: str, said: str) -> None:
    body = {name: value for name, value in (PROD | change).items() if value is not None or name != "role"}

    got = put(door, body=body)

    assert (got.status, [one["field"] for one in got.json["errors"]]) == (400, [field])
    assert (
        said.replace("no operation of this installation", "no package that an operation of this installation")
        in (got.json["errors"][0]["message"])
    )
    assert (door.functions.asked, accounts.find(door.table, "prod")) == ([], None)


def test_a_name_is_short_and_plain(door: Door) -> None:
    got = put(door, "prod.eu")

    assert (got.status, [one["field"] for one in got.json["errors"]]) == (400, ["name"])


def test_what_the_dry_call_finds_is_422_and_nothing_is_kept(door: Door) -> None:
    door.functions.findings = (Finding("role", "does not let the hub in"), Finding("regions.1", "cannot be reached"))

    got = put(door)

    assert got.status == 422
    assert got.json["detail"] == (
        "account prod is not opted in, its dry call failed: role: does not let the hub in; regions.1: cannot be reached"
    )
    assert [one["field"] for one in got.json["errors"]] == ["role", "regions.1"]
    assert accounts.find(door.table, "prod") is None


def test_a_dry_call_that_time_would_cure_is_503(door: Door) -> None:
    door.functions.refuses = Throttled("sts: slow down")

    got = put(door)

    assert (got.status, got.headers["Retry-After"]) == (503, "2")
    assert accounts.find(door.table, "prod") is None


def test_of_two_at_once_one_wins(door: Door) -> None:
    door.functions.meanwhile = lambda: put(door, body=PROD | {"environment": "staging"})

    got = put(door)

    assert got.status == 409
    assert got.json["detail"] == (
        "account prod was changed by somebody else meanwhile: it is at version 1 now; read it and send it again"
    )
    kept = accounts.find(door.table, "prod")
    assert kept is not None
    assert (kept.environment, kept.version) == ("staging", 1)


def test_of_two_alike_at_once_both_have_won(door: Door) -> None:
    door.functions.meanwhile = lambda: put(door)

    got = put(door)

    assert (got.status, got.json["version"], len(got.json["acts"])) == (200, 1, 1)


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"If-Match": '"1"'}, 200), ({"If-Match": "*"}, 200), ({"If-Match": '"7"'}, 412), ({"If-None-Match": "*"}, 412)],
)
def test_a_change_may_say_of_which_version(door: Door, headers: dict[str, str], status: int) -> None:
    put(door)

    got = put(door, body=PROD | {"environment": "staging"}, headers=headers)

    assert got.status == status, got.text
    assert len(door.functions.asked) == (2 if status == 200 else 1)
    if status == 412:
        assert 'it is at version "1"' in got.json["detail"]


def test_a_change_that_is_sent_again_after_a_lost_answer_is_no_other(door: Door) -> None:
    put(door, headers={"If-None-Match": "*"})
    changed = PROD | {"environment": "staging"}
    first = put(door, body=changed, headers={"If-Match": '"1"'})

    again = put(door, body=changed, headers={"If-Match": '"1"'})

    assert (again.status, again.json, again.headers["ETag"]) == (200, first.json, '"2"')
    assert put(door, body=changed, headers={"If-None-Match": "*"}).json == first.json


def test_what_is_not_there_has_no_version(door: Door) -> None:
    assert put(door, headers={"If-Match": '"1"'}).json["detail"] == (
        'account prod is not at version "1": it is not opted in; read it and send it again'
    )
    assert put(door, headers={"If-None-Match": "*"}).status == 200


def test_an_account_that_is_not_there_is_404(door: Door) -> None:
    for method in ("GET", "DELETE"):
        got = door(method, "/accounts/prod")

        said = "account prod is not known; known accounts: aws-account1, test"
        assert (got.status, got.json["detail"]) == (404, said)


def test_only_administrators_opt_in_and_out(door: Door) -> None:
    put(door)
    before = door.table.rows(), list(door.functions.asked)
    other = "arn:aws:iam::123456789012:role/shop"

    refused = put(door, body=PROD | {"environment": "test"}, arn=other), door("DELETE", "/accounts/prod", arn=other)

    assert [one.status for one in refused] == [403, 403]
    assert refused[0].json["detail"] == (
        f"{other} may not optIn account (account prod): no policy permits it, or one forbids it; "
        "GET /authorisation?action=optIn says which"
    )
    assert door.get("/accounts/prod", arn=other).status == 200
    assert (door.table.rows(), list(door.functions.asked)) == before


def test_a_policy_sees_what_an_account_is_and_what_it_is_to_be(door: Door, tmp_path: Path) -> None:
    (tmp_path / "own.cedar").write_text(
        '@id("shop-has-its-own") permit (principal, action == Action::"optIn", resource) '
        f'when {{ ["{ID}"].containsAll(resource.ids) && !resource.environments.contains("prod") }};'
    )
    door.hub = replace(door.hub, authority=Authority(tmp_path))
    shop = "arn:aws:iam::123456789012:role/shop"

    def opt_in(environment: str, account: str = ID) -> int:
        role = f"arn:aws:iam::{account}:role/windlass-target"
        return put(door, body=PROD | {"environment": environment, "id": account, "role": role}, arn=shop).status

    assert [opt_in("test"), opt_in("prod"), opt_in("test", "3" * 12)] == [200, 403, 403]
    put(door)
    assert opt_in("test") == 403


def submit(door: Door, **more: Any) -> Answered:
    return door.post("/operations/resizeServerGroup", GROUP | {"capacity": {"min": 1}} | more)


@pytest.fixture
def staging(door: Door) -> Door:
    assert put(door, body=PROD | {"environment": "staging"}).status == 200
    return door


def test_an_account_at_work_is_not_opted_out(staging: Door) -> None:
    one = submit(staging).json["id"]

    got = staging("DELETE", "/accounts/prod")

    assert (got.status, got.json["detail"]) == (
        409,
        f"1 operation of account prod is open: {one}; it may not be opted out meanwhile: wait for their ends, "
        "or cancel them",
    )
    assert got.json["errors"] == [
        {"field": f"operations.{one}", "message": "resizeServerGroup of prod/us-east-1/shop-prod: ACCEPTED"}
    ]
    staging.ended(one, Status.SUCCEEDED)
    gone = staging("DELETE", "/accounts/prod")
    assert (gone.status, gone.json) == (200, {"name": "prod", "since": NOW})


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"id": "3" * 12, "role": f"arn:aws:iam::{'3' * 12}:role/windlass-x"}, "its id may not become 333333333333"),
        ({"regions": ["us-east-1"]}, "Region eu-west-1 may not go"),
    ],
)
def test_an_account_at_work_keeps_what_its_operations_need(staging: Door, change: dict[str, Any], why: str) -> None:
    submit(staging)

    got = put(staging, body=PROD | {"environment": "staging"} | change)

    assert got.status == 409
    assert f"; {why} meanwhile: " in got.json["detail"]
    assert put(staging, body=PROD | {"environment": "staging", "brake": {"groups": 1}}).status == 200


def test_what_is_opted_out_is_gone_for_callers_and_there_for_what_still_runs(staging: Door) -> None:
    gone = staging("DELETE", "/accounts/prod")

    assert (gone.status, staging("DELETE", "/accounts/prod").json) == (200, gone.json)
    assert staging.get("/accounts/prod").status == 404
    assert "prod" not in [one["name"] for one in staging.get("/accounts").json["accounts"]]
    assert "'prod' is not known" in submit(staging).json["detail"]
    kept = accounts.find(staging.table, "prod")
    assert isinstance(kept, Account)
    assert (kept.role, kept.environment) == (ROLE, "staging")


def test_an_account_comes_back_with_its_past(staging: Door) -> None:
    staging("DELETE", "/accounts/prod")

    told = put(staging, body=PROD | {"environment": "staging"})

    assert (told.status, told.json["version"]) == (200, 3)
    assert [one["did"] for one in told.json["acts"]][:2] == [
        "opted in again account prod: as it was",
        "opted account prod out",
    ]


def test_open_operations_that_the_caller_may_not_read_are_only_counted(staging: Door, tmp_path: Path) -> None:
    one = submit(staging).json["id"]
    (tmp_path / "defaults.cedar").write_text('@id("out") permit (principal, action == Action::"optOut", resource);')
    staging.hub = replace(staging.hub, authority=Authority(tmp_path))

    got = staging("DELETE", "/accounts/prod")

    assert (got.status, got.json["errors"]) == (409, [])
    assert got.json["detail"].startswith("1 operation of account prod is open; it may not be")
    assert one not in got.text


def test_unknown_parameters_are_refused(door: Door) -> None:
    for method, path, body in (("GET", "/accounts", None), ("PUT", "/accounts/prod", PROD)):
        got = door(method, f"{path}?dryrun=1", body)

        assert (got.status, [one["field"] for one in got.json["errors"]]) == (400, ["dryrun"])


def test_the_document_tells_what_may_go_wrong(door: Door) -> None:
    paths = door.get("/openapi.json").json["paths"]
    assert set(paths["/accounts/{name}"]["put"]["responses"]) >= {"200", "400", "403", "409", "412", "422", "503"}
    assert "412" not in paths["/freezes/{name}"]["put"]["responses"]
