"""What people see of a deployed Windlass: clusters, changes, evidence, many operations at once, exports."""

import base64
import json
from typing import Any

import pytest

from local.client import Json
from tests.end_to_end.live import HOME, LONGEST, Live, creation, eventually, plays, told

pytestmark = pytest.mark.xdist_group("embedded")

SECRET = "correct-horse-battery-staple"
USER_DATA = base64.b64encode(f"#!/bin/sh\nexport PASSWORD={SECRET}\n".encode()).decode()


def clusters(live: Live, path: str) -> Json:
    """The answer once it is read and not stale; the last one otherwise, for the assertion to show."""
    eventually(lambda: not live.client.get(f"/clusters/{path}")["stale"], pause=1)
    return live.client.get(f"/clusters/{path}")


def deployed(live: Live) -> Json:
    """A group behind a target group, made with a secret in its user data; then somebody else's, of the same cluster."""
    fields: Json = {"targetGroups": ["shop-tg"], "userData": USER_DATA, "stack": "blue"}
    ended = live.run("createServerGroup", creation("seen", **fields))
    live.standing("seen")
    at_once = live.ask("GET", "/clusters/test/seen")
    return {"ended": ended, "at_once": at_once, "clusters": clusters(live, "test/seen")}


@plays([deployed])
def test_clusters_are_answered_at_once_and_read_by_a_function_of_their_own(played: Json, live: Live) -> None:
    told_of = played["clusters"]

    assert played["at_once"].status == 200
    assert played["at_once"].json["stale"] is True
    assert played["at_once"].headers["Retry-After"] == "2"
    assert (told_of["stale"], told_of["degraded"]) == (False, []), told_of
    assert [one["name"] for one in told_of["clusters"]] == ["seen-blue", "seen-prod"]


@plays([deployed])
def test_a_group_is_shown_as_it_stands_whoever_made_it(played: Json, live: Live) -> None:
    ours, theirs = (one["groups"][0] for one in played["clusters"]["clusters"])

    assert (ours["name"], ours["version"], ours["operation"]) == ("seen-blue-v000", 0, played["ended"]["id"])
    assert ours["image"] == theirs["image"] == live.image("shop-1.0")
    assert ours["capacity"] == {"min": 0, "desired": 1, "max": 2}
    assert (ours["health"]["asg"]["healthy"], ours["health"]["targetGroups"][0]["healthy"]) == (1, 1)
    assert (ours["traffic"], ours["guard"]) == ("enabled", None)
    assert (theirs["name"], theirs["operation"], theirs["capacity"]["desired"]) == ("seen-prod-v000", None, 0)
    assert played["clusters"]["clusters"][0]["lastOperation"]["id"] == played["ended"]["id"]


@plays([deployed])
def test_a_deployment_is_a_change_of_its_application(played: Json, live: Live) -> None:
    (change,) = live.client.get("/applications/seen/changes")["changes"]

    assert (change["operation"], change["status"], change["before"]) == (played["ended"]["id"], "SUCCEEDED", None)
    assert change["after"]["serverGroup"] == "seen-blue-v000"
    assert "CreateEmptyGroup" in [one["step"] for one in change["did"]]


@plays([deployed])
def test_an_export_tells_an_operation_with_its_journal_and_no_secret(played: Json, live: Live) -> None:
    got = live.ask("GET", "/operations/export?application=seen")

    (line,) = got.text.splitlines()
    assert (got.status, got.headers["Content-Type"]) == (200, "application/x-ndjson")
    assert json.loads(line) == live.view(played["ended"]["id"])
    assert SECRET not in got.text
    assert USER_DATA not in got.text


def sick(live: Live) -> Json:
    """Instances that run and never become healthy: put back, and somebody asks why."""
    fields: Json = {"image": "shop-bad", "targetGroups": ["shop-tg"], "healthyWithin": 20}
    ended = live.run("createServerGroup", creation("sick", **fields))
    return {
        "ended": ended,
        "evidence": live.client.get(f"{ended['links']['evidence'] or ''}"),
        "left": live.cloud("sick"),
    }


@plays([sick])
def test_why_a_deployment_failed_is_known_after_it_was_put_back(played: Json) -> None:
    ended, evidence = played["ended"], played["evidence"]

    assert (ended["status"], played["left"]) == ("ROLLED_BACK", {}), told(ended)
    (instance,) = evidence["instances"]
    (target,) = evidence["health"]
    assert (target["balancer"], target["instance"], target["healthy"]) == ("shop-tg", instance["id"], False)
    assert target["reason"]
    assert [one["instance"] for one in evidence["consoles"]] == [instance["id"]]
    assert " " in evidence["consoles"][0]["text"]
    assert evidence["activities"]
    assert evidence["missing"] == []


def refused(live: Live) -> Json:
    """A step that the cloud refuses: put back as well."""
    live.strike("autoscaling:UpdateAutoScalingGroup", "refuse", "turned-", code="ValidationError", message="not now")
    ended = live.run("createServerGroup", creation("turned"))
    return {"ended": ended, "evidence": live.client.get(f"/operations/{ended['id']}/evidence")}


@plays([refused])
def test_a_refused_deployment_leaves_evidence_too(played: Json) -> None:
    assert played["ended"]["status"] == "ROLLED_BACK", told(played["ended"])
    assert (played["evidence"]["step"], played["evidence"]["instances"]) == ("ScaleUp", [])


def many(live: Live) -> dict[str, Any]:
    """Three deployments of an application that never become healthy, stopped by one signal."""
    fields: Json = {"image": "shop-bad", "targetGroups": ["shop-tg"], "healthyWithin": LONGEST}
    made = [live.submit("createServerGroup", creation("fleet", **fields)) for _ in range(3)]
    for one in made:
        live.entered(one, "InstancesHealthy")
    body: Json = {"filter": {"application": "fleet"}, "signal": "cancel", "reason": "wrong image"}
    preview = live.client.post("/operations/signals", body)
    running = [live.view(one)["status"] for one in made]
    acted = live.client.post("/operations/signals", body | {"count": preview["count"], "token": preview["token"]})
    return {
        "made": made,
        "preview": preview,
        "running": running,
        "acted": acted,
        "ended": [live.ended(one) for one in made],
        "left": live.cloud("fleet"),
    }


@plays([many])
def test_many_operations_are_counted_first_and_then_cancelled_at_once(played: dict[str, Any]) -> None:
    outcomes = played["acted"]["outcomes"]

    assert (played["preview"]["count"], played["running"]) == (3, ["RUNNING"] * 3)
    assert sorted(one["operation"] for one in outcomes) == sorted(played["made"])
    assert {one["outcome"] for one in outcomes} == {"sent"}
    assert [one["status"] for one in played["ended"]] == ["ROLLED_BACK"] * 3
    assert {one["error"] for one in played["ended"]} == {
        "Cancelled: cancelled by arn:aws:iam::123456789012:user/local: wrong image"
    }
    assert played["left"] == {}


@plays([deployed])  # any: what matters is that it is deployed
def test_an_unknown_account_and_application_are_told(scene: object, live: Live) -> None:
    nowhere = live.ask("GET", "/clusters/nowhere/seen")
    eventually(lambda: live.ask("GET", f"/clusters/test/nobody?region={HOME}").status == 404, pause=1)
    nobody = live.ask("GET", f"/clusters/test/nobody?region={HOME}")

    assert (nowhere.status, nowhere.json["detail"].startswith("account nowhere is not known")) == (404, True)
    assert nobody.status == 404, nobody.text
    assert nobody.json["detail"].startswith(f"application nobody has no server group in account test ({HOME})")
