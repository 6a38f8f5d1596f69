"""Permissions that AWS checks besides the action called: each with AWS's page for it.

An activity declares the calls it makes (`ACTIONS`); what those calls need on top of it stands here, once.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

_AUTO_SCALING = "https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-api-permissions.html"
_LAUNCH_TEMPLATES = (
    "https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-launch-template-permissions.html"
)
_SERVICE_LINKED_ROLE = "https://docs.aws.amazon.com/autoscaling/ec2/userguide/autoscaling-service-linked-role.html"
_TAG_ON_CREATE = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html"
_SERVICE_ROLE = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-servicerole.html"
_PUT_METRIC_ALARM = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"

PASS_ROLE = "iam:PassRole"


@dataclass(frozen=True)
class Dependent:
    """What the call `when` needs besides itself."""

    when: str
    action: str
    page: str
    resource: str = ""
    """A pattern with `{account}`; empty where the action's own things are meant, or the roles that may be passed."""
    equals: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Condition keys and the values they may have."""

    def resources(self, account: str, roles: Sequence[str]) -> tuple[str, ...]:
        """On what it is needed, as far as it says so; `roles` are the names of those that may be passed, with `*`."""
        if self.action == PASS_ROLE:
            return tuple(f"arn:*:iam::{account}:role/{name}" for name in roles)
        return (self.resource.format(account=account),) if self.resource else ()


def _launching(when: str, page: str) -> tuple[Dependent, ...]:
    """Auto Scaling checks that whoever names a launch template could launch it."""
    return (
        Dependent(when, "ec2:RunInstances", _LAUNCH_TEMPLATES),
        Dependent(when, "ec2:CreateTags", page, "arn:*:ec2:*:{account}:*/*", {"ec2:CreateAction": ("RunInstances",)}),
        _passing(when, page, "ec2.amazonaws.com"),
    )


def _passing(when: str, page: str, service: str) -> Dependent:
    return Dependent(when, PASS_ROLE, page, equals={"iam:PassedToService": (service,)})


def _tagging(when: str, kind: str) -> Dependent:
    """Tags that are put on with the call itself."""
    resource, operation = f"arn:*:ec2:*:{{account}}:{kind}/*", when.partition(":")[2]
    return Dependent(when, "ec2:CreateTags", _TAG_ON_CREATE, resource, {"ec2:CreateAction": (operation,)})


DEPENDENT = (
    *_launching("autoscaling:CreateAutoScalingGroup", _AUTO_SCALING),
    Dependent(
        "autoscaling:CreateAutoScalingGroup",
        "iam:CreateServiceLinkedRole",
        _SERVICE_LINKED_ROLE,
        "arn:*:iam::{account}:role/aws-service-role/autoscaling.amazonaws.com/*",
        {"iam:AWSServiceName": ("autoscaling.amazonaws.com",)},
    ),
    # A group that changes to another version of a template: checked as for a launch.
    *_launching("ec2:CreateLaunchTemplateVersion", _LAUNCH_TEMPLATES),
    _passing("autoscaling:CreateLaunchConfiguration", _AUTO_SCALING, "ec2.amazonaws.com"),
    _passing("autoscaling:PutLifecycleHook", _AUTO_SCALING, "autoscaling.amazonaws.com"),
    # And whatever else takes a role: one module calls them all.
    _passing("cloudformation:CreateStack", _SERVICE_ROLE, "cloudformation.amazonaws.com"),
    _tagging("ec2:CreateLaunchTemplate", "launch-template"),
    _tagging("ec2:CreateNetworkInterface", "network-interface"),
    Dependent("cloudwatch:PutMetricAlarm", "cloudwatch:TagResource", _PUT_METRIC_ALARM),
)


def dependents_of(actions: Iterable[str]) -> tuple[Dependent, ...]:
    """All that these calls need besides themselves."""
    called = frozenset(actions)
    return tuple(one for one in DEPENDENT if one.when in called)
