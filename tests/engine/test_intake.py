"""Twice is once, and nothing accepted is lost, wherever intake dies."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from lambdas.engine import intake
from lambdas.engine.intake import Accepted, Caller, KeyReused, Submission, Terms, TooLarge
from lambdas.errors import WindlassError
from lambdas.hub import Json
from lambdas.rows import Status
from rehearsal.faults import KINDS, Call, Killed, Model
from rehearsal.scenarios import CREATE, CREATES, NEW, OURS, WHERE
from rehearsal.world import CALLER, TERMS, World

OTHER = Caller("arn:aws:iam::123456789012:role/other")


def create(world: World, *, key: str | None = "once", digest: str | None = None, caller: Caller = CALLER) -> Accepted:
    saga = world.sagas["CreateServerGroup"]
    submission = Submission(saga, saga.request_type.model_validate(CREATE))
    return intake.accept(world.hub, [submission], caller=caller, terms=TERMS, key=key, digest=digest)


def groups(world: World) -> set[str]:
    return set(world.cloud.cloud("prod", "us-east-1").groups.names("shop-"))


def test_twenty_requests_with_one_key_are_one_operation() -> None:
    world = CREATES.world()

    ids = {create(world).id for _ in range(20)}

    assert len(ids) == 1
    before = groups(world)
    world.run(ids.pop())
    assert groups(world) - before == {NEW}


def test_the_same_request_after_the_end_gets_the_first_answer_and_starts_nothing() -> None:
    world = CREATES.world()
    first = create(world)
    world.run(first.id)

    again = create(world)

    assert again == Accepted(first.id, (first.id,), repeated=True)
    world.clock.drain(600)
    assert len(world.executions(first.id)) == 1


def test_the_same_key_of_another_caller_is_another_operation() -> None:
    world = CREATES.world()

    assert create(world).id != create(world, caller=OTHER).id


def test_requests_without_a_key_are_operations_of_their_own() -> None:
    world = CREATES.world()

    assert create(world, key=None).id != create(world, key=None).id


def test_a_key_used_again_with_another_body_is_refused() -> None:
    world = CREATES.world()
    create(world, digest="one")

    with pytest.raises(KeyReused, match="used with another body"):
        create(world, digest="other")


def test_a_request_that_does_not_fit_names_its_largest_field() -> None:
    world = CREATES.world()
    saga = world.sagas["CreateServerGroup"]
    request = saga.request_type.model_validate(CREATE | {"tags": {"note": "x" * 250_000}})

    with pytest.raises(TooLarge, match="its largest field tags has"):
        intake.accept(world.hub, [Submission(saga, request)], caller=CALLER, terms=TERMS)


@pytest.mark.parametrize("kind", ["before", "after", "kill_before", "kill_after"])
def test_wherever_intake_fails_sending_again_gives_one_operation_that_ends(kind: str) -> None:
    calls = intake_calls()

    for number in range(1, calls + 1):
        world = CREATES.world()
        world.faults.at(number, kind)
        ids = {one for one in (attempt(world), attempt(world), create(world).id) if one}
        before = groups(world)

        assert len(ids) == 1, f"call {number}"
        operation = ids.pop()
        world.run(operation)
        assert world.control(operation).status is Status.SUCCEEDED
        assert groups(world) - before <= {NEW}
        assert world.cloud.created.count(f"group {NEW}") <= 1


def attempt(world: World) -> str | None:
    """Send the request as a caller whose answer may be lost."""
    try:
        with world.faults.invocation("intake"):
            return create(world).id
    except (WindlassError, Killed):
        return None


def intake_calls() -> int:
    world = CREATES.world()
    with world.faults.invocation("intake"):
        create(world)
    return world.faults.calls


def test_an_accepted_operation_whose_start_was_lost_is_started_by_the_sweep() -> None:
    world = CREATES.world()
    calls = intake_calls()
    world.faults.at(calls, "kill_before")  # the last call of intake starts the machine

    assert attempt(world) is None

    world.clock.drain(600)
    rows = [row for row in world.table.rows() if row["sk"] == "control"]
    assert [row["status"] for row in rows] == ["SUCCEEDED"]


def test_two_creates_at_once_take_two_numbers() -> None:
    world = CREATES.world()
    first, second = create(world, key="one"), create(world, key="two")

    for one in (first, second):
        world.run(one.id)

    assert {"shop-prod-v002", "shop-prod-v003"} <= groups(world)


def test_an_operation_that_is_not_started_in_time_never_starts() -> None:
    world = CREATES.world()
    before = groups(world)
    saga = world.sagas["CreateServerGroup"]
    terms = Terms("windlass", start_within=timedelta(seconds=30), finish_within=timedelta(hours=1))
    down_until = world.clock.now + 120
    world.faults.models.append(lambda call: KINDS["before"] if down(call) and world.clock.now < down_until else None)

    submission = Submission(saga, saga.request_type.model_validate(CREATE))
    accepted = intake.accept(world.hub, [submission], caller=CALLER, terms=terms, key="late")
    world.clock.drain(600)

    control = world.control(accepted.id)
    assert (control.status, control.started) == (Status.NOT_STARTED, None)
    assert control.error == f"Expired: operation {accepted.id} was not started in time"
    assert groups(world) == before


def down(call: Call) -> bool:
    return call.name == "machines.start"


def first_of(world: World, call: Call, name: str) -> bool:
    return call.name == name and not world.faults.struck


def batch(world: World, *operations: tuple[str, Json], terms: Terms = TERMS) -> Accepted:
    sagas = {saga.operation: saga for saga in world.sagas.values()}
    submissions = [Submission(sagas[name], sagas[name].request_type.model_validate(body)) for name, body in operations]
    return intake.accept(world.hub, submissions, caller=CALLER, terms=terms, key="batch")


RESIZE = {**WHERE, "serverGroupName": OURS, "capacity": {"min": 1, "desired": 1, "max": 4}}
DESTROY = {**WHERE, "serverGroupName": OURS}


def test_the_operations_of_a_batch_run_one_after_the_other() -> None:
    world = CREATES.world()
    accepted = batch(world, ("resizeServerGroup", RESIZE), ("destroyServerGroup", DESTROY))

    for one in accepted.operations:
        world.run(one)

    first, second = (world.control(one) for one in accepted.operations)
    assert (first.status, second.status) == (Status.SUCCEEDED, Status.SUCCEEDED)
    assert second.started is not None
    assert first.closed is not None
    assert second.started >= first.closed
    assert OURS not in groups(world)


def test_a_batch_that_has_begun_goes_on_however_long_its_first_operation_took() -> None:
    world = CREATES.world()
    brief = replace(TERMS, start_within=timedelta(minutes=1), finish_within=timedelta(hours=1))
    world.faults.models.append(lambda call: KINDS["throttle"] if first_of(world, call, "groups.resize") else None)

    accepted = batch(world, ("resizeServerGroup", RESIZE), ("destroyServerGroup", DESTROY), terms=brief)
    for one in accepted.operations:
        world.run(one)

    first, second = (world.control(one) for one in accepted.operations)
    assert (first.start_by, second.start_by) == (first.accepted + 60, None)
    assert (first.closed or 0) > first.accepted + 600
    assert (second.status, second.finish_by) == (Status.SUCCEEDED, first.accepted + 3600)


def test_a_batch_stops_where_an_operation_fails() -> None:
    world = CREATES.world()
    absent = {**RESIZE, "serverGroupName": "shop-prod-v900"}
    accepted = batch(world, ("resizeServerGroup", absent), ("destroyServerGroup", DESTROY))

    for one in accepted.operations:
        world.run(one) if one == accepted.operations[0] else world.clock.drain(60)

    assert [world.control(one).status for one in accepted.operations] == [Status.ROLLED_BACK, Status.NOT_STARTED]
    assert OURS in groups(world)


@pytest.mark.parametrize("starts", [True, False], ids=["starts", "starts nothing"])
@pytest.mark.parametrize("kind", ["kill_before", "kill_after"])
@pytest.mark.parametrize("count", [1, 2], ids=["one", "batch"])
def test_wherever_intake_dies_the_sweep_alone_carries_out_what_was_written(count: int, kind: str, starts: bool) -> None:
    asked = (("resizeServerGroup", RESIZE), ("destroyServerGroup", DESTROY))[:count]
    first = CREATES.world()
    batch(first, *asked)

    for number in range(1, first.faults.calls + 1):
        world = CREATES.world()
        world.faults.at(number, kind)
        recovered = world.clock.now + (0 if starts else 300)
        refused = refusing(lambda world=world, until=recovered: world.clock.now < until)  # type: ignore[misc]
        world.faults.models.append(refused)
        answered = dies(world, lambda world=world: batch(world, *asked))  # type: ignore[misc]
        world.clock.drain(1200)

        ends = [row["status"] for row in world.table.rows() if row["sk"] == "control"]
        assert ends in ([], ["SUCCEEDED"] * count), f"call {number}"
        assert ends or not answered
        assert len(world.machines.executions) == len(ends)


def refusing(down: Callable[[], bool]) -> Model:
    return lambda call: KINDS["throttle"] if call.name == "machines.start" and down() else None


def dies(world: World, accept: Callable[[], Accepted]) -> bool:
    """Whether it was answered before it died."""
    try:
        with world.faults.invocation("intake"):
            accept()
    except Killed:
        return False
    return True
