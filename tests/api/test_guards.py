"""GET /guards: who owns what, since when, and who comes next."""

from typing import Any

import pytest

from lambdas.engine import ends
from lambdas.rows import Status, control_key
from lambdas.table import Delete
from tests.api.http_door import CALLER, Door

PLACE = {"account": "test", "region": "us-east-1"}
ONE = "/guards/test/us-east-1/server-group/shop-v001"


def resize(door: Door, group: str = "shop-v001", **fields: Any) -> str:
    body = {**PLACE, "serverGroupName": group, "capacity": {"min": 1}} | fields
    return str(door.post("/operations/resizeServerGroup", body).json["id"])


def keys(door: Door, query: str = "") -> list[str]:
    return [one["key"] for one in door.get(f"/guards?{query}").json["guards"]]


def test_a_guard_tells_who_owns_it_since_when_and_who_comes_next(door: Door) -> None:
    first, second, third = resize(door), resize(door), resize(door)
    door.change(first, status=Status.RUNNING)

    told = door.get(ONE).json

    assert told == {
        "key": "test/us-east-1/server-group/shop-v001",
        "account": "test",
        "region": "us-east-1",
        "kind": "server-group",
        "name": "shop-v001",
        "owner": {
            "operation": first,
            "type": "resizeServerGroup",
            "status": "RUNNING",
            "caller": CALLER,
            "user": None,
            "since": "2023-11-14T22:13:20Z",
            "link": f"/operations/{first}",
        },
        "lock": None,
        "queue": [
            {"position": 1, "operation": second, "link": f"/operations/{second}"},
            {"position": 2, "operation": third, "link": f"/operations/{third}"},
        ],
        "last": first,
        "degraded": [],
        "link": ONE,
        "acts": [],
    }
    del told["acts"]
    assert door.get("/guards").json == {"guards": [told], "next": None, "degraded": []}


def test_the_links_of_a_guard_lead_somewhere(door: Door) -> None:
    resize(door), resize(door)
    told = door.get(ONE).json

    for link in (told["link"], told["owner"]["link"], *(one["link"] for one in told["queue"])):
        assert door.get(link).status == 200


def test_its_heir_has_it_since_the_owner_s_end(door: Door) -> None:
    first, second = resize(door), resize(door)
    ends.close(door.hub, first, Status.SUCCEEDED)

    told = door.get(ONE).json

    assert (told["owner"]["operation"], told["queue"], told["last"]) == (second, [], second)


def test_what_nobody_has_is_free_and_in_no_list(door: Door) -> None:
    ends.close(door.hub, (first := resize(door)), Status.SUCCEEDED)

    told = door.get(ONE).json

    assert (told["owner"], told["queue"], told["last"]) == (None, [], first)
    assert door.get("/guards/test/us-east-1/server-group/never").json["last"] is None
    assert keys(door) == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("account=test", {"shop-v001", "shop-v002", "mail-v001"}),
        ("region=us-west-1", {"shop-v003"}),
        ("kind=server-group&name=shop-", {"shop-v001", "shop-v002", "shop-v003"}),
        ("account=test&name=mail", {"mail-v001"}),
        ("kind=cluster", set()),
        ("name=hop", set()),
    ],
)
def test_guards_are_listed_by_what_they_guard(door: Door, query: str, found: set[str]) -> None:
    for group in ("shop-v001", "shop-v002", "mail-v001"):
        resize(door, group)
    resize(door, "shop-v003", account="aws-account1", region="us-west-1")

    assert {key.rpartition("/")[2] for key in keys(door, query)} == found


def test_guards_are_listed_in_pages(door: Door) -> None:
    made = {f"test/us-east-1/server-group/shop-v00{n}" for n in range(5) if resize(door, f"shop-v00{n}")}
    found, after = [], ""
    while True:
        told = door.get(f"/guards?limit=2{after}").json
        found += [one["key"] for one in told["guards"]]
        if told["next"] is None:
            break
        after = f"&after={told['next']}"

    assert (len(found), set(found)) == (5, made)


def test_an_owner_whose_row_is_gone_is_still_named(door: Door) -> None:
    one = resize(door)
    door.table.write(Delete(control_key(one)))

    owner = door.get(ONE).json["owner"]

    assert (owner["operation"], owner["type"], owner["status"]) == (one, None, None)


def release(door: Door, owner: str, **more: Any) -> Any:
    return door.post(f"{ONE}/release", {"operation": owner, "reason": "stuck since noon"} | more)


def test_a_guard_is_taken_by_force_and_goes_to_whoever_is_next(door: Door) -> None:
    first, second = resize(door), resize(door)

    got = release(door, first)

    assert (got.status, got.json["owner"]["operation"], got.json["queue"]) == (200, second, [])
    view = door.get(f"/operations/{first}").json
    assert (view["phase"], view["signals"], view["decided"]) == ("REVOKED", [], f"{CALLER}: stuck since noon")
    assert [one["did"] for one in view["steps"] if one["name"] == "ForcedRelease"] == [
        f"test/us-east-1/server-group/shop-v001 was taken by force by {CALLER}: stuck since noon"
    ]
    assert got.json["acts"] == [done(f"took it from operation {first}: stuck since noon")]


def done(did: str, by: str = CALLER) -> dict[str, str]:
    return {"at": "2023-11-14T22:13:20Z", "by": by, "did": did}


