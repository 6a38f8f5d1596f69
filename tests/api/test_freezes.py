"""Freezes over HTTP: who declares which, what is refused meanwhile, and how that is told at both doors."""

from typing import Any

import pytest

from lambdas.table import Key, Put
from rehearsal.gateway import Answered
from tests.api.http_door import CALLER, Door

NOW = "2023-11-14T22:13:20Z"
LATER = "2023-11-15T06:00:00Z"
NOBODY: dict[str, list[str]] = {
    "accounts": [],
    "regions": [],
    "applications": [],
    "clusters": [],
    "operations": [],
    "callers": [],
}
GROUP = {"account": "test", "region": "us-east-1", "serverGroupName": "shop-prod-v001"}
RESIZE = {**GROUP, "capacity": {"min": 1}}
REFUSAL = (
    "freeze 'peak' keeps resizeServerGroup of test/us-east-1/shop-prod from beginning until 2023-11-15T06:00:00Z: peak "
    f"season (declared by {CALLER}); send it again then, or "
)


def put(door: Door, name: str = "peak", **more: Any) -> Answered:
    return door("PUT", f"/freezes/{name}", {"reason": "peak season", "until": LATER} | more)


def resize(door: Door, query: str = "", **more: Any) -> Answered:
    return door.post(f"/operations/resizeServerGroup{query}", RESIZE | more)


def test_a_freeze_is_declared_listed_changed_and_taken_away(door: Door) -> None:
    exempt: Any = {"except": {"operations": ["destroyServerGroup", "enable*"]}}

    told = put(door, scope={"accounts": ["test"]}, **exempt)

    assert (told.status, told.json) == (
        200,
        {
            "name": "peak",
            "reason": "peak season",
            "from": None,
            "until": LATER,
            "weekly": None,
            "scope": NOBODY | {"accounts": ["test"]},
            "except": NOBODY | {"operations": ["destroyServerGroup", "enable*"]},
            "by": CALLER,
            "at": NOW,
            "active": True,
            "activeUntil": LATER,
            "link": "/freezes/peak",
        },
    )
    listed = door.get("/freezes").json
    assert listed == {"freezes": [told.json], "acts": [act(f"declared freeze 'peak' (until {LATER}): peak season")]}
    put(door, reason="longer")
    gone = door("DELETE", "/freezes/peak")
    assert (gone.status, gone.json["freezes"]) == (200, [])
    assert gone.json["acts"][:2] == [
        act("took freeze 'peak' away"),
        act(f"changed freeze 'peak' (until {LATER}): longer"),
    ]
    assert door("DELETE", "/freezes/peak").json == gone.json


def act(did: str) -> dict[str, str]:
    return {"at": NOW, "by": CALLER, "did": did}


def test_the_same_once_more_changes_nothing(door: Door) -> None:
    first, again = put(door), put(door)

    assert first.json == again.json
    assert len(door.get("/freezes").json["acts"]) == 1


def test_a_freeze_of_every_weekend_says_whether_it_holds_now(door: Door) -> None:
    weekly = {"from": "fri 18:00", "until": "Monday 08:00", "timezone": "Europe/Berlin"}

    told = put(door, until=None, weekly=weekly).json

    assert told["weekly"] == weekly | {"from": "Friday 18:00"}
    assert (told["active"], told["activeUntil"], told["until"]) == (False, None, None)
    assert "(Friday 18:00 to Monday 08:00 Europe/Berlin)" in door.get("/freezes").json["acts"][0]["did"]
    assert resize(door).status == 202


def test_a_freeze_without_an_end_holds_until_it_is_taken_away(door: Door) -> None:
    told = put(door, until=None).json

    assert (told["active"], told["activeUntil"]) == (True, None)
    refused = resize(door)
    assert (refused.status, "Retry-After" in refused.headers) == (409, False)
    assert "from beginning until it is taken away: peak season" in refused.json["detail"]


