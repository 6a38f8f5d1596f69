"""Bounds of what waits: of one caller's operations in the backlog, and in the queue of one thing."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from lambdas.engine import backlog, crowds, guards
from lambdas.engine.crowds import CROWDS, HOLDS, MOST, WARY
from lambdas.errors import Transient
from lambdas.hub import Json
from rehearsal.gateway import Answered
from tests.api.http_door import CALLER, Door, Starts

PAGE = Path(__file__).parents[2] / "docs" / "data-and-audit.md"
ROLE = "arn:aws:sts::111122223333:assumed-role/other/session"
OTHER = "arn:aws:iam::111122223333:role/other"


def resized(door: Door, group: str, arn: str = CALLER, **headers: str) -> Answered:
    body = {"account": "test", "region": "us-east-1", "serverGroupName": group, "capacity": {"desired": 2}}
    return door("POST", "/operations/resizeServerGroup", body, headers=headers, arn=arn)


class Failing(Starts):
    """Step Functions that starts nothing."""

    def start(self, saga: str, name: str, given: Json) -> bool:
        raise Transient("rehearsed")


@pytest.fixture
def crowded(door: Door) -> Door:
    """The caller has too many waiting, and this process has met a failed start."""
    door.hub = replace(door.hub, machines=Failing())
    assert resized(door, "shop-first-v000").status == 202
    crowds.note(door.hub, [CALLER] * MOST + [OTHER])
    return door


def test_who_has_too_many_waiting_is_asked_to_come_again_and_nobody_else_is(crowded: Door) -> None:
    refused, other = resized(crowded, "shop-v000"), resized(crowded, "shop-v001", ROLE)

    said = f"{MOST:,} operations of {CALLER} wait to be started, and {MOST:,} may"
    assert (refused.status, refused.headers["Retry-After"]) == (503, "2")
    assert refused.json == {
        "type": "about:blank",
        "title": "Service Unavailable",
        "status": 503,
        "detail": f"nothing was accepted; send the same request again: {said}",
        "errors": [],
    }
    assert other.status == 202


def test_clouddriver_s_callers_hear_it_in_spring_s_words(crowded: Door) -> None:
    body = {
        "credentials": "test",
        "asgName": "shop-v000",
        "regions": ["us-east-1"],
        "capacity": {"min": 1, "desired": 1, "max": 1},
    }

    refused = crowded.post("/aws/ops/resizeServerGroup", body)

    assert (refused.status, refused.headers["Retry-After"]) == (503, "2")
    assert refused.json["error"] == "Service Unavailable"
    assert refused.json["message"].startswith("nothing was accepted; send the same request again: ")


def test_nothing_of_it_is_kept_and_the_same_request_again_is_its_first_answer(door: Door) -> None:
    door.hub = replace(door.hub, machines=Failing())
    first = resized(door, "shop-v000", **{"Idempotency-Key": "one"})
    crowds.note(door.hub, [CALLER] * MOST)
    rows = len(door.table.rows())

    again, new = (resized(door, "shop-v000", **{"Idempotency-Key": key}) for key in ("one", "two"))

    assert (again.status, again.json["id"]) == (202, first.json["id"])
    assert new.status == 503
    assert len(door.table.rows()) == rows


@pytest.mark.parametrize("after", [HOLDS, WARY])
def test_a_count_holds_until_the_next_drains_have_counted(crowded: Door, after: float) -> None:
    now = crowded.hub.now() + after
    crowded.hub = replace(crowded.hub, now=lambda: now)

    assert resized(crowded, "shop-v000").status == 202


def test_where_starts_succeed_nobody_looks(door: Door) -> None:
    """Not one read more on the way of every request."""
    crowds.note(door.hub, [CALLER] * MOST)

    assert resized(door, "shop-v000").status == 202


def test_a_caller_may_have_half_of_what_a_drain_reads() -> None:
    assert MOST * 2 <= backlog.MOST


@pytest.mark.parametrize(("count", "found"), [(MOST - 1, None), (MOST, {CALLER: MOST})])
def test_only_those_are_noted_who_have_too_many(door: Door, count: int, found: Json | None) -> None:
    crowds.note(door.hub, [OTHER, *[CALLER] * count])

    row = door.table.get(CROWDS)
    assert (row and row["callers"]) == found


def test_the_queue_of_a_thing_ends_somewhere(door: Door) -> None:
    accepted = [resized(door, "shop-v000").status for _ in range(guards.LONGEST + 1)]

    refused, other = resized(door, "shop-v000"), resized(door, "shop-v001")

    assert accepted == [202] * (guards.LONGEST + 1)
    assert (refused.status, refused.headers["Retry-After"]) == (503, "2")
    assert re.fullmatch(
        "nothing was accepted; send the same request again: test/us-east-1/server-group/shop-v000 is guarded by "
        f"operation [a-z2-7]{{26}}, and {guards.LONGEST} operations wait for it; no more may",
        refused.json["detail"],
    )
    assert other.status == 202


def test_the_page_says_these_numbers() -> None:
    told = PAGE.read_text()

    assert f"| operations that one caller has waiting to be started | {MOST:,}" in told
    assert f"| operations that wait for one thing | {guards.LONGEST} |" in told
