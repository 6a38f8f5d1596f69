"""Auto Scaling processes of a server group that exists: resumed, and suspended again where it comes to an undo."""

from lambdas.activities.plans import ResumePlan
from lambdas.cloud import Cloud
from lambdas.errors import NotFound, Rejected
from lambdas.requests.resume_asg_processes import ResumeAsgProcesses

ACTIONS = (
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:ResumeProcesses",
    "autoscaling:SuspendProcesses",
)
READS: tuple[str, ...] = ()


def plan_resume(request: ResumeAsgProcesses, cloud: Cloud) -> ResumePlan:
    """Note which of the processes are suspended now: only these are resumed, and only these suspended again."""
    group = request.server_group_name
    try:
        found = cloud.groups.find(group)
    except NotFound:
        if request.tolerant:
            return ResumePlan(cloud.account, cloud.region, group, skipped=f"server group {group} is not there")
        raise Rejected(f"server group {group} does not exist in {cloud.region}; name one that does") from None
    suspended = tuple(process for process in request.processes if process in found.suspended)
    return ResumePlan(cloud.account, cloud.region, group, suspended)


def resume(plan: ResumePlan, cloud: Cloud) -> str:
    """Resume the processes that are suspended."""
    if not plan.processes:  # to Auto Scaling an empty list means all of them
        return f"skipped: {plan.skipped}" if plan.skipped else "none of them is suspended"
    try:
        cloud.groups.resume(plan.group, plan.processes)
    except NotFound:
        return f"server group {plan.group} is not there"
    return f"resumed {', '.join(plan.processes)}"


def suspend_again(plan: ResumePlan, cloud: Cloud) -> str:
    """Suspend again what this operation resumed."""
    if not plan.processes:
        return "nothing to suspend"
    try:
        cloud.groups.suspend(plan.group, plan.processes)
    except NotFound:
        return f"server group {plan.group} is not there"
    return f"suspended {', '.join(plan.processes)}"
