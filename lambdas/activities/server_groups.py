"""New server groups: planned, created empty, furnished; deleted again where it comes to an undo."""

from dataclasses import replace
from typing import Any

from lambdas import requests
from lambdas.activities import cloning, health, launch_templates, lookups
from lambdas.activities.blueprints import group_settings, hooks, launch_settings, tags
from lambdas.activities.expectations import just_made
from lambdas.activities.plans import CreatePlan
from lambdas.activities.scaling import copies
from lambdas.cloud import Capacity, Cloud, Group, GroupSettings, LaunchSettings, Tags
from lambdas.errors import AlreadyExists, Conflict, NotFound, Rejected, RollBack, Transient
from lambdas.naming import ServerGroupName, next_sequence, sequence_of
from lambdas.requests.clone_server_group import CloneServerGroup
from lambdas.requests.create_server_group import SUBNET_OVERRIDE_TAG, CreateServerGroup

ACTIONS = (
    "autoscaling:CreateAutoScalingGroup",
    "autoscaling:DeleteAutoScalingGroup",
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeLaunchConfigurations",
    "autoscaling:DescribeLifecycleHooks",
    "autoscaling:DescribePolicies",
    "autoscaling:DescribeScheduledActions",
    "autoscaling:EnableMetricsCollection",
    "autoscaling:PutLifecycleHook",
    "autoscaling:SuspendProcesses",
    "cloudwatch:DescribeAlarms",
    "ec2:DescribeAvailabilityZones",
    "ec2:DescribeImages",
    "ec2:DescribeLaunchTemplateVersions",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeTargetGroups",
    "ssm:GetParameter",
)
READS = (
    "autoscaling:DescribeAutoScalingGroups",
    "cloudwatch:DescribeAlarms",
    "ec2:DescribeLaunchTemplates",
)


def plan_create(request: CreateServerGroup, cloud: Cloud) -> CreatePlan:
    """Resolve everything once: the name, the newest image, ids, and what is copied from the source."""
    lookups.alarms_exist(request, cloud)
    wanted = request.name
    standing = cloud.groups.names(wanted.cluster)
    name = _name(request, wanted, standing, cloud)
    source = _source(request, cloud)
    request = _overridden(request, source)
    copied_from = source.name if source else None
    policies, alarms, actions = copies(request, copied_from, str(name), cloud)
    launch, settings = _settings(request, tags(request, name, cloud.operation), cloud)
    if source and request.copy_source_custom_block_device_mappings and not request.block_devices:
        launch = replace(launch, block_devices=lookups.launch(source, cloud).block_devices)
    return CreatePlan(
        account=cloud.account,
        region=cloud.region,
        cluster=name.cluster,
        group=str(name),
        sequence=name.sequence if wanted.sequence is None else None,
        launch_template=launch_templates.name_for(str(name), cloud.operation),
        launch=launch,
        settings=settings,
        capacity=_capacity(request, source),
        wait_for=request.wait_for,
        healthy_within=request.healthy_within,
        user_data_digest=launch_templates.digest(request.user_data) if request.user_data else None,
        suspended=_suspended(request),
        hooks=hooks(request, str(name)),
        metrics=request.enabled_metrics,
        ancestor=_newest(name.cluster, standing),
        source=copied_from,
        policies=policies,
        alarms=alarms,
        scheduled_actions=actions,
        health=health.rule(request.health, request.on_unhealthy, str(name), settings),
    )


def plan_clone(request: CloneServerGroup, cloud: Cloud) -> CreatePlan:
    """Find the group to clone, fill up what the request leaves out, and plan that as a creation."""
    source = _to_clone(request, cloud)
    was = lookups.launch(source, cloud)
    plan = plan_create(cloning.filled(request, source, was, cloud), cloud)
    return cloning.inherited(plan, request, source, was, cloud)


def _to_clone(request: CloneServerGroup, cloud: Cloud) -> Group:
    cluster = request.name.cluster
    name = request.source.asg_name if request.source else _newest(cluster, cloud.groups.names(cluster))
    if name is None:
        raise Rejected(f"cluster {cluster} has no server group in {cloud.region} to clone; name a source")
    try:
        return cloud.groups.find(name)
    except NotFound:
        raise Rejected(f"source {name} does not exist in {cloud.region}; name another") from None


