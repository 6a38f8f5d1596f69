"""What a standing server group starts from: a new version of its launch template, or another launch configuration.

Instances that run stay as they are. What was made is told from other people's by its mark or its name, which hold the
operation's id; its number is looked up by each step, since no step remembers anything.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from lambdas.activities import launch_templates, lookups, mixing, restoring
from lambdas.activities.blueprints import block_device, credit_specification, instance_profile
from lambdas.activities.plans import USER_DATA
from lambdas.cloud import Cloud, Group, LaunchSettings
from lambdas.cloud.launching import LaunchChange, Launching, Start, TemplateVersions
from lambdas.errors import AlreadyExists, NotFound, Rejected, RollBack, Transient
from lambdas.requests.create_server_group import BURSTABLE
from lambdas.requests.launching import ChangesLaunch
from lambdas.requests.update_launch_config import UpdateLaunchConfig
from lambdas.requests.update_launch_template import UpdateLaunchTemplate

ACTIONS = (
    "autoscaling:CreateLaunchConfiguration",
    "autoscaling:DeleteLaunchConfiguration",
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeLaunchConfigurations",
    "autoscaling:UpdateAutoScalingGroup",
    "cloudwatch:DescribeAlarms",
    "ec2:CreateLaunchTemplateVersion",
    "ec2:DeleteLaunchTemplateVersions",
    "ec2:DescribeImages",
    "ec2:DescribeLaunchTemplateVersions",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ssm:GetParameter",
)
READS = (
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeLaunchConfigurations",
    "ec2:DescribeLaunchTemplateVersions",
)

NEW = "new"
"""Stands for the number of the version that is to be made: EC2 gives it."""


@dataclass(frozen=True)
class LaunchPlan:
    account: str
    region: str
    group: str
    arn: str
    """Tells the group from a later one of the same name."""
    before: Start
    after: Start
    change: LaunchChange | None
    """None: nothing is made, only the group changed, if at all."""
    was: LaunchSettings
    """What `change` is made to."""
    source: int = 0
    """The number of the template's version that the new one is like."""
    user_data_digest: str | None = None
    """SHA-256 of the user data's text."""
    schema: int = 1


def plan_version(request: UpdateLaunchTemplate, cloud: Cloud) -> LaunchPlan:
    """Find what the group starts from, and what of it is to be different."""
    found = lookups.group_of(request, cloud)
    before = Start.of(found)
    if before.template is None or before.version is None:
        raise Rejected(f"server group {found.name} starts from a launch configuration; post updateLaunchConfig")
    try:
        version = cloud.of(TemplateVersions).find(before.template, before.version)
    except NotFound:
        raise Rejected(f"launch template {before.template} of {found.name} has no version {before.version}") from None
    change, policy = _split(request, _change(request, version.settings, found, cloud), version.settings, before.policy)
    change = _creditable(request, change, version.settings, policy)
    after = Start(before.template, NEW if change else before.version, policy)
    plan = _plan(request, found, cloud, after, change, version.settings)
    return replace(plan, source=version.number)


def plan_configuration(request: UpdateLaunchConfig, cloud: Cloud) -> LaunchPlan:
    """Find the group's launch configuration, and what of it is to be different."""
    found = lookups.group_of(request, cloud)
    before = Start.of(found)
    if before.configuration is None:
        raise Rejected(f"server group {found.name} starts from a launch template; post updateLaunchTemplate")
    try:
        was = cloud.of(Launching).configuration(before.configuration)
    except NotFound:
        raise Rejected(f"launch configuration {before.configuration} of {found.name} does not exist") from None
    change = _change(request, was, found, cloud)
    name = launch_templates.name_for(found.name, cloud.operation) if change else before.configuration
    return _plan(request, found, cloud, Start(configuration=name), change, was)


