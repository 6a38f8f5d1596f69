"""What scales a server group: policies, the alarms that trigger them, and scheduled actions, copied from the source."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Protocol, TypeVar

from lambdas.activities.expectations import just_made
from lambdas.activities.plans import Copy, CreatePlan, DestroyPlan
from lambdas.cloud import Alarm, Cloud, ScalingPolicy, ScheduledAction
from lambdas.errors import NotFound, Rejected, Transient
from lambdas.requests.create_server_group import CreateServerGroup

ACTIONS = (
    "autoscaling:DescribePolicies",
    "autoscaling:DescribeScheduledActions",
    "autoscaling:PutScalingPolicy",
    "autoscaling:PutScheduledUpdateGroupAction",
    "cloudwatch:DeleteAlarms",
    "cloudwatch:DescribeAlarms",
    "cloudwatch:PutMetricAlarm",
)

LONGEST_NAME = 255
"""Of policies, alarms and scheduled actions alike."""

Copies = tuple[Copy, ...]


class Named(Protocol):
    @property
    def name(self) -> str: ...


N = TypeVar("N", bound=Named)


def copies(request: CreateServerGroup, source: str | None, group: str, cloud: Cloud) -> tuple[Copies, Copies, Copies]:
    """Policies, alarms and scheduled actions to copy, with their new names. Their settings are read when copied."""
    if source is None or not request.copy_source_scaling_policies_and_actions:
        return (), (), ()
    scaling = cloud.scaling
    return (
        _renamed(scaling.policies(source), source, group),
        _renamed(scaling.alarms(source), source, group, prefix=f"{group}-"),
        _renamed(scaling.scheduled_actions(source), source, group),
    )


def _renamed(found: Iterable[Named], source: str, group: str, prefix: str = "") -> Copies:
    """The same names with the new group in place of the source. An alarm begins with its group: by that it is found."""
    taken: set[str] = set()
    renamed = []
    for one in found:
        name = one.name.replace(source, group)
        name = _fitting(name if name.startswith(prefix) else prefix + name, taken)
        taken.add(name)
        renamed.append(Copy(one.name, name))
    return tuple(renamed)


def _fitting(name: str, taken: set[str]) -> str:
    """The name itself, or cut and marked where it is too long or taken."""
    if len(name) <= LONGEST_NAME and name not in taken:
        return name
    mark = hashlib.sha256(f"{name}{len(taken)}".encode()).hexdigest()[:8]
    return f"{name[: LONGEST_NAME - 9]}-{mark}"


def copy_policies(plan: CreatePlan, cloud: Cloud) -> str:
    """Put the source's scaling policies on the new group."""
    if plan.source is None or not plan.policies:
        return "no scaling policies to copy"
    found = _by_name(cloud.scaling.policies(plan.source))
    for copy in plan.policies:
        policy = _pinned(found, copy, "scaling policy", plan.source)
        with just_made(plan.group):
            cloud.scaling.put_policy(
                plan.group, ScalingPolicy(copy.name, _rewired(policy.specification, plan.source, plan.group))
            )
    return f"copied scaling policies {_names(plan.policies)} to {plan.group}"


def copy_alarms(plan: CreatePlan, cloud: Cloud) -> str:
    """Put copies of the source's alarms on the copied policies."""
    if plan.source is None or not plan.alarms:
        return "no alarms to copy"
    found = _by_name(cloud.scaling.alarms(plan.source))
    policies = {copy.source: copy.name for copy in plan.policies}
    for copy in plan.alarms:
        alarm = _pinned(found, copy, "alarm", plan.source)
        _put_alarm(plan, alarm, copy.name, policies.get(alarm.policy, alarm.policy), cloud)
    return f"copied alarms {_names(plan.alarms)}"


def _put_alarm(plan: CreatePlan, alarm: Alarm, name: str, policy: str, cloud: Cloud) -> None:
    specification = _rewired(alarm.specification, plan.source or "", plan.group)
    try:
        cloud.scaling.put_alarm(plan.group, Alarm(name, policy, specification), cloud.operation)
    except NotFound:
        raise Transient(f"scaling policy {policy} of {plan.group} is not visible yet") from None


def delete_alarms(plan: CreatePlan, cloud: Cloud) -> str:
    """Delete the alarms that this operation made: they do not go with the group."""
    return _delete(cloud.scaling.alarms_made_by(cloud.operation, plan.group), cloud)


def delete_alarms_of_group(plan: DestroyPlan, cloud: Cloud) -> str:
    """Delete the alarms that Windlass made for the group."""
    return _delete(plan.alarms, cloud)


def _delete(names: Sequence[str], cloud: Cloud) -> str:
    if not names:
        return "no alarms to delete"
    cloud.scaling.delete_alarms(names)
    return f"deleted alarms {', '.join(names)}"


def copy_scheduled_actions(plan: CreatePlan, cloud: Cloud) -> str:
    """Put the source's scheduled actions on the new group."""
    if plan.source is None or not plan.scheduled_actions:
        return "no scheduled actions to copy"
    found = _by_name(cloud.scaling.scheduled_actions(plan.source))
    for copy in plan.scheduled_actions:
        action: ScheduledAction = _pinned(found, copy, "scheduled action", plan.source)
        with just_made(plan.group):
            cloud.scaling.put_scheduled_action(plan.group, replace(action, name=copy.name))
    return f"copied scheduled actions {_names(plan.scheduled_actions)} to {plan.group}"


def _by_name(found: Iterable[N]) -> dict[str, N]:
    return {one.name: one for one in found}


def _pinned(found: dict[str, N], copy: Copy, kind: str, source: str) -> N:
    if copy.source not in found:
        raise Rejected(f"{kind} {copy.source} of {source} has gone since this operation was planned; post again")
    return found[copy.source]


def _names(copied: Copies) -> str:
    return ", ".join(copy.name for copy in copied)


def _rewired(specification: str, source: str, group: str) -> str:
    """The specification with the new group wherever a metric's dimension named the source."""
    return json.dumps(_pointed(json.loads(specification), source, group), sort_keys=True, separators=(",", ":"))


def _pointed(value: Any, source: str, group: str) -> Any:
    if isinstance(value, list):
        return [_pointed(one, source, group) for one in value]
    if not isinstance(value, dict):
        return value
    if value.get("Name") == "AutoScalingGroupName" and value.get("Value") == source:
        return {**value, "Value": group}
    return {name: _pointed(one, source, group) for name, one in value.items()}
