"""A new server group like another: what the request says, and for the rest what the source has.

The request is filled up with what createServerGroup cannot do without, and planned as any other. Then the plan gets
what was not said, as the source has it: nothing of it is lost on the way through a request.
"""

import re
from dataclasses import replace
from typing import Any

from lambdas.activities import health, launch_templates, lookups, mixing
from lambdas.activities.plans import CreatePlan
from lambdas.cloud import Cloud, Group, LaunchSettings, LifecycleHook
from lambdas.cloud.launching import Launching, Start, TemplateVersions
from lambdas.errors import Rejected
from lambdas.requests import Invalid, Json
from lambdas.requests.clone_server_group import CloneServerGroup
from lambdas.requests.create_server_group import BURSTABLE, SUBNET_OVERRIDE_TAG, CreateServerGroup

LAUNCH = {
    "security_groups": "security_groups",
    "key_pair": "key_pair",
    "iam_role": "instance_profile",
    "block_devices": "block_devices",
    "instance_monitoring": "monitoring",
    "ebs_optimized": "ebs_optimized",
    "associate_public_ip_address": "public_ip",
    "require_imds_v2": "imds_v2",
    "unlimited_cpu_credits": "credit_specification",
    "kernel_id": "kernel",
    "ramdisk_id": "ramdisk",
    "associate_ipv6_address": "ipv6",
    "enable_enclave": "enclave",
    "placement": "placement",
    "license_specifications": "licenses",
    "capacity_reservation": "capacity_reservation",
    "block_device_tags": "volume_tags",
}
"""Fields of the request and of `LaunchSettings`."""
GROUP = {
    "target_groups": "target_groups",
    "load_balancers": "load_balancers",
    "health_check_type": "health_check_type",
    "health_check_grace_period": "health_check_grace",
    "cooldown": "cooldown",
    "termination_policies": "termination_policies",
    "capacity_rebalance": "capacity_rebalance",
}
"""Fields of the request and of `GroupSettings`."""
OWN_TAGS = re.compile(r"^(windlass:|spinnaker:(application|stack|details)$)")
"""Those that tell of the source itself."""
RESOLVED = "resolve:ssm:"
"""A template may name a parameter: https://docs.aws.amazon.com/autoscaling/ec2/userguide/using-systems-manager-parameters.html"""


def filled(request: CloneServerGroup, source: Group, was: LaunchSettings, cloud: Cloud) -> CreateServerGroup:
    """The request as createServerGroup wants it. Raises Rejected with what it has against it."""
    tags = {name: value for name, value in source.settings.tags if not OWN_TAGS.match(name)}
    places = _places(request, source, cloud)
    if "subnet_ids" not in request.said:
        tags.pop(SUBNET_OVERRIDE_TAG, None)
    like = {
        "image": _image(was),
        "instance_type": was.instance_type,
        "capacity": _capacity(request, source),
        "source": {"account": cloud.account, "region": cloud.region, "asg_name": source.name},
    }
    try:
        return CreateServerGroup.normalised(like | request.said | places | {"tags": tags | request.tags})
    except Invalid as error:
        raise Rejected(f"{source.name} cannot be cloned so: {error}") from None


def inherited(
    plan: CreatePlan, request: CloneServerGroup, source: Group, was: LaunchSettings, cloud: Cloud
) -> CreatePlan:
    """The plan with what the request did not say."""
    said = request.said
    group: Any = {own: getattr(source.settings, own) for field, own in GROUP.items() if field not in said}
    settings = replace(plan.settings, **group, mixed=_mixed(request, was, source))
    plan = replace(
        plan,
        launch=_launch(plan.launch, request, was, settings.mixed),
        settings=settings,
        suspended=plan.suspended if "suspended_processes" in said else _suspended(plan, source),
        metrics=plan.metrics if "enabled_metrics" in said else tuple(sorted(source.metrics)),
        hooks=plan.hooks if "lifecycle_hooks" in said else _hooks(plan, source, cloud),
        health=health.rule(request.health, request.on_unhealthy, plan.group, settings),
    )
    return plan if "user_data" in said else _with_user_data(plan, source, cloud)


def _launch(
    planned: LaunchSettings, request: CloneServerGroup, was: LaunchSettings, mixed: str | None
) -> LaunchSettings:
    """Inherited CPU credits go where another type has none. With a mixed instances policy the price is the policy's."""
    said = request.said
    like: Any = {own: getattr(was, own) for field, own in LAUNCH.items() if field not in said}
    price = was.spot_price if request.spot_price is None else request.spot_price or None
    launch = replace(planned, **like, spot_price=None if mixed else price)
    types = (launch.instance_type, *mixing.instance_types(mixed))
    if "unlimited_cpu_credits" in said or all(map(BURSTABLE.match, types)):
        return launch
    return replace(launch, credit_specification=None)


def _image(was: LaunchSettings) -> Json:
    if was.image.startswith(RESOLVED):
        return {"parameter": was.image.removeprefix(RESOLVED)}
    return {"id": was.image}


def _places(request: CloneServerGroup, source: Group, cloud: Cloud) -> Json:
    """Zones alone, as Clouddriver's callers say them, mean the source's subnets there, or those of the same purpose."""
    if request.subnet_ids or request.subnet_type or request.subnet_tags:
        return {}
    if not source.settings.subnets:
        return {"zones": request.zones or source.settings.zones}
    if not request.zones:
        return {"subnet_ids": source.settings.subnets}
    found = cloud.network.subnets(source.settings.subnets)
    purpose = lookups.purpose(found[0]) if found else None
    if purpose:
        return {"subnet_type": purpose}
    return {"subnet_ids": tuple(one.id for one in found if one.zone in request.zones)}


def _capacity(request: CloneServerGroup, source: Group) -> Json:
    said = request.capacity.model_dump(exclude_none=True) if request.capacity else {}
    return vars(source.capacity) | said


def _mixed(request: CloneServerGroup, was: LaunchSettings, source: Group) -> str | None:
    if not request.mixes and source.settings.mixed is None:
        return None
    price = request.spot_price if request.spot_price is not None else was.spot_price
    return mixing.policy(request, price, source.settings.mixed)


def _suspended(plan: CreatePlan, source: Group) -> tuple[str, ...]:
    return tuple(sorted({*plan.suspended, *source.suspended}))


def _hooks(plan: CreatePlan, source: Group, cloud: Cloud) -> tuple[LifecycleHook, ...]:
    return tuple(
        replace(one, name=one.name.replace(source.name, plan.group)) for one in cloud.groups.hooks(source.name)
    )


def _with_user_data(plan: CreatePlan, source: Group, cloud: Cloud) -> CreatePlan:
    """By reference, as always: it stays in the source's template, and is read there when it is needed."""
    start = Start.of(source)
    if start.configuration:
        reference = launch_templates.of_configuration(start.configuration)
        text = cloud.of(Launching).user_data(start.configuration)
    else:
        number = cloud.of(TemplateVersions).find(start.template or "", start.version or "$Default").number
        reference = launch_templates.of_version(start.template or "", number)
        text = cloud.of(TemplateVersions).user_data(start.template or "", number)
    if not text:
        return plan
    launch = replace(plan.launch, user_data=reference)
    return replace(plan, launch=launch, user_data_digest=launch_templates.digest(text))
