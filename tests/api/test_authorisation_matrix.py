"""Every principal at every route, at another team's operation: the routes are the app's own, so that a new one fails
here until it is in.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from aws_lambda_powertools.event_handler.api_gateway import Route

from lambdas import accounts
from lambdas.accounts import Account
from lambdas.api.certificates import Holder, Names
from lambdas.authority import Authority
from lambdas.push.deliveries import DEAD, DEAD_LETTERS, Delivery
from lambdas.rows import Mark, evidence_key, item_of
from lambdas.table import Put, roll_of
from rehearsal import scenarios
from rehearsal.gateway import Answered
from rehearsal.scenarios.region import ACCOUNT, REGION
from statemachines import ALL
from tests.api.http_door import Door, new_door, now, presented

IAM = "arn:aws:iam::123456789012:role"
OWNER, OTHER, READER, NOBODY, GUEST = (f"{IAM}/{name}" for name in ("shop", "cart", "auditor", "new", "gate"))
CA = "O=Example,CN=CA"
OURS, THEIRS, ORCA, UNKNOWN = (Names(f"O=Example,CN={name}", CA) for name in ("shop-ci", "cart-ci", "orca", "mallory"))
HOLDERS = {OURS: Holder("shop-ci"), THEIRS: Holder("cart-ci"), ORCA: Holder("orca", delegate=True)}
TEAMS = {
    "shop": [OWNER, "user:ann", "certificate:shop-ci"],
    "cart": [OTHER, "user:bob", "certificate:cart-ci"],
    "auditors": [READER],
}
POLICIES = """
@id("shop-does") permit (principal in Team::"shop", action, resource in Application::"shop");
@id("shop-does-on-things-that-tell-no-owner")
permit (principal in Team::"shop", action in Action::"operate", resource in Account::"prod");
@id("cart-does") permit (principal in Team::"cart", action, resource in Application::"cart");
@id("auditors-read") permit (principal in Team::"auditors", action in Action::"look", resource);
@id("shop-freezes") permit (principal in Team::"shop", action in [Action::"freeze", Action::"thaw"], resource);
@id("shop-opts-in") permit (principal in Team::"shop", action in [Action::"optIn", Action::"optOut"], resource);
@id("shop-sees-accounts") permit (principal in Team::"shop", action == Action::"read", resource is Account);
@id("shop-sees-freezes") permit (principal in Team::"shop", action == Action::"read", resource is Hub);
"""
ID = "ID"
"""Stands for the id of the shop's operation."""
GROUP = "shop-prod-v001"
GUARD = f"/guards/{ACCOUNT}/{REGION}/serverGroup/{GROUP}"
WEBHOOK = {"url": "https://ci.example.com/hook", "secret": "whsec_" + "QUJD" * 8}
TOPIC = {"topic": "arn:aws:sns:us-east-1:123456789012:windlass-shop", "format": "slack"}
RESIZE = {"credentials": ACCOUNT, "asgName": GROUP, "region": REGION, "capacity": {"min": 1, "max": 2, "desired": 1}}
CANCEL = {"signal": "cancel"}
OPEN = {
    "GET /",
    "GET /docs",
    "GET /openapi.json",
    "GET /authorisation",
    "GET /operations/types",
    "GET /operations/types/<operation_type>",
    "POST /operations/<operation_type>",
}
"""What tells nothing of anybody: whoever IAM lets in may have it."""


@dataclass(frozen=True)
class Call:
    """One request that its owner may send."""

    path: str
    body: Any = None
    reads: bool = False
    """Whether an auditor may, too."""
    lists: bool = False
    """Whether it answers everybody, of what he may see."""


def gets(path: str) -> Call:
    return Call(path, reads=True)