@pytest.mark.parametrize(
    ("body", "field", "said"),
    [
        ({"reason": ""}, "reason", "at least 1 character"),
        ({"reason": None}, "reason", "valid string"),
        ({"until": "2023-11-14T22:13:20"}, "until", "is over; name a moment to come, or none"),
        ({"until": "tomorrow"}, "until", "valid datetime"),
        ({"from": "2023-11-15T07:00:00Z"}, "until", "is not after `from`"),
        ({"weekly": {"from": "Friday", "until": "Monday 08:00", "timezone": "UTC"}}, "weekly.from", "`Friday 18:00`"),
        ({"weekly": {"from": "Fri 18:00", "until": "8:00", "timezone": "UTC"}}, "weekly.until", "`Friday 18:00`"),
        (
            {"weekly": {"from": "Fri 18:00", "until": "Mon 08:00", "timezone": "CEST"}},
            "weekly.timezone",
            "Europe/Berlin",
        ),
        ({"weekly": {"from": "Fri 18:00", "until": "Mon 08:00"}}, "weekly.timezone", "required"),
        ({"scope": {"account": ["test"]}}, "scope.account", "not permitted"),
        ({"scope": {"operations": ["resizeServerGroups"]}}, "scope.operations", "did you mean resizeServerGroup?"),
        ({"except": {"operations": ["mail"]}}, "except.operations", "known: createServerGroup, destroyServerGroup"),
        ({"scope": {"accounts": ["a"] * 21}}, "scope.accounts", "at most 20 items"),
        ({"scope": {"accounts": [""]}}, "scope.accounts.0", "at least 1 character"),
        ({"exempt": {}}, "exempt", "not permitted"),
    ],
)
def test_what_no_freeze_can_be_is_400(door: Door, body: dict[str, Any], field: str, said: str) -> None:
    got = put(door, **body)

    assert (got.status, [one["field"] for one in got.json["errors"]]) == (400, [field])
    assert said in got.json["errors"][0]["message"]
    assert door.get("/freezes").json == {"freezes": [], "acts": []}


def test_everything_that_is_wrong_is_told_at_once(door: Door) -> None:
    weekly = {"from": "Friday", "until": "Monday", "timezone": "Mars"}

    got = put(door, until="2020-01-01T00:00:00Z", weekly=weekly)

    assert [one["field"] for one in got.json["errors"]] == ["until", "weekly.from", "weekly.until", "weekly.timezone"]


def test_a_name_is_short_and_plain(door: Door) -> None:
    got = put(door, "-peak")

    assert (got.status, [one["field"] for one in got.json["errors"]]) == (400, ["name"])


def test_what_was_never_declared_is_404(door: Door) -> None:
    got = door("DELETE", "/freezes/paek")

    assert (got.status, got.json["detail"]) == (404, "there is no freeze 'paek'; GET /freezes lists them")


def test_a_parameter_nobody_knows_is_400(door: Door) -> None:
    assert door.get("/freezes?name=peak").status == 400


def test_what_is_frozen_is_409_with_the_freeze_its_reason_and_when_to_come_again(door: Door) -> None:
    put(door)

    got = resize(door)

    assert (got.status, got.headers["Retry-After"]) == (409, "Wed, 15 Nov 2023 06:00:00 GMT")
    assert got.headers["Content-Type"] == "application/problem+json"
    assert got.json == {
        "type": "about:blank",
        "title": "Conflict",
        "status": 409,
        "detail": f"{REFUSAL}ask with ?whenFrozen=wait, or say overrideFreeze with a reason",
        "errors": [],
    }
    assert door.machines.started == []


def test_who_asks_for_it_waits(door: Door) -> None:
    put(door)

    got = resize(door, "?whenFrozen=wait")

    assert got.status == 202
    door.opened(got.json["id"], "Hold", kind="hold", reason="Paused: freeze 'peak' keeps it")
    told, task = door.get(f"/operations/{got.json['id']}").json, door.get(f"/task/{got.json['id']}").json["status"]
    assert (told["phase"], told["reason"]) == ("WAITING", "Paused: freeze 'peak' keeps it")
    assert [one["signal"] for one in told["signals"]] == ["pause", "cancel"]
    assert (task["phase"], task["status"]) == ("Hold", "Waiting: freeze 'peak' keeps it")


