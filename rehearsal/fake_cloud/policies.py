"""Scaling policies with their ARNs, and the metric alarms that set them off, or anything else.

An alarm that sets off one policy and nothing else is kept as `lambdas.cloud.Scaling` knows it. Of any other the
specification holds the actions too, a policy's as group and name instead of its ARN: an id that the cloud gives.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lambdas.cloud import OPERATION_TAG, Alarm, ScalingPolicy, Tags
from lambdas.cloud.alarms import Alarms, MetricAlarm
from lambdas.cloud.policies import Policies, Policy
from lambdas.errors import NotFound, Rejected
from rehearsal.fake_cloud.groups import standing
from rehearsal.fake_cloud.place import Place, Watching
from rehearsal.fake_cloud.port import Port, call, plays

ACTIONS = ("AlarmActions", "OKActions", "InsufficientDataActions")
_ARN = re.compile(r".*:scalingPolicy:[^:]*:autoScalingGroupName/(.*):policyName/(.*)")
_MARK = re.compile(rf"\s*\b{OPERATION_TAG}=(\S+)$")
KEPT = "policy:"


@dataclass(frozen=True)
class Tagged:
    """The tags of an alarm."""

    tags: Tags


@plays(Policies)
class FakePolicies(Port):
    @call
    def find(self, group: str, name: str) -> Policy:
        found = (one for one in self.place.policies.seen(group, self.place.now) or () if one.name == name)
        if (one := next(found, None)) is None:
            raise NotFound(f"group {group} has no scaling policy {name}")
        arn = arn_of(self.place, group, name)
        seen = self.place.alarms.all_seen(self.place.now).values()
        alarms = () if _tracks(one) else tuple(w.alarm.name for w in seen if arn in _acts(_told(self.place, w)))
        return Policy(name, one.specification, arn, alarms)

    @call
    def put(self, group: str, name: str, specification: str) -> str:
        others = _others(self.place, group, name)
        if not json.loads(specification).get("PolicyType"):
            raise Rejected(f"scaling policy {name} is of no type")
        policies = tuple(sorted((*others, ScalingPolicy(name, specification)), key=lambda one: one.name))
        self.place.policies.put(group, policies, self.place.now)
        self.place.note("put scaling policy on", "group", group, self.operation)
        return arn_of(self.place, group, name)

    @call
    def delete(self, group: str, name: str) -> None:
        place, others = self.place, _others(self.place, group, name)
        if len(others) == len(place.policies.get(group) or ()):
            raise NotFound(f"group {group} has no scaling policy {name}")
        arn = arn_of(place, group, name)
        for watching in list(place.alarms.things.values()):
            if arn in _acts(told := _told(place, watching)):
                _keep(place, watching.alarm.name, _without(told, arn))
        place.policies.put(group, others, place.now)
        place.remade[group, name] = place.remade.get((group, name), 0) + 1
        place.note("deleted scaling policy of", "group", group, self.operation, name)


@plays(Alarms)
class FakeAlarms(Port):
    @call
    def found(self, names: Sequence[str]) -> tuple[MetricAlarm, ...]:
        seen = self.place.alarms.all_seen(self.place.now)
        return tuple(
            MetricAlarm(name, _written(_told(self.place, seen[name])), alarm_arn(self.place, name))
            for name in sorted(names)
            if name in seen
        )

    @call
    def tags(self, arn: str) -> Tags:
        name = arn.rpartition(":alarm:")[2]
        if self.place.alarms.seen(name, self.place.now) is None:
            raise NotFound(f"there is no alarm {name}")
        tagged: Tagged | None = self.place.shelf("tags of alarm").seen(name, self.place.now)
        return tagged.tags if tagged else ()

    @call
    def put(self, name: str, specification: str, tags: Tags = ()) -> None:
        put(self.place, name, specification, tags)
        self.place.note("put", "alarm", name, self.operation)

    @call
    def delete(self, names: Sequence[str]) -> None:
        for name in names:
            self.place.alarms.take(name, self.place.now)
            self.place.shelf("tags of alarm").take(name, self.place.now)
            self.place.note("deleted", "alarm", name, self.operation)


def put(place: Place, name: str, specification: str, tags: Tags = ()) -> None:
    """For seeds, too."""
    if tags and place.alarms.get(name) is None:
        place.shelf("tags of alarm").put(name, Tagged(tags), place.now)
    _keep(place, name, json.loads(specification))


def _keep(place: Place, name: str, told: dict[str, Any]) -> None:
    marked = told.get("AlarmDescription", "")
    found = _MARK.search(marked)
    rest = {key: value for key, value in told.items() if key not in (*ACTIONS, "AlarmDescription")}
    if description := _MARK.sub("", marked):
        rest["AlarmDescription"] = description
    actions = {key: [_kept(place, one) for one in told[key]] for key in ACTIONS if told.get(key)}
    group, policy = "", ""
    if list(actions) == ["AlarmActions"] and len(only := actions["AlarmActions"]) == 1 and only[0].startswith(KEPT):
        group, policy = only[0].removeprefix(KEPT).split("/", 1)
        actions = {}
    alarm = Alarm(name, policy, _written(rest | actions), found[1] if found else None)
    place.alarms.put(name, Watching(alarm, group), place.now)


def _told(place: Place, watching: Watching) -> dict[str, Any]:
    """The alarm as CloudWatch tells of it."""
    alarm = watching.alarm
    told: dict[str, Any] = json.loads(alarm.specification)
    if alarm.policy:
        told["AlarmActions"] = [f"{KEPT}{watching.group}/{alarm.policy}"]
    for key in ACTIONS:
        if key in told:
            told[key] = [_given(place, one) for one in told[key]]
    if alarm.operation:
        told["AlarmDescription"] = f"{told.get('AlarmDescription', '')} {OPERATION_TAG}={alarm.operation}".strip()
    return told


def _kept(place: Place, action: str) -> str:
    """The policy that an action means, where there is one of that ARN."""
    found = _ARN.fullmatch(action)
    return f"{KEPT}{found[1]}/{found[2]}" if found and arn_of(place, found[1], found[2]) == action else action


def _given(place: Place, action: str) -> str:
    return arn_of(place, *action.removeprefix(KEPT).split("/", 1)) if action.startswith(KEPT) else action


def _acts(told: dict[str, Any]) -> list[str]:
    return [one for key in ACTIONS for one in told.get(key, ())]


def _without(told: dict[str, Any], arn: str) -> dict[str, Any]:
    return told | {key: [one for one in told.get(key, ()) if one != arn] for key in ACTIONS}


def _tracks(policy: ScalingPolicy) -> bool:
    return bool(json.loads(policy.specification).get("PolicyType") == "TargetTrackingScaling")


def _others(place: Place, group: str, name: str) -> tuple[ScalingPolicy, ...]:
    standing(place, group)
    return tuple(one for one in place.policies.get(group) or () if one.name != name)


def arn_of(place: Place, group: str, name: str) -> str:
    number = f"{place.remade.get((group, name), 0):08x}-0000-0000-0000-000000000000"
    where = f"arn:aws:autoscaling:{place.region}:{place.account}"
    return f"{where}:scalingPolicy:{number}:autoScalingGroupName/{group}:policyName/{name}"


def alarm_arn(place: Place, alarm: str) -> str:
    return f"arn:aws:cloudwatch:{place.region}:{place.account}:alarm:{alarm}"


def _written(told: dict[str, Any]) -> str:
    return json.dumps(told, sort_keys=True, separators=(",", ":"))
