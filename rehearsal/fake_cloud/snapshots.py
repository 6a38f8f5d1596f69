"""The whole cloud as comparable values, and in words what tells two of them apart.

Ids that the cloud gives are left out: instances are counted, not named.
"""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from lambdas.cloud import Group
from rehearsal.fake_cloud.place import Place

Snapshot = Mapping[str, Mapping[str, Any]]
"""Each resource, `prod/us-east-1 group shop-v001`, with what is so of it."""

INSTANCES, DRAINING = "instances", "draining"


def of_place(place: Place) -> Iterator[tuple[str, dict[str, Any]]]:
    where = f"{place.account}/{place.region}"
    for name, template in place.templates.things.items():
        yield f"{where} launch template {name}", _template(template)
    for name, group in place.groups.things.items():
        yield f"{where} group {name}", _group(place, group)
    for name, watching in place.alarms.things.items():
        alarm = watching.alarm
        seen = {"group": watching.group, "policy": alarm.policy, "specification": alarm.specification}
        yield f"{where} alarm {name}", seen | {"operation": alarm.operation}
    for arn in place.target_groups:
        yield f"{where} target group {arn}", _balancer(place, arn)
    for name in place.classics:
        yield f"{where} load balancer {name}", _balancer(place, name)
    for kind, shelf in place.shelves.items():
        for name, thing in shelf.things.items():
            yield f"{where} {kind} {name}", _shown(thing)


def _shown(thing: Any) -> dict[str, Any]:
    """The fields of a dataclass but those that are not compared: what a cloud numbers as it likes."""
    return {one.name: getattr(thing, one.name) for one in fields(thing) if one.compare}


def differences(before: Snapshot, after: Snapshot, *, converged: bool = True) -> list[str]:
    """What is not the same afterwards, resource by resource; empty when nothing is.

    Where it need not have `converged`, a group's instances may still be on their way to its capacity, and those that
    were taken out of a load balancer may drain.
    """
    if before == after:
        return []
    names = sorted(before.keys() | after.keys())
    return [line for name in names for line in _told(name, before, after, converged)]


def _told(name: str, before: Snapshot, after: Snapshot, converged: bool) -> Iterator[str]:
    if name not in before:
        yield f"{name} was absent, is there"
    elif name not in after:
        yield f"{name} was there, is absent"
    else:
        was, now = before[name], after[name]
        for attribute in was:
            if was[attribute] != now[attribute] and (converged or not _converges(attribute, was)):
                yield f"{name}: {attribute} was {_word(was[attribute])}, is {_word(now[attribute])}"


def _converges(attribute: str, thing: Mapping[str, Any]) -> bool:
    return attribute == DRAINING or (attribute == INSTANCES and "capacity" in thing)


def _template(template: Any) -> dict[str, Any]:
    seen = {"settings": template.settings, "user data": template.user_data, "tags": template.tags}
    return seen | {"later versions": tuple((number, one.settings, one.user_data) for number, one in template.later)}


def _group(place: Place, group: Group) -> dict[str, Any]:
    return {
        "capacity": group.capacity,
        INSTANCES: _counted([f"{one.lifecycle}{'' if one.healthy else ' unhealthy'}" for one in group.instances]),
        "settings": group.settings,
        "launch template": group.launch_template,
        "launch template version": group.launch_template_version,
        "launch configuration": group.launch_configuration,
        "suspended processes": tuple(sorted(group.suspended)),
        "metrics": tuple(sorted(group.metrics)),
        "deleting": group.deleting,
        "hooks": place.hooks.get(group.name) or (),
        "scaling policies": place.policies.get(group.name) or (),
        "scheduled actions": place.actions.get(group.name) or (),
    }


def _balancer(place: Place, name: str) -> dict[str, Any]:
    """How many instances of which group are behind it, and how many drain."""
    behind = [one.instance for one in place.behind.get(name) or ()]
    draining = [one for (where, one), until in place.draining.items() if where == name and place.now < until]
    return {INSTANCES: _groups_of(place, behind), DRAINING: _groups_of(place, draining)}


def _groups_of(place: Place, instances: list[str]) -> tuple[tuple[str, int], ...]:
    return _counted([place.instances[one].group for one in instances if one in place.instances])


def _counted(words: list[str]) -> tuple[tuple[str, int], ...]:
    counts: dict[str, int] = {}  # a Counter takes three times as long, at the end of every run
    for word in words:
        counts[word] = counts[word] + 1 if word in counts else 1
    return tuple(sorted(counts.items()))


def _word(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(_word, value)) or "none"
    return "none" if value is None else str(value)
