"""Auto Scaling processes of a server group that exists: suspended and resumed, each being the other's undo."""

from collections.abc import Callable
from typing import TypeVar

from lambdas.activities import load_balancers, lookups, traffic_guard
from lambdas.activities.expectations import still_ours
from lambdas.activities.plans import CreatePlan, DestroyPlan, ResumePlan, SuspendPlan, TrafficPlan
from lambdas.activities.traffic import DISABLED
from lambdas.cloud import Cloud, Group
from lambdas.errors import NotFound, Rejected, RollBack
from lambdas.requests.resume_asg_processes import ResumeAsgProcesses
from lambdas.requests.suspend_asg_processes import SuspendAsgProcesses

ACTIONS = (
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:ResumeProcesses",
    "autoscaling:SuspendProcesses",
    "cloudwatch:DescribeAlarms",
    "elasticloadbalancing:DescribeInstanceHealth",
    "elasticloadbalancing:DescribeTargetHealth",
)
READS = ("autoscaling:DescribeAutoScalingGroups",)

P = TypeVar("P", bound=ResumePlan)


def plan_resume(request: ResumeAsgProcesses, cloud: Cloud) -> ResumePlan:
    """Note which of the processes are suspended now: only these are resumed, and only these suspended again."""
    return _planned(ResumePlan, request, cloud, lambda process, found: process in found.suspended)


def plan_suspend(request: SuspendAsgProcesses, cloud: Cloud) -> SuspendPlan:
    """Note which of the processes run now: only these are suspended, and only these resumed again."""
    return _planned(SuspendPlan, request, cloud, lambda process, found: process not in found.suspended)


def _planned(
    of: type[P],
    request: ResumeAsgProcesses | SuspendAsgProcesses,
    cloud: Cloud,
    changes: Callable[[str, Group], bool],
) -> P:
    lookups.alarms_exist(request, cloud)
    group = request.server_group_name
    try:
        found = cloud.groups.find(group)
    except NotFound:
        if request.tolerant:
            return of(cloud.account, cloud.region, group, skipped=f"server group {group} is not there")
        raise Rejected(f"server group {group} does not exist in {cloud.region}; name one that does") from None
    wanted = dict.fromkeys(request.processes)
    return of(cloud.account, cloud.region, group, tuple(process for process in wanted if changes(process, found)))


def stand_down(plan: DestroyPlan | TrafficPlan, cloud: Cloud) -> str:
    """Suspend the processes that bring instances into traffic, if the cluster can do without what goes."""
    if plan.skipped:
        return plan.skipped
    said = traffic_guard.may_go(
        plan.group, cloud, going=lambda found: load_balancers.going(plan, found), overridden=plan.overridden
    )
    return suspend(plan, cloud) + said


def keep_down(plan: CreatePlan, cloud: Cloud) -> str:
    """Suspend what a disabled group has suspended: it neither grows nor shrinks, and nothing new comes into traffic."""
    if still_ours(plan, cloud) is None:
        return f"server group {plan.group} is not there"
    try:
        cloud.groups.suspend(plan.group, DISABLED)
    except NotFound:
        return f"server group {plan.group} is not there"
    return f"suspended {', '.join(DISABLED)} of {plan.group}"


def suspend(plan: DestroyPlan | ResumePlan | TrafficPlan, cloud: Cloud) -> str:
    """Suspend the plan's processes: those that would bring instances into traffic, or that were suspended before.

    Only such as ran before, or were suspended until this operation resumed them.
    """
    if not plan.processes:  # to Auto Scaling an empty list means all of them
        return plan.skipped or "no process to suspend"
    try:
        cloud.groups.suspend(plan.group, plan.processes)
    except NotFound:
        return f"server group {plan.group} is not there"
    return f"suspended {', '.join(plan.processes)} of {plan.group}"


def resume(plan: DestroyPlan | ResumePlan | TrafficPlan, cloud: Cloud) -> str:
    """Resume the plan's processes: those asked for that are suspended, or that ran before.

    Only such as were suspended before, or ran until this operation suspended them.
    """
    if not plan.processes:  # to Auto Scaling an empty list means all of them
        return plan.skipped or "no process to resume"
    try:
        cloud.groups.resume(plan.group, plan.processes)
    except NotFound:
        return f"server group {plan.group} is not there"
    return f"resumed {', '.join(plan.processes)} of {plan.group}"


def left_suspended(plan: SuspendPlan, cloud: Cloud) -> None:
    """Whether all that this operation suspended are so, although they were resumed again: then RollBack.

    As with `left_behind`: where only some are suspended, somebody else has had a hand in it.
    """
    if not plan.processes:
        return
    try:
        found = cloud.groups.find(plan.group)
    except NotFound:
        return
    if not found.deleting and found.suspended.issuperset(plan.processes):
        raise RollBack(f"{', '.join(plan.processes)} of {plan.group} are suspended, as this operation suspended them")


def left_behind(plan: ResumePlan, cloud: Cloud) -> None:
    """Whether all that this operation resumed runs, although it was suspended again: then RollBack.

    One call resumes them all, so where only some run, somebody else has had a hand in it, and they stay as they are.
    """
    if not plan.processes:
        return
    try:
        found = cloud.groups.find(plan.group)
    except NotFound:
        return
    if not found.deleting and found.suspended.isdisjoint(plan.processes):
        raise RollBack(f"{', '.join(plan.processes)} of {plan.group} run, as this operation resumed them")