def _overridden(request: CreateServerGroup, source: Group | None) -> CreateServerGroup:
    """With the subnets that the source was given by id, if they are to be taken over."""
    if source is None or request.subnet_ids or not request.copy_source_subnet_id_overrides:
        return request
    said = dict(source.settings.tags).get(SUBNET_OVERRIDE_TAG)
    if not said:
        return request
    places: dict[str, Any] = {"subnet_ids": tuple(said.split(",")), "subnet_type": None, "subnet_tags": {}}
    return request.model_copy(update=places | {"tags": request.tags | {SUBNET_OVERRIDE_TAG: said}})


def _settings(request: CreateServerGroup, tagged: Tags, cloud: Cloud) -> tuple[LaunchSettings, GroupSettings]:
    subnets = lookups.subnets(request, cloud)
    vpc = subnets[0].vpc if subnets else None
    launch = launch_settings(
        request,
        image=lookups.image(request.image, cloud).id,
        security_groups=lookups.security_groups(request.security_groups, vpc, cloud),
        tags=tagged,
    )
    settings = group_settings(
        request,
        subnets=tuple(one.id for one in subnets),
        target_groups=lookups.target_groups(request.target_groups, vpc, cloud),
        load_balancers=lookups.load_balancers(request.load_balancers, cloud),
        tags=tagged,
    )
    return launch, settings


def _name(
    request: CreateServerGroup, wanted: ServerGroupName, standing: tuple[str, ...], cloud: Cloud
) -> ServerGroupName:
    """The name asked for, or the next of the cluster: whoever made the groups that are there."""
    if wanted.sequence is None and not request.ignore_sequence:
        return wanted.numbered(_next(wanted.cluster, standing, cloud))
    if str(wanted) in standing:
        raise Rejected(f"server group {wanted} exists already in {cloud.region}; ask for another number or destroy it")
    return wanted


def _next(cluster: str, standing: tuple[str, ...], cloud: Cloud) -> int:
    taken = {sequence for name in standing if (sequence := sequence_of(name, cluster)) is not None}
    try:
        return next_sequence(taken, cloud.names.last(requests.key(cloud.account, cloud.region, cluster)))
    except ValueError as error:
        raise Rejected(f"cluster {cluster}: {error}; destroy old server groups") from None


def _newest(cluster: str, standing: tuple[str, ...]) -> str | None:
    numbered = [(sequence, name) for name in standing if (sequence := sequence_of(name, cluster)) is not None]
    return max(numbered)[1] if numbered else None


def _source(request: CreateServerGroup, cloud: Cloud) -> Group | None:
    if request.source is None:
        return None
    try:
        return cloud.groups.find(request.source.asg_name)
    except NotFound:
        if request.source.optional:
            return None
    raise Rejected(f"source {request.source.asg_name} does not exist in {cloud.region}; name another or leave it out")


def _capacity(request: CreateServerGroup, source: Group | None) -> Capacity:
    if request.capacity:
        return Capacity(request.capacity.min, request.capacity.desired, request.capacity.max)
    if source is None:
        raise Rejected("capacity is missing, and there is no source to take it from")
    return source.capacity


def _suspended(request: CreateServerGroup) -> tuple[str, ...]:
    """Clouddriver suspends Launch and Terminate too for a disabled start, so such a group stays empty until enabled.

    Here it gets its instances, ready to be enabled at once, and `AddToLoadBalancer` alone keeps them from traffic.
    """
    disabled = ("AddToLoadBalancer",) if request.start_disabled else ()
    return tuple(sorted({*request.suspended_processes, *disabled}))


def create_empty(plan: CreatePlan, cloud: Cloud) -> str:
    """Create the group at 0/0/0: its size comes last."""
    try:
        cloud.groups.create(plan.group, plan.launch_template, plan.settings)
    except NotFound:
        raise Transient(f"launch template {plan.launch_template} is not visible yet") from None
    except AlreadyExists:
        _must_be_ours(plan, cloud)
    places = plan.settings.subnets or plan.settings.zones
    return f"created Auto Scaling group {plan.group} at 0/0/0 in {', '.join(places)}"


def _must_be_ours(plan: CreatePlan, cloud: Cloud) -> None:
    try:
        found = cloud.groups.find(plan.group)
    except NotFound:
        raise Transient(f"server group {plan.group} exists and is not visible yet") from None
    if found.deleting:
        raise Conflict(f"a server group {plan.group} is still being deleted")
    if found.operation != cloud.operation:
        raise Rejected(
            f"server group {plan.group} was made by somebody else since this operation was planned; "
            "post again for the next number"
        )


