"""Attributes of a server group and the metrics that are collected of it: changed, and put back one by one."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from lambdas.activities import lookups, parts, restoring
from lambdas.activities.expectations import needed, unless_gone
from lambdas.cloud import Cloud, Group
from lambdas.cloud.attributes import Attributes, GroupAttributes
from lambdas.requests.modify_asg import ModifyAsg

ACTIONS = (
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DisableMetricsCollection",
    "autoscaling:EnableMetricsCollection",
    "autoscaling:UpdateAutoScalingGroup",
    "cloudwatch:DescribeAlarms",
)
READS = ("autoscaling:DescribeAutoScalingGroups",)


@dataclass(frozen=True)
class ModifyPlan:
    account: str
    region: str
    group: str
    before: Attributes
    """Of those that are to be changed."""
    after: Attributes
    disable: tuple[str, ...] = ()
    """Metrics that are collected, and shall not be."""
    enable: tuple[str, ...] = ()
    """Metrics that shall be collected, and are not."""
    schema: int = 1


def plan_modify(request: ModifyAsg, cloud: Cloud) -> ModifyPlan:
    """Note what differs from what is asked for: only that is changed, and put back."""
    group = lookups.group_of(request, cloud)
    wanted = Attributes(
        request.cooldown,
        request.health_check_grace_period,
        request.health_check_type,
        request.termination_policies,
        request.capacity_rebalance,
    )
    there = _attributes(group)
    changes = [name for name, value in vars(wanted).items() if value is not None and value != there[name]]
    metrics = group.metrics if request.enabled_metrics is None else frozenset(request.enabled_metrics)
    return ModifyPlan(
        cloud.account,
        cloud.region,
        group.name,
        Attributes(**{name: there[name] for name in changes}),
        Attributes(**{name: vars(wanted)[name] for name in changes}),
        tuple(sorted(group.metrics - metrics)),
        tuple(sorted(metrics - group.metrics)),
    )


def update(plan: ModifyPlan, cloud: Cloud) -> str:
    """Set the attributes in one call, unless somebody has changed one of them since it was planned."""
    if not _told(plan.after):
        return "no attribute to change"
    with needed(plan.group):
        there = _attributes(cloud.groups.find(plan.group))
        pending = parts.pending(_what(plan), there, _told(plan.before), _told(plan.after))
        if pending:
            cloud.of(GroupAttributes).update(plan.group, Attributes(**pending))
    return parts.said(_what(plan), pending)


def restore(plan: ModifyPlan, cloud: Cloud) -> str:
    """Set each attribute as it was, unless somebody has changed it since."""
    group = _found(plan, cloud)
    if group is None or not _told(plan.after):
        return "no attribute to put back"
    undone: dict[str, Any] = parts.undone(_what(plan), _attributes(group), _told(plan.before), _told(plan.after), cloud)
    if not undone:
        return f"the attributes of {plan.group} are left as they are"
    write = partial(cloud.of(GroupAttributes).update, plan.group, Attributes(**undone))
    return unless_gone(plan.group, write, parts.said(_what(plan), undone))


def disable_metrics(plan: ModifyPlan, cloud: Cloud) -> str:
    """Stop collecting the metrics that are not asked for."""
    if not plan.disable:  # to Auto Scaling an empty list means all of them
        return "no metric to stop collecting"
    with needed(plan.group):
        cloud.of(GroupAttributes).disable_metrics(plan.group, plan.disable)
    return f"collecting {', '.join(plan.disable)} of {plan.group} no more"


def collect_again(plan: ModifyPlan, cloud: Cloud) -> str:
    """Collect the metrics again that were collected before."""
    if not plan.disable:
        return "no metric to collect again"
    write = partial(cloud.groups.enable_metrics, plan.group, plan.disable)
    return unless_gone(plan.group, write, f"collecting {', '.join(plan.disable)} of {plan.group} again")


def enable_metrics(plan: ModifyPlan, cloud: Cloud) -> str:
    """Collect the metrics that are asked for."""
    if not plan.enable:
        return "no metric to collect"
    with needed(plan.group):
        cloud.groups.enable_metrics(plan.group, plan.enable)
    return f"collecting {', '.join(plan.enable)} of {plan.group}"


def collect_no_more(plan: ModifyPlan, cloud: Cloud) -> str:
    """Stop collecting the metrics again that were not collected before."""
    if not plan.enable:
        return "no metric to stop collecting"
    write = partial(cloud.of(GroupAttributes).disable_metrics, plan.group, plan.enable)
    return unless_gone(plan.group, write, f"collecting {', '.join(plan.enable)} of {plan.group} no more")


def left_behind(plan: ModifyPlan, cloud: Cloud) -> None:
    """Whether attributes or metrics are as this operation made them, although they were put back."""
    group = _found(plan, cloud)
    if group is None:
        return
    parts.left_behind(_what(plan), _attributes(group), _told(plan.before), _told(plan.after))
    collected = dict.fromkeys(group.metrics, True)
    for changed, now in ((plan.disable, None), (plan.enable, True)):
        before = dict.fromkeys(changed, True) if now is None else {}
        parts.left_behind(f"metric of {plan.group}:", collected, before, dict.fromkeys(changed, now))


def difference(plan: ModifyPlan) -> restoring.Difference:
    """The attributes and metrics that change."""
    return _shown(plan, plan.before, plan.disable), _shown(plan, plan.after, plan.enable)


def _shown(plan: ModifyPlan, attributes: Attributes, metrics: tuple[str, ...]) -> dict[str, Any]:
    shown = {"serverGroup": plan.group} | _told(attributes)
    return shown | {"metrics": list(metrics)} if plan.disable or plan.enable else shown


def _found(plan: ModifyPlan, cloud: Cloud) -> Group | None:
    return restoring.read(lambda: cloud.groups.find(plan.group))


def _attributes(group: Group) -> dict[str, Any]:
    """Those that `Attributes` has, by name."""
    settings = vars(group.settings)
    return {name: settings[name] for name in vars(Attributes())}


def _told(attributes: Attributes) -> dict[str, Any]:
    return {name: value for name, value in vars(attributes).items() if value is not None}


def _what(plan: ModifyPlan) -> str:
    return f"attribute of {plan.group}:"
