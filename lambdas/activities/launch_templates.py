"""Launch templates: one for each server group, named after it."""

import hashlib
import re
from collections.abc import Callable

from lambdas.activities.plans import CreatePlan, DestroyPlan
from lambdas.cloud import Cloud
from lambdas.cloud.launching import Launching, TemplateVersions
from lambdas.errors import AlreadyExists, Broken, NotFound, Rejected, Transient

ACTIONS = (
    "autoscaling:DeleteLaunchConfiguration",
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeLaunchConfigurations",
    "ec2:CreateLaunchTemplate",
    "ec2:DeleteLaunchTemplate",
    "ec2:DescribeLaunchTemplateVersions",
    "ec2:DescribeLaunchTemplates",
)

LONGEST_PREFIX = 110
"""EC2 takes 128 characters: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplate.html"""
VERSION, CONFIGURATION = "templateVersion", "launchConfiguration"
"""Where user data may lie besides the operation's own request: where the source of a clone has it."""
_ILLEGAL = re.compile(r"[^a-zA-Z0-9().\-/_]")


def name_for(group: str, operation: str) -> str:
    """The template's name: the group's and a mark of the operation, so that no left-over of an earlier group is met."""
    return f"{_prefix(group)}-{_short(operation)[:8]}"


def create(plan: CreatePlan, cloud: Cloud) -> str:
    """Create the launch template. A client token makes a second attempt the same creation."""
    token = _short(f"{cloud.operation}/CreateLaunchTemplate")
    text = user_data(plan.launch.user_data, plan.user_data_digest, cloud)
    try:
        cloud.launch_templates.create(plan.launch_template, plan.launch, text, plan.launch.tags, token)
    except AlreadyExists:
        _must_be_ours(plan, cloud)
    return f"created launch template {plan.launch_template} with {plan.launch.image}"


def delete(plan: CreatePlan, cloud: Cloud) -> str:
    """Delete the template, if this operation made it."""
    try:
        found = cloud.launch_templates.find(plan.launch_template)
        if found.operation != cloud.operation:
            finding = f"launch template {plan.launch_template} was not made by this operation: left alone"
            cloud.findings.append(finding)
            return finding
        cloud.launch_templates.delete(plan.launch_template)
    except NotFound:
        return f"launch template {plan.launch_template} is not there"
    return f"deleted launch template {plan.launch_template}"


def delete_unused(plan: DestroyPlan, cloud: Cloud) -> str:
    """Delete the destroyed group's template, or launch configuration, unless another group of its cluster uses it."""
    if plan.launch_template is not None:
        return _delete_unused("launch template", plan.launch_template, cloud.launch_templates.delete, plan.group, cloud)
    if plan.launch_configuration is not None:
        delete = cloud.of(Launching).unconfigure
        return _delete_unused("launch configuration", plan.launch_configuration, delete, plan.group, cloud)
    return "no launch template of the group's own"


def _delete_unused(kind: str, name: str, delete: Callable[[str], None], group: str, cloud: Cloud) -> str:
    users = [one for one in cloud.groups.names(_lineage(group)) if _uses(one, name, cloud)]
    if users:
        return f"{kind} {name} stays: {', '.join(users)} uses it"
    try:
        delete(name)
    except NotFound:
        return f"{kind} {name} is not there"
    return f"deleted {kind} {name}"


def belongs_to(template: str, group: str) -> bool:
    """Whether a launch template, or configuration, is named after the group.

    By Windlass, or by Clouddriver: `<group>-<timestamp>`.
    """
    return re.fullmatch(re.escape(_prefix(group)) + r"(-[0-9A-Za-z]+)?", template) is not None


def _lineage(group: str) -> str:
    return re.sub(r"-v\d{3}$", "", group)


def _uses(group: str, start: str, cloud: Cloud) -> bool:
    try:
        found = cloud.groups.find(group)
    except NotFound:
        return False
    return start in (found.launch_template, found.launch_configuration) and not found.deleting


def user_data(reference: str | None, planned: str | None, cloud: Cloud) -> str | None:
    """The text behind a plan's reference, if it has the digest that was planned with."""
    if reference is None:
        return None
    try:
        text = _text(reference, cloud)
    except NotFound:
        raise Transient("the user data of this operation is not readable yet") from None
    if digest(text) != planned:
        raise Broken("the stored user data is not what was planned with")
    return text


def of_version(template: str, number: int) -> str:
    """A reference to the user data of a version of a launch template."""
    return f"{VERSION} {number} {template}"


def of_configuration(name: str) -> str:
    """A reference to the user data of a launch configuration."""
    return f"{CONFIGURATION} {name}"


def _text(reference: str, cloud: Cloud) -> str:
    kind, _, rest = reference.partition(" ")
    if kind == VERSION:
        number, _, template = rest.partition(" ")
        return cloud.of(TemplateVersions).user_data(template, int(number))
    if kind == CONFIGURATION:
        return cloud.of(Launching).user_data(rest)
    return cloud.secrets.text(reference)


def _must_be_ours(plan: CreatePlan, cloud: Cloud) -> None:
    name = plan.launch_template
    try:
        found = cloud.launch_templates.find(name)
    except NotFound:
        raise Transient(f"launch template {name} exists and is not visible yet") from None
    if found.operation != cloud.operation:
        raise Rejected(f"launch template {name} exists and was not made by this operation; delete it or post again")


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _prefix(group: str) -> str:
    return _ILLEGAL.sub("_", group)[:LONGEST_PREFIX]


def _short(text: str) -> str:
    """At most 64 characters, as EC2 takes for a client token."""
    return hashlib.sha256(text.encode()).hexdigest()
