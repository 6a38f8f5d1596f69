"""What calls are allowed on: the statements of a function's role, and of the sessions in which it acts elsewhere.

Both are made from the same declarations, so a function never has more in a target account than in its own. An action is
allowed on the account's things wherever AWS lets a policy name them; who made a thing, and how it is called, is not
asked: groups that others made are operated too.
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

import importlib
import json
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Protocol

from lambdas.accounts import Account
from lambdas.dependent_actions import PASS_ROLE, dependents_of

LONGEST = 2048
"""Characters of a session policy:
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html"""

DECLARES, PASSABLE = "WINDLASS_DECLARES", "WINDLASS_PASSABLE_ROLES"
ANYTHING = "*"
NAME_NOTHING = ("autoscaling:Describe*", "ec2:Describe*", "elasticloadbalancing:Describe*", "cloudformation:Validate*")
"""Actions that take no resource, with these exceptions."""
NAME_SOMETHING = frozenset({"ec2:DescribeImageAttribute", "ec2:DescribeInstanceAttribute"})
UNRESTRICTED: Mapping[str, str] = {
    "cloudwatch:DescribeAlarms": "scoped to less than * it leaves composite alarms out: "
    "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html",
    "ec2:RunInstances": "checked for all that a launch touches, shared subnets and images of others among it: "
    "https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-launch-template-permissions.html",
    "route53:ListHostedZonesByName": "takes no resource: "
    "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonroute53.html",
}
"""Other actions that stay on everything, and why."""

OF_SERVICE: Mapping[str, str] = {
    "autoscaling": "arn:*:autoscaling:*:{account}:*",
    "cloudformation": "arn:*:cloudformation:*:{account}:*",
    "cloudwatch": "arn:*:cloudwatch:*:{account}:*",
    "ec2": "arn:*:ec2:*:{account}:*",
    "elasticloadbalancing": "arn:*:elasticloadbalancing:*:{account}:*",
    "route53": "arn:*:route53:::hostedzone/*",
    # AWS's own parameters too, and those that another account shares: ids of images.
    "ssm": "arn:*:ssm:*:*:parameter/*",
}
"""The things of an account; those of a zone have no account in their ARN."""
BESIDES: Mapping[str, frozenset[str]] = {
    "arn:*:cloudformation:*:aws:transform/*": frozenset(
        {"cloudformation:CreateChangeSet", "cloudformation:CreateStack", "cloudformation:UpdateStack"}
    ),
    "arn:*:ec2:*::image/*": frozenset(
        f"ec2:{name}"
        for name in ("CreateTags", "DeleteTags", "DeregisterImage", "DescribeImageAttribute", "ModifyImageAttribute")
    ),
    "arn:*:ec2:*::snapshot/*": frozenset({"ec2:CreateTags", "ec2:DeleteSnapshot", "ec2:DeleteTags"}),
    # Subnets and VPCs that another account shares have that one's number.
    "arn:*:ec2:*:*:subnet/*": frozenset({"ec2:CreateNetworkInterface"}),
    "arn:*:ec2:*:*:vpc/*": frozenset({"ec2:CreateSecurityGroup"}),
}
"""What else an action touches, where it has another account in its ARN or none."""
GROUPS = "arn:*:autoscaling:*:{account}:autoScalingGroup:*:autoScalingGroupName/"
CONFIGURATIONS = "arn:*:autoscaling:*:{account}:launchConfiguration:*"
"""A server group's name says whose it is, its launch configuration's need not."""
PLAIN = re.compile(r"[A-Za-z0-9_.+=@~]+")
"""Names of applications that mean nothing else in a policy."""


@dataclass(frozen=True)
class Statement:
    """Permission to do that with those things."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: Mapping[str, Any] = field(default_factory=dict)

    @property
    def json_value(self) -> dict[str, Any]:
        said = {"Effect": "Allow", "Action": _one_or_more(self.actions), "Resource": _one_or_more(self.resources)}
        return said | ({"Condition": dict(self.conditions)} if self.conditions else {})


def declared(references: Iterable[str]) -> frozenset[str]:
    """The IAM actions that these name: `lambdas.activities.server_groups:ACTIONS`."""
    parts = (one.partition(":") for one in references)
    return frozenset(action for module, _, name in parts for action in getattr(importlib.import_module(module), name))


class Policies(Protocol):
    def __call__(self, account: Account, application: Callable[[], str] = str) -> str:
        """The policy of a session in that account; `application` is asked for where it makes a difference."""


