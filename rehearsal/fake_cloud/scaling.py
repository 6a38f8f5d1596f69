"""Scaling policies and scheduled actions of a group, and the alarms that trigger them."""

import json
from collections.abc import Sequence
from dataclasses import replace

from lambdas.cloud import Alarm, ScalingPolicy, ScheduledAction
from lambdas.errors import NotFound, Rejected
from rehearsal.fake_cloud.groups import standing
from rehearsal.fake_cloud.place import Watching
from rehearsal.fake_cloud.port import Port, call


class FakeScaling(Port):
    @call
    def policies(self, group: str) -> tuple[ScalingPolicy, ...]:
        return self.place.policies.seen(group, self.place.now) or ()

    @call
    def put_policy(self, group: str, policy: ScalingPolicy) -> None:
        standing(self.place, group)
        _canonical(policy.name, policy.specification)
        others = [one for one in self.place.policies.get(group) or () if one.name != policy.name]
        ordered = tuple(sorted([*others, policy], key=lambda one: one.name))
        self.place.policies.put(group, ordered, self.place.now)
        self.place.note("put scaling policy on", "group", group, self.operation)

    @call
    def scheduled_actions(self, group: str) -> tuple[ScheduledAction, ...]:
        return self.place.actions.seen(group, self.place.now) or ()

    @call
    def put_scheduled_action(self, group: str, action: ScheduledAction) -> None:
        standing(self.place, group)
        _canonical(action.name, action.specification)
        others = [one for one in self.place.actions.get(group) or () if one.name != action.name]
        ordered = tuple(sorted([*others, action], key=lambda one: one.name))
        self.place.actions.put(group, ordered, self.place.now)
        self.place.note("put scheduled action on", "group", group, self.operation)

    @call
    def alarms(self, group: str) -> tuple[Alarm, ...]:
        policies = {one.name for one in self.place.policies.seen(group, self.place.now) or ()}
        seen = self.place.alarms.all_seen(self.place.now).values()
        return tuple(one.alarm for one in seen if one.group == group and one.alarm.policy in policies)

    @call
    def alarms_made_by(self, operation: str, prefix: str) -> tuple[str, ...]:
        seen = self.place.alarms.all_seen(self.place.now)
        return tuple(name for name, one in seen.items() if name.startswith(prefix) and one.alarm.operation == operation)

    @call
    def alarm_states(self, names: Sequence[str]) -> dict[str, str]:
        there = {*self.place.states, *self.place.alarms.all_seen(self.place.now)}
        return {name: self.place.states.get(name, "OK") for name in names if name in there}

    @call
    def put_alarm(self, group: str, alarm: Alarm, operation: str) -> None:
        """CloudWatch replaces an alarm of that name, whoever made it."""
        if alarm.policy not in {one.name for one in self.place.policies.get(group) or ()}:
            raise NotFound(f"group {group} has no scaling policy {alarm.policy}")
        _canonical(alarm.name, alarm.specification)
        self.place.alarms.put(alarm.name, Watching(replace(alarm, operation=operation), group), self.place.now)
        self.place.note("put", "alarm", alarm.name, self.operation)

    @call
    def delete_alarms(self, names: Sequence[str]) -> None:
        for name in names:
            self.place.alarms.take(name, self.place.now)
            self.place.note("deleted", "alarm", name, self.operation)


def _canonical(name: str, specification: str) -> None:
    try:
        json.loads(specification)
    except ValueError:
        raise Rejected(f"the specification of {name} is not JSON") from None
