"""What stands in the book of an operation, and of what people change; whoever dies and whatever the stream does."""

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from lambdas.audit import entries
from lambdas.audit.__main__ import exported
from lambdas.audit.book import verified
from lambdas.audit.scribe import heads
from lambdas.engine import acts, locks
from lambdas.errors import Transient
from lambdas.table import Item
from rehearsal.faults import KINDS
from rehearsal.gateway import Gateway
from rehearsal.heralds import TellingWorld
from rehearsal.scenarios import CREATES, RESIZES
from rehearsal.trials import Scenario
from rehearsal.world import CALLER
from tests.engine.doubles import QUIET

Json = dict[str, Any]
STORY = ["accepted", "started", "succeeded"]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def played(scenario: Scenario, *prepares: Callable[[TellingWorld], object]) -> TellingWorld:
    world = TellingWorld(scenario.sagas, manners=scenario.manners, recorded=False)
    scenario.prepare(world)
    for prepare in prepares:
        prepare(world)
    world.run(world.submit(scenario.operation, scenario.request))
    world.clock.drain(QUIET)
    return world


def book(world: TellingWorld, operation: str | None = None) -> list[Json]:
    """What is in it, each entry once, in time; the book is whole."""
    pages = sorted(world.shelf.pages.items())
    assert list(verified(pages, heads(world.table))) == []
    return sorted(exported(iter(pages), None, None, operation), key=lambda one: one["at"])


def of_operation(world: TellingWorld) -> list[Json]:
    return book(world, world.operation)


def test_an_operation_is_written_from_its_request_to_what_every_step_did() -> None:
    world = played(RESIZES)

    accepted, started, succeeded = of_operation(world)

    assert [one["kind"] for one in (accepted, started, succeeded)] == STORY
    assert accepted["asked"]["caller"] == CALLER.principal
    assert accepted["request"]["capacity"] == RESIZES.request["capacity"]
    assert {one["name"] for one in succeeded["journal"]} >= {"Plan", "Resize", "Finish"}
    assert all(one["attempts"] >= 1 and one["did"] for one in succeeded["journal"])
    assert succeeded["plan"]["before"] != succeeded["plan"]["target"]
    assert succeeded["before"] != succeeded["after"]
    assert succeeded["stands"]["status"] == "SUCCEEDED"


def test_who_decided_of_which_hold_and_why_is_written() -> None:
    world = TellingWorld(RESIZES.sagas, manners=RESIZES.manners, recorded=False)
    RESIZES.prepare(world)
    world.faults.on("groups.resize".__eq__, lambda call: KINDS["before"])
    operation = world.submit(RESIZES.operation, RESIZES.request)
    world.run(operation, until=lambda: world.held(operation))
    world.clock.drain(1)
    world.faults.lift()
    world.signal(operation, "decide", "retry")
    world.run(operation)
    world.clock.drain(QUIET)

    held, resumed = (one for one in of_operation(world) if one["kind"] in ("held", "resumed"))

    assert [one["state"] for one in held["holds"]] == ["Hold"]
    assert held["holds"][0]["held"] == "Resize"
    assert held["holds"][0]["reason"].startswith("Exhausted")
    assert "token" not in held["holds"][0]
    assert "plan" in held
    assert [one["did"] for one in resumed["journal"] if one["name"] == "Hold"] == [
        f"retry: {CALLER.principal}: rehearsed"
    ]
    (resize,) = (one for one in held["journal"] if one["name"] == "Resize")
    assert resize["error"].startswith("Exhausted")


def test_a_secret_of_the_request_is_hidden_and_everything_else_is_there() -> None:
    request = of_operation(played(CREATES))[0]["request"]

    assert request["userData"] == "[hidden]"
    assert request["instanceType"] == CREATES.request["instanceType"]