def delete(plan: CreatePlan, cloud: Cloud) -> str:
    """Delete the group with its instances, if this operation made it."""
    try:
        found = cloud.groups.find(plan.group)
        if found.operation != cloud.operation:
            finding = f"server group {plan.group} was not made by this operation: left alone"
            cloud.findings.append(finding)
            return finding
        if not found.deleting:
            cloud.groups.delete(plan.group)
    except NotFound:
        return f"server group {plan.group} is not there"
    return f"deleting Auto Scaling group {plan.group} with {len(found.instances)} instances"


def suspend_processes(plan: CreatePlan, cloud: Cloud) -> str:
    """Suspend processes before any instance starts.

    So a group that starts disabled never takes traffic, not even for a moment.
    """
    if not plan.suspended:  # to Auto Scaling an empty list means all of them
        return "no processes to suspend"
    with just_made(plan.group):
        cloud.groups.suspend(plan.group, plan.suspended)
    return f"suspended {', '.join(plan.suspended)} of {plan.group}"


def add_lifecycle_hooks(plan: CreatePlan, cloud: Cloud) -> str:
    """Add lifecycle hooks before any instance starts, so that none slips past them."""
    with just_made(plan.group):
        for hook in plan.hooks:
            cloud.groups.put_hook(plan.group, hook)
    names = ", ".join(hook.name for hook in plan.hooks)
    return f"added lifecycle hooks {names} to {plan.group}" if names else "no hooks to add"


def enable_metrics(plan: CreatePlan, cloud: Cloud) -> str:
    """Collect group metrics each minute."""
    if not plan.metrics:  # to Auto Scaling an empty list means all of them
        return "no metrics to enable"
    with just_made(plan.group):
        cloud.groups.enable_metrics(plan.group, plan.metrics)
    return f"enabled {', '.join(plan.metrics)} of {plan.group}"


def left_behind(plan: CreatePlan, cloud: Cloud) -> str | None:
    """What of this operation is still there: by its tag and by its name, since neither list alone is complete at once.

    Something on its way out is a reason to wait; something else landed after its undo, which has to run again.
    """
    leaving = [name for name in {*cloud.groups.made_by(cloud.operation), plan.group} if _is_leaving(name, cloud)]
    templates = {*cloud.launch_templates.made_by(cloud.operation), *_own_template(plan, cloud)}
    alarms = cloud.scaling.alarms_made_by(cloud.operation, plan.group)
    for kind, names in (("launch template", templates), ("alarm", alarms)):
        if names:
            raise _stands(f"{kind} {min(names)}")
    return f"server group {min(leaving)} is being deleted" if leaving else None


def _is_leaving(name: str, cloud: Cloud) -> bool:
    """Whether it is ours and on its way out; ours and staying is RollBack."""
    try:
        found = cloud.groups.find(name)
    except NotFound:
        return False
    if found.operation == cloud.operation and not found.deleting:
        raise _stands(f"server group {name}")
    return found.operation == cloud.operation


def _own_template(plan: CreatePlan, cloud: Cloud) -> tuple[str, ...]:
    try:
        found = cloud.launch_templates.find(plan.launch_template)
    except NotFound:
        return ()
    return (found.name,) if found.operation == cloud.operation else ()


def _stands(what: str) -> RollBack:
    return RollBack(f"{what} is there, as this operation made it")


def guard(plan: CreatePlan) -> str:
    """Key of the new group's guard."""
    return requests.guard(plan.account, plan.region, plan.group)


def counter(plan: CreatePlan) -> str:
    """Key of the counter that hands out the cluster's sequences."""
    return requests.key(plan.account, plan.region, plan.cluster)


def results(plan: CreatePlan) -> dict[str, Any]:
    """What Orca reads of a deployment (Clouddriver's `DeploymentResult`)."""
    capacity = {"min": plan.capacity.min, "max": plan.capacity.max, "desired": plan.capacity.desired}
    deployment = {
        "cloudProvider": "aws",
        "account": plan.account,
        "location": plan.region,
        "serverGroupName": plan.group,
        "capacity": capacity,
        "metadata": {},
    }
    ancestor = {"ancestorServerGroupNameByRegion": {plan.region: plan.ancestor}} if plan.ancestor else {}
    return {
        "serverGroupNames": [f"{plan.region}:{plan.group}"],
        "serverGroupNameByRegion": {plan.region: plan.group},
        "messages": [],
        "deployedNames": [],
        "deployedNamesByLocation": {},
        "createdArtifacts": [],
        "deployments": [deployment],
        **ancestor,
    }