def statements(
    actions: Collection[str], account: str, roles: Sequence[str] = (), application: str = ""
) -> list[Statement]:
    """What has to be allowed in that account so that these calls pass, what they need besides themselves included.

    `roles`: names of the roles that may be passed, with `*`; none of them, and passing is not allowed at all.
    `application`: whose server groups may be changed; empty for anybody's.
    """
    return [*_calls(actions, account, application), *_dependents(actions, account, roles)]


def session_policy(actions: Collection[str], account: str, roles: Sequence[str] = (), application: str = "") -> str:
    """The same as the policy of a session in that account. At most `LONGEST` characters, which synth checks.

    Where an application's name does not fit in as well, its groups are not told from others.
    """
    said = [one.json_value for one in statements(actions, account, roles, application)]
    text = json.dumps({"Version": "2012-10-17", "Statement": said}, separators=(",", ":"))
    return session_policy(actions, account, roles) if application and len(text) > LONGEST else text


def session_policies(environ: Mapping[str, str]) -> Policies:
    """The policies of this function's sessions, from the declarations that the template names.

    `WINDLASS_DECLARES`: references to them; `WINDLASS_PASSABLE_ROLES`: names of roles, with `*`; both with commas.
    """
    references, roles = (listed(environ.get(name, "")) for name in (DECLARES, PASSABLE))

    def policy(account: Account, application: Callable[[], str] = str) -> str:
        actions = declared(references)
        whose = application() if any(map(changes_groups, actions)) else ""
        return session_policy(actions, account.id, roles, whose)

    return policy


def listed(text: str) -> tuple[str, ...]:
    """The names in a text that separates them by commas."""
    return tuple(one.strip() for one in text.split(",") if one.strip())


def resources_of(action: str, account: str, application: str = "") -> tuple[str, ...]:
    """On what the action is allowed in that account."""
    service = action.partition(":")[0]
    if _names_nothing(action) or action in UNRESTRICTED or service not in OF_SERVICE:
        return (ANYTHING,)
    if service == "autoscaling" and PLAIN.fullmatch(application):
        return _of_application(action, account, application)
    besides = (pattern for pattern, actions in BESIDES.items() if action in actions)
    return (OF_SERVICE[service].format(account=account), *besides)


def changes_groups(action: str) -> bool:
    """Whether it is for a server group, whose name says the application."""
    service, _, name = action.partition(":")
    return service == "autoscaling" and not name.startswith("Describe") and "LaunchConfiguration" not in name


def _of_application(action: str, account: str, application: str) -> tuple[str, ...]:
    if not changes_groups(action):
        return (CONFIGURATIONS.format(account=account),)
    groups = GROUPS.format(account=account)
    return (f"{groups}{application}", f"{groups}{application}-*")


def _names_nothing(action: str) -> bool:
    return action not in NAME_SOMETHING and any(fnmatchcase(action, pattern) for pattern in NAME_NOTHING)


def _calls(actions: Collection[str], account: str, application: str) -> Iterator[Statement]:
    """Two statements: a resource of one service's does not fit an action of another's, so that all stand together."""
    found = {action: resources_of(action, account, application) for action in sorted(actions)}
    anywhere = tuple(action for action, resources in found.items() if resources == (ANYTHING,))
    somewhere = tuple(action for action in found if action not in anywhere)
    if anywhere:
        yield Statement(anywhere, (ANYTHING,))
    if somewhere:
        yield Statement(somewhere, tuple(sorted({one for action in somewhere for one in found[action]})))


def _dependents(actions: Collection[str], account: str, roles: Sequence[str]) -> Iterator[Statement]:
    """One statement for each action and each place: the values of their conditions are put together."""
    values: dict[tuple[str, tuple[str, ...]], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for one in dependents_of(actions):
        resources = one.resources(account, roles) or resources_of(one.action, account)
        for key, allowed in one.equals.items():
            values[one.action, resources][key] |= {*allowed}
        values[one.action, resources]  # one without a condition has none
    for (action, resources), equals in values.items():
        if action != PASS_ROLE or roles:
            conditions = {key: sorted(allowed) for key, allowed in equals.items()}
            yield Statement((action,), resources, {"StringEquals": conditions} if conditions else {})


def _one_or_more(values: tuple[str, ...]) -> str | list[str]:
    return values[0] if len(values) == 1 else list(values)