def _plan(
    request: ChangesLaunch,
    found: Group,
    cloud: Cloud,
    after: Start,
    change: LaunchChange | None,
    was: LaunchSettings,
) -> LaunchPlan:
    digest = launch_templates.digest(request.user_data) if request.user_data else None
    where = (cloud.account, cloud.region, found.name, found.arn)
    return LaunchPlan(*where, Start.of(found), after, change, was, user_data_digest=digest)


def _change(request: ChangesLaunch, was: LaunchSettings, found: Group, cloud: Cloud) -> LaunchChange | None:
    """What the request asks for and is not so yet; None where that is nothing. User data is never compared."""
    asked = LaunchChange(
        image=lookups.image(request.image, cloud).id if request.image else None,
        instance_type=request.instance_type,
        security_groups=_security_groups(request, was, found, cloud),
        key_pair=request.key_pair,
        instance_profile=instance_profile(request.iam_role, request.application),
        user_data=USER_DATA if request.user_data else None,
        block_devices=_block_devices(request, was),
        spot_price=request.spot_price,
        monitoring=request.instance_monitoring,
        ebs_optimized=request.ebs_optimized,
        public_ip=request.associate_public_ip_address,
        imds_v2=request.require_imds_v2,
        kernel=request.kernel_id,
        ramdisk=request.ramdisk_id,
    )
    if isinstance(request, UpdateLaunchTemplate):
        asked = replace(
            asked,
            ipv6=request.associate_ipv6_address,
            credit_specification=credit_specification(unlimited=request.unlimited_cpu_credits),
            enclave=request.enable_enclave,
        )
    return _needed(asked, was)


def _needed(asked: LaunchChange, was: LaunchSettings) -> LaunchChange | None:
    said = {name: value for name, value in asked.said().items() if name == "user_data" or _differs(name, value, was)}
    return LaunchChange(**said) if said else None


def _differs(field: str, value: Any, was: LaunchSettings) -> bool:
    return bool((None if value == "" else value) != getattr(was, field))


def _security_groups(request: ChangesLaunch, was: LaunchSettings, found: Group, cloud: Cloud) -> tuple[str, ...] | None:
    if request.security_groups is None:
        return None
    subnets = cloud.network.subnets(found.settings.subnets) if found.settings.subnets else ()
    ids = lookups.security_groups(request.security_groups, subnets[0].vpc if subnets else None, cloud)
    return tuple(dict.fromkeys((*was.security_groups, *ids))) if request.security_groups_append_only else ids


def _block_devices(request: ChangesLaunch, was: LaunchSettings) -> Any:
    """Those asked for; the image's own for another instance type, if those there are shall not be kept."""
    if request.block_devices is not None:
        return tuple(block_device(one) for one in request.block_devices)
    other = request.instance_type not in (None, was.instance_type)
    return () if other and not request.copy_source_custom_block_device_mappings else None


def _split(
    request: UpdateLaunchTemplate, change: LaunchChange | None, was: LaunchSettings, mixed: str | None
) -> tuple[LaunchChange | None, str | None]:
    """With a mixed instances policy the price for Spot is the policy's: a template that names one is refused there."""
    if mixed is None and not request.mixes:
        return change, None
    price = request.spot_price if request.spot_price is not None or was.spot_price is None else was.spot_price
    without = replace(change or LaunchChange(), spot_price=None if was.spot_price is None else "")
    return without if without.said() else None, mixing.policy(request, price, mixed)


def _creditable(
    request: UpdateLaunchTemplate, change: LaunchChange | None, was: LaunchSettings, policy: str | None
) -> LaunchChange | None:
    """Credits go where the new type has none; asked for, they are refused (Clouddriver validates again here, too)."""
    types = (change and change.instance_type) or was.instance_type, *mixing.instance_types(policy)
    if all(map(BURSTABLE.match, types)):
        return change
    if request.unlimited_cpu_credits is not None:
        raise Rejected(f"unlimitedCpuCredits: {', '.join(types)} have not all CPU credits; leave it out")
    if was.credit_specification is None:
        return change
    return replace(change or LaunchChange(), credit_specification="")


