"""POST /operations/signals: counted first, then sent to exactly those that were counted."""

from typing import Any

import pytest

from lambdas.api import batch_signals
from lambdas.errors import Throttled
from lambdas.rows import Mark, Status
from lambdas.table import Key
from rehearsal.gateway import Answered
from tests.api.http_door import CALLER, Door

RESIZE: dict[str, Any] = {
    "account": "test",
    "region": "us-east-1",
    "serverGroupName": "shop-prod-v001",
    "capacity": {"min": 1},
}
SHOP = {"application": "shop"}
CANCEL: dict[str, Any] = {"filter": SHOP, "signal": "cancel", "reason": "wrong image"}


def submitted(door: Door, group: str = "shop-prod-v001") -> str:
    return str(door.post("/operations/resizeServerGroup", RESIZE | {"serverGroupName": group}).json["id"])


def sent(door: Door, body: Any) -> Any:
    got = door.post("/operations/signals", body)
    assert got.status == 200, got.text
    return got.json


def confirmed(told: Any) -> dict[str, Any]:
    """What an answer says to send next."""
    return {"count": told["count"], "token": told["token"]}


def refused(got: Answered, status: int) -> Any:
    assert (got.status, got.headers["Content-Type"]) == (status, "application/problem+json")
    assert (got.json["status"], got.json["type"]) == (status, "about:blank")
    return got.json


def marks(door: Door, operations: list[str]) -> list[Mark | None]:
    return [door.control(one).mark for one in operations]


def test_a_preview_counts_and_sends_nothing(door: Door) -> None:
    made = [submitted(door) for _ in range(12)]
    submitted(door, "mail-v001")
    door.ended(made[0], Status.SUCCEEDED)

    told = sent(door, CANCEL)

    assert told["count"] == 11
    assert {one["id"] for one in told["sample"]} < set(made[1:])
    assert (len(told["sample"]), told["outcomes"]) == (10, [])
    assert set(marks(door, made)) == {None}


def test_count_and_token_send_it_to_those_that_were_counted_and_to_no_other(door: Door) -> None:
    made = [submitted(door) for _ in range(3)]
    preview = sent(door, CANCEL)
    late = submitted(door)

    told = sent(door, CANCEL | confirmed(preview))

    assert sorted(one["operation"] for one in told["outcomes"]) == sorted(made)
    assert {one["outcome"] for one in told["outcomes"]} == {"sent"}
    assert (told["count"], told["token"], told["sample"]) == (0, None, [])
    assert marks(door, [*made, late]) == [Mark.CANCELLED] * 3 + [None]
    assert door.control(made[0]).decided == f"{CALLER}: wrong image"


def test_what_ended_meanwhile_is_refused_by_itself(door: Door) -> None:
    made = [submitted(door) for _ in range(2)]
    preview = sent(door, CANCEL)
    door.ended(made[0], Status.SUCCEEDED)

    told = sent(door, CANCEL | confirmed(preview))

    assert {one["operation"]: (one["outcome"], one["detail"]) for one in told["outcomes"]} == {
        made[0]: ("refused", f"operation {made[0]} is over: SUCCEEDED"),
        made[1]: ("sent", ""),
    }


def test_many_are_sent_in_parts_each_of_which_may_be_repeated(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_signals, "AT_ONCE", 2)
    made = [submitted(door) for _ in range(5)]
    told, counts, found = sent(door, CANCEL), [], list[str]()

    while told["token"]:
        counts.append(told["count"])
        again = sent(door, CANCEL | confirmed(told))
        assert sent(door, CANCEL | confirmed(told))["outcomes"] == again["outcomes"]
        told = again
        found += [one["operation"] for one in told["outcomes"]]

    assert (counts, sorted(found)) == ([5, 3, 1], sorted(made))
    assert marks(door, made) == [Mark.CANCELLED] * 5


