"""Scaling policies of a server group, each with the alarms that set it off: made, deleted, and put back together.

A policy that is made again has another ARN: alarms that are put back are pointed at the one that stands.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lambdas.activities import described, lookups, parts, restoring
from lambdas.activities.alarms import wanted
from lambdas.activities.expectations import needed, unless_gone
from lambdas.cloud import Cloud, Tags
from lambdas.cloud.alarms import Alarms
from lambdas.cloud.policies import Policies, Policy
from lambdas.errors import NotFound, RollBack, Transient
from lambdas.requests.delete_scaling_policy import DeleteScalingPolicy
from lambdas.requests.upsert_scaling_policy import PolicyAlarm, UpsertScalingPolicy

ACTIONS = (
    "autoscaling:DeletePolicy",
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribePolicies",
    "autoscaling:PutScalingPolicy",
    "cloudwatch:DeleteAlarms",
    "cloudwatch:DescribeAlarms",
    "cloudwatch:ListTagsForResource",
    "cloudwatch:PutMetricAlarm",
)
READS = ("autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribePolicies", "cloudwatch:DescribeAlarms")

LONGEST_NAME = 255
SETS_OFF = ("AlarmActions", "OKActions", "InsufficientDataActions")


@dataclass(frozen=True)
class AlarmChange:
    name: str
    before: str | None
    """Its specification; None where there is none."""
    after: str
    """Without the policy's ARN, which is known only when the policy stands."""


@dataclass(frozen=True)
class UpsertPolicyPlan:
    account: str
    region: str
    group: str
    name: str
    before: str | None
    """Its specification; None where there is none."""
    after: str
    alarm: AlarmChange | None = None
    schema: int = 1


@dataclass(frozen=True)
class NotedAlarm:
    """One that sets the policy off."""

    name: str
    specification: str
    tags: Tags
    alone: bool
    """Whether it sets off nothing else: then it goes with the policy."""


@dataclass(frozen=True)
class DeletePolicyPlan:
    account: str
    region: str
    group: str
    name: str
    before: str | None
    """Its specification; None where there is none."""
    arn: str = ""
    alarms: tuple[NotedAlarm, ...] = ()
    schema: int = 1


# Made or changed.


def plan_upsert(request: UpsertScalingPolicy, cloud: Cloud) -> UpsertPolicyPlan:
    """Name the policy and its alarm, and note both as they stand."""
    group = lookups.group_of(request, cloud).name
    name = request.name or _named(f"{group}-policy", cloud)
    found = _found(group, name, cloud)
    before, after = found.specification if found else None, described.written(request.specification)
    if before and described.has(described.read(before), described.read(after)):
        after = before
    alarm = _change(request.alarm, group, cloud) if request.alarm else None
    return UpsertPolicyPlan(cloud.account, cloud.region, group, name, before, after, alarm)


def _change(asked: PolicyAlarm, group: str, cloud: Cloud) -> AlarmChange:
    name = asked.name or _named(f"{group}-alarm-{asked.metric_name}", cloud)
    before = _specification(name, cloud)
    return AlarmChange(name, before, wanted(asked.specification, before, cloud))


def put(plan: UpsertPolicyPlan, cloud: Cloud) -> str:
    """Make or change the policy, unless somebody has changed it since it was planned."""
    found = _found(plan.group, plan.name, cloud)
    arns = [found.arn] if found else []

    def write(specification: str | None) -> None:
        arns.append(cloud.of(Policies).put(plan.group, plan.name, specification or ""))

    with needed(plan.group):
        said = restoring.apply(_what(plan), _seen(plan, found), plan.before, plan.after, write)
    cloud.results["policyArn"] = arns[-1]
    return said


def restore(plan: UpsertPolicyPlan, cloud: Cloud) -> str:
    """Put the policy back as it was, or delete the new one, unless somebody has changed it since."""
    there = _seen(plan, _found(plan.group, plan.name, cloud))
    return _restored(plan, there, plan.after, cloud)


def put_alarm(plan: UpsertPolicyPlan, cloud: Cloud) -> str:
    """Make or change the alarm that sets the policy off, unless somebody has changed it since it was planned."""
    if plan.alarm is None:
        return "no alarm is asked for"
    alarm, after = plan.alarm, _setting_off(plan.alarm.after, _standing(plan, cloud).arn)
    there = _specification(alarm.name, cloud)
    if alarm.before and described.has(described.read(alarm.before), described.read(after)):
        after = alarm.before
    seen = described.seen(there, alarm.before, after)
    return restoring.apply(f"alarm {alarm.name}", seen, alarm.before, after, _Writer(alarm.name, cloud))


