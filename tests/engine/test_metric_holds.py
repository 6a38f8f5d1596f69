"""An alarm holds what is under way, its recovery lets it go on, and a person has the last word."""

import pytest

from lambdas.engine import metric_holds, rhythm, signals
from lambdas.engine.alarm_rows import Named, watch_key, watch_of
from lambdas.rows import Mark, Status
from rehearsal.fake_cloud import seeds
from rehearsal.faults import KINDS
from rehearsal.scenarios import ACCOUNT, CREATE, CREATES, DESTROYS, OURS, REGION, RESIZES, WHERE
from rehearsal.world import CALLER, World

BY = "somebody"
ERRORS, LATENCY = "shop-errors", "shop-latency"


@pytest.fixture
def world() -> World:
    made = CREATES.world()
    alarms(made, {ERRORS: "OK", LATENCY: "OK"})
    return made


def alarms(world: World, states: dict[str, str]) -> None:
    world.cloud.place(ACCOUNT, REGION).states.update(states)


def held_by(world: World, *names: str) -> str:
    """createServerGroup that waits for health for a long time, or for ever."""
    sick = {"image": "broken-1.0.0-x86_64-20260301", "healthyWithin": 7200}
    operation = world.submit(CREATES.operation, CREATE | sick | {"holdOnAlarms": list(names)})
    world.run(operation, until=lambda: world.result(operation).path[-1:] == ["InstancesHealthy"])
    world.clock.drain(60)
    return operation


def paused(world: World, operation: str) -> str | None:
    row = world.control(operation)
    return row.decided if row.mark is Mark.PAUSED else None


def within(world: World, seconds: float, operation: str, mark: Mark | None) -> float:
    """After how many seconds the operation has that mark."""
    began = world.clock.now
    world.run(operation, until=lambda: world.control(operation).mark is mark or world.clock.now > began + seconds)
    return world.clock.now - began


def fired(world: World, operation: str) -> tuple[str, ...]:
    return watch_of(dict(world.table.peek(watch_key(operation)))).fired


@pytest.mark.parametrize("since", range(0, 60, 7))
def test_an_alarm_holds_what_names_it_within_a_minute_and_its_recovery_lets_it_go_on(world: World, since: int) -> None:
    operation = held_by(world, ERRORS, LATENCY)
    world.clock.drain(since)

    alarms(world, {LATENCY: "ALARM"})
    assert within(world, 60, operation, Mark.PAUSED) <= 60
    assert paused(world, operation) == "alarm shop-latency"
    alarms(world, {LATENCY: "OK"})
    assert within(world, 60, operation, None) <= 60

    assert world.control(operation).decided == "alarm shop-latency, which has recovered"
    assert fired(world, operation) == ()


def test_a_held_operation_begins_no_step_and_goes_on_where_it_stopped(world: World) -> None:
    blocker = world.submit(RESIZES.operation, RESIZES.request | {"serverGroupName": OURS, "healthyWithin": 7200})
    world.cloud.place(ACCOUNT, REGION).never_healthy.add(seeds.GOOD_IMAGE)
    destroy = {**WHERE, "serverGroupName": OURS, "holdOnAlarms": [ERRORS]}
    operation = world.submit(DESTROYS.operation, destroy, key="destroy")
    alarms(world, {ERRORS: "ALARM"})
    within(world, 60, operation, Mark.PAUSED)

    world.signal(blocker, "cancel")
    world.run(operation, until=lambda: world.held(operation))
    world.clock.drain(3600)
    assert world.result(operation).path == ["Guard", "Plan", "Hold"]
    alarms(world, {ERRORS: "OK"})
    result = world.run(operation)

    assert result.path[:6] == ["Guard", "Plan", "Hold", "Again", "Plan", "Recovering"]
    assert result.control.status is Status.SUCCEEDED


def test_a_wait_goes_on_while_it_is_held(world: World) -> None:
    operation = held_by(world, ERRORS)
    alarms(world, {ERRORS: "ALARM"})
    within(world, 60, operation, Mark.PAUSED)

    world.cloud.place(ACCOUNT, REGION).never_healthy.clear()
    world.run(operation, until=lambda: world.result(operation).path[-1] == "Finish")

    assert world.run(operation).control.status is Status.SUCCEEDED


