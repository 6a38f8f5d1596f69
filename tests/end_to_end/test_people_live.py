"""People beside operations: who has what is seen, locked, taken by force, frozen and preempted, as deployed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.client import Json
from tests.end_to_end.live import HOME, Live, eventually, plays, told

pytestmark = pytest.mark.xdist_group("embedded")

ME = "arn:aws:iam::123456789012:user/local"


def about(group: str, **more: Any) -> Json:
    return {"account": "test", "region": HOME, "serverGroupName": group} | more


def thing(group: str) -> str:
    return f"/guards/test/{HOME}/serverGroup/{group}"


def stuck(live: Live, application: str) -> tuple[str, str]:
    """A server group, and a resize that has it and waits for instances that nobody launches."""
    group = live.standing(application)
    live.aws("autoscaling").suspend_processes(AutoScalingGroupName=group, ScalingProcesses=["Launch"])
    operation = live.submit("resizeServerGroup", about(group, capacity={"desired": 2}))
    live.entered(operation, "AllHealthy")
    return group, operation


def preempted(live: Live) -> Json:
    group, holder = stuck(live, "preempted")
    held = live.client.get(thing(group))
    urgent = live.submit("disableServerGroup", about(group, preempt=True, preemptReason="it serves errors"))
    ended = {"holder": live.ended(holder), "urgent": live.ended(urgent)}
    return ended | {"held": held, "guard": live.client.get(thing(group)), "group": live.group(group)}


@plays([preempted])
def test_the_holder_of_a_guard_is_put_back_and_whoever_preempts_comes_next(played: Json) -> None:
    holder, urgent, guard = played["holder"], played["urgent"], played["guard"]

    assert played["held"]["owner"]["operation"] == holder["id"]
    assert (holder["status"], urgent["status"]) == ("ROLLED_BACK", "SUCCEEDED"), (told(holder), told(urgent))
    assert holder["error"].startswith(f"Cancelled: cancelled by {ME}: preempted by operation {urgent['id']}")
    assert holder["closed"] <= urgent["started"]
    parties = f"operation {holder['id']} (resizeServerGroup) by operation {urgent['id']} (disableServerGroup)"
    assert [one["did"] for one in guard["acts"]] == [f"preempted {parties}: it serves errors"]
    assert (guard["owner"], guard["last"]) == (None, urgent["id"])


@plays([preempted])
def test_what_was_preempted_has_left_nothing(played: Json) -> None:
    group = played["group"]

    assert (group["DesiredCapacity"], group["Instances"]) == (0, [])
    assert {one["ProcessName"] for one in group["SuspendedProcesses"]} >= {"Launch", "AddToLoadBalancer"}


def released(live: Live) -> Json:
    group, holder = stuck(live, "released")
    heir = live.submit("resumeAsgProcesses", about(group, processes=["Launch"]))
    body = {"operation": holder, "reason": "nobody launches"}
    taken, again = (live.client.post(f"{thing(group)}/release", body) for _ in range(2))
    wrong = live.ask("POST", f"{thing(group)}/release", body | {"operation": heir + "x"})
    ended = {"holder": live.ended(holder), "heir": live.ended(heir)}
    runbook = live.client.get(f"/operations/{holder}/runbook")
    return ended | {"taken": taken, "again": again, "wrong": wrong.status, "runbook": runbook}


@plays([released])
def test_a_guard_that_is_taken_by_force_goes_to_the_next(played: Json) -> None:
    holder, heir, taken = played["holder"], played["heir"], played["taken"]

    assert (holder["status"], heir["status"]) == ("NEEDS_ATTENTION", "SUCCEEDED"), (told(holder), told(heir))
    assert holder["error"].startswith(f"Revoked: its guard was taken by force by {ME}: nobody launches")
    assert taken["owner"]["operation"] == heir["id"]
    assert [one["did"] for one in taken["acts"]] == [f"took it from operation {holder['id']}: nobody launches"]
    assert (played["again"]["acts"], played["wrong"]) == (taken["acts"], 404)


@plays([released])
def test_what_was_taken_by_force_says_what_it_left_and_how_to_put_it_back(played: Json) -> None:
    book, (step,) = played["runbook"], played["runbook"]["steps"]
    group = played["holder"]["cluster"].rpartition("/")[2]

    assert (step["state"], step["trouble"], book["does"]) == (
        "UndoResize",
        None,
        "put back what the operation could not",
    )
    for call in step["calls"]:
        assert call["line"].startswith("aws autoscaling update-auto-scaling-group --auto-scaling-group-name ")
        assert group in call["arns"][0]
    assert step["calls"] or step["findings"]


def locked(live: Live) -> Json:
    group = live.standing("locked")
    lock = live.client.ask("PUT", f"{thing(group)}/lock", {"reason": "peak hour"})
    operation = live.submit("resumeAsgProcesses", about(group, processes=["Terminate"]))
    live.entered(operation, "Guard")
    waits = live.view(operation)
    listed = live.client.get(f"/guards?name={group}")
    off = live.ask("DELETE", f"{thing(group)}/lock")
    return {"lock": lock, "waits": waits, "listed": listed, "off": off, "ended": live.ended(operation)}


@plays([locked])
def test_an_operation_waits_for_a_person_s_lock(played: Json) -> None:
    waits, guard, off = played["waits"], played["lock"].json, played["off"].json

    assert (played["lock"].status, played["off"].status) == (200, 200)
    assert (guard["lock"]["by"], guard["lock"]["reason"]) == (ME, "peak hour")
    assert (waits["phase"], waits["started"]) == ("WAITING_FOR_GUARD", None)
    assert waits["reason"] == f"{guard['key']} is locked by {ME}: peak hour; this operation is next"
    assert [one["queue"][0]["operation"] for one in played["listed"]["guards"]] == [waits["id"]]
    assert [one["did"] for one in off["acts"]] == [
        f"took off the lock of {ME}: peak hour",
        "locked it until it is taken off: peak hour",
    ]
    assert played["ended"]["status"] == "SUCCEEDED", told(played["ended"])


def frozen(live: Live) -> Json:
    group = live.standing("frozen")
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    body = {
        "reason": "peak season",
        "until": until.isoformat(),
        "weekly": {"from": "Monday 00:00", "until": "Monday 00:00", "timezone": "Europe/Berlin"},
        "scope": {"applications": ["froz*"]},
        "except": {"operations": ["disableServerGroup"]},
    }
    declared = live.ask("PUT", "/freezes/live", body)
    resume = about(group, processes=["AddToLoadBalancer"])
    refused = live.ask("POST", "/operations/resumeAsgProcesses", resume)
    stage = {"credentials": "test", "asgName": group, "regions": [HOME], "processes": ["AddToLoadBalancer"]}
    orca = live.ask("POST", "/aws/ops", [{"resumeAsgProcessesDescription": stage}])
    exempt = live.run("disableServerGroup", about(group))
    waiting = live.submit("resumeAsgProcesses", resume, "?whenFrozen=wait")
    eventually(lambda: live.view(waiting)["step"] == "Hold", pause=1)
    waits = live.view(waiting)
    removed = live.ask("DELETE", "/freezes/live")
    after = live.run("resumeAsgProcesses", resume)
    return {
        "declared": declared,
        "refused": refused,
        "orca": orca,
        "exempt": exempt,
        "waits": waits,
        "removed": removed,
        "ended": live.ended(waiting),
        "after": after,
    }


@plays([frozen])
def test_what_a_freeze_covers_is_refused_at_both_doors_and_what_is_exempt_goes_on(played: Json) -> None:
    declared, refused, orca = played["declared"], played["refused"], played["orca"]

    assert (declared.status, declared.json["active"], declared.json["by"]) == (200, True, ME)
    assert (refused.status, refused.json["title"]) == (409, "Conflict")
    assert refused.json["detail"].startswith("freeze 'live' keeps resumeAsgProcesses of")
    assert "peak season" in refused.json["detail"]
    assert "Retry-After" in refused.headers
    assert orca.status == 400
    assert orca.json["errors"][0].startswith("freeze 'live' keeps resumeAsgProcesses of")
    assert played["exempt"]["status"] == "SUCCEEDED", told(played["exempt"])


@plays([frozen])
def test_who_waits_for_a_freeze_begins_when_it_is_taken_away(played: Json) -> None:
    waits, removed, ended = played["waits"], played["removed"], played["ended"]

    assert (waits["phase"], waits["started"]) == ("WAITING", None)
    assert waits["reason"].startswith("Paused: freeze 'live' keeps resumeAsgProcesses of")
    assert (removed.status, removed.json["freezes"]) == (200, [])
    assert [one["did"].partition(" (")[0] for one in removed.json["acts"]] == [
        "took freeze 'live' away",
        "declared freeze 'live'",
    ]
    assert (ended["status"], ended["attempt"]) == ("SUCCEEDED", 1), told(ended)
    assert played["after"]["status"] == "SUCCEEDED"
