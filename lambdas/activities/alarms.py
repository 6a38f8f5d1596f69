"""A metric alarm of CloudWatch: the one asked for, and the one from before."""

import re
from dataclasses import dataclass
from typing import Any

from lambdas.activities import described, lookups, restoring
from lambdas.cloud import OPERATION_TAG, Cloud, Tags
from lambdas.cloud.alarms import Alarms, MetricAlarm
from lambdas.requests.delete_alarm import DeleteAlarm
from lambdas.requests.upsert_alarm import UpsertAlarm

ACTIONS = (
    "cloudwatch:DeleteAlarms",
    "cloudwatch:DescribeAlarms",
    "cloudwatch:ListTagsForResource",
    "cloudwatch:PutMetricAlarm",
)
READS = ("cloudwatch:DescribeAlarms",)

MARK = re.compile(rf"\s*\b{OPERATION_TAG}=\S+$")
"""Ends the description of an alarm that an operation made: what goes with a group is told by it."""


@dataclass(frozen=True)
class AlarmPlan:
    account: str
    region: str
    name: str
    before: str | None
    """Its specification; None where there is none."""
    after: str | None
    tags: Tags = ()
    """Of the one that stands, which goes with them."""
    schema: int = 1


def plan_upsert(request: UpsertAlarm, cloud: Cloud) -> AlarmPlan:
    """Note the alarm as it stands."""
    lookups.alarms_exist(request, cloud)
    before = _before(request.name, cloud)
    asked = _acting(request.specification, cloud)
    after = wanted(asked, before.specification if before else None, cloud)
    return AlarmPlan(cloud.account, cloud.region, request.name, before.specification if before else None, after)


def _acting(asked: dict[str, Any], cloud: Cloud) -> dict[str, Any]:
    """With the scaling policies that operations before it in its batch have made, as Clouddriver adds them."""
    policies = [str(one["policyArn"]) for one in cloud.earlier() if "policyArn" in one]
    actions = dict.fromkeys((*asked.get("AlarmActions", ()), *policies))
    return asked | {"AlarmActions": list(actions)} if policies else asked


def plan_delete(request: DeleteAlarm, cloud: Cloud) -> AlarmPlan:
    """Note the alarm as it stands, and its tags."""
    lookups.alarms_exist(request, cloud)
    before = _before(request.name, cloud)
    if before is None:
        return AlarmPlan(cloud.account, cloud.region, request.name, None, None)
    tags = restoring.read(lambda: cloud.of(Alarms).tags(before.arn)) or ()
    return AlarmPlan(cloud.account, cloud.region, request.name, before.specification, None, tags)


def wanted(asked: dict[str, Any], before: str | None, cloud: Cloud) -> str:
    """The alarm asked for: marked as this operation's where it is new, else as whose it was."""
    described_as = (
        described.read(before).get("AlarmDescription", "") if before else f" {OPERATION_TAG}={cloud.operation}"
    )
    mark = MARK.search(described_as)
    description = f"{asked.get('AlarmDescription') or ''}{f' {mark[0].strip()}' if mark else ''}".strip()
    after = described.written(asked | {"AlarmDescription": description})
    return before if before and described.has(described.read(before), described.read(after)) else after


def put(plan: AlarmPlan, cloud: Cloud) -> str:
    """Make or change the alarm, unless somebody has changed it since it was planned."""
    return _apply(plan, cloud)


def delete(plan: AlarmPlan, cloud: Cloud) -> str:
    """Delete the alarm, unless somebody has changed it since it was planned."""
    return _apply(plan, cloud)


def _apply(plan: AlarmPlan, cloud: Cloud) -> str:
    return restoring.apply(_what(plan), _there(plan, cloud), plan.before, plan.after, _Writer(plan, cloud))


def restore(plan: AlarmPlan, cloud: Cloud) -> str:
    """Put the alarm back as it was, or delete the new one, unless somebody has changed it since.

    One that was deleted has its tags again, and knows nothing of its state until it is evaluated.
    """
    return restoring.restore(_what(plan), _there(plan, cloud), plan.before, plan.after, _Writer(plan, cloud), cloud)


def left_behind(plan: AlarmPlan, cloud: Cloud) -> None:
    """Whether the alarm is as this operation made it, although it was put back."""
    restoring.left_behind(_what(plan), _there(plan, cloud), plan.before, plan.after)


def results(plan: AlarmPlan) -> dict[str, Any]:
    """As Clouddriver's `UpsertAlarmAtomicOperation` answers."""
    return {"alarmName": plan.name}


def difference(plan: AlarmPlan) -> restoring.Difference:
    """The alarm."""
    return _shown(plan, plan.before), _shown(plan, plan.after)


def _shown(plan: AlarmPlan, specification: str | None) -> dict[str, Any] | None:
    return None if specification is None else {"alarm": plan.name} | described.read(specification)


def _before(name: str, cloud: Cloud) -> MetricAlarm | None:
    return next(iter(cloud.of(Alarms).found((name,))), None)


def _there(plan: AlarmPlan, cloud: Cloud) -> str | None:
    found = _before(plan.name, cloud)
    return described.seen(found.specification if found else None, plan.before, plan.after)


def _what(plan: AlarmPlan) -> str:
    return f"alarm {plan.name}"


class _Writer:
    def __init__(self, plan: AlarmPlan, cloud: Cloud) -> None:
        self._plan, self._alarms = plan, cloud.of(Alarms)

    def __call__(self, specification: str | None) -> None:
        if specification is None:
            self._alarms.delete((self._plan.name,))
        else:
            self._alarms.put(self._plan.name, specification, self._plan.tags)