def test_doubled_late_and_reordered_records_write_each_entry_once() -> None:
    def unruly(world: TellingWorld) -> None:
        world.delivery = lambda: (0.0, 7.0, 3.0)

    assert [one["kind"] for one in of_operation(played(RESIZES, unruly))] == STORY


def test_what_the_stream_lost_the_sweep_has_written() -> None:
    def deaf(world: TellingWorld) -> None:
        world.deaf = True

    assert of_operation(played(RESIZES, deaf))[-1]["kind"] == "succeeded"


@pytest.mark.parametrize("kind", ["kill_before", "kill_after", "before", "after"])
@pytest.mark.parametrize("number", range(1, 13))
def test_a_herald_that_dies_anywhere_leaves_the_book_whole(kind: str, number: int) -> None:
    def strikes(world: TellingWorld) -> None:
        counted: list[int] = []

        def model(call: Any) -> Any:
            counted.extend([call.number] if call.where == "herald" else [])
            return KINDS[kind] if call.where == "herald" and len(counted) == number else None

        world.faults.models.append(model)

    world = played(RESIZES, strikes)

    assert [one["kind"] for one in of_operation(world)] == STORY
    assert [one.kind.value for one in dict.fromkeys(world.heard)] == STORY


def test_nothing_is_told_that_is_not_written_down() -> None:
    def closed(world: TellingWorld) -> None:
        later = world.clock.now + timedelta(minutes=5).total_seconds()
        world.faults.on("shelf.put".__eq__, lambda call: KINDS["before"] if world.clock.now < later else None)

    world = played(RESIZES, closed)

    assert [one["kind"] for one in of_operation(world)] == STORY
    assert len(world.heard) == len(STORY)


def test_what_people_change_is_written_with_who_and_from_what_to_what() -> None:
    world = played(RESIZES)
    ask, hook = Gateway(world), {"url": "https://hooks.example.com/T0/secret", "secret": f"whsec_{'QUJD' * 10}"}
    ask("PUT", "/applications/shop/webhooks/ci", hook)
    ask("PUT", "/applications/shop/webhooks/ci", hook | {"events": ["held"]})
    ask("DELETE", "/applications/shop/webhooks/ci")
    locks.lock(world.plain, "prod/us-east-1/cluster/shop-prod", CALLER, "a release", None)
    world.clock.drain(1)

    settings = [one for one in book(world) if "setting" in one and one["setting"] != "accounts"]

    made, changed, *_ = (one for one in settings if one["row"] == "webhook#ci")
    assert (made["kind"], made["before"], made["by"]) == ("made", None, CALLER.principal)
    assert (changed["before"]["kinds"], changed["after"]["kinds"]) == ([], ["held"])
    assert changed["after"]["url"] == "hooks.example.com"
    did = {act["did"]: act["by"] for one in settings if one["kind"] == "acted" for act in one["acts"]}
    assert did["removed webhook ci"] == CALLER.principal
    assert did["locked it until it is taken off: a release"].startswith(CALLER.principal)
    assert "secret" not in str(settings)


def test_each_of_two_acts_is_written_once() -> None:
    before: Item = {"pk": "guard#g", "sk": "acts", "acts": [{"at": 1, "by": "a", "did": "locked it"}]}
    after: Item = {**before, "acts": [{"at": 2, "by": "b", "did": "unlocked it"}, *before["acts"]]}

    told = entries.of_setting(before, after, 2.0)

    assert told is not None
    assert told["acts"] == [{"at": 2, "by": "b", "did": "unlocked it"}]


def test_who_acts_while_others_do_is_told_to_come_again() -> None:
    world = TellingWorld()
    for _ in range(2):
        acts.write(world.plain, "guard#g", "somebody", "did it")

    assert [one.did for one in acts.read(world.plain, "guard#g")] == ["did it"] * 2
    world.faults.on("table.get".__eq__, lambda call: lambda *_: None)  # it never sees what others wrote
    with pytest.raises(Transient, match="at the same moment"):
        acts.write(world.hub, "guard#g", "somebody", "did it")
