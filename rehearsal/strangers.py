"""Somebody else changes what an operation has just put back, by hand or by another operation: it stays theirs."""

from collections.abc import Callable, Iterator

from lambdas.cloud import Capacity
from lambdas.rows import Status
from rehearsal.faults import Call
from rehearsal.scenarios import ACCOUNT, NEIGHBOUR, REGION, RESIZES
from rehearsal.sweep import Report, Survivor
from rehearsal.trials import CANCEL, Fault, golden_of
from rehearsal.world import NeverEnds, World

LATER = 3600.0
"""Seconds after which the late look has looked, and whatever it began has ended."""
TARGET = Capacity(2, 4, 6)
"""What the resize asks for."""
THEIRS = Capacity(2, 3, 6)
"""A part of it, and not what was there before."""

Change = Callable[[World, str], Capacity]
"""What somebody does while, or after, that operation is put back; and what has to stand for good."""


def meanwhile(world: World, operation: str) -> Capacity:
    """By hand, while it is looked whether nothing is left."""
    world.run(operation, until=lambda: "NothingLeft" in world.result(operation).path)
    _by_hand(world)
    return THEIRS


def afterwards(world: World, operation: str) -> Capacity:
    """By hand, before the late look."""
    world.run(operation)
    _by_hand(world)
    return THEIRS


def by_operation(world: World, operation: str) -> Capacity:
    """By another operation, that wants what the first one wanted."""
    world.run(operation)
    world.run(world.submit(RESIZES.operation, RESIZES.request, key="another"))
    return TARGET


CHANGES: tuple[Change, ...] = (meanwhile, afterwards, by_operation)


def sweep() -> Report:
    """A resize is cancelled as it begins; then each change."""
    (resize,) = (call for call in golden_of(RESIZES).calls if call.name == "groups.resize")
    report = Report(f"{RESIZES.name}, and somebody else")
    for change in CHANGES:
        report.tried[change.__name__] += 1
        if found := _judged(resize, change):
            trial = (Fault(resize.number, CANCEL),)
            report.survivors.append(Survivor(report.scenario, trial, change.__name__, found, ()))
    return report


def _judged(resize: Call, change: Change) -> tuple[str, ...]:
    world = RESIZES.world()
    world.faults.before(resize.number, lambda: world.signal_soon(CANCEL))
    operation = world.submit(RESIZES.operation, RESIZES.request, terms=RESIZES.terms)
    try:
        theirs = change(world, operation)
        world.run(operation)
    except NeverEnds as never:
        return (str(never),)
    world.clock.drain(LATER)
    return tuple(_problems(world, operation, theirs))


def _problems(world: World, operation: str, theirs: Capacity) -> Iterator[str]:
    row, group = world.control(operation), world.cloud.place(ACCOUNT, REGION).groups.get(NEIGHBOUR)
    if row.status is not Status.ROLLED_BACK:
        yield f"ended {row.status}: {row.error}"
    if row.recoveries or row.due is not None:
        yield f"was opened again {row.recoveries} times, and is looked at {'again' if row.due else 'no more'}"
    if group is None or group.capacity != theirs:
        yield f"the capacity somebody else set was {theirs}, is {group and group.capacity}"


def _by_hand(world: World) -> None:
    world.cloud.cloud(ACCOUNT, REGION).groups.resize(NEIGHBOUR, THEIRS)
