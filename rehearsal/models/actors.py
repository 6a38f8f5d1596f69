"""Competing actors: they change the cloud that an operation is at work on, just before random calls of the run.

What each of them did stands in the fake cloud's deeds, and `rehearsal.contest` judges by these. Who plays by
Clouddriver's policy meets none of them: it says nothing of what is right then.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from lambdas.cloud import EMPTY, Capacity, Group
from lambdas.naming import next_sequence, sequence_of
from lambdas.rows import Status
from rehearsal import scenarios
from rehearsal.fake_cloud import Place
from rehearsal.models.model import Stage, Strikes

SCALES: dict[str, Any] = {"rivals": True}
"""Whatever an autoscaler does within a group's bounds, operations are done."""

TAKES: dict[str, Any] = {
    "rivals": True,
    "ends": frozenset({Status.ROLLED_BACK, Status.NOT_STARTED, Status.NEEDS_ATTENTION}),
}
"""What an operation is about can be taken from it: then these ends are right too, where their reason names it."""

SUSPENDED = ("AZRebalance", "AlarmNotification", "Launch", "Terminate")
"""What a person suspends on a group that worries him."""

MINE = (("owner", "somebody else"),)
"""Tags of what another tool makes."""

MOST = 20
"""Deeds of one kind of actor in one run, whatever the severity."""

Act = Callable[[Stage, random.Random], object]


def autoscaler(times: float = 3, latest: int = 120) -> Strikes:
    """Groups get another desired capacity within their bounds, the one under operation too. Severity: more often."""
    return lambda stage: _at_moments(stage, times, latest, _scale)


def person(times: float = 2, latest: int = 120) -> Strikes:
    """Somebody with another tool makes a cluster's next group, deletes, resizes or tags one, suspends its processes."""
    return lambda stage: _at_moments(stage, times, latest, lambda stage, rng: rng.choice(_DEEDS)(stage, rng))


def others(times: float = 2, latest: int = 120) -> Strikes:
    """Other operations on the same cluster, through the real intake: they resize, destroy and create."""
    return lambda stage: _at_moments(stage, times, latest, _post)


def _at_moments(stage: Stage, times: float, latest: int, act: Act) -> None:
    """So often on average, each just before a call of the run drawn from the first to `latest`, while it goes on."""
    if stage.world is None:
        return
    world, rng = stage.world, random.Random(stage.rng.random())
    mean = times * stage.severity
    count = int(mean) + (rng.random() < mean % 1)
    for _ in range(min(count, MOST)):
        stage.faults.before(rng.randint(1, max(latest, 1)), lambda: world.busy and act(stage, rng))


def _scale(stage: Stage, rng: random.Random) -> None:
    if (chosen := _group(stage, rng)) is None:
        return
    place, group = chosen
    there = group.capacity
    desired = rng.randint(there.min, there.max)
    if desired != there.desired and "AlarmNotification" not in group.suspended:
        _hands(stage, place).groups.resize(group.name, replace(there, desired=desired))


def _resize(stage: Stage, rng: random.Random) -> None:
    least, more, most = rng.randint(0, 2), rng.randint(0, 2), rng.randint(0, 2)
    if (chosen := _group(stage, rng)) is not None:
        capacity = Capacity(least, least + more, least + more + most)
        _hands(stage, chosen[0]).groups.resize(chosen[1].name, capacity)


def _delete(stage: Stage, rng: random.Random) -> None:
    if (chosen := _group(stage, rng)) is not None:
        _hands(stage, chosen[0]).groups.delete(chosen[1].name)


def _suspend(stage: Stage, rng: random.Random) -> None:
    if (chosen := _group(stage, rng)) is not None:
        _hands(stage, chosen[0]).groups.suspend(chosen[1].name, [rng.choice(SUSPENDED)])


def _tag(stage: Stage, rng: random.Random) -> None:
    if (chosen := _group(stage, rng)) is None:
        return
    place, group = chosen
    tags = (*(one for one in group.settings.tags if one[0] != "note"), ("note", f"looked at {rng.randrange(1000)}"))
    place.group_is(group.name, settings=replace(group.settings, tags=tags))
    place.note("tagged", "group", group.name)


def _make_the_next(stage: Stage, rng: random.Random) -> None:
    """The next of the cluster by its groups: the name that Windlass plans with, or has planned with already."""
    if (chosen := _group(stage, rng)) is None:
        return
    place, model = chosen
    template = place.templates.get(model.launch_template or "")
    if template is None:
        return
    cluster = _cluster(model.name)
    taken = {number for name in place.groups.things if (number := sequence_of(name, cluster)) is not None}
    name = f"{cluster}-v{next_sequence(taken, None):03}"
    cloud = _hands(stage, place)
    if place.templates.get(name) is None:
        cloud.launch_templates.create(name, template.settings, None, MINE, "")
    place.groups.put(name, Group(name, EMPTY, replace(model.settings, tags=MINE), name, arn=place.arn(name)), place.now)
    place.note("created", "group", name)
    cloud.groups.resize(name, Capacity(1, 1, 2))


_DEEDS: tuple[Act, ...] = (_make_the_next, _delete, _resize, _suspend, _tag)


def _post(stage: Stage, rng: random.Random) -> None:
    world = stage.world
    operation = rng.choice(("resizeServerGroup", "destroyServerGroup", "createServerGroup"))
    if world is None or (chosen := _group(stage, rng)) is None:
        return
    place, group = chosen
    request: dict[str, Any] = {"account": place.account, "region": place.region, "serverGroupName": group.name}
    if operation == "createServerGroup":
        request = scenarios.CREATE
    elif operation == "resizeServerGroup":
        least, more = rng.randint(0, 2), rng.randint(0, 2)
        request["capacity"] = {"min": least, "desired": least + more, "max": least + more + 1}
    world.post(operation, request, f"another-{len(world.others) + world.unanswered}")


def _group(stage: Stage, rng: random.Random) -> tuple[Place, Group] | None:
    """One that stands, of the cluster that the operation is about, and another's now and then."""
    standing = list(_standing(stage))
    return rng.choice(standing) if standing else None


def _standing(stage: Stage) -> Iterator[tuple[Place, Group]]:
    for place in stage.cloud.places():
        place.settle()
        yield from ((place, group) for group in place.groups.things.values() if not group.deleting)


def _cluster(name: str) -> str:
    return name.rpartition("-v")[0]


def _hands(stage: Stage, place: Place) -> Any:
    """The cloud in a stranger's hands."""
    return stage.cloud.cloud(place.account, place.region)
