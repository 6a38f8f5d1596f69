"""What answers say while something does not answer Windlass: what is known, and what it may be behind with."""

from dataclasses import replace
from typing import Any

import pytest

from lambdas.engine import heartbeat
from lambdas.engine.heartbeat import Beat
from lambdas.engine.troubles import Trouble
from lambdas.errors import Transient
from lambdas.hub import Json
from lambdas.rows import Status
from lambdas.table import Key
from tests.api.http_door import Door, Starts

NOW = 1_700_000_000.0
RESIZE = {
    "account": "test",
    "region": "us-east-1",
    "serverGroupName": "shop-prod-v001",
    "capacity": {"min": 1, "desired": 2, "max": 3},
}
GUARD = "/guards/test/us-east-1/server-group/shop-prod-v001"
STATES = {
    "service": "states",
    "since": "2023-11-14T22:12:20Z",
    "means": "operations that were accepted start later, and machines hear later of what has passed or was decided",
}
SWEEP = {
    "service": "sweep",
    "since": "2023-11-14T22:13:30Z",
    "means": "waits are not looked at, lost starts and passed deadlines not made up for: this may be old",
}


def resize(door: Door) -> str:
    return str(door.post("/operations/resizeServerGroup", RESIZE).json["id"])


def beat(door: Door, last: float = NOW, **troubles: tuple[float, float]) -> None:
    """What the last sweep left; of troubles since when, and when last met."""
    names = {name.replace("_", " "): Trouble(*one) for name, one in troubles.items()}
    heartbeat.write(door.hub, Beat(last, troubles=names))


def later(door: Door, seconds: float) -> None:
    door.hub = replace(door.hub, now=lambda: NOW + seconds)


def readings(operation: str) -> tuple[str, ...]:
    return (f"/operations/{operation}", "/operations", "/operations?application=shop", "/guards", GUARD)


def told(door: Door, operation: str) -> list[Any]:
    """What each route says it may be behind with."""
    answers = [door.get(route) for route in readings(operation)]
    assert {one.status for one in answers} == {200}
    return [one.json["degraded"] for one in answers]


def test_while_all_is_well_nothing_is_behind(door: Door) -> None:
    one = resize(door)

    assert told(door, one) == [[]] * 5


def test_step_functions_down_is_told_wherever_its_operations_are_shown(door: Door) -> None:
    one = resize(door)
    beat(door, states=(NOW - 60, NOW - 5))

    assert told(door, one) == [[STATES]] * 5


def test_a_queue_that_is_down_is_told(door: Door) -> None:
    one = resize(door)
    beat(door, sqs=(NOW - 60, NOW - 5))

    [told] = door.get(f"/operations/{one}").json["degraded"]
    assert (told["service"], told["means"]) == ("sqs", "waits are looked at once a minute, whatever their age")


def test_a_cloud_that_is_down_is_told_of_the_operations_in_its_place_alone(door: Door) -> None:
    one = resize(door)
    here, elsewhere = Trouble(NOW - 60, NOW - 5), Trouble(NOW - 60, NOW - 5)
    troubles = {"test/us-east-1 autoscaling": here, "test/us-west-1 autoscaling": elsewhere}
    heartbeat.write(door.hub, Beat(NOW, troubles=troubles))

    [told] = door.get(f"/operations/{one}").json["degraded"]
    assert told == {
        "service": "autoscaling test/us-east-1",
        "since": "2023-11-14T22:12:20Z",
        "means": "waits there are shown as they were last seen",
    }


def test_a_trouble_that_nobody_has_met_for_five_minutes_is_not_told(door: Door) -> None:
    one = resize(door)
    beat(door, states=(NOW - 900, NOW - 301))

    assert told(door, one) == [[]] * 5


@pytest.mark.parametrize(("seconds", "silent"), [(10.0, False), (189.0, False), (191.0, True)])
def test_a_sweep_is_silent_when_a_look_has_been_owed_for_three_minutes(
    door: Door, seconds: float, silent: bool
) -> None:
    one = resize(door)  # the sweep is to look after ten seconds whether it was started
    later(door, seconds)

    assert told(door, one) == [[SWEEP] if silent else []] * 5


def test_a_hub_that_had_nothing_to_do_for_a_day_is_not_silent(door: Door) -> None:
    beat(door, last=NOW - 86_400)
    one = resize(door)
    later(door, 100)

    assert told(door, one) == [[]] * 5


def test_a_sweep_that_has_been_there_since_is_not_silent(door: Door) -> None:
    one = resize(door)
    beat(door, last=NOW + 300)
    later(door, 310)

    assert told(door, one) == [[]] * 5


def test_a_wait_that_nobody_looks_at_is_told_before_its_operation_is_due(door: Door) -> None:
    one = resize(door)
    door.change(one, status=Status.RUNNING, due=NOW + 3000)
    door.opened(one, "Resize")
    later(door, 190)

    [told] = door.get(f"/operations/{one}").json["degraded"]
    assert (told["service"], told["since"]) == ("sweep", "2023-11-14T22:13:25Z")
    assert door.get("/operations").json["degraded"] == []


def test_of_a_batch_the_whole_is_told(door: Door) -> None:
    description = {
        "credentials": "test",
        "regions": ["us-east-1"],
        "serverGroupName": "shop-prod-v001",
        "asgName": "shop-prod-v001",
        "region": "us-east-1",
    }
    batch = door.post("/aws/ops", [{"destroyServerGroup": description}] * 2).json["id"]
    beat(door, states=(NOW - 60, NOW - 5))

    got = door.get(f"/operations/{batch}").json
    assert got["degraded"] == [STATES]
    assert [one["degraded"] for one in got["operations"]] == [[STATES]] * 2


def test_what_is_over_is_behind_with_nothing_and_reads_no_heartbeat(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = resize(door)
    door.ended(one, Status.SUCCEEDED)
    beat(door, states=(NOW - 60, NOW - 5))
    reads, get = list[Key](), door.table.get
    monkeypatch.setattr(door.table, "get", lambda key: reads.append(key) or get(key))  # type: ignore[func-returns-value]

    assert door.get(f"/operations/{one}").json["degraded"] == []
    assert "heartbeat" not in {key.sk for key in reads}


class Down(Starts):
    """Step Functions answers nothing but errors."""

    def start(self, saga: str, name: str, given: Json) -> bool:
        raise Transient("rehearsed: no answer from stepfunctions")


def test_submissions_are_accepted_by_both_doors_while_step_functions_is_down(door: Door) -> None:
    door.hub = replace(door.hub, machines=Down())
    description = {"credentials": "test", "region": "us-east-1", "serverGroupName": "shop-prod-v002"}

    own = door.post("/operations/resizeServerGroup", RESIZE)
    clouddriver = door.post("/aws/ops", [{"destroyServerGroup": description | {"asgName": "shop-prod-v002"}}])

    assert (own.status, own.json["status"], own.json["phase"]) == (202, "ACCEPTED", "STARTING")
    assert (clouddriver.status, list(clouddriver.json)) == (200, ["id", "resourceUri"])
    assert door.get("/operations").json["operations"][0]["status"] == "ACCEPTED"
