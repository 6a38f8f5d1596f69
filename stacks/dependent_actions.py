"""Permissions that AWS checks besides the action called: each with AWS's page for it.

An activity declares the calls it makes (`ACTIONS`); what those calls need on top of it stands here, once.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from stacks.grants import Grantee, allow

_AUTO_SCALING = "https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-api-permissions.html"
_LAUNCH_TEMPLATES = (
    "https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-launch-template-permissions.html"
)
_SERVICE_LINKED_ROLE = "https://docs.aws.amazon.com/autoscaling/ec2/userguide/autoscaling-service-linked-role.html"
_TAG_ON_CREATE = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html"
_SERVICE_ROLE = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-servicerole.html"
_PUT_METRIC_ALARM = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"


@dataclass(frozen=True)
class Dependent:
    """What the call `when` needs besides itself."""

    when: str
    action: str
    page: str
    resource: str
    conditions: Mapping[str, Any] = field(default_factory=dict)


def _equals(key: str, *values: str) -> dict[str, Any]:
    return {"StringEquals": {key: list(values)}}


DEPENDENT = (
    Dependent(
        "autoscaling:CreateAutoScalingGroup",
        "ec2:RunInstances",
        _LAUNCH_TEMPLATES,
        "*",  # checked for all that a launch touches, image, subnets, key pair …: what that is the request says
    ),
    Dependent(
        "autoscaling:CreateAutoScalingGroup",
        "ec2:CreateTags",
        _AUTO_SCALING,
        "arn:*:ec2:*:*:*/*",
        _equals("ec2:CreateAction", "RunInstances"),
    ),
    Dependent(
        "autoscaling:CreateAutoScalingGroup",
        "iam:PassRole",
        _AUTO_SCALING,
        "arn:*:iam::*:role/*",
        _equals("iam:PassedToService", "ec2.amazonaws.com"),
    ),
    Dependent(
        "autoscaling:CreateAutoScalingGroup",
        "iam:CreateServiceLinkedRole",
        _SERVICE_LINKED_ROLE,
        "arn:*:iam::*:role/aws-service-role/autoscaling.amazonaws.com/*",
        _equals("iam:AWSServiceName", "autoscaling.amazonaws.com"),
    ),
    # A group that changes to another version of a template: checked as for a launch.
    Dependent("ec2:CreateLaunchTemplateVersion", "ec2:RunInstances", _LAUNCH_TEMPLATES, "*"),
    Dependent(
        "ec2:CreateLaunchTemplateVersion",
        "ec2:CreateTags",
        _LAUNCH_TEMPLATES,
        "arn:*:ec2:*:*:*/*",
        _equals("ec2:CreateAction", "RunInstances"),
    ),
    Dependent(
        "ec2:CreateLaunchTemplateVersion",
        "iam:PassRole",
        _LAUNCH_TEMPLATES,
        "arn:*:iam::*:role/*",
        _equals("iam:PassedToService", "ec2.amazonaws.com"),
    ),
    Dependent(
        "autoscaling:CreateLaunchConfiguration",
        "iam:PassRole",
        _AUTO_SCALING,
        "arn:*:iam::*:role/*",
        _equals("iam:PassedToService", "ec2.amazonaws.com"),
    ),
    Dependent(
        "autoscaling:PutLifecycleHook",
        "iam:PassRole",
        _AUTO_SCALING,
        "arn:*:iam::*:role/*",
        _equals("iam:PassedToService", "autoscaling.amazonaws.com"),
    ),
    Dependent(
        "ec2:CreateLaunchTemplate",
        "ec2:CreateTags",
        _TAG_ON_CREATE,
        "arn:*:ec2:*:*:launch-template/*",
        _equals("ec2:CreateAction", "CreateLaunchTemplate"),
    ),
    Dependent(
        "cloudformation:CreateStack",  # and whatever else takes a role: one module calls them all
        "iam:PassRole",
        _SERVICE_ROLE,
        "arn:*:iam::*:role/*",
        _equals("iam:PassedToService", "cloudformation.amazonaws.com"),
    ),
    Dependent(
        "ec2:CreateNetworkInterface",
        "ec2:CreateTags",
        _TAG_ON_CREATE,
        "arn:*:ec2:*:*:network-interface/*",
        _equals("ec2:CreateAction", "CreateNetworkInterface"),
    ),
    Dependent(
        "cloudwatch:PutMetricAlarm",
        "cloudwatch:TagResource",
        _PUT_METRIC_ALARM,
        "arn:*:cloudwatch:*:*:alarm:*",
    ),
)


def dependents_of(actions: Iterable[str]) -> tuple[Dependent, ...]:
    called = frozenset(actions)
    return tuple(one for one in DEPENDENT if one.when in called)


def allow_dependents(grantee: Grantee, actions: Iterable[str]) -> None:
    """Let the grantee do what these calls need besides themselves."""
    for one in dependents_of(actions):
        allow(grantee, (one.action,), one.resource, conditions=one.conditions or None)