def test_a_held_operation_can_be_cancelled_before_its_pivot(world: World) -> None:
    operation = held_by(world, ERRORS)
    alarms(world, {ERRORS: "ALARM"})
    within(world, 60, operation, Mark.PAUSED)

    assert world.signal(operation, "cancel") == "accepted"

    assert world.run(operation).control.status is Status.ROLLED_BACK


# A person has the last word.


def test_what_a_person_has_resumed_stays_so_until_the_alarm_fires_anew(world: World) -> None:
    operation = held_by(world, ERRORS)
    alarms(world, {ERRORS: "ALARM"})
    within(world, 60, operation, Mark.PAUSED)

    world.signal(operation, "resume")
    world.clock.drain(600)
    assert paused(world, operation) is None
    alarms(world, {ERRORS: "OK"})
    world.clock.drain(60)
    alarms(world, {ERRORS: "ALARM"})

    assert within(world, 60, operation, Mark.PAUSED) <= 60


@pytest.mark.parametrize("first", ["person", "alarm"])
def test_no_recovery_takes_a_persons_pause_back(world: World, first: str) -> None:
    operation = held_by(world, ERRORS)
    if first == "person":
        world.signal(operation, "pause")
    alarms(world, {ERRORS: "ALARM"})
    world.clock.drain(120)
    if first == "alarm":
        assert paused(world, operation) == "alarm shop-errors"
        world.signal(operation, "pause")

    alarms(world, {ERRORS: "OK"})
    world.clock.drain(600)

    assert paused(world, operation) == f"{CALLER.principal}: rehearsed"


# Several alarms, and such as say nothing.


def test_the_last_of_several_alarms_to_recover_lets_it_go_on(world: World) -> None:
    operation = held_by(world, ERRORS, LATENCY)
    alarms(world, {ERRORS: "ALARM"})
    within(world, 60, operation, Mark.PAUSED)
    alarms(world, {LATENCY: "ALARM"})
    world.clock.drain(60)

    alarms(world, {ERRORS: "OK"})
    world.clock.drain(120)
    assert paused(world, operation) == "alarm shop-errors"
    alarms(world, {LATENCY: "OK"})

    assert within(world, 60, operation, None) <= 60


def test_want_of_data_neither_holds_nor_lets_go(world: World) -> None:
    operation = held_by(world, ERRORS)
    alarms(world, {ERRORS: "INSUFFICIENT_DATA"})
    world.clock.drain(120)
    assert paused(world, operation) is None
    alarms(world, {ERRORS: "ALARM"})
    within(world, 60, operation, Mark.PAUSED)

    alarms(world, {ERRORS: "INSUFFICIENT_DATA"})
    world.clock.drain(600)
    assert paused(world, operation) == "alarm shop-errors"
    del world.cloud.place(ACCOUNT, REGION).states[ERRORS]
    world.clock.drain(600)

    assert paused(world, operation) == "alarm shop-errors"


def test_an_alarm_that_does_not_exist_is_refused_when_planned(world: World) -> None:
    operation = world.submit(CREATES.operation, CREATE | {"holdOnAlarms": [ERRORS, "shop-erors"]})

    result = world.run(operation)

    assert result.path == ["Plan", "PutBack", "RolledBack"]
    assert result.control.error == (
        "Rejected: holdOnAlarms: alarm shop-erors does not exist in us-east-1 of account prod; name one that does"
    )


def test_what_is_over_is_not_looked_at_any_more(world: World) -> None:
    operation = world.submit(CREATES.operation, CREATE | {"holdOnAlarms": [ERRORS]})
    world.run(operation)

    world.clock.drain(120)

    assert not world.table.peek(watch_key(operation))


# Of an application.


def test_an_alarm_of_the_application_holds_what_is_under_way_there_and_nothing_else(world: World) -> None:
    metric_holds.put_application(world.plain, "shop", [Named(ACCOUNT, REGION, ERRORS)], BY)
    metric_holds.put_application(world.plain, "cart", [Named(ACCOUNT, REGION, LATENCY)], BY)
    metric_holds.put_application(world.plain, "shop-too", [Named(ACCOUNT, "eu-west-1", ERRORS)], BY)
    operation = held_by(world)

    alarms(world, {ERRORS: "ALARM"})
    assert within(world, 60, operation, Mark.PAUSED) <= 60
    assert paused(world, operation) == "alarm shop-errors"
    alarms(world, {ERRORS: "OK", LATENCY: "ALARM"})
    assert within(world, 60, operation, None) <= 60
    world.clock.drain(300)

    assert paused(world, operation) is None


