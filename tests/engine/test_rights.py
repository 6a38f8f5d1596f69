"""Before what cannot be put back the caller's right is asked for once more: who has lost it, holds."""

from dataclasses import replace
from pathlib import Path

import pytest

from lambdas.authority import Authority
from lambdas.engine import intake, signals
from lambdas.engine.intake import Caller
from lambdas.rows import open_key
from rehearsal.scenarios import DESTROYS, RESIZES
from rehearsal.trials import BRISK
from rehearsal.world import CALLER, TERMS, World

OPERATION = DESTROYS.operation
ALL = '@id("all") permit (principal, action, resource);'
LONG = "an.unusually.long.name.of.a.person@a.company.example.com"
DENIED = (
    f"Denied: {CALLER.principal} may no longer destroyServerGroup in account prod: retry, once a policy permits it "
    "again, goes on; rollback puts the operation back"
)


def policies(world: World, folder: Path, text: str) -> None:
    """As if another release had been deployed."""
    folder.mkdir(exist_ok=True)
    (folder / "all.cedar").write_text(text)
    authority = Authority(folder)
    world.hub, world.plain = replace(world.hub, authority=authority), replace(world.plain, authority=authority)


def begun(folder: Path, text: str = ALL, caller: Caller = CALLER) -> tuple[World, str]:
    world = World(recorded=False, manners=BRISK)
    DESTROYS.prepare(world)
    policies(world, folder, text)
    return world, world.submit(OPERATION, DESTROYS.request, caller=caller, terms=TERMS)


def reason(world: World, operation: str) -> str:
    return str(world.table.peek(open_key(operation, "Hold")).get("reason"))


def held(world: World, operation: str, folder: Path) -> None:
    """Its caller has lost the right meanwhile."""
    policies(world, folder, '@id("none") forbid (principal, action == Action::"destroyServerGroup", resource);' + ALL)
    world.run(operation, until=lambda: world.held(operation))


def test_who_has_lost_the_right_holds_before_the_pivot(tmp_path: Path) -> None:
    world, one = begun(tmp_path)

    held(world, one, tmp_path)

    assert world.held(one)
    assert reason(world, one) == DENIED
    assert not world.control(one).pivoted


def test_retry_goes_on_once_the_right_is_back(tmp_path: Path) -> None:
    world, one = begun(tmp_path)
    held(world, one, tmp_path)

    policies(world, tmp_path, ALL)
    signals.decide(world.plain, world.sagas, one, "retry", CALLER)

    result = world.run(one)
    assert result.end == "SUCCEEDED"
    assert result.path.count("DeleteGroup") == 2


def test_retry_without_it_holds_again(tmp_path: Path) -> None:
    world, one = begun(tmp_path)
    held(world, one, tmp_path)

    signals.decide(world.plain, world.sagas, one, "retry", CALLER)
    world.run(one, until=lambda: world.held(one))

    assert reason(world, one) == DENIED


def test_rollback_puts_it_back(tmp_path: Path) -> None:
    world, one = begun(tmp_path)
    held(world, one, tmp_path)

    signals.decide(world.plain, world.sagas, one, "rollback", CALLER)

    assert world.run(one).end == "ROLLED_BACK"


def test_nobody_waits_longer_than_the_operation_may_take(tmp_path: Path) -> None:
    world, one = begun(tmp_path)
    held(world, one, tmp_path)

    assert world.run(one).end == "ROLLED_BACK"
    assert str(world.control(one).error).startswith(f"Expired: the operation's deadline has passed: {DENIED[:99]}")


def test_a_cancel_counts_more_than_a_right(tmp_path: Path) -> None:
    world, one = begun(tmp_path)
    policies(world, tmp_path, '@id("none") forbid (principal, action, resource);')
    signals.cancel(world.plain, world.sagas, one, CALLER)

    assert world.run(one).end in ("ROLLED_BACK", "NOT_STARTED")


@pytest.mark.parametrize(("user", "end"), [(LONG, "SUCCEEDED"), (LONG.replace("a.person", "another"), None)])
def test_a_user_is_known_by_the_whole_name(tmp_path: Path, user: str, end: str | None) -> None:
    """The control row keeps its beginning alone."""
    text = f'@id("one") permit (principal == User::"{LONG}", action, resource);'

    world, one = begun(tmp_path, text, Caller(CALLER.principal, user))
    world.run(one, until=lambda: world.held(one))

    assert world.held(one) is (end is None)


def test_of_what_has_no_pivot_nobody_asks(tmp_path: Path) -> None:
    world = World(recorded=False, manners=BRISK)
    RESIZES.prepare(world)
    policies(world, tmp_path, '@id("none") forbid (principal, action, resource);')
    one = world.submit("resizeServerGroup", RESIZES.request)

    assert world.run(one).end == "SUCCEEDED"
    assert len(LONG) > intake.LONGEST_NOTE