CALLS = {
    "GET /": gets("/"),
    "GET /docs": gets("/docs"),
    "GET /openapi.json": gets("/openapi.json"),
    "GET /authorisation": gets("/authorisation?action=cancel&account=prod&application=shop"),
    "GET /operations/types": gets("/operations/types"),
    "GET /operations/types/<operation_type>": gets("/operations/types/resizeServerGroup"),
    "POST /operations/<operation_type>": Call("/operations/bakeCake", {}),
    "POST /ops": Call("/ops", [{"resizeServerGroup": RESIZE}]),
    "POST /ops/<name>": Call("/ops/resizeServerGroup", RESIZE),
    "POST /<provider>/ops": Call("/aws/ops", [{"resizeServerGroup": RESIZE}]),
    "POST /<provider>/ops/<name>": Call("/aws/ops/resizeServerGroup", RESIZE),
    "GET /task": Call("/task", reads=True, lists=True),
    "GET /task/<task>": gets(f"/task/{ID}"),
    "POST /task/<task>:resume": Call(f"/task/{ID}:resume"),
    "GET /operations": Call("/operations", reads=True, lists=True),
    "GET /operations/export": Call("/operations/export", reads=True, lists=True),
    "POST /operations/signals": Call("/operations/signals", {"filter": {"account": ACCOUNT}, **CANCEL}, lists=True),
    "GET /operations/<operation>": gets(f"/operations/{ID}"),
    "POST /operations/<operation>/signals": Call(f"/operations/{ID}/signals", CANCEL),
    "GET /operations/<operation>/events": gets(f"/operations/{ID}/events"),
    "GET /operations/<operation>/evidence": gets(f"/operations/{ID}/evidence"),
    "GET /operations/<operation>/runbook": gets(f"/operations/{ID}/runbook"),
    "GET /operations/<operation>/deliveries": gets(f"/operations/{ID}/deliveries"),
    "POST /operations/<operation>/deliveries/<delivery>/redeliver": Call(
        f"/operations/{ID}/deliveries/00000001.webhook.ci/redeliver"
    ),
    "GET /guards": Call("/guards", reads=True, lists=True),
    "GET /guards/<account>/<region>/<kind>/<name>": gets(GUARD),
    "POST /guards/<account>/<region>/<kind>/<name>/release": Call(
        f"{GUARD}/release", {"operation": ID, "reason": "stuck"}
    ),
    "PUT /guards/<account>/<region>/<kind>/<name>/lock": Call(f"{GUARD}/lock", {"reason": "mine"}),
    "DELETE /guards/<account>/<region>/<kind>/<name>/lock": Call(f"{GUARD}/lock"),
    "GET /freezes": gets("/freezes"),
    "PUT /freezes/<name>": Call("/freezes/weekend", {"reason": "a feast", "scope": {"accounts": [ACCOUNT]}}),
    "DELETE /freezes/<name>": Call("/freezes/weekend"),
    "GET /accounts": Call("/accounts", reads=True, lists=True),
    "GET /accounts/<name>": gets(f"/accounts/{ACCOUNT}"),
    "PUT /accounts/<name>": Call("/accounts/prod-eu", {"id": "1" * 12, "regions": [REGION], "environment": "prod"}),
    "DELETE /accounts/<name>": Call("/accounts/test"),
    "GET /applications/<application>/changes": gets("/applications/shop/changes"),
    "GET /applications/<application>/dora": gets("/applications/shop/dora"),
    "GET /applications/<application>/alarms": gets("/applications/shop/alarms"),
    "PUT /applications/<application>/alarms": Call(
        "/applications/shop/alarms", {"alarms": [{"account": ACCOUNT, "region": REGION, "name": "errors"}]}
    ),
    "DELETE /applications/<application>/alarms": Call("/applications/shop/alarms"),
    "GET /applications/<application>/webhooks": gets("/applications/shop/webhooks"),
    "GET /applications/<application>/webhooks/<name>": gets("/applications/shop/webhooks/ci"),
    "PUT /applications/<application>/webhooks/<name>": Call("/applications/shop/webhooks/ci", WEBHOOK),
    "DELETE /applications/<application>/webhooks/<name>": Call("/applications/shop/webhooks/ci"),
    "GET /applications/<application>/notifications": gets("/applications/shop/notifications"),
    "GET /applications/<application>/notifications/<name>": gets("/applications/shop/notifications/team"),
    "PUT /applications/<application>/notifications/<name>": Call("/applications/shop/notifications/team", TOPIC),
    "DELETE /applications/<application>/notifications/<name>": Call("/applications/shop/notifications/team"),
    "GET /applications/<application>/dead-letters": gets("/applications/shop/dead-letters"),
    "GET /clusters/<account>/<application>": gets(f"/clusters/{ACCOUNT}/shop"),
    "GET /clusters/<account>/<application>/<cluster>": gets(f"/clusters/{ACCOUNT}/shop/shop-prod"),
    **{
        f"POST /operations/{one.operation}": Call(f"/operations/{one.operation}", dict(one.request))
        for one in scenarios.ALL
        if one.name == one.operation
    },
}


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Door:
    return guarded(tmp_path_factory.mktemp("policies"))


