"""How the next state knows that an attempt has ended: the machine tells, and nothing is written for it."""

from collections import Counter
from typing import Any

import pytest

from lambdas.engine import control
from lambdas.engine.tasks import Ended, Task
from lambdas.rows import Control, Status
from rehearsal.scenarios import CREATES, DESTROYS, RESIZES
from rehearsal.sweep import Scenario
from rehearsal.world import World
from statemachines.create_server_group import CREATE_SERVER_GROUP
from tests.engine.doubles import kept, traced

SCENARIOS = (CREATES, RESIZES, DESTROYS)
STEPS = {one.name for one in CREATE_SERVER_GROUP.changes}


class CompiledEarlier(World):
    """Its machines tell no state what the one before has answered."""

    def _invoke(self, function: str, event: Any) -> Any:
        return super()._invoke(function, {name: one for name, one in event.items() if name != "last"})


def row(status: Status = Status.RUNNING, **more: Any) -> Control:
    return Control("op", "CreateServerGroup", status, 5, "", "", "", "", "", "", 0.0, 0.0, **more)


def task(ended: Ended | None) -> Task:
    return Task(CREATE_SERVER_GROUP, "ScaleUp", "op", ended=ended)


def test_a_step_writes_its_start_and_its_journal() -> None:
    writes = Counter(call.where for call in traced(CREATES) if call.name == "table.write")

    assert {step: writes[step] for step in STEPS} == dict.fromkeys(STEPS, 2)


def test_the_attempt_that_the_machine_tells_of_is_not_waited_for() -> None:
    standing = row(live={"3": 100.0, "4": 165.0}, forward_end=20.0)

    known = control.told(standing, task(Ended("4", 110.5)))

    assert (known.live, known.forward_end) == ({"3": 100.0}, 110.5)


def test_an_attempt_of_the_way_back_is_no_forward_one() -> None:
    known = control.told(row(Status.UNDOING, live={"9": 165.0}, forward_end=20.0), task(Ended("9", 110.5)))

    assert (known.live, known.forward_end) == ({}, 20.0)


@pytest.mark.parametrize("ended", [None, Ended("2", 90.0)], ids=["nothing", "what the row knows"])
def test_what_tells_nothing_new_changes_nothing(ended: Ended | None) -> None:
    standing = row(live={"3": 100.0}, forward_end=95.0)

    assert control.told(standing, task(ended)) is standing


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
def test_a_machine_compiled_earlier_waits_for_no_attempt_either(scenario: Scenario) -> None:
    world = CompiledEarlier(scenario.sagas, manners=scenario.manners)
    scenario.prepare(world)

    result = world.run(world.submit(scenario.operation, scenario.request))

    assert result.end == Status.SUCCEEDED
    assert [one.transitions for one in result.executions] == [len(result.path)], "nothing was retried"
    assert [*kept(world, result.id)] == []


def test_a_cancel_between_two_steps_waits_until_the_cloud_has_settled_and_no_longer() -> None:
    world = CREATES.world()
    first = next(one.number for one in traced(CREATES) if one.where == "AddLifecycleHooks")
    world.faults.before(first, lambda: world.signal_soon("cancel"))
    calls = world.faults.trace = []
    seen: list[float] = []
    world.faults.watch(lambda call: seen.append(world.clock.now) if call.name == "groups.delete" else None)

    result = world.run(world.submit(CREATES.operation, CREATES.request))

    settled = world.hub.settings.settling.total_seconds()
    ended = max(one["ended"] for one in world.table.rows() if one["sk"] == "step#SuspendProcesses")
    assert (result.end, len(calls) > first) == (Status.ROLLED_BACK, True)
    assert settled <= seen[0] - ended
    assert seen[0] - ended < settled + 65, "an attempt that had ended was waited for"
