"""Scheduled actions of a server group: changed, made and deleted, each put back by itself."""

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from lambdas.activities import lookups, parts, restoring
from lambdas.activities.expectations import needed, unless_gone
from lambdas.cloud import Cloud, ScheduledAction
from lambdas.cloud.schedules import Schedules
from lambdas.errors import NotFound
from lambdas.requests.upsert_asg_scheduled_actions import Scheduled, UpsertAsgScheduledActions

ACTIONS = (
    "autoscaling:DeleteScheduledAction",
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeScheduledActions",
    "autoscaling:PutScheduledUpdateGroupAction",
    "cloudwatch:DescribeAlarms",
)
READS = ("autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribeScheduledActions")

KEPT = ("StartTime", "EndTime", "TimeZone")
"""What a request does not tell of, and an action that is changed keeps."""
LONGEST_NAME = 255

Actions = tuple[ScheduledAction, ...]
States = dict[str, str | None]


@dataclass(frozen=True)
class SchedulesPlan:
    account: str
    region: str
    group: str
    deleted: Actions
    """As they are: those that nobody asks for, and those that are made anew under other names."""
    before: Actions
    """As they are: those that are changed in place."""
    after: Actions
    """As they shall be: those that are changed or made."""
    schema: int = 1


def plan_upsert(request: UpsertAsgScheduledActions, cloud: Cloud) -> SchedulesPlan:
    """Match what stands there with what is asked for by recurrence, and name what is new."""
    group = lookups.group_of(request, cloud)
    there = {one.name: one for one in cloud.scaling.scheduled_actions(group.name)}
    recurring = {_read(one).get("Recurrence"): one for one in reversed(there.values())}
    wanted = {
        one.name: one
        for one in (_wanted(one, recurring.get(one.recurrence), group.name, cloud) for one in request.scheduled_actions)
    }
    deleted = [one for one in there.values() if one.name not in wanted]
    changed = {name: one for name, one in wanted.items() if name not in there or _state(one) != _state(there[name])}
    before = [one for one in there.values() if one.name in changed]
    return SchedulesPlan(
        cloud.account, cloud.region, group.name, tuple(deleted), tuple(before), tuple(changed.values())
    )


def _wanted(asked: Scheduled, standing: ScheduledAction | None, group: str, cloud: Cloud) -> ScheduledAction:
    """With the times of the action that has its recurrence already, and with its name where it can be put over it.

    A put leaves alone what it does not tell of, so that one with other fields could not be put back over it again.
    """
    sizes = {"MinSize": asked.min_size, "MaxSize": asked.max_size, "DesiredCapacity": asked.desired_capacity}
    told: dict[str, Any] = {"Recurrence": asked.recurrence}
    told |= {name: size for name, size in sizes.items() if size is not None}
    if standing is not None:
        told |= {name: value for name, value in _read(standing).items() if name in KEPT}
        if told.keys() == _read(standing).keys():
            return ScheduledAction(standing.name, _written(told))
    mark = hashlib.sha256(f"{cloud.operation} {asked.recurrence}".encode()).hexdigest()[:8]
    return ScheduledAction(f"{group[: LONGEST_NAME - 9]}-{mark}", _written(told))


def delete(plan: SchedulesPlan, cloud: Cloud) -> str:
    """Delete the scheduled actions that nobody asks for, or that are made anew, unless somebody has changed one."""
    if not plan.deleted:
        return "no scheduled action to delete"
    pending = parts.pending(_what(plan), _there(plan, cloud), _states(plan.deleted), _none(plan.deleted))
    for name in parts.removals(pending):
        _delete(plan, name, cloud)
    return parts.said(_what(plan), pending)


def put_again(plan: SchedulesPlan, cloud: Cloud) -> str:
    """Put the deleted scheduled actions back, unless somebody has made others of their names."""
    if not plan.deleted:
        return "no scheduled action to put back"
    undone = parts.undone(_what(plan), _there(plan, cloud), _states(plan.deleted), _none(plan.deleted), cloud)
    return unless_gone(plan.group, lambda: _put(plan, plan.deleted, undone, cloud), parts.said(_what(plan), undone))


def put(plan: SchedulesPlan, cloud: Cloud) -> str:
    """Put the scheduled actions that are asked for, unless somebody has changed one since it was planned."""
    if not plan.after:
        return "no scheduled action to put"
    pending = parts.pending(_what(plan), _there(plan, cloud), _states(plan.before), _states(plan.after))
    with needed(plan.group):
        _put(plan, plan.after, pending, cloud)
    return parts.said(_what(plan), pending)


def take_back(plan: SchedulesPlan, cloud: Cloud) -> str:
    """Put each scheduled action as it was, or delete it if it was not there, unless somebody has changed it since."""
    if not plan.after:
        return "no scheduled action to take back"
    undone = parts.undone(_what(plan), _there(plan, cloud), _states(plan.before), _states(plan.after), cloud)

    def write() -> None:
        _put(plan, plan.before, undone, cloud)
        for name in parts.removals(undone):
            _delete(plan, name, cloud)

    return unless_gone(plan.group, write, parts.said(_what(plan), undone))


def left_behind(plan: SchedulesPlan, cloud: Cloud) -> None:
    """Whether scheduled actions are as this operation made them, although they were put back."""
    if not lookups.stands(plan.group, cloud):
        return
    there = _there(plan, cloud)
    parts.left_behind(_what(plan), there, _states(plan.deleted), _none(plan.deleted), singly=True)
    parts.left_behind(_what(plan), there, _states(plan.before), _states(plan.after), singly=True)


def difference(plan: SchedulesPlan) -> restoring.Difference:
    """The scheduled actions that change, come or go."""
    return _shown(plan, (*plan.deleted, *plan.before)), _shown(plan, plan.after)


def _shown(plan: SchedulesPlan, actions: Actions) -> dict[str, Any]:
    return {"serverGroup": plan.group, "scheduledActions": {one.name: _read(one) for one in actions}}


def _put(plan: SchedulesPlan, actions: Actions, states: Mapping[str, str | None], cloud: Cloud) -> None:
    for one in actions:
        if states.get(one.name) is not None:
            cloud.scaling.put_scheduled_action(plan.group, one)


def _delete(plan: SchedulesPlan, name: str, cloud: Cloud) -> None:
    with suppress(NotFound):
        cloud.of(Schedules).delete(plan.group, name)


def _there(plan: SchedulesPlan, cloud: Cloud) -> States:
    return _states(cloud.scaling.scheduled_actions(plan.group))


def _states(actions: Actions) -> States:
    return {one.name: _state(one) for one in actions}


def _none(actions: Actions) -> States:
    return dict.fromkeys((one.name for one in actions), None)


def _state(action: ScheduledAction) -> str:
    """By what two are the same: of an action that recurs StartTime is but its next turn."""
    read = _read(action)
    return _written({name: value for name, value in read.items() if name != "StartTime" or "Recurrence" not in read})


def _read(action: ScheduledAction) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(action.specification)
    return read


def _written(specification: Mapping[str, Any]) -> str:
    return json.dumps(specification, sort_keys=True, separators=(",", ":"))


def _what(plan: SchedulesPlan) -> str:
    return f"scheduled action of {plan.group}:"