def create_version(plan: LaunchPlan, cloud: Cloud) -> str:
    """Create a version of the launch template like the one in use, but for what is to be different."""
    if plan.change is None:
        return "no version to make: nothing of the launch template is to be different"
    numbers = _made(plan, cloud)
    number = numbers[0] if numbers else _create(plan, plan.change, cloud)
    return f"created version {number} of launch template {plan.after.template}"


def _create(plan: LaunchPlan, change: LaunchChange, cloud: Cloud) -> int:
    """A client token makes a second attempt the same creation, as long as EC2 remembers it; then its mark tells."""
    template = plan.after.template or ""
    text = launch_templates.user_data(change.user_data, plan.user_data_digest, cloud)
    token = sha256(f"{cloud.operation}/CreateLaunchTemplateVersion".encode()).hexdigest()
    try:
        return cloud.of(TemplateVersions).create(template, plan.source, change, text, _mark(cloud), token)
    except NotFound:
        raise Rejected(f"version {plan.source} of launch template {template} has gone; post again") from None
    except AlreadyExists:
        raise Rejected(f"launch template {template} has been changed otherwise by this operation; post again") from None


def use_version(plan: LaunchPlan, cloud: Cloud) -> str:
    """Let the group start new instances from the new version, unless somebody has changed that since it was planned."""
    if plan.after.version != NEW:
        return _use(plan, plan.after, cloud)
    numbers = _made(plan, cloud)
    if not numbers:
        raise Transient(f"the new version of launch template {plan.after.template} is not visible yet")
    return _use(plan, replace(plan.after, version=str(numbers[0])), cloud)


def use_version_before(plan: LaunchPlan, cloud: Cloud) -> str:
    """Let the group start from the version from before, unless somebody has changed that since."""
    return _use_before(plan, cloud)


def delete_version(plan: LaunchPlan, cloud: Cloud) -> str:
    """Delete the new version."""
    numbers = _made(plan, cloud) if plan.change else ()
    for number in numbers:
        try:
            cloud.of(TemplateVersions).delete(plan.after.template or "", number)
        except NotFound:
            continue
    return f"deleted version {_listed(numbers)} of launch template {plan.after.template}" if numbers else "no version"


def create_configuration(plan: LaunchPlan, cloud: Cloud) -> str:
    """Create a launch configuration like the group's, but for what is to be different."""
    name = plan.after.configuration or ""
    if plan.change is None:
        return f"nothing is to be different from launch configuration {name}"
    text = launch_templates.user_data(plan.change.user_data, plan.user_data_digest, cloud)
    try:
        cloud.of(Launching).configure(name, plan.before.configuration or "", plan.change, text)
    except AlreadyExists:
        return f"launch configuration {name} is there"
    except NotFound:
        raise Rejected(f"launch configuration {plan.before.configuration} has gone; post again") from None
    return f"created launch configuration {name}"


def use_configuration(plan: LaunchPlan, cloud: Cloud) -> str:
    """Let the group start from the new launch configuration, unless somebody has changed that since it was planned."""
    return _use(plan, plan.after, cloud)


def use_configuration_before(plan: LaunchPlan, cloud: Cloud) -> str:
    """Let the group start from the launch configuration from before, unless somebody has changed that since."""
    return _use_before(plan, cloud)


def delete_configuration(plan: LaunchPlan, cloud: Cloud) -> str:
    """Delete the new launch configuration."""
    name = plan.after.configuration or ""
    if plan.change is None:
        return f"launch configuration {name} was there before"
    try:
        cloud.of(Launching).unconfigure(name)
    except NotFound:
        return f"launch configuration {name} is not there"
    return f"deleted launch configuration {name}"


def version_left(plan: LaunchPlan, cloud: Cloud) -> None:
    """Whether the group starts from the new version, or that is there, although it was put back: then RollBack."""
    _start_left(plan, cloud)
    if plan.change and (numbers := _made(plan, cloud)):
        raise RollBack(
            f"version {_listed(numbers)} of launch template {plan.after.template} is there, as this operation made it"
        )