def restore_alarm(plan: UpsertPolicyPlan, cloud: Cloud) -> str:
    """Put the alarm back as it was, or delete the new one, unless somebody has changed it since."""
    if plan.alarm is None:
        return "no alarm to put back"
    alarm, there = plan.alarm, _alarm_seen(plan, plan.alarm, cloud)
    write = _Writer(alarm.name, cloud)
    return restoring.restore(f"alarm {alarm.name}", there, alarm.before, alarm.after, write, cloud)


def left_behind(plan: UpsertPolicyPlan, cloud: Cloud) -> None:
    """Whether policy or alarm are as this operation made them, although they were put back."""
    there = _seen(plan, _found(plan.group, plan.name, cloud))
    restoring.left_behind(_what(plan), there, plan.before, plan.after)
    if alarm := plan.alarm:
        restoring.left_behind(f"alarm {alarm.name}", _alarm_seen(plan, alarm, cloud), alarm.before, alarm.after)


def results(plan: UpsertPolicyPlan) -> dict[str, Any]:
    """As Clouddriver's `UpsertScalingPolicyResult`, without the policy's ARN: the step finds that out."""
    return {"policyName": plan.name} | ({"alarmName": plan.alarm.name} if plan.alarm else {})


def difference(plan: UpsertPolicyPlan) -> restoring.Difference:
    """The policy, and the alarm."""
    alarm = plan.alarm
    before = _shown(plan, plan.before, {alarm.name: alarm.before} if alarm and alarm.before else {})
    return before, _shown(plan, plan.after, {alarm.name: alarm.after} if alarm else {})


# Deleted.


def plan_delete(request: DeleteScalingPolicy, cloud: Cloud) -> DeletePolicyPlan:
    """Note the policy, and all alarms that set it off: those that serve nothing else go too."""
    group, name = lookups.group_of(request, cloud).name, request.policy_name
    found = _found(group, name, cloud)
    if found is None:
        return DeletePolicyPlan(cloud.account, cloud.region, group, name, None)
    alarms = cloud.of(Alarms)
    noted = tuple(
        NotedAlarm(
            one.name,
            one.specification,
            restoring.read(lambda arn=one.arn: alarms.tags(arn)) or (),  # type: ignore[misc]
            alone=_acts(one.specification) == [found.arn],
        )
        for one in alarms.found(found.alarms)
    )
    return DeletePolicyPlan(cloud.account, cloud.region, group, name, found.specification, found.arn, noted)


def delete_alarms(plan: DeletePolicyPlan, cloud: Cloud) -> str:
    """Delete the alarms that set off this policy and nothing else, unless somebody has changed one since."""
    before = {one.name: one.specification for one in plan.alarms if one.alone}
    if not before:
        return "no alarm serves this policy alone"
    after: dict[str, str | None] = dict.fromkeys(before)
    pending = parts.pending("alarm", _specifications(list(before), cloud), before, after)
    if pending:
        cloud.of(Alarms).delete(parts.removals(pending))
    return parts.said("alarm", pending)


def put_alarms_again(plan: DeletePolicyPlan, cloud: Cloud) -> str:
    """Let every alarm set the policy off as before, unless somebody has changed it since."""
    if not plan.alarms:
        return "no alarm to put back"
    if not lookups.stands(plan.group, cloud):
        return f"server group {plan.group} is not there"
    arn = _standing(plan, cloud).arn
    there, missing = _specifications([one.name for one in plan.alarms], cloud), _missing(plan, cloud)
    for one in missing:
        tags = one.tags if one.name not in there else ()
        cloud.of(Alarms).put(one.name, _repointed(one.specification, plan.arn, arn), tags)
    for one in plan.alarms:
        if one not in missing and not _as_before(one, plan, there.get(one.name), arn):
            cloud.findings.append(f"alarm {one.name} is no longer as this operation left it: left as it is")
    return parts.said("alarm", {one.name: one.specification for one in missing})


def delete(plan: DeletePolicyPlan, cloud: Cloud) -> str:
    """Delete the policy, unless somebody has changed it since it was planned."""
    there = _specified(_found(plan.group, plan.name, cloud))

    def write(_: str | None) -> None:
        try:
            cloud.of(Policies).delete(plan.group, plan.name)
        except NotFound:  # that is what is wanted
            return

    return restoring.apply(_what(plan), there, plan.before, None, write)


def make_again(plan: DeletePolicyPlan, cloud: Cloud) -> str:
    """Make the policy again as it was, unless somebody has made another of that name."""
    return _restored(plan, _specified(_found(plan.group, plan.name, cloud)), None, cloud)


def left_deleted(plan: DeletePolicyPlan, cloud: Cloud) -> None:
    """Whether the policy or one of its alarms is gone, although they were put back: then RollBack."""
    if plan.before is None or not lookups.stands(plan.group, cloud):
        return
    restoring.left_behind(_what(plan), _specified(_found(plan.group, plan.name, cloud)), plan.before, None)
    if missing := _missing(plan, cloud):
        raise RollBack(f"alarm {', '.join(one.name for one in missing)} does not set off {plan.name} any more")