def test_taken_twice_is_taken_once(door: Door) -> None:
    first, second = resize(door), resize(door)

    again = [release(door, first).json for _ in range(2)]

    assert again[0] == again[1]
    assert again[1]["owner"]["operation"] == second


def test_while_the_owner_may_act_it_is_409_with_the_moment_when_it_is_possible(door: Door) -> None:
    first = resize(door)
    door.change(first, status=Status.RUNNING, step="Resize", live={"3": door.hub.now() + 65})

    got = release(door, first)

    assert (got.status, got.headers["Retry-After"]) == (409, "Tue, 14 Nov 2023 22:14:25 GMT")
    assert "may be alive until 2023-11-14T22:14:25Z" in got.json["detail"]
    assert door.get(ONE).json["owner"]["operation"] == first


def test_what_cannot_be_taken_says_why(door: Door) -> None:
    first, second = resize(door), resize(door)
    over = resize(door, "other-v001")
    ends.close(door.hub, over, Status.SUCCEEDED)

    answers = [release(door, one) for one in (second, over, "nope")]

    assert [one.status for one in answers] == [409, 409, 404]
    assert answers[0].json["detail"].endswith(f"shop-v001: operation {first} has it")
    assert "it has no guard any more" in answers[1].json["detail"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"reason": ""}, "reason"),
        ({"reason": "x" * 201}, "reason"),
        ({"operation": ""}, "operation"),
        ({"why": "x"}, "why"),
    ],
)
def test_a_release_names_the_operation_and_the_reason(door: Door, body: dict[str, str], field: str) -> None:
    got = release(door, resize(door), **body)

    assert (got.status, [one["field"] for one in got.json["errors"]]) == (400, [field])


def test_a_person_locks_a_thing_says_why_and_takes_the_lock_off(door: Door) -> None:
    until = "2023-11-15T06:00:00Z"
    put = door("PUT", f"{ONE}/lock", {"reason": "peak hour", "until": until})
    first, second = resize(door), resize(door)

    told = door.get(ONE).json

    lock = {"by": CALLER, "reason": "peak hour", "since": "2023-11-14T22:13:20Z", "until": until}
    assert (put.status, put.json["lock"], told["lock"]) == (200, lock, lock)
    assert (told["owner"], [one["operation"] for one in told["queue"]]) == (None, [first, second])
    assert keys(door) == [told["key"]]
    off = door("DELETE", f"{ONE}/lock")
    assert (off.status, off.json["lock"], off.json["owner"]["operation"]) == (200, None, first)
    assert door("DELETE", f"{ONE}/lock").json == off.json
    assert off.json["acts"] == [
        done(f"took off the lock of {CALLER}: peak hour"),
        done(f"locked it until {until}: peak hour"),
    ]


def test_the_owner_keeps_what_is_locked_until_its_end(door: Door) -> None:
    first = resize(door)

    told = door("PUT", f"{ONE}/lock", {"reason": "peak hour"}).json

    assert (told["owner"]["operation"], told["lock"]["until"]) == (first, None)
    ends.close(door.hub, first, Status.SUCCEEDED)
    assert door.get(ONE).json["owner"] is None


def test_who_takes_another_s_lock_off_stands_in_its_acts(door: Door) -> None:
    bob = "arn:aws:iam::123456789012:user/bob"
    door("PUT", f"{ONE}/lock", {"reason": "peak hour"})

    off = door("DELETE", f"{ONE}/lock", arn=bob).json

    assert off["acts"][0] == done(f"took off the lock of {CALLER}: peak hour", bob)
    assert off["acts"][1] == done("locked it until it is taken off: peak hour")


def test_the_last_acts_are_kept(door: Door) -> None:
    for number in range(25):
        door("PUT", f"{ONE}/lock", {"reason": f"change {number}"})

    kept = [one["did"].rpartition(" ")[2] for one in door.get(ONE).json["acts"]]

    assert kept == [str(number) for number in range(24, 4, -1)]


def test_what_another_has_locked_is_409(door: Door) -> None:
    door("PUT", f"{ONE}/lock", {"reason": "peak hour"})

    got = door("PUT", f"{ONE}/lock", {"reason": "mine"}, arn="arn:aws:iam::123456789012:user/bob")

    assert got.status == 409
    assert f"is locked by {CALLER}: peak hour; only one person can lock it" in got.json["detail"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "reason"),
        ({"reason": ""}, "reason"),
        ({"reason": "x", "until": "tomorrow"}, "until"),
        ({"reason": "x", "until": "2023-11-14T22:13:20"}, "until"),
        ({"reason": "x", "for": 7}, "for"),
    ],
)
def test_a_lock_has_a_reason_and_ends_in_the_future(door: Door, body: dict[str, Any], field: str) -> None:
    got = door("PUT", f"{ONE}/lock", body)

    assert (got.status, [one["field"] for one in got.json["errors"]]) == (400, [field])
    assert door.get(ONE).json["lock"] is None


@pytest.mark.parametrize(
    ("query", "field", "said"),
    [
        ("nmae=shop", "nmae", "did you mean name?"),
        ("limit=0", "limit", "not '0'"),
        ("after=nonsense", "after", "leave it out"),
        ("account=", "account", "at least 1 character"),
    ],
)
def test_a_filter_that_means_nothing_is_400(door: Door, query: str, field: str, said: str) -> None:
    got = door.get(f"/guards?{query}")

    assert (got.status, got.json["errors"][0]["field"]) == (400, field)
    assert said in got.json["errors"][0]["message"]
