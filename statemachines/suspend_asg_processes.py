"""Suspend processes: keep Auto Scaling processes of a server group from running."""

from lambdas.activities import differences, evidence, processes
from lambdas.activities.plans import SuspendPlan
from lambdas.cloud import Cloud
from lambdas.requests import guards_of_one
from lambdas.requests.suspend_asg_processes import SuspendAsgProcesses
from saga import Saga, step

SUSPEND_ASG_PROCESSES: Saga[SuspendAsgProcesses, SuspendPlan, Cloud] = Saga(
    name="SuspendAsgProcesses",
    plan=processes.plan_suspend,
    guards=guards_of_one,
    steps=(step("SuspendProcesses", do=processes.suspend, undo=processes.resume),),
    left=processes.left_suspended,
    difference=differences.of_suspend,
    evidence=evidence.of_group,
)
