"""Lanes of many accounts are dealt to other processes: every look once, whichever process dies."""

import json
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas import sweep as sweeping
from lambdas.engine import hands, rounds
from lambdas.engine.rounds import Lane, Round, Row, Turn
from lambdas.engine.troubles import Troubles
from lambdas.errors import Throttled
from lambdas.hub import Json
from lambdas.values import changed
from rehearsal.faults import KINDS, Call, Kind
from tests.engine.crowd import Crowd

ACCOUNTS = 12
INVOKE = "functions.invoke"

texts = st.text("abc-", max_size=4)
times = st.none() | st.floats(0, 2e9)
rows = st.builds(
    Row,
    pk=st.text("ab", min_size=1).map("op#{}".format),
    sk=st.sampled_from(["wait#Healthy", "control", "guard", "alarms"]),
    due=st.floats(0, 2e9),
    account=texts,
    region=texts,
    saga=texts,
    kind=st.sampled_from(["", "check", "hold"]),
    deadline=times,
    clear=times,
    caller=texts,
)


def crowd(accounts: int = ACCOUNTS) -> Crowd:
    """In each account one operation waits."""
    world = Crowd()
    for n in range(accounts):
        world.join(1, account=f"account{n}")
    world.clock.drain(1)
    world.looks.clear()
    return world


def looks(world: Crowd) -> Counter[int]:
    """How many operations had so many looks."""
    return Counter(map(len, world.looks.values()))


def test_many_accounts_are_dealt_and_each_wait_is_looked_at_once() -> None:
    world = crowd()

    world.clock.drain(5)

    assert world.faults.counts[INVOKE] == 2
    assert looks(world) == {1: ACCOUNTS}


def test_few_are_looked_at_by_the_sweep_itself() -> None:
    world = crowd(hands.FEW)

    world.clock.drain(5)

    assert INVOKE not in world.faults.counts
    assert looks(world) == {1: hands.FEW}


def test_what_a_hand_did_not_do_is_the_next_sweeps_first() -> None:
    world = crowd()
    world.faults.models.append(_once(INVOKE, "before"))

    world.clock.drain(8)

    assert looks(world) == {1: ACCOUNTS}
    assert world.faults.counts[INVOKE] == 2  # those of one hand are few


def test_looks_of_which_nothing_is_heard_are_made_once_more() -> None:
    world = crowd()
    world.faults.models.append(_once(INVOKE, "after"))

    world.clock.drain(8)

    assert looks(world) == {1: ACCOUNTS // 2, 2: ACCOUNTS // 2}


def test_a_hand_that_dies_is_made_up_for() -> None:
    world = crowd()
    world.faults.models.append(_once("groups.found", "kill_before"))

    world.clock.drain(8)

    assert world.looks.keys() == {row["pk"].removeprefix("op#") for row in world.table.rows() if row["sk"] == "control"}


def test_all_that_waits_ends_when_it_may() -> None:
    world = crowd()
    for n in range(ACCOUNTS):
        world.serve(f"account{n}", f"account{n}-v0000")

    world.clock.drain(20)

    assert world.open() == 0


def test_a_service_that_fails_in_a_hand_is_in_trouble_for_the_sweep() -> None:
    sweeps, hand = Troubles(lambda: 100.0, {}), Troubles(lambda: 100.0, {})
    with pytest.raises(Throttled):
        hand.met("prod/us-east-1 autoscaling", _throttled)

    hands.note([], json.loads(json.dumps(hands.answer([], {"lanes": []}, hand))), sweeps)

    assert sweeps.left == {"prod/us-east-1 autoscaling": (100.0, 100.0)}


@given(st.lists(rows, min_size=1, max_size=60, unique_by=lambda row: (row.pk, row.sk)))
def test_every_row_is_dealt_to_one_hand_with_all_of_its_place(found: list[Row]) -> None:
    dealt = hands.deal([_lane(row) for row in found])

    places = [{lane.turns[0].row.place for lane in some} for some in dealt]
    assert len(dealt) <= hands.MOST
    assert sorted(lane.name for some in dealt for lane in some) == sorted(_lane(row).name for row in found)
    assert sum(map(len, places)) == len(set().union(*places))


@given(st.lists(rows, min_size=1, max_size=5))
def test_a_hand_gets_the_rows_as_they_are(found: list[Row]) -> None:
    sent = json.loads(json.dumps({"lanes": [hands._written(_lane(row)) for row in found]}))

    assert [turn.row for lane in hands.lanes_of(sent) for turn in lane.turns] == found


@pytest.mark.parametrize("early", [True, False])
def test_a_hand_is_told_which_looks_nobody_is_owed(early: bool) -> None:
    sent = {"lanes": [hands._written(_lane(Row("op#a", "wait#Healthy", 1.0), early=early))]}

    assert [lane.early for lane in hands.lanes_of(sent)] == [early]


class Asked:
    """Functions of which it is only noted what they are asked."""

    def __init__(self) -> None:
        self.events: list[Json] = []

    def invoke(self, function: str, event: Json) -> Json:
        self.events.append(event)
        return {}


def test_a_hand_is_done_before_the_sweep_that_waits_for_it() -> None:
    asked = Asked()

    hands.ask(changed(crowd(1).hub, functions=asked), 100.0, [_lane(Row("op#a", "wait#Healthy", 1.0))])

    assert [event["until"] for event in asked.events] == [100.0 - hands.ANSWER]


def test_a_hand_whose_time_is_over_begins_nothing() -> None:
    world = crowd(1)
    (row,) = (rounds.row_of(item) for item in world.table.due(world.clock.now) if item["sk"].startswith("wait#"))
    dealt = {"lanes": [hands._written(_lane(row))]}

    late = sweeping.by_hand(world.hub, world.sagas, {**dealt, "until": world.clock.now})
    in_time = sweeping.by_hand(world.hub, world.sagas, {**dealt, "until": world.clock.now + 60})

    assert (late["made"], in_time["made"]) == ([0], [1])


def _lane(row: Row, *, early: bool = False) -> Lane:
    return Lane(row.lane, [Turn(row, (row.due, row.pk, row.sk), Round(0, row.due))], early=early)


def _once(name: str, kind: str) -> Callable[[Call], Kind | None]:
    struck: list[Call] = []

    def model(call: Call) -> Kind | None:
        if call.name != name or struck:
            return None
        struck.append(call)
        return KINDS[kind]

    return model


def _throttled() -> None:
    raise Throttled("slower")
