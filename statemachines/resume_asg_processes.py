"""Resume processes: let suspended Auto Scaling processes of a server group run again."""

from lambdas.activities import differences, evidence, processes
from lambdas.activities.plans import ResumePlan
from lambdas.cloud import Cloud
from lambdas.requests import guards_of_one
from lambdas.requests.resume_asg_processes import ResumeAsgProcesses
from saga import Saga, step

RESUME_ASG_PROCESSES: Saga[ResumeAsgProcesses, ResumePlan, Cloud] = Saga(
    name="ResumeAsgProcesses",
    plan=processes.plan_resume,
    guards=guards_of_one,
    steps=(step("ResumeProcesses", do=processes.resume, undo=processes.suspend),),
    left=processes.left_behind,
    difference=differences.of_resume,
    evidence=evidence.of_group,
)
