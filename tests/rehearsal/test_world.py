"""The hub in virtual time: real handlers over fakes, and faults of every call."""

import logging
from collections.abc import Iterator
from datetime import timedelta

import pytest

from lambdas.cloud import Capacity
from lambdas.errors import Rejected, Throttled, Transient
from lambdas.rows import Status
from lambdas.table import Absent, Item, Key, Put, Refused, Update
from rehearsal.clock import Clock
from rehearsal.fake_cloud import differences, seeds
from rehearsal.faults import KINDS, Call, Faults, Killed
from rehearsal.memory_table import MemoryTable
from rehearsal.ports import Stream
from rehearsal.world import World
from tests.rehearsal import toy

STORY = ["Plan", "Recovering", "MakeTemplate", "MakeGroup", "Grow", "Healthy", "Finish", "Succeeded"]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """The sweep logs what it survives; here it survives much."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def world() -> World:
    made = World([toy.TOY])
    made.cloud.seed(neighbours=("shop-prod-v000",))
    return made


def test_an_operation_runs_from_its_request_to_its_closed_row() -> None:
    here = world()

    result = here.run(here.submit("makeToy", toy.REQUEST))

    assert result.path == STORY
    assert result.control.status is Status.SUCCEEDED
    assert here.cloud.created == ["launch template shop-prod-v001", "group shop-prod-v001"]
    assert result.took == 60


def test_what_never_gets_healthy_is_put_back() -> None:
    here = world()
    before = here.cloud.snapshot()

    result = here.run(here.submit("makeToy", toy.REQUEST | {"image": seeds.BAD_IMAGE}))

    assert result.path[-5:] == ["UndoMakeGroup", "UndoMakeTemplate", "NothingLeft", "PutBack", "RolledBack"]
    assert differences(before, result.cloud) == []


def test_the_same_request_twice_is_one_operation() -> None:
    here = world()

    first, second = here.submit("makeToy", toy.REQUEST), here.submit("makeToy", toy.REQUEST)

    assert first == second
    here.run(first)
    assert len(here.executions(first)) == 1


def test_a_cancel_puts_everything_back() -> None:
    here = world()
    before = here.cloud.snapshot()
    operation = here.submit("makeToy", toy.REQUEST)
    here.run(operation, until=lambda: here.clock.now > here.control(operation).accepted + 20)

    assert here.signal(operation, "cancel") == "accepted"
    result = here.run(operation)

    assert result.end == "ROLLED_BACK"
    assert differences(before, result.cloud) == []
    assert "is over" in here.signal(operation, "cancel")


def test_a_killed_function_is_a_time_out_a_minute_later_and_is_tried_again() -> None:
    here = world()
    here.faults.models.append(lambda call: KINDS["kill_after"] if _first(here, call, "groups.create") else None)

    result = here.run(here.submit("makeToy", toy.REQUEST))

    history = result.executions[0].history or []
    position = next(n for n, one in enumerate(history) if one["type"] == "LambdaFunctionFailed")
    assert history[position]["lambdaFunctionFailedEventDetails"]["error"] == "Sandbox.Timedout"
    assert history[position]["timestamp"] - history[position - 1]["timestamp"] == 60
    assert result.path == STORY
    assert here.cloud.created.count("group shop-prod-v001") == 1


def _first(here: World, call: Call, name: str) -> bool:
    return call.name == name and not here.faults.struck


def test_a_sweep_that_cannot_ask_for_itself_comes_each_minute() -> None:
    here = world()
    here.faults.models.append(lambda call: KINDS["before"] if call.port == "sweeper" else None)

    result = here.run(here.submit("makeToy", toy.REQUEST))

    assert result.path == STORY
    assert result.took % 60 == 0


def test_an_execution_stopped_from_outside_is_recovered() -> None:
    here = world()
    before = here.cloud.snapshot()
    operation = here.submit("makeToy", toy.REQUEST)
    here.run(operation, until=lambda: here.clock.now > here.control(operation).accepted + 20)

    here.machines.stop(operation)
    here.clock.drain(1)
    result = here.run(operation)

    assert [one.name for one in result.executions] == [operation, f"{operation}-recovery-1"]
    assert result.end == "ROLLED_BACK"
    assert differences(before, result.cloud) == []


def test_a_group_a_stranger_made_meanwhile_stays() -> None:
    here = world()
    seeds.neighbour(here.cloud.place("prod", "us-east-1"), toy.GROUP, Capacity(1, 1, 1))
    before = here.cloud.snapshot()

    result = here.run(here.submit("makeToy", toy.REQUEST))

    assert result.end == "ROLLED_BACK"
    assert "exists already" in (result.control.error or "")
    assert differences(before, result.cloud) == []


def test_the_same_seed_is_the_same_run() -> None:
    def told() -> list[Item]:
        here = world()
        here.faults.at(24, "throttle")
        here.run(here.submit("makeToy", toy.REQUEST))
        return here.table.rows()

    assert told() == told()


class Port:
    """Something to call."""

    def __init__(self) -> None:
        self.happened = 0

    def act(self, by: int = 1) -> int:
        self.happened += by
        return self.happened


@pytest.mark.parametrize(
    ("kind", "error", "at_once", "in_the_end"),
    [
        ("before", Transient, 0, 0),
        ("after", Transient, 1, 1),
        ("kill_before", Killed, 0, 0),
        ("kill_after", Killed, 1, 1),
        ("late", Transient, 0, 1),
        ("hang", Killed, 0, 1),
        ("reject", Rejected, 0, 0),
        ("reject_once", Rejected, 0, 0),
        ("exhaust", Transient, 0, 0),
        ("throttle", Throttled, 0, 0),
        ("bug", KeyError, 0, 0),
    ],
)
def test_each_kind_of_fault_has_its_own_effect(
    kind: str, error: type[BaseException], at_once: int, in_the_end: int
) -> None:
    clock, port = Clock(), Port()
    faults = Faults(clock)
    faults.at(1, kind)

    with faults.invocation("Grow"), pytest.raises(error):
        faults.over("port", port).act()

    assert port.happened == at_once
    clock.drain(60)
    assert port.happened == in_the_end


@pytest.mark.parametrize(("kind", "cured_after"), [("reject", None), ("exhaust", None), ("throttle", 600.0)])
def test_a_lasting_fault_stays_where_it_is(kind: str, cured_after: float | None) -> None:
    clock, port = Clock(), Port()
    faults = Faults(clock)
    faults.at(1, kind)
    faulty = faults.over("port", port)

    def tried(where: str) -> bool:
        try:
            with faults.invocation(where):
                return bool(faulty.act())
        except (Rejected, Transient, Throttled):
            return False

    assert not tried("Grow")
    assert not tried("Grow")
    assert tried("UndoGrow")
    clock.drain(600)
    assert tried("Grow") is (cured_after is not None)
    faults.lift()
    assert tried("Grow")


def test_the_dead_do_nothing_more_whatever_they_catch() -> None:
    port = Port()
    faults = Faults(Clock())
    faults.at(1, "kill_before")
    faulty = faults.over("port", port)

    with faults.invocation("Grow"):
        for _ in range(3):
            with pytest.raises(Killed):
                faulty.act()
        with faults.invocation("another function"):
            assert faulty.act() == 1
        with pytest.raises(Killed):
            faulty.act()

    assert port.happened == 1
    assert faults.calls == 2
    with faults.invocation("Grow"):
        assert faulty.act() == 2


def test_models_compose_in_order_and_calls_are_told() -> None:
    faults = Faults(Clock(), lambda call: KINDS["before"] if call.where == "Grow" else None)
    faults.trace, told = [], list[int]()
    faults.watch(lambda call: told.append(call.number))
    faults.before(2, lambda: told.append(-2))
    faulty = faults.over("port", Port())

    with faults.invocation("Grow"), pytest.raises(Transient, match=r"call 1, port\.act in Grow"):
        faulty.act()
    with faults.invocation("Plan"):
        assert faulty.act(by=3) == 3

    assert [str(call) for call in faults.trace] == ["call 1, port.act in Grow", "call 2, port.act in Plan"]
    assert told == [1, -2, 2]


def test_a_stream_s_record_comes_again_until_its_handler_is_content() -> None:
    clock, seen = Clock(), list[str]()

    def handle(old: Item | None, new: Item | None) -> bool:
        seen.append((new or {}).get("pk", ""))
        return len(seen) != 1

    table = MemoryTable(clock)
    table.on_change(Stream(clock, handle).changed)
    table.write(Put(Key("a", "x"), {}))
    table.write(Put(Key("b", "x"), {}))
    table.write(Update(Key("b", "x")))
    clock.drain(60)

    assert seen == ["a", "a", "b"]


def test_a_refused_transaction_changes_and_tells_nothing() -> None:
    clock, told = Clock(), list[Item | None]()
    table = MemoryTable(clock)
    table.write(Put(Key("a", "x"), {"due": 5}))
    table.on_change(lambda old, new: told.append(new))

    with pytest.raises(Refused) as refused:
        table.write(Update(Key("b", "x"), {"n": 1}), Put(Key("a", "x"), {}, (Absent(),)))

    clock.drain(1)
    assert refused.value.writes == (1,)
    assert table.get(Key("b", "x")) is None
    assert [item["pk"] for item in table.due(5)] == ["a"]
    assert told == []


def test_indexes_may_lag_and_items_do_not() -> None:
    clock = Clock()
    table = MemoryTable(clock, index_lag=10)

    table.write(Put(Key("a", "x"), {"due": 5}))

    assert table.get(Key("a", "x")) == {"pk": "a", "sk": "x", "due": 5}
    assert table.due(5) == []
    clock.drain(timedelta(seconds=10).total_seconds())
    assert [item["pk"] for item in table.due(5)] == ["a"]


def test_nobody_can_change_an_item_from_outside() -> None:
    table, given = MemoryTable(), {"list": [1]}
    table.write(Put(Key("a", "x"), given))

    given["list"].append(2)
    (table.get(Key("a", "x")) or {})["list"].append(3)

    assert (table.get(Key("a", "x")) or {})["list"] == [1]


def test_units_are_counted_as_dynamodb_bills_them() -> None:
    table = MemoryTable(metered=True)
    table.write(Put(Key("a", "x"), {"text": "x" * 1500}))
    table.write(Put(Key("b", "x"), {}), Put(Key("c", "x"), {}))
    table.get(Key("a", "x"))
    table.get(Key("absent", "x"))

    assert table.units is not None
    assert (table.units.writes, table.units.reads) == (2 + 2 * 2, 2)


def test_who_is_not_answered_for_half_an_hour_posts_on_and_is_accepted() -> None:
    here = world()
    until = here.clock.now + 1800
    here.faults.models.append(lambda call: KINDS["before"] if here.clock.now < until else None)

    result = here.run(here.submit("makeToy", toy.REQUEST))

    assert result.control.status is Status.SUCCEEDED
    assert result.control.accepted >= until
