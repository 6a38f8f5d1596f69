"""The destructive brake: too much out of service within ten minutes parks, and a second person decides."""

from dataclasses import replace

import pytest

from lambdas import accounts
from lambdas.accounts import Account, Limits
from lambdas.cloud import Capacity
from lambdas.engine import signals
from lambdas.engine.intake import Caller
from lambdas.errors import Conflict, Rejected
from lambdas.losses import FEW, WINDOW, TableLosses
from lambdas.rows import losses_key, open_key
from lambdas.table import Update, Write
from rehearsal.fake_cloud import seeds
from rehearsal.memory_table import MemoryTable
from rehearsal.trials import BRISK
from rehearsal.world import CALLER, World

ACCOUNT, REGION = "prod", "us-east-1"
SECOND = Caller("arn:aws:iam::123456789012:role/other")


def group(number: int) -> str:
    return f"shop-s{number}-v000"


def world(count: int = 8, *, neighbours: int = 0, **limits: int) -> World:
    """So many server groups of two instances in an account with these limits, and some more that nobody touches."""
    made = World(recorded=False, manners=BRISK)
    names = [group(n) for n in range(count)]
    place = made.cloud.seed(ACCOUNT, REGION, neighbours=tuple(names))
    for n in range(neighbours):
        seeds.neighbour(place, f"mail-s{n}-v000", Capacity(2, 2, 4))
    account = Account(ACCOUNT, seeds.OWNER, (REGION,), limits=replace(Limits(groups=100, percent=100), **limits))
    accounts.put(made.table, account)
    return made


def disable(world: World, number: int) -> str:
    request = {"account": ACCOUNT, "region": REGION, "serverGroupName": group(number)}
    operation = world.submit("disableServerGroup", request, key=f"disable {number}")
    world.run(operation, until=lambda: world.held(operation))
    return operation


def reason(world: World, operation: str) -> str:
    return str(world.table.peek(open_key(operation, "Hold")).get("reason"))


def test_the_group_that_is_one_too_many_is_held_before_anything_of_it_is_touched() -> None:
    hub = world(groups=2)
    first = [disable(hub, n) for n in range(2)]

    third = disable(hub, 2)

    assert [hub.result(one).end for one in first] == ["SUCCEEDED"] * 2
    assert hub.held(third)
    assert reason(hub, third) == (
        "Braked: 3 server groups of account prod would go out of service within ten minutes, more than the 2 allowed: "
        "a second person, not arn:aws:iam::123456789012:role/rehearsal, decides retry to let it happen; "
        "rollback puts the operation back"
    )
    assert not hub.cloud.place(ACCOUNT, REGION).groups.get(group(2)).suspended  # type: ignore[union-attr]


def test_nobody_but_a_second_person_lets_it_past() -> None:
    hub = world(groups=1)
    disable(hub, 0)
    held = disable(hub, 1)

    with pytest.raises(signals.NotYou, match="rehearsal asked for it, so somebody else has to decide retry"):
        signals.decide(hub.plain, hub.sagas, held, "retry", CALLER)
    signals.decide(hub.plain, hub.sagas, held, "retry", SECOND, "planned evacuation")

    result = hub.run(held)
    assert result.end == "SUCCEEDED"
    start = ["Guard", "Plan", "Recovering", "SuspendProcesses", "Hold", "Again", "SuspendProcesses"]
    assert result.path[:7] == start
    did = hub.table.peek(("op#" + held, "step#SuspendProcesses"))["did"]  # type: ignore[arg-type]
    assert did.endswith(f"; the brake of account prod was released by {SECOND.principal}: planned evacuation")


def test_a_user_is_the_person_where_a_delegate_names_one() -> None:
    row = world(1)
    operation = disable(row, 0)
    control = replace(row.control(operation), user="alice", caller="orca")

    with pytest.raises(signals.NotYou):
        signals._second(control, Caller("gate", "alice"))
    signals._second(control, Caller("orca", "bob"))


def test_whoever_asked_may_put_it_back() -> None:
    hub = world(groups=1)
    disable(hub, 0)
    held = disable(hub, 1)

    assert hub.signal(held, "decide", "rollback") == "accepted"
    assert hub.run(held).end == "ROLLED_BACK"


def test_it_is_not_let_go_by_time_but_what_counts_is() -> None:
    hub = world(groups=1)
    disable(hub, 0)
    held = disable(hub, 1)

    hub.clock.drain(WINDOW + 1)

    assert hub.held(held)
    assert hub.result(disable(hub, 2)).end == "SUCCEEDED"


def test_a_part_of_the_instances_counts_once_more_than_a_few_groups_go() -> None:
    hub = world(percent=30, neighbours=6)
    standing = hub.cloud.cloud(ACCOUNT, REGION).groups.standing()
    held = [hub.held(one) for one in [disable(hub, n) for n in range(8)]]

    first = held.index(True)
    gone = 2 * (first + 1)
    assert first >= FEW
    assert 100 * (gone - 2) <= 30 * standing < 100 * gone


def test_all_operations_at_once_get_no_more_room_than_there_is() -> None:
    hub = world(groups=3)
    for n in range(8):
        request = {"account": ACCOUNT, "region": REGION, "serverGroupName": group(n)}
        hub.post("disableServerGroup", request, f"disable {n}")
    hub.clock.drain(400)

    assert sum(hub.held(one) for one in hub.others) == 5
    assert len(hub.table.peek(losses_key(ACCOUNT))["groups"]) == 3


def test_an_undo_is_never_braked() -> None:
    hub = world(groups=1)
    disable(hub, 0)
    where = {"account": ACCOUNT, "region": REGION, "serverGroupName": group(0)}
    hub.faults.models.append(lambda call: _refuses if call.name == "load_balancers.register" else None)
    hub.clock.drain(WINDOW)
    disable(hub, 1)

    enabling = hub.submit("enableServerGroup", where, key="enable")

    assert hub.run(enabling).end == "ROLLED_BACK"


def _refuses(*_: object) -> None:
    raise Rejected("rehearsed")


def test_a_second_attempt_and_the_next_step_count_nothing_more() -> None:
    table = MemoryTable()
    losses = TableLosses(table, (ACCOUNT, REGION), "op1", lambda: 1000.0)

    for _ in range(3):
        assert losses.note(group(0), lambda: 2, lambda: 10) == ""

    assert table.peek(losses_key(ACCOUNT))["version"] == 1


class Busy(MemoryTable):
    """A table in which somebody else is always quicker."""

    def write(self, *writes: Write) -> None:
        super().write(Update(losses_key(ACCOUNT), add={"version": 1}))
        super().write(*writes)


def test_where_others_are_always_quicker_it_is_a_conflict() -> None:
    losses = TableLosses(Busy(), (ACCOUNT, REGION), "op1", lambda: 1000.0)

    with pytest.raises(Conflict, match="many operations take groups of account prod out of service just now"):
        losses.note(group(0), lambda: 2, lambda: 10)
