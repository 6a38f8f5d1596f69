"""Freeze windows: what they cover begins afterwards, what has begun goes on, and everybody can see who said so."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from lambdas.engine import acts, freezes, intake, tokens
from lambdas.engine.freezes import Freeze, Frozen, Names
from lambdas.engine.windows import Weekly, WeekMoment, Window
from lambdas.errors import NotFound, WindlassError
from lambdas.rows import control_of, item_of, step_key
from rehearsal.faults import Killed
from rehearsal.scenarios import CREATES, RESIZES
from rehearsal.trials import Scenario
from rehearsal.world import CALLER, TERMS, World

WHO, REASON = "alice via role/console", "peak season"
WAITING = replace(TERMS, waits_for_thaw=True)
HOUR = 3600.0


def freeze(
    world: World, name: str = "peak", *, ends: float | None = HOUR, begins: float | None = None, **more: Any
) -> None:
    """From so many seconds from now on, for so many seconds from now."""
    now = world.clock.now
    since, until = (None if one is None else now + one for one in (begins, ends))
    window = Window(since, until, more.pop("weekly", None))
    freezes.declare(world.plain, Freeze(name, REASON, window, **more), WHO)


def submit(world: World, scenario: Scenario, terms: intake.Terms = WAITING, **fields: Any) -> str:
    """Submit once; a refusal is raised."""
    saga = scenario.saga(world)
    request = saga.request_type.model_validate(scenario.request | fields)
    submission = intake.Submission(saga, request)
    return intake.accept(world.plain, [submission], caller=CALLER, terms=terms, key="one").id


def reason(world: World, operation: str) -> str:
    opened = tokens.find(world.plain, operation, "Hold")
    return (opened and opened.reason) or ""


@pytest.mark.parametrize("scenario", [CREATES, RESIZES], ids=lambda one: one.name)
def test_what_a_freeze_covers_is_refused_with_its_name_its_reason_and_its_end(scenario: Scenario) -> None:
    world = scenario.world()
    freeze(world)

    with pytest.raises(Frozen) as refused:
        submit(world, scenario, TERMS)

    assert str(refused.value) == (
        f"freeze 'peak' keeps {scenario.operation} of prod/us-east-1/shop-prod from beginning until "
        f"2026-01-01T01:00:00Z: {REASON} (declared by {WHO}); send it again then, or ask with ?whenFrozen=wait, or say "
        "overrideFreeze with a reason"
    )
    assert refused.value.until == world.clock.now + HOUR
    assert [row for row in world.table.rows() if row["pk"].startswith(("op#", "guard#"))] == []


@pytest.mark.parametrize("scenario", [CREATES, RESIZES], ids=lambda one: one.name)
def test_who_asks_for_it_waits_and_begins_when_the_window_is_over(scenario: Scenario) -> None:
    world = scenario.world()
    freeze(world, ends=5 * HOUR)
    operation = submit(world, scenario)
    world.clock.drain(HOUR)
    assert reason(world, operation).startswith("Paused: freeze 'peak' keeps")

    result = world.run(operation)

    assert result.end == "SUCCEEDED"
    assert 5 * HOUR <= (result.control.started or 0) - result.control.accepted <= 5 * HOUR + 61
    assert result.path.count("Hold") == 1


def test_a_window_that_opens_while_an_operation_is_queued_keeps_it() -> None:
    world = RESIZES.world()
    first = world.submit(RESIZES.operation, RESIZES.request, key="first")
    second = world.submit(RESIZES.operation, RESIZES.request, key="second")
    world.run(first, until=lambda: world.control(first).step == "AllHealthy")
    freeze(world)

    assert world.run(first).end == "SUCCEEDED"
    world.clock.drain(300)

    assert world.control(second).started is None
    assert reason(world, second).startswith("Paused: freeze 'peak'")
    assert world.run(second).end == "SUCCEEDED"


@pytest.mark.parametrize("scenario", [CREATES, RESIZES], ids=lambda one: one.name)
@pytest.mark.parametrize("cancelled", [False, True])
def test_what_has_begun_goes_on_and_what_is_put_back_is(scenario: Scenario, cancelled: bool) -> None:
    world = scenario.world()
    operation = submit(world, scenario)
    world.run(operation, until=lambda: world.control(operation).step == scenario.saga(world).waits[0].name)
    freeze(world, ends=None)
    if cancelled:
        world.signal(operation, "cancel")

    assert world.run(operation).end == ("ROLLED_BACK" if cancelled else "SUCCEEDED")


def test_a_recovery_is_not_kept_from_putting_back() -> None:
    world = RESIZES.world()
    operation = submit(world, RESIZES)
    world.run(operation, until=lambda: world.control(operation).step == "AllHealthy")
    freeze(world, ends=None)

    world.machines.stop(operation)

    assert world.run(operation).end == "ROLLED_BACK"


def test_what_waits_begins_within_a_minute_when_the_freeze_is_taken_away() -> None:
    world = CREATES.world()
    freeze(world)
    operation = submit(world, CREATES)
    world.clock.drain(600)

    freezes.remove(world.hub, "peak", "bob")
    world.clock.drain(61)

    assert world.control(operation).started is not None


def test_a_second_freeze_goes_on_where_the_first_ends_and_is_named() -> None:
    world = CREATES.world()
    freeze(world)
    freeze(world, "inventory", begins=HOUR, ends=2 * HOUR)
    operation = submit(world, CREATES)
    assert "until 2026-01-01T01:00:00Z (and others until 2026-01-01T02:00:00Z)" in refusal(world)
    world.clock.drain(HOUR + 300)

    assert reason(world, operation).startswith("Paused: freeze 'inventory'")
    assert world.run(operation).end == "SUCCEEDED"


def refusal(world: World) -> str:
    with pytest.raises(Frozen) as refused:
        submit_another(world)
    return str(refused.value)


def submit_another(world: World, terms: intake.Terms = TERMS) -> None:
    saga = RESIZES.saga(world)
    submission = intake.Submission(saga, saga.request_type.model_validate(RESIZES.request))
    intake.accept(world.plain, [submission], caller=CALLER, terms=terms, key="another")


def test_who_would_wait_beyond_its_deadline_is_refused_at_once() -> None:
    world = CREATES.world()
    freeze(world, ends=30 * HOUR)

    with pytest.raises(Frozen, match="it may not begin after 2026-01-02T00:00:00Z: give it longer"):
        submit(world, CREATES)
    assert submit(world, CREATES, replace(WAITING, finish_within=timedelta(hours=40)))


def test_who_would_wait_for_nobody_knows_how_long_is_refused() -> None:
    world = CREATES.world()
    freeze(world, ends=None)
    always = Weekly(WeekMoment.parse("Monday 00:00"), WeekMoment.parse("Monday 00:00"), "UTC")
    freeze(world, "always", ends=None, weekly=always)

    with pytest.raises(Frozen, match="until it is taken away") as refused:
        submit(world, CREATES)

    assert refused.value.until is None


def test_what_is_kept_beyond_its_deadline_was_not_started() -> None:
    world = CREATES.world()
    operation = world.submit(CREATES.operation, CREATES.request, terms=replace(TERMS, finish_within=timedelta(hours=1)))
    freeze(world, ends=5 * HOUR)

    result = world.run(operation)

    assert result.end == "NOT_STARTED"
    assert "freeze 'peak'" in (result.control.error or "")


def test_whoever_overrides_it_begins_and_it_stands_in_its_journal() -> None:
    world = CREATES.world()
    freeze(world)

    operation = submit(world, CREATES, TERMS, overrideFreeze="the shop is down")

    assert world.run(operation).end == "SUCCEEDED"
    said = world.table.peek(step_key(operation, freezes.OVERRIDDEN))["did"]
    assert said == f"overrode freeze 'peak' ({REASON}): the shop is down"
    assert world.control(operation).override_freeze == "the shop is down"


def test_where_nothing_is_frozen_nothing_was_overridden() -> None:
    world = CREATES.world()

    operation = submit(world, CREATES, TERMS, overrideFreeze="in case")

    assert dict(world.table.peek(step_key(operation, freezes.OVERRIDDEN))) == {}


@pytest.mark.parametrize(
    ("scope", "exempt", "covered"),
    [
        ({}, {}, True),
        ({"accounts": ("prod",)}, {}, True),
        ({"accounts": ("test",)}, {}, False),
        ({"regions": ("us-*",)}, {}, True),
        ({"applications": ("mail", "sh*")}, {}, True),
        ({"clusters": ("shop-prod*",)}, {}, True),
        ({"clusters": ("shop",)}, {}, False),
        ({"operations": ("resizeServerGroup",)}, {}, True),
        ({"operations": ("createServerGroup",)}, {}, False),
        ({"callers": ("*:role/rehearsal",)}, {}, True),
        ({"accounts": ("prod",), "applications": ("mail",)}, {}, False),
        ({}, {"operations": ("resize*",)}, False),
        ({}, {"applications": ("mail",)}, True),
        ({}, {"applications": ("mail",), "callers": ("carol",)}, False),
        ({}, {"callers": ("dave",)}, True),
    ],
)
def test_a_freeze_covers_its_scope_without_its_exceptions(
    scope: dict[str, Any], exempt: dict[str, Any], covered: bool
) -> None:
    world = RESIZES.world()
    operation = world.submit(RESIZES.operation, RESIZES.request)
    row = control_of(item_of(world.control(operation)) | {"user": "carol"})
    declared = Freeze("peak", REASON, Window(), Names(**scope), Names(**exempt))

    assert (declared.until(row, world.clock.now) is not None) == covered


def test_what_is_declared_is_read_back_as_it_was() -> None:
    world = CREATES.world()
    weekly = Weekly(WeekMoment.parse("Friday 18:00"), WeekMoment.parse("Monday 08:00"), "Europe/Berlin")
    scope, exempt = Names(accounts=("prod",), clusters=("shop-*",)), Names(operations=("enable*", "disable*"))
    freeze(world, "weekend", ends=None, begins=60, weekly=weekly, scope=scope, exempt=exempt)

    (found,) = freezes.declared(world.plain)

    assert (found.window, found.scope, found.exempt) == (Window(world.clock.now + 60, None, weekly), scope, exempt)
    assert (found.by, found.at, found.version) == (WHO, world.clock.now, 1)


def test_declared_twice_is_declared_once_and_a_change_is_told() -> None:
    world = CREATES.world()
    freeze(world)
    freeze(world)
    freeze(world, ends=2 * HOUR)
    for _ in range(2):
        freezes.remove(world.hub, "peak", "bob")

    assert [(one.by, one.did) for one in acts.read(world.plain, freezes.PARTITION)] == [
        ("bob", "took freeze 'peak' away"),
        (WHO, f"changed freeze 'peak' (until 2026-01-01T02:00:00Z): {REASON}"),
        (WHO, f"declared freeze 'peak' (until 2026-01-01T01:00:00Z): {REASON}"),
    ]
    assert freezes.declared(world.plain) == []


def test_what_was_never_declared_cannot_be_taken_away() -> None:
    world = CREATES.world()

    with pytest.raises(NotFound, match="there is no freeze 'paek'; GET /freezes lists them"):
        freezes.remove(world.hub, "paek", WHO)


def test_the_sweep_takes_away_what_is_over() -> None:
    world = CREATES.world()
    freeze(world, ends=600)
    freeze(world, "later", ends=1200)
    world.clock.drain(700)

    assert [one.name for one in freezes.declared(world.plain)] == ["later"]
    assert acts.read(world.plain, freezes.PARTITION)[0].by == acts.ITSELF


def test_a_sweep_that_learned_of_an_earlier_end_takes_nothing_away() -> None:
    world = CREATES.world()
    freeze(world)

    for name in ("peak", "never"):
        freezes.expire(world.hub, name)

    assert [one.name for one in freezes.declared(world.plain)] == ["peak"]


Change = Callable[[World], object]
CHANGES: tuple[Change, ...] = (
    lambda world: freezes.declare(world.hub, Freeze("other", REASON, Window()), WHO),
    lambda world: freezes.remove(world.hub, "peak", WHO),
)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("kind", ["before", "after", "kill_before", "kill_after"])
def test_whoever_declares_may_die_at_any_call_and_what_was_done_is_told(change: Change, kind: str) -> None:
    for number in (1, 2, 3):
        world = CREATES.world()
        freeze(world)
        world.faults.at(world.faults.calls + number, kind)
        with world.faults.invocation("api"), suppress(WindlassError, Killed):
            change(world)
        done = [one.name for one in freezes.declared(world.plain)] != ["peak"]

        assert len(acts.read(world.plain, freezes.PARTITION)) == (2 if done else 1), f"call {number}"
        change(world)
        assert len(acts.read(world.plain, freezes.PARTITION)) == 2


def test_of_two_who_declare_at_the_same_moment_both_are_told() -> None:
    world = CREATES.world()
    the_write = world.faults.calls + 3
    world.faults.before(the_write, lambda: freeze(world, "other"))

    freezes.declare(world.hub, Freeze("peak", REASON, Window()), WHO)

    assert [one.name for one in freezes.declared(world.plain)] == ["other", "peak"]
    assert len(acts.read(world.plain, freezes.PARTITION)) == 2
