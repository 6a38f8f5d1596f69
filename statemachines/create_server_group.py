"""Create: a new server group at 0/0/0, furnished, then scaled up; or nothing of it, or it is kept out of traffic."""

from datetime import timedelta

from lambdas.activities import (
    capacity,
    differences,
    evidence,
    launch_templates,
    load_balancers,
    plans,
    processes,
    scaling,
    server_groups,
)
from lambdas.activities.plans import CreatePlan
from lambdas.cloud import Cloud
from lambdas.requests.create_server_group import CreateServerGroup
from saga import Reservation, Saga, step, wait_until


def reserved(plan: CreatePlan) -> Reservation:
    """The new name: it is this operation's from the moment the plan is stored."""
    return Reservation(server_groups.guard(plan), server_groups.counter(plan), plan.sequence)


CREATE_SERVER_GROUP: Saga[CreateServerGroup, CreatePlan, Cloud] = Saga(
    name="CreateServerGroup",
    plan=server_groups.plan_create,
    reserves=reserved,
    steps=(
        step("CreateLaunchTemplate", do=launch_templates.create, undo=launch_templates.delete),
        step("CreateEmptyGroup", do=server_groups.create_empty, undo=server_groups.delete),
        step("SuspendProcesses", do=server_groups.suspend_processes, goes_with="CreateEmptyGroup", needs="suspended"),
        step("AddLifecycleHooks", do=server_groups.add_lifecycle_hooks, goes_with="CreateEmptyGroup", needs="hooks"),
        step("CopyScalingPolicies", do=scaling.copy_policies, goes_with="CreateEmptyGroup", needs="policies"),
        step("CopyAlarms", do=scaling.copy_alarms, undo=scaling.delete_alarms, needs="alarms"),
        step(
            "CopyScheduledActions",
            do=scaling.copy_scheduled_actions,
            goes_with="CreateEmptyGroup",
            needs="scheduled_actions",
        ),
        step("EnableMetrics", do=server_groups.enable_metrics, goes_with="CreateEmptyGroup", needs="metrics"),
        step("ScaleUp", do=capacity.scale_up, goes_with="CreateEmptyGroup"),
        wait_until(
            "InstancesHealthy",
            check=capacity.unhealthy,
            within=plans.healthy_within,
            at_most=timedelta(hours=24),
            watches=plans.of_plan,
            stable_for=plans.stable_for,
        ),
    ),
    late=plans.on_unhealthy,
    kept=(
        step("StandDown", do=processes.keep_down),
        step("LeaveLoadBalancers", do=load_balancers.leave_load_balancers),
        step("LeaveTargetGroups", do=load_balancers.leave_target_groups),
    ),
    left=server_groups.left_behind,
    results=server_groups.results,
    difference=differences.of_create,
    evidence=evidence.of_group,
)
