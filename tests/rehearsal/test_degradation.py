"""Step Functions, SQS and EventBridge, each alone down for half an hour.

Reads answer and say what they are behind with, requests are accepted, and afterwards all catches up by itself.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from lambdas import accounts
from lambdas.accounts import Account
from lambdas.engine import guards
from rehearsal import scenarios
from rehearsal.fake_cloud import Manners
from rehearsal.faults import KINDS
from rehearsal.models import service_of
from rehearsal.world import World
from tests.api.http_door import Door, Planners, Starts

BOOTS, BEFORE, DOWN = 3000.0, 900.0, 1800.0
"""Seconds: until instances are there, until a service goes down, and for how long."""
CREATE = scenarios.CREATE | {"healthyWithin": 7200}
RESIZE = {**scenarios.WHERE, "serverGroupName": scenarios.OURS}


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


GoesDown = Callable[[World], Callable[[], None]]
"""Call the answer, and it is back."""


def states(world: World) -> Callable[[], None]:
    return world.faults.on(lambda name: service_of(name) == "states", lambda call: KINDS["before"])


def sqs(world: World) -> Callable[[], None]:
    return world.faults.on(lambda name: service_of(name) == "sqs", lambda call: KINDS["before"])


def events(world: World) -> Callable[[], None]:
    world.fall_silent(DOWN)
    return lambda: None


def sqs_and_events(world: World) -> Callable[[], None]:
    events(world)
    return sqs(world)


@dataclass
class Story:
    """A create that waits long, and resizes of another group posted while a service is down."""

    world: World = field(default_factory=lambda: World(manners=Manners(boot=BOOTS), recorded=False))
    ids: list[str] = field(default_factory=list)
    read: list[tuple[float, str]] = field(default_factory=list)
    """At which minute after its begin a service was named as degraded."""

    def __post_init__(self) -> None:
        scenarios.furnished(self.world)
        accounts.put(self.world.table, Account(scenarios.ACCOUNT, "123456789012", (scenarios.REGION,)))
        self.door = Door(self.world.hub, self.world.table, Starts(), Planners(), sagas=self.world.sagas)

    def post(self, operation: str, body: Any) -> None:
        got = self.door.post(f"/operations/{operation}", body)
        assert got.status == 202, got.text
        self.ids.append(got.json["id"])
        self.world.clock.drain(1)

    def look(self, minute: float) -> None:
        for route in (*(f"/operations/{one}" for one in self.ids), "/operations", "/guards"):
            got = self.door.get(route)
            assert got.status == 200, got.text
            self.read += [(minute, one["service"]) for one in got.json["degraded"]]

    def for_minutes(self, seconds: float) -> None:
        self.read.clear()
        for minute in range(int(seconds // 60)):
            self.world.clock.drain(60)
            self.look(minute + 1)

    def played(self, goes_down: GoesDown) -> set[str]:
        """The services named while it was down."""
        self.post("createServerGroup", CREATE)
        self.for_minutes(BEFORE)
        assert self.read == []
        comes_back = goes_down(self.world)
        for desired in (2, 1, 0):
            self.post("resizeServerGroup", RESIZE | {"capacity": {"min": 0, "desired": desired, "max": 4}})
        self.for_minutes(DOWN)
        named = {service for _, service in self.read}
        comes_back()
        return named


@pytest.mark.parametrize(
    ("goes_down", "told"),
    [
        (states, {"states"}),
        (sqs, {"sqs"}),
        (events, {"sweep"}),
        (sqs_and_events, {"sweep"}),
    ],
)
def test_what_is_down_for_half_an_hour_delays_and_loses_nothing(goes_down: GoesDown, told: set[str]) -> None:
    story = Story()

    named = story.played(goes_down)
    for operation in story.ids:
        story.world.run(operation)
    story.for_minutes(120)

    rows = [story.world.control(one) for one in story.ids]
    assert named == told
    assert story.read == []
    assert [(row.status, row.error) for row in rows] == [("SUCCEEDED", None)] * 4
    begun = [row.started for row in rows[1:]]
    assert begun == sorted(begun, key=lambda at: at or 0.0)  # in the order in which they were accepted
    assert story.world.cloud.cloud(*scenarios.WHERE.values()).groups.find(scenarios.OURS).capacity.desired == 0
    assert all(guards.read(story.world.plain, key).owner is None for row in rows for key in row.guards)


@pytest.mark.parametrize("goes_down", [states, sqs, events, sqs_and_events])
def test_people_read_the_newest_first_while_a_service_is_down(
    goes_down: GoesDown,
) -> None:
    story = Story()

    story.played(goes_down)

    listed = [one["id"] for one in story.door.get("/operations?application=shop").json["operations"]]
    assert listed == story.ids[::-1]


def test_who_waits_for_a_guard_keeps_his_place_while_nothing_can_be_started() -> None:
    story = Story()

    story.played(states)

    guard = next(one for one in story.door.get("/guards").json["guards"] if one["name"] == scenarios.OURS)
    assert [guard["owner"]["operation"], *(place["operation"] for place in guard["queue"])] == story.ids[1:]