def difference_of_deletion(plan: DeletePolicyPlan) -> restoring.Difference:
    """The policy, and the alarms that go with it."""
    going = {one.name: one.specification for one in plan.alarms if one.alone}
    return _shown(plan, plan.before, going), None


# Both.

Plan = UpsertPolicyPlan | DeletePolicyPlan


def _restored(plan: Plan, there: str | None, after: str | None, cloud: Cloud) -> str:
    policies = cloud.of(Policies)

    def write(specification: str | None) -> None:
        if specification is None:
            policies.delete(plan.group, plan.name)
        else:
            policies.put(plan.group, plan.name, specification)

    said: list[str] = []
    gone = unless_gone(
        plan.group,
        lambda: said.append(restoring.restore(_what(plan), there, plan.before, after, write, cloud)),
        "",
    )
    return said[0] if said else gone


def _missing(plan: DeletePolicyPlan, cloud: Cloud) -> list[NotedAlarm]:
    """The alarms that are gone, or have lost the policy among what they set off, and are else as they were."""
    there = _specifications([one.name for one in plan.alarms], cloud)
    bare = {one.name: _bare(one.specification, plan) for one in plan.alarms}
    return [one for one in plan.alarms if (one.alone if one.name not in there else there[one.name] == bare[one.name])]


def _as_before(alarm: NotedAlarm, plan: DeletePolicyPlan, there: str | None, arn: str) -> bool:
    return there == _repointed(alarm.specification, plan.arn, arn)


def _alarm_seen(plan: UpsertPolicyPlan, alarm: AlarmChange, cloud: Cloud) -> str | None:
    """The alarm as it stands, or as this operation made it, whatever ARN the policy had then."""
    there = _specification(alarm.name, cloud)
    if there is None or there == alarm.before:
        return there
    bare = described.seen(_bare(there, plan), None, alarm.after)
    return alarm.after if bare == alarm.after else there


def _standing(plan: Plan, cloud: Cloud) -> Policy:
    try:
        return cloud.of(Policies).find(plan.group, plan.name)
    except NotFound:
        raise Transient(f"{_what(plan)} is not visible yet, or somebody deleted it") from None


def _found(group: str, name: str, cloud: Cloud) -> Policy | None:
    return restoring.read(lambda: cloud.of(Policies).find(group, name))


def _seen(plan: UpsertPolicyPlan, found: Policy | None) -> str | None:
    return described.seen(_specified(found), plan.before, plan.after)


def _specified(found: Policy | None) -> str | None:
    return found.specification if found else None


def _specification(name: str, cloud: Cloud) -> str | None:
    return _specifications([name], cloud).get(name)


def _specifications(names: list[str], cloud: Cloud) -> dict[str, str]:
    return {one.name: one.specification for one in cloud.of(Alarms).found(names)}


def _acts(specification: str) -> list[str]:
    told = described.read(specification)
    return [one for key in SETS_OFF for one in told.get(key, ())]


def _setting_off(specification: str, arn: str) -> str:
    told = described.read(specification)
    others = [one for one in told.get("AlarmActions", ()) if one != arn]
    return described.written(told | {"AlarmActions": [*others, arn]})


def _bare(specification: str, plan: Plan) -> str:
    """Without this policy among what it sets off, whichever ARN it has or had."""
    told, ending = described.read(specification), f":autoScalingGroupName/{plan.group}:policyName/{plan.name}"
    kept = {key: [one for one in told.get(key, ()) if not one.endswith(ending)] for key in SETS_OFF}
    return described.written(told | kept)


def _repointed(specification: str, was: str, arn: str) -> str:
    told = described.read(specification)
    acts = {key: [arn if one == was else one for one in told.get(key, ())] for key in SETS_OFF}
    return described.written(told | acts)


def _shown(plan: Plan, policy: str | None, alarms: Mapping[str, str | None]) -> dict[str, Any] | None:
    if policy is None:
        return None
    shown = {"serverGroup": plan.group, "scalingPolicy": {"name": plan.name} | described.read(policy)}
    return shown | ({"alarms": {name: described.read(one or "{}") for name, one in alarms.items()}} if alarms else {})


def _named(beginning: str, cloud: Cloud) -> str:
    mark = hashlib.sha256(cloud.operation.encode()).hexdigest()[:8]
    return f"{beginning[: LONGEST_NAME - 9]}-{mark}"


def _what(plan: Plan) -> str:
    return f"scaling policy {plan.name} of {plan.group}"


class _Writer:
    def __init__(self, name: str, cloud: Cloud) -> None:
        self._name, self._alarms = name, cloud.of(Alarms)

    def __call__(self, specification: str | None) -> None:
        if specification is None:
            self._alarms.delete((self._name,))
        else:
            self._alarms.put(self._name, specification)
