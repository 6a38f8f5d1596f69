"""What receivers get of an operation, however they answer and whoever dies on the way."""

import json
import logging
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest

from lambdas.push import deliveries, receivers
from lambdas.push.courier import TRIED_FOR
from lambdas.push.deliveries import DEAD, OPEN, TAKEN, Delivery
from lambdas.push.letters import Answered
from lambdas.push.receivers import Notification, Webhook
from rehearsal.faults import KINDS, Call
from rehearsal.heralds import TellingWorld
from rehearsal.scenarios import RESIZES
from tests.engine.doubles import QUIET

SECRET, OLDER = "whsec_" + "QUJD" * 8, "whsec_" + "WFla" * 8
URL = "https://ci.example.com/hook"
HOOK = Webhook("ci", URL, SECRET)
EVENTS = ["accepted", "started", "succeeded"]
Prepare = Callable[[TellingWorld], object]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def world_of(*receivers_: Webhook | Notification) -> TellingWorld:
    world = TellingWorld(RESIZES.sagas, manners=RESIZES.manners, recorded=False)
    RESIZES.prepare(world)
    for one in receivers_:
        world.table.write(receivers.put("shop", one))
    return world


def played(*prepares: Prepare, told: tuple[Webhook | Notification, ...] = (HOOK,)) -> TellingWorld:
    """To its end, and until nothing more is on its way."""
    world = world_of(*told)
    for prepare in prepares:
        prepare(world)
    operation = world.submit(RESIZES.operation, RESIZES.request)
    world.run(operation)
    world.clock.drain(QUIET)
    return world


def kinds(world: TellingWorld) -> list[str]:
    """Of what was sent, in order."""
    return [json.loads(body)["type"].removeprefix("windlass.operation.") for _, _, body in world.outside.got]


def owed(world: TellingWorld) -> list[Delivery]:
    return deliveries.of(world.table, world.operation)


def answering(*statuses: int) -> Prepare:
    """These, then 204 for ever."""
    left = list(statuses)

    def answer(to: str) -> Answered:
        status = left.pop(0) if left else 204
        return Answered(status, f"answered {status}")

    return lambda world: setattr(world.outside, "answer", answer)


def test_a_webhook_gets_each_event_once() -> None:
    world = played()

    assert kinds(world) == EVENTS
    assert {to for to, _, _ in world.outside.got} == {URL}
    assert [(one.state, one.tries, one.due) for one in owed(world)] == 3 * [(TAKEN, 1, None)]


def test_a_webhook_gets_only_what_it_asked_for() -> None:
    assert kinds(played(told=(Webhook("ci", URL, SECRET, kinds=("succeeded", "rolledBack")),))) == ["succeeded"]


def test_another_application_s_webhook_gets_nothing() -> None:
    world = played(lambda world: world.table.write(receivers.put("mail", HOOK)), told=())

    assert world.outside.got == []


def test_the_callback_of_an_operation_gets_its_events() -> None:
    world = world_of()
    own = Webhook("callback", "https://orca.example.com", SECRET)
    operation = world.submit(RESIZES.operation, RESIZES.request)
    world.table.write(receivers.put_callback(operation, own))
    world.run(operation)
    world.clock.drain(QUIET)

    assert {to for to, _, _ in world.outside.got} == {"https://orca.example.com"}
    assert kinds(world)[-1] == "succeeded"


def test_five_failures_are_followed_by_a_sixth_try_that_doubles_its_pauses() -> None:
    moments: list[float] = []

    def failing(world: TellingWorld) -> None:
        def answer(to: str) -> Answered:
            moments.append(world.clock.now)
            return Answered(500 if len(moments) <= 5 else 204, "answered")

        world.outside.answer = answer

    world = played(failing, told=(Webhook("ci", URL, SECRET, kinds=("accepted",)),))

    assert kinds(world) == 6 * ["accepted"]
    pauses = [later - sooner for sooner, later in pairwise(moments)]
    assert all(5 * 2**n <= pause <= 10 * 2**n + 1 for n, pause in enumerate(pauses)), pauses
    assert [(one.state, one.tries, one.said) for one in owed(world)] == [(TAKEN, 6, "answered")]
    assert len({headers["webhook-id"] for _, headers, _ in world.outside.got}) == 1
    assert len({headers["webhook-timestamp"] for _, headers, _ in world.outside.got}) == 6


def test_a_day_of_failures_is_dead_and_redelivery_brings_it_back() -> None:
    world = played(
        lambda world: setattr(world.outside, "answer", lambda to: Answered(None, "nobody there")),
        told=(Webhook("ci", URL, SECRET, kinds=("accepted",)),),
    )
    world.clock.drain(TRIED_FOR + 7200)
    (dead,) = owed(world)
    tries = len(world.outside.got)
    assert (dead.state, dead.due, dead.said) == (DEAD, None, "nobody there")
    assert 24 <= dead.tries == tries <= 70

    world.outside.answer = lambda to: Answered(204, "answered 204")
    write, _ = deliveries.once_more(dead, world.clock.now)
    world.table.write(write)
    world.push.deliver(world.operation, dead.name)
    world.clock.drain(60)

    (taken,) = owed(world)
    assert (taken.state, taken.tries, taken.roll, taken.accepted) == (TAKEN, 1, None, None)


