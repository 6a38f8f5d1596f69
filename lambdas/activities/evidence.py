"""Why an operation failed, as the cloud tells it: read before the first undo deletes it."""

import base64
import binascii
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, Protocol, TypeVar

from lambdas.activities.load_balancers import name_of
from lambdas.activities.plans import USER_DATA, CreatePlan
from lambdas.cloud import Cloud, Group, Health
from lambdas.errors import NotFound
from lambdas.redaction import redacted

ACTIONS = (
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeScalingActivities",
    "ec2:GetConsoleOutput",
    "elasticloadbalancing:DescribeInstanceHealth",
    "elasticloadbalancing:DescribeTargetHealth",
)
"""Of whoever undoes: what it reads before that."""

T = TypeVar("T")
Read = Callable[[str, Callable[[], T]], T | None]
"""Makes one read and keeps what it answers under a name; None where it fails or there is no time for it."""


class Plan(Protocol):
    """Of one server group."""

    @property
    def group(self) -> str: ...


CONSOLES = 2
"""Instances whose console is read: of a bad image one tells all."""
TAIL = 4_000
"""Characters kept of a console; the end tells why."""
SENTENCE = 500
MOST = 50
"""Instances and targets kept."""


def of_group(plan: Plan, cloud: Cloud, read: Read[Any]) -> None:
    """The group's scaling activities, its instances, their health behind load balancers, consoles of those that fail.

    Of a console only the end is kept, without the operation's own user data and without what looks like a secret. It
    may hold anything all the same: it is in no log, no event and no export.
    """
    read("activities", lambda: _activities(plan.group, cloud))
    group = read("group", lambda: _found(plan.group, cloud))
    if group is None:
        return
    read("instances", lambda: [vars(one) for one in group.instances[:MOST]])
    failing = {one.id for one in group.instances if not one.in_service}
    for balancer, look in _behind(group, cloud):
        health = read(f"health {name_of(balancer)}", partial(_of_group, group, look, balancer)) or []
        failing |= {one["instance"] for one in health if not one["healthy"]}
    secrets = _secrets(plan, cloud) if failing else []
    if secrets is None:
        return
    for instance in sorted(failing)[:CONSOLES]:
        read(f"console {instance}", partial(_console, instance, secrets, cloud))


def _activities(group: str, cloud: Cloud) -> list[dict[str, str]]:
    return [{"status": one.status, "message": one.message[:SENTENCE]} for one in cloud.groups.activities(group)]


def _found(name: str, cloud: Cloud) -> Group | None:
    try:
        return cloud.groups.find(name)
    except NotFound:
        return None


def _behind(group: Group, cloud: Cloud) -> Iterator[tuple[str, Callable[[str], tuple[Health, ...]]]]:
    for arn in group.settings.target_groups:
        yield arn, cloud.load_balancers.target_health
    for name in group.settings.load_balancers:
        yield name, cloud.load_balancers.classic_health


def _of_group(group: Group, look: Callable[[str], tuple[Health, ...]], balancer: str) -> list[dict[str, Any]]:
    """Others' instances are behind the same load balancers."""
    own = {one.id for one in group.instances}
    return [
        {"instance": one.instance, "healthy": one.healthy, "reason": one.reason[:SENTENCE]}
        for one in look(balancer)
        if one.instance in own
    ][:MOST]


def _console(instance: str, secrets: Sequence[str], cloud: Cloud) -> str:
    """Its end, cut last: what was cut first could no longer be told as a secret."""
    return redacted(cloud.instances.console(instance), secrets)[-TAIL:]


def _secrets(plan: Plan, cloud: Cloud) -> list[str] | None:
    """The user data that the operation itself gave to the instances: a boot log likes to repeat it.

    None where that is another's: then a console may repeat what nobody here can tell from it, and is not kept.
    """
    reference = plan.launch.user_data if isinstance(plan, CreatePlan) else None
    if reference is None:
        return []
    if reference != USER_DATA:
        return None
    text = cloud.secrets.text(reference)
    try:
        return [text, base64.b64decode(text).decode(errors="replace")]
    except (ValueError, binascii.Error):
        return [text]