def guarded(folder: Path) -> Door:
    """One app for all requests, as in a process of Lambda."""
    (folder / "teams.cedar").write_text(POLICIES)
    (folder / "teams.json").write_text(json.dumps(TEAMS))
    made = new_door()
    made.sagas = {saga.name: saga for saga in ALL}
    made.delegates, made.holders = (GUEST,), HOLDERS
    made.hub = replace(made.hub, authority=Authority(folder))
    return made


@pytest.fixture(autouse=True)
def operation(door: Door) -> str:
    return furnished(door)


def furnished(door: Door) -> str:
    """The shop's: it holds its guard, is paused, has evidence, and a delivery of it is dead."""
    other = new_door()
    door.table, door.machines, door.functions = other.table, other.machines, other.functions
    door.hub = replace(other.hub, authority=door.hub.authority)
    for name in (ACCOUNT, "test"):
        where, plays = (REGION, "us-west-1"), (("discovery", "acme.eureka:Eureka"),)
        accounts.put(door.table, Account(name, "123456789012", where, environment=name, plays=plays))
    body = {"account": ACCOUNT, "region": REGION, "serverGroupName": GROUP, "capacity": {"min": 1, "max": 2}}
    made = door.post("/operations/resizeServerGroup", body, arn=OWNER)
    assert made.status == 202, made.text
    one = str(made.json["id"])
    door.change(one, mark=Mark.PAUSED)
    door.table.write(Put(evidence_key(one), {"at": now(), "step": "Resize", "kept": {}}))
    dead = Delivery(
        one, 1, "webhook.ci", "shop", DEAD, 3, now(), now(), accepted=now(), roll=roll_of(DEAD_LETTERS, "shop")
    )
    door.table.write(Put(dead.key, item_of(dead)))
    mail = {"reason": "a feast", "scope": {"accounts": [ACCOUNT], "applications": ["mail"]}}
    receivers = ("/applications/shop/webhooks/ci", WEBHOOK), ("/applications/shop/notifications/team", TOPIC)
    for path, thing in (*receivers, ("/freezes/weekend", mail)):
        assert door("PUT", path, thing, arn=OWNER).status == 200
    return one


class Who(NamedTuple):
    arn: str
    user: str | None = None
    certificate: Names | None = None
    """Then it comes by the other door, whatever its ARN."""

    def asks(self, door: Door, name: str, operation: str, more: str = "") -> Answered:
        call = CALLS[name]
        headers = {} if self.user is None else {"X-SPINNAKER-USER": self.user}
        path, body = call.path.replace(ID, operation) + more, call.body
        if isinstance(body, dict) and body.get("operation") == ID:
            body = body | {"operation": operation}
        shown = presented(self.certificate) if self.certificate else None
        return door(name.partition(" ")[0], path, body, arn=self.arn, headers=headers, certificate=shown)


STRANGERS = {
    "another team": Who(OTHER),
    "nobody": Who(NOBODY),
    "a delegate itself": Who(GUEST),
    "another team through a delegate": Who(GUEST, "bob"),
    "another team that says it speaks for the owner": Who(OTHER, "ann"),
    "another team's certificate": Who(OWNER, certificate=THEIRS),
    "another team's certificate, of who says it speaks for the owner": Who(OWNER, "ann", THEIRS),
    "a delegate's certificate itself": Who(OWNER, certificate=ORCA),
    "another team through a delegate's certificate": Who(OWNER, "bob", ORCA),
}
OWNERS = {
    "the team": Who(OWNER),
    "one of the team through a delegate": Who(GUEST, "ann"),
    "the team's certificate": Who(OTHER, certificate=OURS),
    "one of the team through a delegate's certificate": Who(OTHER, "ann", ORCA),
}