def test_a_receiver_that_is_gone_for_good_is_not_asked_again() -> None:
    world = played(answering(410, 410, 410))

    assert [(one.state, one.tries) for one in owed(world)] == 3 * [(DEAD, 1)]


def test_what_is_owed_to_a_webhook_that_was_removed_is_dead() -> None:
    def removing(world: TellingWorld) -> None:
        world.outside.answer = lambda to: Answered(500, "answered 500")
        world.clock.at(3, lambda: world.table.write(receivers.remove("shop", "webhook", "ci")))

    world = played(removing)

    assert {(one.state, one.said) for one in owed(world)} == {(DEAD, "webhook.ci was removed")}


def test_while_a_secret_is_replaced_both_sign() -> None:
    world = played(told=(Webhook("ci", URL, SECRET, former=OLDER, replaced=1e12),))
    alone = played()

    assert all(len(headers["webhook-signature"].split()) == 2 for _, headers, _ in world.outside.got)
    assert all(len(headers["webhook-signature"].split()) == 1 for _, headers, _ in alone.outside.got)


def pushing(call: Call) -> bool:
    return call.where in ("herald", "courier")


def calls_of_push() -> list[Call]:
    trace: list[Call] = []
    played(lambda world: setattr(world.faults, "trace", trace))
    return [call for call in trace if pushing(call)]


@pytest.mark.parametrize("kind", ["kill_before", "kill_after", "before", "after", "late"])
def test_whoever_dies_anywhere_a_receiver_gets_every_event_at_least_once(kind: str) -> None:
    calls = calls_of_push()
    assert {call.name for call in calls} >= {"bus.put", "table.write", "push.deliver", "letters.post", "table.get"}

    for call in calls:
        world = played(lambda world, at=call.number: world.faults.at(at, KINDS[kind]))  # type: ignore[misc]

        assert set(kinds(world)) == set(EVENTS), str(call)
        assert len(kinds(world)) <= len(EVENTS) + 1, str(call)
        assert {one.state for one in owed(world)} == {TAKEN}, str(call)


def test_messages_that_are_lost_are_made_up_for_by_the_sweep() -> None:
    world = played(lambda world: setattr(world.push, "courier", lambda operation, delivery, after: None))
    assert {one.state for one in owed(world)} == {OPEN}

    world.push.courier = world._errand
    world.clock.drain(900)

    assert sorted(kinds(world)) == sorted(EVENTS)
    assert {one.state for one in owed(world)} == {TAKEN}


def test_who_asks_again_while_a_try_is_under_way_gets_a_try_of_his_own() -> None:
    def asking(world: TellingWorld) -> None:
        def answer(to: str) -> Answered:
            if len(world.outside.got) == 1:
                (one,) = owed(world)
                world.table.write(deliveries.once_more(one, world.clock.now + 0.5)[0])
                world.push.deliver(world.operation, one.name)
            return Answered(204, "answered 204")

        world.outside.answer = answer

    world = played(asking, told=(Webhook("ci", URL, SECRET, kinds=("accepted",)),))
    world.clock.drain(400)

    assert kinds(world) == ["accepted", "accepted"]
    assert [(one.state, one.tries) for one in owed(world)] == [(TAKEN, 1)]


def test_messages_that_come_twice_are_delivered_once() -> None:
    world = played(lambda world: setattr(world, "delivery", lambda: (0.0, 4.0)))

    assert kinds(world) == EVENTS


def test_a_slow_receiver_keeps_no_other_from_its_events() -> None:
    """Each delivery is a message of its own: the one that is refused is tried later, the other is done."""
    slow = Webhook("slow", "https://slow.example.com", SECRET)

    def answer(to: str) -> Answered:
        return Answered(None if "slow" in to else 204, "timed out" if "slow" in to else "answered")

    world = played(lambda world: setattr(world.outside, "answer", answer), told=(HOOK, slow))

    states = {one.receiver: one.state for one in owed(world)}
    assert states == {"webhook.ci": TAKEN, "webhook.slow": OPEN}


def test_a_notification_is_published_in_its_format() -> None:
    team = Notification("team", "arn:aws:sns:us-east-1:123456789012:windlass-ops", "slack", kinds=("succeeded",))

    world = played(told=(team,))

    ((topic, attributes, body),) = world.outside.got
    assert topic == team.topic
    assert attributes["event"] == "succeeded"
    assert json.loads(body)["metadata"]["threadId"] == world.operation


def test_a_row_of_a_delivery_holds_no_secret_and_no_event() -> None:
    rows: list[Any] = [row for row in played().table.rows() if str(row["sk"]).startswith("delivery#")]

    assert len(rows) == 3
    assert all(SECRET not in str(row) and URL not in str(row) and len(str(row)) < 600 for row in rows)
