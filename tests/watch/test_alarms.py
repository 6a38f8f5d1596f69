"""Each alarm is fired by its condition, and by nothing that a user does.

The conditions happen in the rehearsed world, or to the real handlers; what they measure is judged by the alarm's own
synthesised definition.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lambdas.errors import Rejected, Transient
from lambdas.handlers import projector, sweep
from lambdas.push.handlers import courier, herald
from rehearsal.cloudwatch import Point, series
from rehearsal.faults import Call, Effect, Faults, Kind
from rehearsal.heralds import TellingWorld
from rehearsal.scenarios import CREATES, DESTROYS, furnished
from rehearsal.watched import Watch
from rehearsal.world import World
from tests.api.http_door import Door, new_door
from tests.engine.doubles import refusing
from tests.shell_lines import blocks, faults
from tests.watch.conftest import Alarms

RUNBOOK = Path(__file__).parent.parent.parent / "docs" / "runbook"
HOUR = 3600.0
BAD = "broken-1.0.0-x86_64-20260301"
"""Its instances never get healthy."""


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def failing(*names: str, error: Exception | None = None, where: str = "") -> Callable[[Call], Kind | None]:
    """Calls of these names fail, all or those made there."""

    def kind(faults: Faults, call: Call, effect: Effect) -> None:
        raise error or Transient(f"rehearsed: {call}")

    return lambda call: kind if call.name in names and where in ("", call.where) else None


def watched(*models: Callable[[Call], Kind | None], seconds: float = HOUR, **request: Any) -> tuple[World, Watch, str]:
    """An operation, and what goes wrong; until all that is late has come."""
    world = CREATES.world()
    watch = Watch(world)
    world.faults.models += models
    operation = world.submit(CREATES.operation, {**CREATES.request, **request})
    world.clock.drain(seconds)
    return world, watch, operation


def fired(alarms: Alarms, world: World, watch: Watch) -> set[str]:
    began = world.control(world.operation).accepted
    return alarms.fired(watch.points, (began, world.clock.now))


def test_every_alarm_has_its_page_and_every_page_its_alarm(alarms: Alarms) -> None:
    pages = {page.stem for page in RUNBOOK.glob("*.md")} - {"README"}

    assert set(alarms.alarms) <= pages
    assert pages <= {*alarms.alarms, "objective-burns"}


@pytest.mark.parametrize("page", sorted(RUNBOOK.glob("*.md")), ids=lambda page: page.stem)
def test_every_page_says_what_happened_what_is_at_stake_where_to_look_and_what_to_do(page: Path) -> None:
    headings = [line[3:] for line in page.read_text().splitlines() if line.startswith("## ")]

    if page.stem != "README":
        assert headings == ["What happened", "What is at stake", "Look here", "Do this"]
        assert blocks(page.read_text())
    assert [fault for block in blocks(page.read_text()) for fault in faults(block)] == []


def test_an_hour_in_which_all_goes_well_fires_nothing(alarms: Alarms) -> None:
    world, watch, operation = watched()

    assert str(world.control(operation).status) == "SUCCEEDED"
    assert fired(alarms, world, watch) == set()


@pytest.mark.parametrize("late", ["ROLL_BACK", "KEEP_DISABLED", "PARK"])
def test_a_user_s_bad_image_fires_nothing(alarms: Alarms, late: str) -> None:
    world, watch, operation = watched(seconds=1.0, image=BAD, onUnhealthy=late)
    world.clock.drain(6 * HOUR)
    ends = {"ROLL_BACK": "ROLLED_BACK", "KEEP_DISABLED": "NEEDS_ATTENTION", "PARK": "RUNNING"}

    assert str(world.control(operation).status) == ends[late]
    assert fired(alarms, world, watch) == set()


def test_a_bug_of_ours_fires_broken(alarms: Alarms) -> None:
    world, watch, _ = watched(failing("groups.create", error=KeyError("a bug")), seconds=600)

    assert fired(alarms, world, watch) == {"broken"}


def test_a_bug_in_a_check_fires_broken_although_the_wait_goes_on(alarms: Alarms) -> None:
    world, watch, _ = watched(
        failing("groups.find", "groups.found", error=KeyError("a bug"), where="sweep"), seconds=600
    )

    assert fired(alarms, world, watch) == {"broken"}


def test_an_execution_that_somebody_stops_fires_ended_from_outside(alarms: Alarms) -> None:
    world, watch, operation = watched(seconds=3)
    world.machines.stop(operation, "Stopped", "somebody pressed the button")
    world.clock.drain(HOUR)

    assert str(world.control(operation).status) == "ROLLED_BACK"
    assert fired(alarms, world, watch) == {"ended-from-outside"}


def test_what_cannot_be_put_back_and_nobody_decides_about_fires_person_called(alarms: Alarms) -> None:
    refused = (refusing("ScaleUp", "groups.resize"), refusing("UndoCreateEmptyGroup", "groups.delete", Rejected))
    world, watch, operation = watched(*refused)
    world.clock.drain(10 * 24 * HOUR)

    assert str(world.control(operation).status) == "NEEDS_ATTENTION"
    assert fired(alarms, world, watch) == {"person-called"}


def test_starts_that_fail_for_minutes_fire_backlog_old(alarms: Alarms) -> None:
    world, watch, _ = watched(failing("machines.start"), seconds=900)

    assert fired(alarms, world, watch) == {"backlog-old"}


def test_a_sweep_that_fails_fires_sweep_errors(alarms: Alarms) -> None:
    world, watch, _ = watched(failing("table.due", where="sweep"), seconds=900)

    assert fired(alarms, world, watch) == {"sweep-errors"}


def test_a_rule_that_starts_no_sweep_fires_sweep_silent(alarms: Alarms) -> None:
    world, watch, _ = watched(seconds=600)
    world.fall_silent(900)
    world.clock.drain(900)

    assert fired(alarms, world, watch) == {"sweep-silent"}


def test_a_projector_that_gets_no_further_fires_projector_behind(alarms: Alarms) -> None:
    world = DESTROYS.world()
    watch = Watch(world)
    world.faults.models.append(failing("table.get", "table.of", where="projector"))
    first, _ = (world.submit(DESTROYS.operation, DESTROYS.request, key=key) for key in ("one", "two"))
    world.clock.drain(900)

    assert "projector-behind" in alarms.fired(watch.points, (world.control(first).accepted, world.clock.now))


def test_a_herald_that_gets_no_further_fires_herald_behind(alarms: Alarms) -> None:
    world = TellingWorld()
    furnished(world)
    watch = Watch(world)
    world.faults.models.append(failing("bus.put", where="herald"))
    operation = world.submit(CREATES.operation, CREATES.request)
    world.clock.drain(900)

    assert str(world.control(operation).status) == "SUCCEEDED"
    assert fired(alarms, world, watch) == {"herald-behind"}


def many(world: World, number: int) -> list[str]:
    requests = (CREATES.request | {"stack": f"s{one}"} for one in range(number))
    return [world.submit(CREATES.operation, request, key=request["stack"]) for request in requests]


@pytest.mark.parametrize(("number", "names"), [(9, set()), (10, {"many-held"})])
def test_many_that_somebody_has_to_decide_about_fire_many_held(alarms: Alarms, number: int, names: set[str]) -> None:
    world = CREATES.world()
    watch = Watch(world)
    world.faults.models.append(failing("groups.create"))
    many(world, number)
    world.clock.drain(4 * HOUR)

    assert fired(alarms, world, watch) == names


def test_many_that_somebody_paused_fire_nothing(alarms: Alarms) -> None:
    world = CREATES.world()
    watch = Watch(world)
    paused = many(world, 10)
    for operation in paused:
        world.signal(operation, "pause")
    world.clock.drain(HOUR)

    assert all(world.held(operation) for operation in paused)
    assert fired(alarms, world, watch) == set()


POISON: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "sweep-dead-letters": (sweep, {"messageId": "a", "body": "no JSON"}),
    "tellings-dead-letters": (herald, {"messageId": "a", "body": "no JSON"}),
    "courier-dead-letters": (courier, {"messageId": "a", "body": "no JSON"}),
    "herald-dead-letters": (herald, {"dynamodb": {"SequenceNumber": "7", "NewImage": {"sk": {"S": "control"}}}}),
    "projector-dead-letters": (projector, {"dynamodb": {"SequenceNumber": "7", "NewImage": {"pk": {"S": "op#a"}}}}),
}


@pytest.mark.parametrize("name", POISON)
def test_what_no_try_can_deal_with_is_set_aside_and_fires(
    alarms: Alarms, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WINDLASS_TABLE", "operations")
    handler, record = POISON[name]
    queue = alarms.dead_letters_of(name)
    tries = [failed(handler, record) for _ in range(alarms.tries(queue))]
    waiting = [Point(series("AWS/SQS", "ApproximateNumberOfMessagesVisible", QueueName=queue), 30.0, float(all(tries)))]

    assert tries
    assert name in alarms.fired([*waiting, *sweeps()], (0.0, 60.0))


def failed(handler: Callable[..., Any], record: dict[str, Any]) -> bool:
    try:
        answer = handler({"Records": [record]}, None)
    except Exception:  # noqa: BLE001 - as Lambda does
        return True
    return bool(answer["batchItemFailures"])


def sweeps() -> Iterable[Point]:
    of = series("AWS/Lambda", "Invocations", FunctionName="windlass-Sweep", Resource="windlass-Sweep:live")
    return (Point(of, minute * 60.0, 1.0) for minute in range(-5, 10))


@pytest.mark.parametrize(("down", "names"), [(True, {"requests-fail"}), (False, set())])
def test_a_table_that_cannot_be_read_fires_requests_fail(
    alarms: Alarms, down: bool, names: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    door: Door = new_door()
    if down:
        monkeypatch.setattr(door.table, "get", refused_by_the_table)
    of = series("AWS/ApiGateway", "5XXError", ApiName="windlass-api")
    statuses = [door("GET", "/operations/unknown").status for _ in range(3)]
    told = [Point(of, minute * 60.0, float(status >= 500)) for minute, status in enumerate(statuses)]

    assert alarms.fired([*told, *sweeps()], (0.0, 180.0)) == names


def refused_by_the_table(key: object) -> None:
    raise Transient("DynamoDB is down")


def test_a_line_that_no_shell_and_no_cli_knows_is_found() -> None:
    assert list(faults("aws sqs purge-queue --queue-url X")) == []
    assert list(faults("aws sqs purge-queues --queue-url X")) == ["there is no aws sqs purge-queues"]
    assert list(faults("aws sqs purge-queue --queue X")) == ["aws sqs purge-queue has no --queue"]
    assert list(faults("echo 'never closed"))
