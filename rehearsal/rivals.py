"""Two operations that want the same new name at the same moment: each gets one of its own."""

from collections.abc import Iterator

from lambdas.rows import Status
from rehearsal.faults import Call
from rehearsal.scenarios import CREATES
from rehearsal.sweep import Report, Survivor
from rehearsal.trials import FAULTS, Fault, Golden, Scenario, golden_of
from rehearsal.world import World

KINDS = ("before", "after", "kill_before", "kill_after", "late", "hang")


def sweep(scenario: Scenario = CREATES) -> Report:
    """Each call of the first one's Plan goes wrong in each way, and a second request comes just then."""
    golden = golden_of(scenario)
    report = Report(f"{scenario.name}, two at once", len(golden.calls))
    for call in golden.calls:
        for kind in KINDS if call.where == "Plan" else ():
            report.tried[kind] += 1
            problems, path = _judged(scenario, golden, call, kind)
            if problems:
                report.survivors.append(Survivor(scenario.name, (Fault(call.number, kind),), str(call), problems, path))
    return report


def _judged(scenario: Scenario, golden: Golden, call: Call, kind: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    world, ids = scenario.world(), list[str]()
    world.faults.at(call.number, FAULTS[kind])
    world.faults.before(call.number, lambda: world.clock.at(1, lambda: ids.append(_post(world, scenario, "second"))))
    ids.append(_post(world, scenario, "first"))
    world.run(ids[0])
    world.run(ids[1])
    world.clock.drain(10)
    return tuple(_problems(world, ids, len(golden.after) - len(golden.before))), tuple(world.result(ids[0]).path)


def _post(world: World, scenario: Scenario, key: str) -> str:
    return world.submit(scenario.operation, scenario.request, key=key, terms=scenario.terms)


def _problems(world: World, ids: list[str], made: int) -> Iterator[str]:
    for one in ids:
        control = world.control(one)
        if control.status is not Status.SUCCEEDED:
            yield f"{one} ended {control.status}: {control.error}"
    if len(world.cloud.created) != len(set(world.cloud.created)):
        yield f"created twice: {', '.join(world.cloud.created)}"
    if len([one for one in world.cloud.created if one.startswith("group ")]) != len(ids) and made:
        yield f"made {', '.join(world.cloud.created)}"
