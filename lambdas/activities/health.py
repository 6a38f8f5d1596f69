"""Whether a server group's instances are healthy: to Auto Scaling, and behind every load balancer they belong to.

Which of these count, and how many instances must be healthy to them, the caller may say (`HealthRule`).
"""

from collections.abc import Iterator

from lambdas.activities.load_balancers import name_of, serving
from lambdas.activities.plans import ASG, ELB, TARGET_GROUP, HealthRule
from lambdas.activities.traffic_guard import REGISTERS
from lambdas.cloud import Cloud, Group, GroupSettings, Health
from lambdas.errors import NotFound, Rejected
from lambdas.requests.health import Health as Asked
from lambdas.requests.health import OnUnhealthy

EVERYTHING = HealthRule()


def rule(asked: Asked | None, on_unhealthy: OnUnhealthy, group: str, settings: GroupSettings) -> HealthRule | None:
    """What the request means by healthy; None where it says nothing. Raises Rejected where nobody would judge."""
    if asked is None:
        return HealthRule(on_unhealthy=on_unhealthy) if on_unhealthy != EVERYTHING.on_unhealthy else None
    found = HealthRule(asked.judges, asked.percentage, asked.stable_for, on_unhealthy)
    _must_be_judged(group, settings, found)
    return found


def _must_be_judged(group: str, settings: GroupSettings, rule: HealthRule) -> None:
    """As in Orca a provider that says nothing does not count; but somebody has to say something."""
    says = {ASG: True, TARGET_GROUP: bool(settings.target_groups), ELB: bool(settings.load_balancers)}
    if rule.providers and not any(says[one] for one in rule.providers):
        raise Rejected(
            f"health: server group {group} has nothing that {' or '.join(rule.providers)} could judge it by; "
            f"let {ASG} count, or give it a load balancer"
        )


def shortfall(group: Group, wanted: int, cloud: Cloud, rule: HealthRule | None = None) -> str | None:
    """Why fewer instances are healthy than the rule needs of `wanted`, or None.

    Load balancers are asked only where Auto Scaling has enough instances, and never about a group that is kept from
    them. Raises Rejected for a group on its way out.
    """
    if group.deleting:
        raise Rejected(f"server group {group.name} is being deleted by somebody else")
    rule = rule or EVERYTHING
    _must_be_judged(group.name, group.settings, rule)
    needed = rule.needed(wanted)
    healthy = {one.id for one in group.instances if one.in_service} if ASG in rule.providers else set(serving(group))
    if len(healthy) < needed:
        return _sentence(len(healthy), wanted, rule, _launching(group, needed, cloud))
    failing = _failing(group, healthy, rule, cloud)
    healthy -= failing.keys()
    if len(healthy) < needed:
        return _sentence(len(healthy), wanted, rule, _first(failing))
    return None


def surplus(group: Group, wanted: int) -> str | None:
    """Why more instances than `wanted` are there still, or None. Those in standby do not count for Auto Scaling."""
    count = sum("Standby" not in one.lifecycle for one in group.instances)
    if count <= wanted:
        return None
    why = "; the process Terminate is suspended" if "Terminate" in group.suspended else ""
    return f"{count} instances, {wanted} wanted{why}"


def _sentence(healthy: int, wanted: int, rule: HealthRule, why: str) -> str:
    part = "" if rule.percentage == EVERYTHING.percentage else f" ({rule.percentage} % of {wanted})"
    said = f"{healthy} of {rule.needed(wanted)} instances healthy{part}"
    return f"{said}; {why}" if why else said


def _launching(group: Group, wanted: int, cloud: Cloud) -> str:
    """What keeps instances from starting, as Auto Scaling tells it in the newest activity that failed.

    A failed launch leaves no instance: where enough are on their way, nobody has to be asked.
    """
    if "Launch" in group.suspended:
        return "the process Launch is suspended"
    if sum(not one.lifecycle.startswith("Terminating") for one in group.instances) >= wanted:
        return ""
    failed = (one.message for one in cloud.groups.activities(group.name) if one.status == "Failed")
    message = next(failed, "")
    return f"Auto Scaling: {message}" if message else ""


def _failing(group: Group, instances: set[str], rule: HealthRule, cloud: Cloud) -> dict[str, str]:
    """Which of these are not healthy behind some load balancer that counts, and why."""
    if REGISTERS in group.suspended:
        alone = rule.providers and ASG not in rule.providers
        return dict.fromkeys(instances, f"the process {REGISTERS} is suspended") if alone else {}
    failing: dict[str, str] = {}
    for balancer, targets in _behind(group, rule, cloud):
        states = {one.instance: one for one in targets}
        for instance in sorted(instances):
            one = states.get(instance)
            if one is None or not one.healthy:
                failing[instance] = f"{(one and one.reason) or 'not registered'} in {name_of(balancer)}"
    return failing


def _behind(group: Group, rule: HealthRule, cloud: Cloud) -> Iterator[tuple[str, tuple[Health, ...]]]:
    try:
        for arn in group.settings.target_groups if TARGET_GROUP in rule.providers else ():
            yield arn, cloud.load_balancers.target_health(arn)
        for name in group.settings.load_balancers if ELB in rule.providers else ():
            yield name, cloud.load_balancers.classic_health(name)
    except NotFound as error:
        raise Rejected(f"a load balancer of server group {group.name} is gone: {error}") from None


def _first(failing: dict[str, str]) -> str:
    instance, why = next(iter(failing.items()))
    return f"{instance}: {why}"
