"""Two operations at the same moment that want what only one of them can have.

Two new groups want the same name: each gets one of its own. The last two groups of a protected cluster are both to go:
one goes, the other stays.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from lambdas.hub import Json
from lambdas.rows import Control, Status
from rehearsal.faults import Call
from rehearsal.scenarios import CREATES, DESTROYS_PROTECTED, DISABLES_PROTECTED, NEIGHBOUR, WHERE, lagging
from rehearsal.sweep import Report, Survivor
from rehearsal.trials import FAULTS, Fault, Golden, Scenario, golden_of
from rehearsal.world import World

Problems = Callable[[World, Sequence[Control]], Iterator[str]]
"""What is wrong with the world in which both have ended, the first one first."""


@dataclass(frozen=True)
class Rivalry:
    """An operation, and another that is asked for just as a call of the first one goes wrong."""

    first: Scenario
    second: Json
    """The request of the other, of the same type."""
    at: Callable[[Call], bool]
    """The calls at which it comes."""
    kinds: tuple[str, ...]
    """How the call goes wrong."""
    problems: Problems


def sweep(rivalry: Rivalry) -> Report:
    """Each of its calls goes wrong in each of its ways, one run each."""
    scenario = rivalry.first
    golden = golden_of(scenario)
    report = Report(f"{scenario.name}, two at once", len(golden.calls))
    for call in filter(rivalry.at, golden.calls):
        for kind in rivalry.kinds:
            report.tried[kind] += 1
            problems, path = _judged(rivalry, golden, call, kind)
            if problems:
                report.survivors.append(Survivor(scenario.name, (Fault(call.number, kind),), str(call), problems, path))
    return report


def _judged(rivalry: Rivalry, golden: Golden, call: Call, kind: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    first, broken, ids = rivalry.first, list[str](), list[str]()
    world = first.world()
    world.cloud.watch(lambda: broken.extend(wrong for holds in first.invariants if (wrong := holds(world))))
    world.faults.at(call.number, FAULTS[kind])
    world.faults.before(call.number, lambda: world.clock.at(1, lambda: ids.append(_post(world, first, rivalry.second))))
    ids.insert(0, _post(world, first, first.request))
    world.run(ids[0])
    world.run(ids[1])
    world.clock.drain(10)
    ended = [world.control(one) for one in ids]
    return (*rivalry.problems(world, ended), *dict.fromkeys(broken)), tuple(world.result(ids[0]).path)


def _post(world: World, scenario: Scenario, request: Json) -> str:
    key = "first" if request is scenario.request else "second"
    return world.submit(scenario.operation, request, key=key, terms=scenario.terms)


def _one_each(world: World, ended: Sequence[Control]) -> Iterator[str]:
    for one in ended:
        if one.status is not Status.SUCCEEDED:
            yield f"{one.id} ended {one.status}: {one.error}"
    created = world.cloud.created
    if len(created) != len(set(created)):
        yield f"created twice: {', '.join(created)}"
    if len([one for one in created if one.startswith("group ")]) != len(ended):
        yield f"made {', '.join(created)}"


def _one_stays(world: World, ended: Sequence[Control]) -> Iterator[str]:
    if sorted(one.status for one in ended) != [Status.ROLLED_BACK, Status.SUCCEEDED]:
        yield f"of the last two groups, {' and '.join(f'{one.status} ({one.error})' for one in ended)}"


def _in_plan(call: Call) -> bool:
    return call.where == "Plan"


def _takes_out(call: Call) -> bool:
    """From the step that judges whether the group may go, to the last that takes it out."""
    return call.where in ("SuspendProcesses", "TakeOutOfLoadBalancers", "TakeOutOfTargetGroups")


KINDS = ("before", "after", "kill_before", "kill_after", "late", "hang")
LAG = 60.0
"""Seconds: to whoever looks at the cloud alone, a group is in traffic for so long after it was taken out."""


def _last(scenario: Scenario) -> Rivalry:
    """The last two groups of a protected cluster are both to go: one goes, the other stays."""
    neighbours = {**WHERE, "serverGroupName": NEIGHBOUR}
    return Rivalry(lagging(scenario, LAG), neighbours, _takes_out, KINDS, _one_stays)


NAMES = Rivalry(CREATES, dict(CREATES.request), _in_plan, KINDS, _one_each)
"""Two new groups want the same name: each gets one of its own."""
LAST_TO_DISABLE, LAST_TO_DESTROY = _last(DISABLES_PROTECTED), _last(DESTROYS_PROTECTED)
