"""Launch templates: one for each server group, named after it; and those, and configurations, that nobody uses."""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lambdas.activities import lookups, restoring
from lambdas.activities.plans import CreatePlan, DestroyPlan
from lambdas.cloud import Cloud, Group
from lambdas.cloud.launching import Launching, TemplateVersions
from lambdas.cloud.template_ids import TemplateIds
from lambdas.errors import AlreadyExists, Broken, NotFound, Rejected, Transient
from lambdas.requests.delete_launch_configuration import DeleteLaunchConfiguration
from lambdas.requests.delete_launch_template import DeleteLaunchTemplate

ACTIONS = (
    "autoscaling:DeleteLaunchConfiguration",
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeLaunchConfigurations",
    "cloudwatch:DescribeAlarms",
    "ec2:CreateLaunchTemplate",
    "ec2:DeleteLaunchTemplate",
    "ec2:DescribeLaunchTemplateVersions",
    "ec2:DescribeLaunchTemplates",
)

TOLD = 5
"""Names of server groups in a refusal."""
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


# Deleted by themselves.


@dataclass(frozen=True)
class DeletePlan:
    """Of a launch template or configuration that goes for good."""

    account: str
    region: str
    kind: str
    id: str
    """Of a configuration: its name."""
    name: str | None = None
    """None: there is none any more."""
    schema: int = 1


def plan_delete_template(request: DeleteLaunchTemplate, cloud: Cloud) -> DeletePlan:
    """Look whether a server group uses it: then it is refused before anything is done."""
    lookups.alarms_exist(request, cloud)
    id_ = request.launch_template_id
    found = restoring.read(lambda: cloud.of(TemplateIds).find(id_))
    plan = DeletePlan(cloud.account, cloud.region, "launch template", id_, found.name if found else None)
    _must_be_unused(plan, cloud)
    return plan


def plan_delete_configuration(request: DeleteLaunchConfiguration, cloud: Cloud) -> DeletePlan:
    """Look whether a server group uses it: then it is refused before anything is done."""
    lookups.alarms_exist(request, cloud)
    name = request.launch_configuration_name
    found = restoring.read(lambda: cloud.of(Launching).configuration(name))
    plan = DeletePlan(cloud.account, cloud.region, "launch configuration", name, name if found else None)
    _must_be_unused(plan, cloud)
    return plan


def delete_template(plan: DeletePlan, cloud: Cloud) -> str:
    """Delete the template with all its versions, unless a server group has begun to use it."""
    return _delete(plan, cloud.of(TemplateIds).delete, cloud)


def delete_configuration(plan: DeletePlan, cloud: Cloud) -> str:
    """Delete the configuration, unless a server group has begun to use it."""
    return _delete(plan, cloud.of(Launching).unconfigure, cloud)


def deleted(plan: DeletePlan) -> restoring.Difference:
    """What there was; nothing is left of it."""
    return ({"kind": plan.kind, "id": plan.id, "name": plan.name} if plan.name else None), None


def _delete(plan: DeletePlan, write: Callable[[str], None], cloud: Cloud) -> str:
    if plan.name is None:
        return f"{plan.kind} {plan.id} is not there"
    _must_be_unused(plan, cloud)
    try:
        write(plan.id)
    except NotFound:
        return f"{plan.kind} {plan.id} is not there"
    return f"deleted {plan.kind} {plan.name}"


def _must_be_unused(plan: DeletePlan, cloud: Cloud) -> None:
    """Raises Rejected where a server group starts from it, or would from one of its mixed instances policy."""
    if plan.name is None:
        return
    users = sorted(one.name for one in cloud.groups.all() if not one.deleting and _starts_from(plan, one))
    if users:
        more = f" and {len(users) - TOLD} more" if len(users) > TOLD else ""
        raise Rejected(
            f"{plan.kind} {plan.name} is used by server group {', '.join(users[:TOLD])}{more}; "
            "let it start from another first"
        )


def _starts_from(plan: DeletePlan, group: Group) -> bool:
    if plan.kind == "launch configuration":
        return group.launch_configuration == plan.name
    return group.launch_template == plan.name or _overrides(plan, json.loads(group.settings.mixed or "{}"))


def _overrides(plan: DeletePlan, mixed: Any) -> bool:
    """An instance type of a mixed instances policy may have a template of its own."""
    own = [one.get("LaunchTemplateSpecification", {}) for one in mixed.get("Overrides", ())]
    return any(plan.id == one.get("LaunchTemplateId") or plan.name == one.get("LaunchTemplateName") for one in own)