def configuration_left(plan: LaunchPlan, cloud: Cloud) -> None:
    """Whether the group starts from the new launch configuration, or that is there: then RollBack."""
    _start_left(plan, cloud)
    if plan.change is None:
        return
    name = plan.after.configuration or ""
    if restoring.read(lambda: cloud.of(Launching).configuration(name)):
        raise RollBack(f"launch configuration {name} is there, as this operation made it")


def results(plan: LaunchPlan) -> dict[str, Any]:
    """As Clouddriver's `ModifyAsgLaunchConfigurationOperation`."""
    return {"launchConfigurationName": plan.after.configuration}


def difference(plan: LaunchPlan) -> restoring.Difference:
    """What new instances start from, as far as it differs."""
    said = plan.change.said() if plan.change else {}
    # User data is told to differ, and never shown.
    before: dict[str, Any] = {name: "…" if name == "user_data" else getattr(plan.was, name) for name in said}
    after = {name: None if value == "" else value for name, value in said.items()}
    if plan.before.policy != plan.after.policy:
        before["mixed_instances_policy"], after["mixed_instances_policy"] = plan.before.policy, plan.after.policy
    group = {"serverGroup": plan.group}
    return group | {"launch": before}, group | {"launch": after}


def _use(plan: LaunchPlan, after: Start, cloud: Cloud) -> str:
    try:
        there = _start(plan, cloud)
        if _is(there, after) and not _is(plan.before, after):
            there = after
        return restoring.apply(_what(plan), there, plan.before, after, _writer(plan, cloud))
    except NotFound:
        raise Rejected(f"server group {plan.group} has gone since this operation was planned") from None


def _use_before(plan: LaunchPlan, cloud: Cloud) -> str:
    try:
        there = _start(plan, cloud)
        ours = there if _ours(plan, there, cloud) else plan.after
        return restoring.restore(_what(plan), there, plan.before, ours, _writer(plan, cloud), cloud)
    except NotFound:
        return f"server group {plan.group} is not there"


def _start_left(plan: LaunchPlan, cloud: Cloud) -> None:
    try:
        there = _start(plan, cloud)
    except NotFound:
        return
    if there != plan.before and _ours(plan, there, cloud):
        raise RollBack(f"{_what(plan)} is as this operation made it")


def _start(plan: LaunchPlan, cloud: Cloud) -> Start:
    """What the group starts from now. Raises NotFound where the group has gone, or is another by that name."""
    found = cloud.groups.find(plan.group)
    if found.deleting or found.arn != plan.arn:
        raise NotFound(f"server group {plan.group} is another, or being deleted")
    return Start.of(found)


def _ours(plan: LaunchPlan, there: Start, cloud: Cloud) -> bool:
    """Whether the group starts from what this operation made of it, even if the version itself is deleted by now."""
    if plan.after.version != NEW:
        return _is(there, plan.after)
    version = there.version or ""
    if not (version.isdigit() and _is(replace(there, version=NEW), plan.after)):
        return False
    found = restoring.read(lambda: cloud.of(TemplateVersions).find(plan.after.template or "", version))
    return found is None or found.mark == _mark(cloud)


def _is(there: Start, wanted: Start) -> bool:
    same = replace(there, policy=None) == replace(wanted, policy=None)
    return same and mixing.within(wanted.policy, there.policy)


def _made(plan: LaunchPlan, cloud: Cloud) -> tuple[int, ...]:
    return cloud.of(TemplateVersions).marked(plan.after.template or "", _mark(cloud), plan.source)


def _mark(cloud: Cloud) -> str:
    """A version's description, of at most 255 characters: versions have no tags."""
    return f"windlass:operation {cloud.operation}"


def _what(plan: LaunchPlan) -> str:
    return f"the start of server group {plan.group}"


def _listed(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, numbers))


def _writer(plan: LaunchPlan, cloud: Cloud) -> restoring.Write[Start]:
    def write(start: Start | None) -> None:
        if start is not None:
            cloud.of(Launching).use(plan.group, start)

    return write
