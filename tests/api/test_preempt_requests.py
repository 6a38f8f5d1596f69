"""`preempt` over HTTP: whoever has the guard goes, whoever asks comes next; what must not be is refused."""

from typing import Any

import pytest

from lambdas.rows import Mark, Status
from rehearsal.gateway import Answered
from tests.api.http_door import CALLER, Door

GROUP = {"account": "test", "region": "us-east-1", "serverGroupName": "shop-prod-v001"}
ONE = "/guards/test/us-east-1/server-group/shop-prod-v001"
WHY: dict[str, Any] = {"preempt": True, "preemptReason": "it serves errors"}


def resize(door: Door, **more: Any) -> Answered:
    return door.post("/operations/resizeServerGroup", {**GROUP, "capacity": {"min": 1}} | more)


def destroy(door: Door, **more: Any) -> Answered:
    return door.post("/operations/destroyServerGroup", GROUP | more)


def test_whoever_has_the_guard_is_cancelled_and_all_can_read_for_whom_and_why(door: Door) -> None:
    holder, queued = resize(door).json["id"], resize(door).json["id"]
    door.change(holder, status=Status.RUNNING)
    door.opened(holder, "AllHealthy")

    got = destroy(door, **WHY)

    urgent = got.json["id"]
    told, view = door.get(ONE).json, door.get(f"/operations/{holder}").json
    assert got.status == 202
    assert [one["operation"] for one in (told["owner"], *told["queue"])] == [holder, urgent, queued]
    did = f"preempted operation {holder} (resizeServerGroup) by operation {urgent} (destroyServerGroup)"
    assert told["acts"] == [{"at": "2023-11-14T22:13:20Z", "by": CALLER, "did": f"{did}: it serves errors"}]
    assert (view["phase"], door.control(holder).mark) == ("CANCELLING", Mark.CANCELLED)
    assert view["decided"].startswith(f"{CALLER}: preempted by operation {urgent}: ")
    assert steps(door, holder)["Preempted"] == (
        f"preempted by operation {urgent} (destroyServerGroup) of {CALLER}: it serves errors"
    )
    assert steps(door, urgent) == {"Preempts": f"preempts operation {holder}: it serves errors"}
    assert door.machines.answered == [("token", "Cancelled")]


def steps(door: Door, operation: str) -> dict[str, str]:
    return {one["name"]: one["did"] for one in door.get(f"/operations/{operation}").json["steps"]}


def test_without_a_reason_none_is_told(door: Door) -> None:
    holder = resize(door).json["id"]

    urgent = destroy(door, preempt=True).json["id"]

    assert steps(door, urgent) == {"Preempts": f"preempts operation {holder}"}
    assert door.control(holder).decided == f"{CALLER}: preempted by operation {urgent}"


def test_past_its_pivot_it_is_409(door: Door) -> None:
    holder = destroy(door).json["id"]
    door.change(holder, status=Status.RUNNING, pivoted=True)

    got = resize(door, preempt=True)

    assert (got.status, got.json["title"]) == (409, "Conflict")
    assert got.json["detail"] == (
        f"operation {holder}, which has test/us-east-1/server-group/shop-prod-v001, is past the point of no return; it "
        "will finish: wait for it"
    )
    assert door.get(ONE).json["queue"] == []


def test_another_application_s_operation_is_409(door: Door) -> None:
    door.change(resize(door).json["id"], application="mail")

    got = destroy(door, preempt=True)

    assert got.status == 409
    assert "of application mail, not of shop: its owners can cancel it, or it can be taken by force" in got.text


def test_what_a_person_has_locked_is_409(door: Door) -> None:
    door("PUT", f"{ONE}/lock", {"reason": "peak hour"})

    got = destroy(door, preempt=True)

    assert (got.status, door.get(ONE).json["queue"]) == (409, [])
    assert got.json["detail"].endswith("peak hour; no operation preempts a person: have the lock taken off")


@pytest.mark.parametrize(
    ("more", "field", "said"),
    [
        ({"preempt": "perhaps"}, "preempt", "valid boolean"),
        ({"preemptReason": "why"}, "preemptReason", "but not `preempt`; say both"),
        ({"preempt": True, "preemptReason": ""}, "preemptReason", "at least 1 character"),
    ],
)
def test_what_no_preemption_can_be_is_400(door: Door, more: dict[str, Any], field: str, said: str) -> None:
    for got in (resize(door, **more), destroy(door, **more)):
        assert (got.status, [one["field"] for one in got.json["errors"]]) == (400, [field])
        assert said in got.json["errors"][0]["message"]


def test_what_makes_its_own_group_preempts_nobody(door: Door) -> None:
    got = door.post("/operations/createServerGroup", {"account": "test", "region": "us-east-1", "preempt": True})

    assert got.status == 400
    assert "is not a known field" in got.json["detail"]


def orca(door: Door, regions: tuple[str, ...] = ("us-east-1",), **more: Any) -> Answered:
    stage = {"credentials": "test", "asgName": "shop-prod-v001", "regions": regions} | more
    return door.post("/aws/ops?clientRequestId=one", [{"destroyServerGroup": stage}])


def test_a_stage_of_orca_can_preempt(door: Door) -> None:
    holder = resize(door).json["id"]

    got = orca(door, **WHY)

    assert got.status == 200
    assert door.control(holder).mark is Mark.CANCELLED
    assert door.get(ONE).json["queue"][0]["operation"] == got.json["id"]
    assert orca(door, **WHY).json == got.json


def test_orca_reads_in_a_400_why_it_cannot(door: Door) -> None:
    door.change(resize(door).json["id"], application="mail")

    one, batch = orca(door, preempt=True), orca(door, ("us-east-1", "us-west-1"), preempt=True)

    assert (one.status, one.json["message"], batch.status) == (400, "Validation Failed", 400)
    assert "of application mail, not of shop" in one.json["errors"][0]
    assert batch.json["errors"] == [
        "preempt: an operation of a batch takes its guards when its turn comes; send it alone"
    ]
