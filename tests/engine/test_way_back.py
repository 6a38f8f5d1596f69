"""The way back, while more goes wrong on it: the cloud is as before, the guards are free, nothing is open."""

import logging
from collections.abc import Iterator

import pytest

from rehearsal.faults import KINDS, Call
from rehearsal.scenarios import CREATES, RESIZES
from rehearsal.sweep import Scenario, of_the_cloud
from rehearsal.world import World
from tests.engine.doubles import lagging, not_put_back, refusing, spoiled, traced

REFUSED = {CREATES.name: ("ScaleUp", "groups.resize"), RESIZES.name: ("Resize", "groups.resize")}


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def refused(scenario: Scenario) -> object:
    def spoil(world: World) -> None:
        world.faults.models.append(refusing(*REFUSED[scenario.name]))
    return spoil


def survivors(scenario, first, kind, chosen) -> list[str]:
    found = []
    n = 0
    for call in chosen(traced(scenario, first)):
        world, op, before = spoiled(scenario, first, lambda w: w.faults.at(call.number, kind))
        n += 1
        p = not_put_back(world, op, before)
        if p:
            found.append(f"{kind} at {call} in {call.state}: {p}")
    print(kind, n, len(found))
    return found


def after(where):
    def chosen(calls):
        n = [c.number for c in calls if (c.where, c.name) == where][0]
        return [c for c in calls if c.number > n]
    return chosen


@pytest.mark.parametrize("kind", ["before", "after", "kill_before", "kill_after", "late", "hang", "throttle", "bug"])
@pytest.mark.parametrize("scenario", [CREATES, lagging(CREATES, 60)], ids=["x", "lag"])
def test_x(kind, scenario):
    found = survivors(scenario, refused(scenario), kind, after(REFUSED[scenario.name]))
    assert found == []
