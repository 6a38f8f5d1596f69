"""The backlog: whatever Step Functions does, what was accepted is started, in turn, within its bucket, and once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from lambdas import sweep as sweeping
from lambdas.engine import backlog
from lambdas.engine.backlog import LEASE, State, turns
from lambdas.engine.budgets import BUCKETS, HUB, SHARE, STARTS
from lambdas.engine.control import LIVENESS
from lambdas.engine.intake import START_CHECK, Caller, Submission, accept
from lambdas.engine.rounds import Row
from lambdas.errors import Broken, Throttled, Transient, WindlassError
from lambdas.hub import Json
from lambdas.rows import Priority, Status
from rehearsal.faults import KINDS, Call, Effect, Faults, Model
from rehearsal.scenarios import CREATE, CREATES, OURS, WHERE
from rehearsal.world import CALLER, TERMS, World
from tests.engine.crowd import Crowd

STARTING = BUCKETS[STARTS]
HALF = int(SHARE * STARTING.size)
ONE, OTHER = Caller("role/one"), Caller("role/other")


def refusing(error: type[WindlassError], of: Callable[[Call], bool] = lambda call: True) -> Model:
    """Every start is refused."""

    def kind(faults: Faults, call: Call, effect: Effect) -> None:
        raise error("rehearsed: no start")

    return lambda call: kind if call.name == "machines.start" and of(call) else None


def crowd(*callers: tuple[Caller, int], error: type[WindlassError] = Transient) -> Crowd:
    """So many of each caller were accepted, one caller's after the other's; none could be started, and now all can."""
    world = Crowd()
    world.cloud.seed("prod", "us-east-1")
    world.faults.models.append(refusing(error))
    for caller, count in callers:
        for n in range(count):
            submit(world, caller, str(n))
    world.faults.lift()
    world.clock.now += START_CHECK
    return world


def submit(world: Crowd, caller: Caller, key: str, priority: Priority = Priority.NORMAL) -> str:
    request, terms = {"account": "prod", "group": "prod-v0000"}, replace(TERMS, priority=priority)
    return world.submit("watch", request, caller=caller, key=key, terms=terms)


def sweep(world: World) -> State:
    swept = sweeping.sweep(world.hub, world.sagas)
    assert swept is not None
    return swept


def started(world: World) -> list[str]:
    """In order."""
    return list(world.machines.executions)


def owners(world: World) -> list[str]:
    """Whose those are."""
    return [world.control(one).caller for one in started(world)]


@pytest.mark.parametrize("error", [Throttled, Transient, Broken])
def test_a_start_that_fails_is_made_up_for_and_nobody_hears_of_it(error: type[WindlassError]) -> None:
    world = crowd((ONE, 1), error=error)
    waiting = world.control(world.operation)

    world.clock.drain(1)

    assert (waiting.status, waiting.backlog) == (Status.ACCEPTED, True)
    assert started(world) == [world.operation]
    assert world.control(world.operation).backlog is None


def test_what_is_started_at_once_never_comes_into_the_backlog() -> None:
    world = crowd()

    operation = submit(world, ONE, "a")
    world.clock.drain(60)

    assert world.control(operation).status is Status.RUNNING
    assert world.faults.counts["machines.start"] == 1
    assert backlog.read(world.plain) == State()


def test_a_sweep_starts_no_more_than_half_of_the_bucket_and_the_next_goes_on_as_it_refills() -> None:
    world = crowd((ONE, HALF + 200))

    first, again = sweep(world), sweep(world)
    world.clock.now += 2
    later = sweep(world)

    assert [(one.started, one.waiting) for one in (first, again)] == [(HALF, 200), (0, 200)]
    assert (later.started, later.waiting) == (SHARE * STARTING.refill * 2, 50)
    assert len(set(started(world))) == HALF + 150


def test_while_something_waits_the_next_sweep_is_asked_for() -> None:
    world = crowd((ONE, HALF + 200))

    world.clock.drain(7)

    assert len(started(world)) == HALF + 200


def test_starting_reads_no_execution() -> None:
    world = crowd((ONE, 300))

    sweep(world)

    assert "machines.describe" not in world.faults.counts


def test_each_caller_has_his_turn_however_many_are_before_him() -> None:
    world = crowd((ONE, HALF + 200), (OTHER, 30))

    sweep(world)

    assert owners(world)[:60] == [ONE.principal, OTHER.principal] * 30


def row(caller: str, due: float, priority: str = "", operation: str = "") -> Row:
    return Row(f"op#{operation or due}", "control", due, caller=caller, priority=priority)


def test_of_one_caller_the_most_urgent_come_first_then_the_oldest() -> None:
    rows = [row("a", 1, "low"), row("a", 2), row("a", 3, "high"), row("a", 4, "high"), row("a", 5)]

    assert [one.due for one in turns(rows)] == [3, 4, 2, 5, 1]


def test_who_calls_everything_urgent_gets_no_more_of_it() -> None:
    rows = [row("a", n, "high") for n in range(4)] + [row("b", n, "low") for n in range(10, 14)]

    assert [one.caller for one in turns(rows)] == ["a", "b"] * 4


@pytest.mark.parametrize(("last", "order"), [("", "abcb"), ("a", "bcab"), ("b", "cabb"), ("bb", "cabb"), ("c", "abcb")])
def test_turns_go_on_behind_the_caller_who_had_the_last_one(last: str, order: str) -> None:
    rows = [row("a", 9), row("b", 1), row("c", 5), row("b", 2)]

    assert "".join(one.caller for one in turns(rows, last)) == order


def test_sweeps_that_can_start_but_one_each_start_those_of_the_callers_in_turn() -> None:
    world = crowd((ONE, 5), (OTHER, 3))
    world.faults.models.append(refusing(Throttled))  # which empties the bucket, at the first caller's turn
    sweep(world)
    world.faults.lift()

    for _ in range(6):
        world.clock.now += 1.01 / (SHARE * STARTING.refill)
        sweep(world)

    assert owners(world) == [OTHER.principal, ONE.principal] * 3


def test_priorities_reach_the_backlog() -> None:
    world = crowd()
    world.faults.models.append(refusing(Transient))
    later = [submit(world, ONE, name, priority) for name, priority in (("l", Priority.LOW), ("n", Priority.NORMAL))]
    urgent = submit(world, ONE, "h", Priority.HIGH)
    world.faults.lift()
    world.clock.now += START_CHECK

    sweep(world)

    assert started(world) == [urgent, later[1], later[0]]


@pytest.mark.parametrize("error", [Throttled, Transient])
def test_while_no_start_succeeds_a_sweep_tries_once_and_tells_why(error: type[WindlassError]) -> None:
    world = crowd((ONE, 50))
    world.faults.models.append(refusing(error))
    before = world.faults.counts["machines.start"]

    swept = sweep(world)

    assert world.faults.counts["machines.start"] == before + 1
    assert (swept.started, swept.waiting, swept.why) == (0, 50, f"{error.__name__}: rehearsed: no start")
    assert swept.since == world.control(world.operation).due


def test_a_throttled_start_leaves_the_bucket_to_the_others_until_it_has_refilled() -> None:
    world = crowd((ONE, 50))
    world.faults.models.append(refusing(Throttled))
    sweep(world)
    world.faults.lift()

    again = sweep(world)
    world.clock.now += 1

    assert again.started == 0
    assert sweep(world).started == 50


def test_a_machine_that_cannot_be_started_keeps_no_other_from_it() -> None:
    world = CREATES.world()
    world.faults.models.append(refusing(Transient))
    for n in range(20):
        world.submit("createServerGroup", CREATE, key=f"create {n}")
    last = world.submit("destroyServerGroup", {**WHERE, "serverGroupName": OURS}, key="destroy")
    world.faults.lift()
    world.clock.now += START_CHECK

    swept = backlog.drain(replace(world.hub, machines=Denied(world)), backlog.waiting(world.hub), world.clock.now + 60)

    assert started(world) == [last]
    assert swept is not None
    assert (swept.waiting, swept.why) == (20, "Transient: AccessDenied")


class Denied:
    """Step Functions where one machine must not be started."""

    def __init__(self, world: World) -> None:
        self._real = world.hub.machines

    def start(self, saga: str, name: str, given: Json) -> bool:
        if saga == "CreateServerGroup":
            raise Transient("AccessDenied")
        return self._real.start(saga, name, given)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def test_a_row_that_can_never_be_started_stands_in_nobodys_way() -> None:
    world = crowd((ONE, 3))
    first = min(world.table.backlog(world.clock.now, 10), key=lambda item: item["due"])["pk"].removeprefix("op#")
    strikes = iter([True])

    def broken(*_: object) -> None:
        raise Broken("rehearsed: our own bug")

    world.faults.models.append(lambda call: broken if call.name == "machines.start" and next(strikes, False) else None)

    swept = sweep(world)

    assert (swept.started, swept.waiting) == (2, 1)
    assert first not in started(world)
    assert world.control(first).due == world.clock.now + LIVENESS
    assert world.control(first).backlog is True


def test_what_may_not_start_any_more_is_closed_while_nothing_can_be_started() -> None:
    world = CREATES.world()
    world.faults.models.append(refusing(Throttled))
    saga = world.sagas["CreateServerGroup"]
    submission = Submission(saga, saga.request_type.model_validate(CREATE))
    terms = replace(TERMS, start_within=timedelta(seconds=30))
    late = accept(world.hub, [submission], caller=CALLER, terms=terms, key="late").id
    accept(world.hub, [submission], caller=CALLER, terms=TERMS, key="patient")
    world.clock.now += 31

    swept = sweep(world)

    control = world.control(late)
    assert (control.status, control.backlog) == (Status.NOT_STARTED, None)
    assert control.error == f"Expired: operation {late} was not started in time"
    assert (swept.started, swept.waiting) == (1, 1)


def test_one_sweep_at_a_time_has_the_backlog() -> None:
    world = crowd((ONE, 5))
    during: list[State | None] = []

    def another(call: Call) -> None:
        if call.name == "machines.start":
            during.append(backlog.drain(world.plain, backlog.waiting(world.plain), world.clock.now + 60))

    world.faults.watch(another)
    sweep(world)

    assert during == [None] * 5
    assert world.faults.counts["machines.start"] == 5 + 5  # refused at intake, then once each


def test_a_sweep_that_dies_has_it_for_no_longer_than_a_function_lives() -> None:
    world = crowd((ONE, 5))
    starts = [0]

    def dies(call: Call) -> object:
        starts[0] += call.name == "machines.start"
        return KINDS["kill_after"] if starts[0] == 3 else None

    world.faults.models.append(dies)  # type: ignore[arg-type]
    world.sweep()
    assert len(started(world)) == 3
    world.faults.lift()
    world.sweep()
    assert len(started(world)) == 3

    world.clock.now += LEASE + 1
    sweep(world)

    assert len(started(world)) == 5
    assert len(set(started(world))) == 5


def test_an_execution_that_is_over_already_is_looked_at_by_the_next_sweep() -> None:
    """Its machine was started, its answer lost, and somebody stopped it before anything of it began."""
    world = CREATES.world()
    world.faults.models.append(lambda call: KINDS["after"] if call.name == "machines.start" else None)
    operation = world.submit("createServerGroup", CREATE)
    world.machines.stop(operation)
    world.faults.lift()
    world.clock.now += START_CHECK

    sweep(world)
    world.sweep()

    assert world.faults.counts["machines.describe"] == 1
    assert world.control(operation).status is Status.NOT_STARTED


def test_the_first_of_two_on_one_group_keeps_its_place_although_the_second_is_started_first() -> None:
    world = CREATES.world()
    resize = {**WHERE, "serverGroupName": OURS, "capacity": {"min": 1, "desired": 1, "max": 4}}
    world.faults.models.append(refusing(Throttled))
    first = world.submit("resizeServerGroup", resize, key="first")
    world.faults.lift()
    second = world.submit("destroyServerGroup", {**WHERE, "serverGroupName": OURS}, key="second")

    for one in (first, second):
        world.run(one)

    begun, later = world.control(first), world.control(second)
    assert started(world)[0] == second
    assert (begun.status, later.status) == (Status.SUCCEEDED, Status.SUCCEEDED)
    assert begun.closed is not None
    assert later.started is not None
    assert begun.closed <= later.started


def test_a_batch_whose_next_cannot_be_started_goes_on_later() -> None:
    world = CREATES.world()
    sagas = {saga.operation: saga for saga in world.sagas.values()}
    bodies = [
        ("resizeServerGroup", {**WHERE, "serverGroupName": OURS, "capacity": {"min": 1, "desired": 1, "max": 4}}),
        ("destroyServerGroup", {**WHERE, "serverGroupName": OURS}),
    ]
    submissions = [Submission(sagas[name], sagas[name].request_type.model_validate(body)) for name, body in bodies]
    accepted = accept(world.hub, submissions, caller=CALLER, terms=TERMS, key="batch")
    world.faults.models.append(refusing(Throttled))
    world.run(accepted.operations[0])
    world.clock.drain(5)
    waiting = world.control(accepted.operations[1])
    assert (waiting.after, waiting.backlog) == (None, True)
    assert world.stream.dead_letters == []
    world.faults.lift()

    world.run(accepted.operations[1])

    assert world.control(accepted.operations[1]).status is Status.SUCCEEDED


@pytest.mark.parametrize("kind", ["before", "after", "kill_before", "kill_after"])
def test_wherever_a_drain_fails_everything_is_started_once(kind: str) -> None:
    calls = drained_calls()

    for number in range(calls):
        world = crowd((ONE, 3))
        world.faults.at(world.faults.calls + 1 + number, kind)
        world.sweep()
        world.clock.drain(130)

        assert len(started(world)) == 3, f"call {number}"
        rows = [item for item in world.table.rows() if item["sk"] == "control"]
        assert {item["status"] for item in rows} == {"RUNNING"}


def drained_calls() -> int:
    world = crowd((ONE, 3))
    before = world.faults.calls
    world.sweep()
    return world.faults.calls - before


def test_the_budget_of_starts_is_half_of_what_aws_publishes() -> None:
    world = crowd((ONE, 10))

    sweep(world)

    assert backlog.read(world.plain).levels == {f"{HUB} {STARTS}": (10, world.clock.now)}
