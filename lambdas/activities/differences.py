"""What each plan changes, for people: what stood there before, and what shall stand there. Absent is None."""

from typing import Any

from lambdas.activities.load_balancers import name_of
from lambdas.activities.plans import CreatePlan, DestroyPlan, ResizePlan, ResumePlan, SuspendPlan, TrafficPlan
from lambdas.cloud import Capacity

Difference = tuple[dict[str, Any] | None, dict[str, Any] | None]


def of_create(plan: CreatePlan) -> Difference:
    """A server group, where there was none, and what is made with it."""
    made = {
        "serverGroup": plan.group,
        "image": plan.launch.image,
        "instanceType": plan.launch.instance_type,
        "capacity": _capacity(plan.capacity),
    }
    with_it = {
        "launchTemplate": plan.launch_template,
        "suspendedProcesses": list(plan.suspended),
        "lifecycleHooks": [one.name for one in plan.hooks],
        "metrics": list(plan.metrics),
        "behind": [name_of(one) for one in (*plan.settings.target_groups, *plan.settings.load_balancers)],
        "scalingPolicies": [one.name for one in plan.policies],
        "alarms": [one.name for one in plan.alarms],
        "scheduledActions": [one.name for one in plan.scheduled_actions],
    }
    return None, made | {name: value for name, value in with_it.items() if value}


def of_resize(plan: ResizePlan) -> Difference:
    """Its capacity."""
    if plan.skipped:
        return None, None
    group = {"serverGroup": plan.group}
    return group | {"capacity": _capacity(plan.before)}, group | {"capacity": _capacity(plan.target)}


def of_destroy(plan: DestroyPlan) -> Difference:
    """No server group, where there was one, and nothing of what goes with it."""
    if plan.skipped:
        return None, None
    with_it = {
        "alarms": list(plan.alarms),
        "launchTemplate": plan.launch_template,
        "launchConfiguration": plan.launch_configuration,
    }
    gone = {name: value for name, value in with_it.items() if value}
    return {"serverGroup": plan.group, "instances": _behind(plan)} | gone, None


def of_disable(plan: TrafficPlan) -> Difference:
    """Its instances behind load balancers, and the processes that run."""
    if plan.skipped:
        return None, None
    group = {"serverGroup": plan.group}
    within = {"instances": _behind(plan), "suspendedProcesses": []}
    return group | within, group | {"instances": {}, "suspendedProcesses": list(plan.processes)}


def of_enable(plan: TrafficPlan) -> Difference:
    """The same the other way round."""
    before, after = of_disable(plan)
    return after, before


def of_resume(plan: ResumePlan) -> Difference:
    """The processes that were suspended."""
    if plan.skipped:
        return None, None
    group = {"serverGroup": plan.group}
    return group | {"suspendedProcesses": list(plan.processes)}, group | {"suspendedProcesses": []}


def of_suspend(plan: SuspendPlan) -> Difference:
    """The same the other way round: the processes that ran."""
    before, after = of_resume(plan)
    return after, before


def _behind(plan: DestroyPlan | TrafficPlan) -> dict[str, list[str]]:
    """Instances by load balancer, as far as the operation takes them out or puts them in."""
    return {name_of(one.balancer): list(one.instances) for one in (*plan.target_groups, *plan.load_balancers)}


def _capacity(capacity: Capacity) -> dict[str, int]:
    return {"min": capacity.min, "desired": capacity.desired, "max": capacity.max}
