"""A lifecycle hook of a server group that exists: the one asked for, and the one from before."""

import hashlib
from dataclasses import dataclass

from lambdas.activities import lookups, restoring
from lambdas.activities.expectations import needed
from lambdas.cloud import Cloud, LifecycleHook
from lambdas.cloud.hooks import Hooks
from lambdas.errors import NotFound
from lambdas.requests.upsert_asg_lifecycle_hook import UpsertAsgLifecycleHook

ACTIONS = (
    "autoscaling:DeleteLifecycleHook",
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeLifecycleHooks",
    "autoscaling:PutLifecycleHook",
    "cloudwatch:DescribeAlarms",
)
READS = ("autoscaling:DescribeLifecycleHooks",)

LONGEST_NAME = 255


@dataclass(frozen=True)
class HookPlan:
    account: str
    region: str
    group: str
    before: LifecycleHook | None
    after: LifecycleHook
    schema: int = 1


def plan_upsert(request: UpsertAsgLifecycleHook, cloud: Cloud) -> HookPlan:
    """Name the hook, and note the one that stands: it keeps what the request does not tell of."""
    group = lookups.group_of(request, cloud).name
    name = request.name or _name(group, cloud.operation)
    before = _found(group, name, cloud)
    after = LifecycleHook(
        name,
        request.lifecycle_transition,
        request.role_arn or (before.role if before else None),
        request.notification_target_arn or (before.target if before else None),
        request.notification_metadata or (before.metadata if before else None),
        request.heartbeat_timeout,
        request.default_result,
    )
    return HookPlan(cloud.account, cloud.region, group, before, after)


def put(plan: HookPlan, cloud: Cloud) -> str:
    """Make or change the hook, unless somebody has changed it since it was planned."""
    with needed(plan.group):
        return restoring.apply(_what(plan), _there(plan, cloud), plan.before, plan.after, _Writer(plan, cloud))


def restore(plan: HookPlan, cloud: Cloud) -> str:
    """Put the hook back as it was, or delete the new one, unless somebody has changed it since.

    Deleting it completes what it holds: Auto Scaling abandons instances that launch and lets others go on to end.
    """
    try:
        return restoring.restore(_what(plan), _there(plan, cloud), plan.before, plan.after, _Writer(plan, cloud), cloud)
    except NotFound:
        return f"{_what(plan)} is not there"


def left_behind(plan: HookPlan, cloud: Cloud) -> None:
    """Whether the hook is as this operation made it, although it was put back."""
    restoring.left_behind(_what(plan), _there(plan, cloud), plan.before, plan.after)


def difference(plan: HookPlan) -> restoring.Difference:
    """The hook."""
    return restoring.difference("lifecycleHook", plan.before, plan.after)


def _name(group: str, operation: str) -> str:
    mark = hashlib.sha256(operation.encode()).hexdigest()[:8]
    return f"{group[: LONGEST_NAME - 19]}-lifecycle-{mark}"


def _there(plan: HookPlan, cloud: Cloud) -> LifecycleHook | None:
    return _found(plan.group, plan.after.name, cloud)


def _found(group: str, name: str, cloud: Cloud) -> LifecycleHook | None:
    return next((one for one in cloud.groups.hooks(group) if one.name == name), None)


def _what(plan: HookPlan) -> str:
    return f"lifecycle hook {plan.after.name} of {plan.group}"


class _Writer:
    def __init__(self, plan: HookPlan, cloud: Cloud) -> None:
        self._plan, self._hooks = plan, cloud.of(Hooks)

    def __call__(self, hook: LifecycleHook | None) -> None:
        plan = self._plan
        if hook is None:
            self._hooks.delete(plan.group, plan.after.name)
        else:
            self._hooks.put(plan.group, hook, plan.before if hook == plan.after else plan.after)