def test_where_the_table_fails_the_operation_stays_among_those_to_be_sent(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [submitted(door) for _ in range(2)]
    preview = sent(door, CANCEL)
    get = door.table.get

    def fails(key: Key) -> Any:
        if key.pk == f"op#{made[0]}":
            raise Throttled("slow down")
        return get(key)

    with monkeypatch.context() as patch:
        patch.setattr(door.table, "get", fails)
        told = sent(door, CANCEL | confirmed(preview))

    outcomes = {one["operation"]: (one["outcome"], one["detail"]) for one in told["outcomes"]}
    assert outcomes == {made[0]: ("failed", "slow down"), made[1]: ("sent", "")}
    assert told["count"] == 1
    assert sent(door, CANCEL | confirmed(told))["outcomes"][0] == {
        "operation": made[0],
        "outcome": "sent",
        "detail": "",
        "link": f"/operations/{made[0]}",
    }


def test_time_that_is_short_leaves_the_rest_for_the_next_call(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_signals, "PATIENCE", 0.0)
    submitted(door)
    preview = sent(door, CANCEL)

    told = sent(door, CANCEL | confirmed(preview))

    assert (told["count"], told["outcomes"]) == (1, [])


def test_only_operations_to_which_it_means_something_are_counted(door: Door) -> None:
    running, held, paused, pivoted = (submitted(door) for _ in range(4))
    door.change(running, status=Status.RUNNING)
    door.change(held, status=Status.RUNNING)
    door.opened(held, "Hold", kind="hold", held="Resize", reason="Exhausted: x")
    door.change(paused, status=Status.RUNNING, mark=Mark.PAUSED)
    door.change(pivoted, status=Status.RUNNING, pivoted=True)

    def counted(**signal: str) -> set[str]:
        return {one["id"] for one in sent(door, {"filter": SHOP} | signal)["sample"]}

    assert counted(signal="cancel") == {running, held, paused}
    assert counted(signal="pause") == {running, pivoted}
    assert counted(signal="resume") == {paused}
    assert counted(signal="decide", decision="retry") == {held}
    assert counted(signal="decide", decision="skip") == set()


def test_all_that_is_held_is_retried(door: Door) -> None:
    held = submitted(door)
    door.change(held, status=Status.RUNNING, step="Resize")
    door.opened(held, "Hold", kind="hold", held="Resize", reason="Exhausted: x")
    retry = {"filter": {"account": "test", "status": ["RUNNING"]}, "signal": "decide", "decision": "retry"}

    told = sent(door, retry | confirmed(sent(door, retry)))

    assert [(one["operation"], one["outcome"]) for one in told["outcomes"]] == [(held, "sent")]
    assert door.machines.answered == [("token", "retry")]


def test_of_what_is_over_nothing_is_counted(door: Door) -> None:
    door.ended(submitted(door), Status.SUCCEEDED)

    told = sent(door, CANCEL | {"filter": {"status": ["SUCCEEDED"]}})

    assert told == {"count": 0, "token": None, "sample": [], "outcomes": []}


@pytest.mark.parametrize(
    ("body", "field", "said"),
    [
        ({"signal": "cancel", "filter": {}}, "filter", "name at least one field"),
        ({"signal": "cancel"}, "filter", "Field required"),
        ({"signal": "stop", "filter": SHOP}, "signal", "'cancel', 'pause', 'resume' or 'decide'"),
        ({"signal": "decide", "filter": SHOP}, "decision", "retry, rollback, skip or abandon"),
        ({"signal": "cancel", "filter": {"app": "shop"}}, "filter.app", "Extra inputs are not permitted"),
        ({"signal": "cancel", "filter": {"type": "nope"}}, "type", "'nope' is no operation type"),
        ({"signal": "cancel", "filter": {"cluster": "shop"}}, "cluster", "write it as account/region/name"),
        ({"signal": "cancel", "filter": SHOP, "count": 1, "token": "x"}, "token", "leave it out to count"),
        ({"signal": "cancel", "filter": SHOP, "count": 1, "token": "eJyrBgABJACk"}, "token", "leave it out to count"),
    ],
)
def test_what_is_wrong_with_it_is_told_by_field(door: Door, body: Any, field: str, said: str) -> None:
    told = refused(door.post("/operations/signals", body), 400)

    assert [one["field"] for one in told["errors"]] == [field]
    assert said in told["errors"][0]["message"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"count": 3}, "the token is of 2 operations, `count` says 3; repeat the preview's count"),
        ({"count": None}, "the token is of 2 operations, `count` says None; repeat the preview's count"),
        ({"signal": "pause"}, "the token is of another filter or signal; leave it out to count once more"),
        ({"filter": {"account": "test"}}, "the token is of another filter or signal; leave it out to count once more"),
    ],
)
def test_what_was_not_previewed_is_not_done(door: Door, changed: Any, said: str) -> None:
    made = [submitted(door) for _ in range(2)]
    preview = sent(door, CANCEL)

    told = refused(door.post("/operations/signals", CANCEL | confirmed(preview) | changed), 409)

    assert told["detail"] == said
    assert marks(door, made) == [None, None]


def test_an_old_preview_is_no_confirmation(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    submitted(door)
    preview = sent(door, CANCEL)
    monkeypatch.setattr(batch_signals, "GOOD_FOR", -1.0)

    told = refused(door.post("/operations/signals", CANCEL | confirmed(preview)), 409)

    assert told["detail"].startswith("the preview is older than")


def test_too_wide_a_filter_is_refused(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_signals, "MOST", 2)
    made = [submitted(door) for _ in range(3)]

    told = refused(door.post("/operations/signals", CANCEL), 422)

    assert told["detail"] == "more than 2 operations fit the filter; narrow it, and signal them in parts"
    assert set(marks(door, made)) == {None}


def test_a_filter_under_which_too_much_has_to_be_read_is_refused(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_signals, "MOST_PAGES", 0)
    submitted(door)

    assert "add `since` to the filter" in refused(door.post("/operations/signals", CANCEL), 422)["detail"]