def test_a_dry_run_tells_what_would_keep_it(door: Door) -> None:
    assert resize(door, "?dryRun").json["findings"] == []
    put(door)

    got = resize(door, "?dryRun")

    assert (got.status, got.json["findings"]) == (200, [REFUSAL.partition("; ")[0]])
    assert resize(door, "?dryRun", overrideFreeze="why").json["findings"] == []
    door("DELETE", "/freezes/peak")
    door("PUT", "/guards/test/us-east-1/cluster/shop-prod/lock", {"reason": "peak hour"})
    locked = f"test/us-east-1/cluster/shop-prod is locked by {CALLER}: peak hour"
    assert resize(door, "?dryRun").json["findings"] == [locked]


def test_who_would_wait_too_long_is_409(door: Door) -> None:
    put(door)

    got = resize(door, "?whenFrozen=wait&finishWithin=600")

    assert got.status == 409
    assert got.json["detail"].endswith("; it may not begin after 2023-11-14T22:23:20Z: give it longer")


def test_how_to_meet_a_freeze_is_refuse_or_wait(door: Door) -> None:
    got = resize(door, "?whenFrozen=perhaps")

    assert (got.status, [one["field"] for one in got.json["errors"]]) == (400, ["whenFrozen"])


def test_who_overrides_it_says_why_and_everybody_reads_it(door: Door) -> None:
    put(door)
    assert resize(door, overrideFreeze="").status == 400

    got = resize(door, overrideFreeze="the shop is down")

    assert (got.status, got.json["overrideFreeze"]) == (202, "the shop is down")
    steps = {one["name"]: one["did"] for one in door.get(f"/operations/{got.json['id']}").json["steps"]}
    assert steps == {"FreezeOverridden": "overrode freeze 'peak' (peak season): the shop is down"}


def test_what_is_exempt_goes_on(door: Door) -> None:
    exempt: Any = {"except": {"operations": ["destroyServerGroup"]}}
    put(door, **exempt)

    assert door.post("/operations/destroyServerGroup", GROUP).status == 202
    assert resize(door).status == 409


def test_a_repeated_request_is_the_first_one_frozen_or_not(door: Door) -> None:
    key = {"Idempotency-Key": "one"}
    first = door.post("/operations/resizeServerGroup", RESIZE, headers=key)
    put(door)

    again = door.post("/operations/resizeServerGroup", RESIZE, headers=key)

    assert (again.status, again.json["id"]) == (202, first.json["id"])


STAGE = {"credentials": "test", "asgName": "shop-prod-v001", "region": "us-east-1", "capacity": {"min": 1}}


def orca(door: Door, **more: Any) -> Answered:
    return door.post("/aws/ops?clientRequestId=one", [{"resizeServerGroup": STAGE | more}])


def test_orca_reads_the_freeze_in_a_400(door: Door) -> None:
    put(door)

    got = orca(door)

    assert (got.status, got.json["message"]) == (400, "Validation Failed")
    assert got.json["errors"] == [f"{REFUSAL}say overrideFreeze with a reason"]
    assert door.machines.started == []


def test_a_stage_of_orca_can_override_it(door: Door) -> None:
    put(door)

    got = orca(door, overrideFreeze="the shop is down")

    assert got.status == 200
    assert door.control(got.json["id"]).override_freeze == "the shop is down"


def test_what_a_stage_says_of_it_is_read_as_carefully(door: Door) -> None:
    got = orca(door, overrideFreeze={"why": "?"})

    assert (got.status, got.json["errors"]) == (400, ["overrideFreeze: should be a valid string"])
    assert orca(door, overrideFreeze="x" * 201).status == 400
    assert orca(door, overrideFreeze="").status == 200


def test_while_the_table_fails_nothing_is_accepted_past_a_freeze(door: Door) -> None:
    door.table.write(Put(Key("freezes", "freeze#broken"), {"name": "broken"}))

    assert resize(door).status == 500
    assert door.machines.started == []
