"""An operation that its account's brake holds, through HTTP: why, and who may decide."""

from typing import Any

from lambdas.rows import Status
from tests.api.http_door import CALLER, Door

RESIZE = {
    "account": "test",
    "region": "us-east-1",
    "serverGroupName": "shop-prod-v001",
    "capacity": {"min": 0, "desired": 0, "max": 0},
}
SECOND = "arn:aws:iam::123456789012:user/second"
WHY = (
    "Braked: 21 server groups of account test would go out of service within ten minutes, more than the 20 allowed: "
    f"a second person, not {CALLER}, decides retry to let it happen; rollback puts the operation back"
)
RETRY = {"signal": "decide", "decision": "retry", "reason": "evacuation"}


def braked(door: Door, **more: Any) -> str:
    one = str(door.post("/operations/resizeServerGroup", RESIZE, **more).json["id"])
    door.change(one, status=Status.RUNNING)
    door.opened(one, "Hold", kind="hold", held="Resize", reason=WHY)
    return one


def test_the_view_says_why_and_who_may_decide(door: Door) -> None:
    view = door.get(f"/operations/{braked(door)}").json

    assert (view["phase"], view["held"], view["reason"]) == ("HELD", "Resize", WHY)
    assert [one["decision"] for one in view["signals"] if one["signal"] == "decide"] == ["retry", "rollback", "abandon"]


def test_whoever_asked_is_told_that_somebody_else_has_to_decide(door: Door) -> None:
    one = braked(door)

    got = door.post(f"/operations/{one}/signals", RETRY)

    assert got.status == 403
    assert got.headers["Content-Type"] == "application/problem+json"
    assert got.json == {
        "type": "about:blank",
        "title": "Forbidden",
        "status": 403,
        "detail": f"operation {one} is held by the brake of account test: {CALLER} asked for it, so somebody else has "
        "to decide retry; rollback and abandon are anybody's",
        "errors": [],
    }
    assert door.control(one).unbraked is None


def test_a_second_person_lets_it_past(door: Door) -> None:
    one = braked(door)

    got = door.post(f"/operations/{one}/signals", RETRY, arn=SECOND)

    assert got.status == 200
    assert door.control(one).unbraked == f"{SECOND}: evacuation"
    assert door.machines.answered == [("token", "retry")]


def test_through_one_delegate_two_users_are_two_persons(door: Door) -> None:
    door.delegates = (CALLER,)
    alice, bob = ({"X-SPINNAKER-USER": name} for name in ("alice", "bob"))
    one = braked(door, headers=alice)

    first = door.post(f"/operations/{one}/signals", RETRY, headers=alice)
    second = door.post(f"/operations/{one}/signals", RETRY, headers=bob)

    assert (first.status, second.status) == (403, 200)
    assert "alice asked for it" in first.json["detail"]


def test_whoever_asked_may_put_it_back(door: Door) -> None:
    one = braked(door)

    got = door.post(f"/operations/{one}/signals", {"signal": "decide", "decision": "rollback"})

    assert got.status == 200
    assert door.control(one).unbraked is None