def routes(door: Door) -> Iterator[str]:
    every: list[Route] = [*door.app._static_routes, *door.app._dynamic_routes]
    return (f"{one.method} {one.path}" for one in every)


def names(door: Door) -> set[str]:
    return set(routes(door))


def refused(got: Answered) -> bool:
    """403, 404, or Clouddriver's list."""
    if got.status == 400:
        return f"Access denied to account {ACCOUNT}" in got.json.get("errors", ())
    return got.status in (403, 404)


def everything(door: Door) -> tuple[Any, ...]:
    """All that a request could have changed."""
    rows = [one for one in door.table.rows() if not one["pk"].startswith("fleet#")]  # a look asks for a newer copy
    return rows, list(door.machines.started), list(door.machines.answered), list(door.functions.asked)


def test_every_route_is_in_the_matrix_and_every_call_is_a_route(door: Door) -> None:
    assert names(door) == set(CALLS)


@pytest.mark.parametrize("who", OWNERS)
@pytest.mark.parametrize("name", CALLS)
def test_its_owner_may(door: Door, operation: str, name: str, who: str) -> None:
    got = OWNERS[who].asks(door, name, operation)

    assert got.status in (200, 202) or name == "POST /operations/<operation_type>", got.text


@pytest.mark.parametrize("name", sorted({*CALLS} - OPEN))
def test_no_stranger_sees_or_changes_anything(door: Door, operation: str, name: str) -> None:
    before = everything(door)
    for kind, who in STRANGERS.items():
        got = who.asks(door, name, operation)

        assert refused(got) or (CALLS[name].lists and got.status == 200), (kind, got.status, got.text)
        known = CALLS[name].path + json.dumps(CALLS[name].body)
        assert operation not in got.text.replace(f"operation {operation};", "").replace(f"id: {operation})", ""), kind
        assert GROUP in known or GROUP not in got.text, kind
    assert everything(door) == before


@pytest.mark.parametrize("name", CALLS)
def test_a_certificate_of_nobody_has_no_route_at_all(door: Door, operation: str, name: str) -> None:
    before = everything(door)

    got = Who(OWNER, "ann", UNKNOWN).asks(door, name, operation)

    assert got.status == 403
    assert "is mapped to no principal" in got.text
    assert everything(door) == before


@pytest.mark.parametrize("name", sorted({*CALLS} - OPEN))
def test_an_auditor_sees_everything_and_changes_nothing(door: Door, operation: str, name: str) -> None:
    call = CALLS[name]
    before = everything(door)[:3]

    got = Who(READER).asks(door, name, operation)

    assert got.status == 200 if call.reads or call.lists else refused(got), got.text
    assert everything(door)[:3] == before


@pytest.mark.parametrize("name", [one for one in CALLS if ID in CALLS[one].path])
def test_what_may_not_be_read_is_answered_as_what_is_not_there(door: Door, operation: str, name: str) -> None:
    there, nowhere = Who(OTHER).asks(door, name, operation), Who(OTHER).asks(door, name, "nowhere")

    bodies = [{k: v for k, v in got.json.items() if k != "timestamp"} for got in (there, nowhere)]
    assert (there.status, json.loads(json.dumps(bodies[0]).replace(operation, "nowhere"))) == (404, bodies[1])


@pytest.mark.parametrize("type_", [saga.operation for saga in ALL])
def test_no_stranger_has_an_operation_planned(door: Door, operation: str, type_: str) -> None:
    got = Who(OTHER).asks(door, f"POST /operations/{type_}", operation, "?dryRun")

    assert (got.status, door.functions.asked) == (403, [])
    assert f"may not {type_} operation (account prod" in got.json["detail"]


def test_a_route_that_declares_nothing_is_none(door: Door) -> None:
    app = new_door().app
    app.get("/forgotten")(lambda: {"secret": 1})
    undeclared = new_door()
    undeclared.app = app

    got = undeclared.get("/forgotten")

    assert (got.status, got.json["detail"]) == (404, "there is no such route; see /docs")