def test_what_begins_while_an_alarm_of_the_application_fires_is_held_too(world: World) -> None:
    metric_holds.put_application(world.plain, "shop", [Named(ACCOUNT, REGION, ERRORS)], BY)
    alarms(world, {ERRORS: "ALARM"})
    operation = held_by(world)

    assert within(world, 60, operation, Mark.PAUSED) <= 60


def test_alarms_of_the_request_and_of_the_application_hold_it_together(world: World) -> None:
    metric_holds.put_application(world.plain, "shop", [Named(ACCOUNT, REGION, ERRORS)], BY)
    operation = held_by(world, LATENCY)
    alarms(world, {ERRORS: "ALARM", LATENCY: "ALARM"})
    within(world, 60, operation, Mark.PAUSED)
    world.clock.drain(60)

    alarms(world, {LATENCY: "OK"})
    world.clock.drain(120)
    assert paused(world, operation) is not None
    alarms(world, {ERRORS: "OK"})

    assert within(world, 60, operation, None) <= 60


def test_an_application_without_alarms_has_no_row(world: World) -> None:
    metric_holds.put_application(world.plain, "shop", [Named(ACCOUNT, REGION, ERRORS)] * 2, BY)
    assert metric_holds.of_application(world.plain, "shop") == (Named(ACCOUNT, REGION, ERRORS),)

    metric_holds.put_application(world.plain, "shop", (), BY)

    assert metric_holds.of_application(world.plain, "shop") == ()
    assert [row for row in world.table.rows() if row["sk"] == "alarms"] == []


# What it costs, and what goes wrong.


def test_alarms_of_many_operations_are_read_at_once(world: World) -> None:
    for n in range(5):
        body = {**WHERE, "serverGroupName": OURS, "capacity": {"desired": 3}, "holdOnAlarms": [ERRORS, LATENCY]}
        world.submit(RESIZES.operation, body, key=str(n))
    read: list[float] = []
    world.faults.watch(lambda call: read.extend([world.clock.now] if call.name == "scaling.alarm_states" else []))
    began = len(read)

    world.sweep()

    assert len(read) == began + 1


@pytest.mark.parametrize("kind", ["before", "after", "kill_before", "kill_after"])
@pytest.mark.parametrize("name", ["table.write", "scaling.alarm_states", "machines.succeed", "table.get"])
def test_a_look_that_dies_is_made_up_for_by_the_next(world: World, name: str, kind: str) -> None:
    """Each call of one kind fails once, at the pause and at the resume."""
    alarms(world, {ERRORS: "ALARM"})
    operation = world.submit(CREATES.operation, CREATE | {"holdOnAlarms": [ERRORS]})
    failed: list[float] = []

    def once(call: object) -> object:
        where, called = getattr(call, "where", ""), getattr(call, "name", "")
        if where != "sweep" or called != name or (failed and world.clock.now - failed[-1] < 100):
            return None
        failed.append(world.clock.now)
        return KINDS[kind]

    world.faults.models.append(once)  # type: ignore[arg-type]
    world.run(operation, until=lambda: world.held(operation))
    world.clock.drain(300)
    alarms(world, {ERRORS: "OK"})

    assert world.run(operation).control.status is Status.SUCCEEDED


def test_the_times_of_looks_follow_from_when_the_watching_began() -> None:
    assert rhythm.next_look_at_alarms(100.0, 40.0) == 100.0
    assert rhythm.next_look_at_alarms(100.0, 100.0) == 130.0
    assert rhythm.next_look_at_alarms(100.0, 129.0) == 130.0
    assert rhythm.next_look_at_alarms(100.0, 165.0) == 190.0


def test_nobody_who_is_authenticated_is_taken_for_an_alarm() -> None:
    assert not signals.said(CALLER, "").startswith(signals.ALARM)
