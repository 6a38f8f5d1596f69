"""The end of a server group: out of service first, which can be taken back, then deleted, which cannot."""

from dataclasses import replace

from lambdas.activities import launch_templates, load_balancers, lookups, traffic_guard
from lambdas.activities.plans import DestroyPlan
from lambdas.cloud import Cloud, Group
from lambdas.errors import NotFound, Rejected
from lambdas.requests.destroy_server_group import DestroyServerGroup

ACTIONS = (
    "autoscaling:DeleteAutoScalingGroup",
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribePolicies",
    "cloudwatch:DescribeAlarms",
    "elasticloadbalancing:DescribeInstanceHealth",
    "elasticloadbalancing:DescribeTargetHealth",
)
READS = ("autoscaling:DescribeAutoScalingGroups",)

OUT_OF_SERVICE = ("Launch", "AddToLoadBalancer")
"""What must not happen while a group is taken out of traffic: new instances, and old ones coming back."""


def plan_destroy(request: DestroyServerGroup, cloud: Cloud) -> DestroyPlan:
    """Note what has to be put back should it not come to the deletion, and what goes with the group."""
    lookups.alarms_exist(request, cloud)
    group = request.server_group_name
    try:
        found = cloud.groups.find(group)
    except NotFound:
        return DestroyPlan(cloud.account, cloud.region, group, skipped=f"server group {group} is not there")
    if found.deleting:
        return _plan(found, cloud, skipped=f"server group {group} is being deleted already")
    return replace(_plan(found, cloud), overridden=request.override_traffic_guard)


def _plan(found: Group, cloud: Cloud, skipped: str | None = None) -> DestroyPlan:
    target_groups, balancers = ((), ()) if skipped else load_balancers.registrations(found, cloud)
    template, configuration = (
        one if launch_templates.belongs_to(one or "", found.name) else None
        for one in (found.launch_template, found.launch_configuration)
    )
    return DestroyPlan(
        account=cloud.account,
        region=cloud.region,
        group=found.name,
        arn=found.arn,
        skipped=skipped,
        processes=() if skipped else tuple(process for process in OUT_OF_SERVICE if process not in found.suspended),
        target_groups=target_groups,
        load_balancers=balancers,
        alarms=tuple(one.name for one in cloud.scaling.alarms(found.name) if one.operation),
        launch_template=template,
        launch_configuration=configuration,
    )


def delete(plan: DestroyPlan, cloud: Cloud) -> str:
    """Delete the group with its instances: the point of no return."""
    if _is_another(plan, cloud):
        raise Rejected(f"{plan.group} is another server group than the one planned for; post again to destroy it")
    said = traffic_guard.may_go(plan.group, cloud, overridden=plan.overridden)
    try:
        cloud.groups.delete(plan.group)
    except NotFound:
        return f"server group {plan.group} is not there"
    return f"deleting Auto Scaling group {plan.group}{said}"


def _is_another(plan: DestroyPlan, cloud: Cloud) -> bool:
    """Whether the group planned for is gone and somebody has made one of that name since."""
    try:
        return not load_balancers.is_of(plan, cloud.groups.find(plan.group))
    except NotFound:
        return False


def still_there(plan: DestroyPlan, cloud: Cloud) -> str | None:
    """Why the group is not gone yet: deletion goes on after the answer, and its name is free only at the end."""
    try:
        found = cloud.groups.find(plan.group)
    except NotFound:
        return None
    if not load_balancers.is_of(plan, found):
        return None
    return f"{plan.group} is being deleted; {len(found.instances)} instances left"
