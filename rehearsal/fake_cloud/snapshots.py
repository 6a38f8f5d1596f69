"""The whole cloud as comparable values, and in words what tells two of them apart.

Ids that the cloud gives are left out: instances are counted, not named.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from lambdas.cloud import Group
from rehearsal.fake_cloud.place import Place

Snapshot = Mapping[str, Mapping[str, Any]]
"""Each resource, `prod/us-east-1 group shop-v001`, with what is so of it."""

INSTANCES = "instances"


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
        yield f"{where} target group {arn}", {INSTANCES: _registered(place, arn)}
    for name in place.classics:
        yield f"{where} load balancer {name}", {INSTANCES: _registered(place, name)}


def differences(before: Snapshot, after: Snapshot, *, converged: bool = True) -> list[str]:
    """What is not the same afterwards, resource by resource; empty when nothing is.

    Where it need not have `converged`, a group's instances may still be on their way to its capacity.
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
            converges = attribute == INSTANCES and "capacity" in was and not converged
            if was[attribute] != now[attribute] and not converges:
                yield f"{name}: {attribute} was {_word(was[attribute])}, is {_word(now[attribute])}"


def _template(template: Any) -> dict[str, Any]:
    return {"settings": template.settings, "user data": template.user_data, "tags": template.tags}


def _group(place: Place, group: Group) -> dict[str, Any]:
    return {
        "capacity": group.capacity,
        INSTANCES: _counted(f"{one.lifecycle}{'' if one.healthy else ' unhealthy'}" for one in group.instances),
        "settings": group.settings,
        "launch template": group.launch_template,
        "launch configuration": group.launch_configuration,
        "suspended processes": tuple(sorted(group.suspended)),
        "metrics": tuple(sorted(group.metrics)),
        "deleting": group.deleting,
        "hooks": place.hooks.get(group.name) or (),
        "scaling policies": place.policies.get(group.name) or (),
        "scheduled actions": place.actions.get(group.name) or (),
    }


def _registered(place: Place, balancer: str) -> tuple[tuple[str, int], ...]:
    """How many of which group."""
    targets = place.behind.get(balancer) or ()
    return _counted(place.instances[one.instance].group for one in targets if one.instance in place.instances)


def _counted(words: Iterator[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(Counter(words).items()))


def _word(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(_word, value)) or "none"
    return "none" if value is None else str(value)
