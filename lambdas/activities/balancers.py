"""Load balancers of all three types: made, brought to what is asked for part by part, and deleted.

Parts are attributes by key, listeners by port, rules by port and priority, target groups by name: each is written by
itself and put back by itself, and one that somebody else has changed meanwhile stays as it is. What a load balancer
made by this operation has goes with it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from lambdas.activities import balancer_plans, lookups, parts, restoring
from lambdas.activities.balancer_kinds import (
    ADDRESSES,
    ATTRIBUTES,
    CERTIFICATES,
    CLASSIC_LISTENERS,
    HEALTH,
    KINDS,
    LISTENERS,
    RULES,
    SECURITY_GROUPS,
    TARGET_ATTRIBUTES,
    Kind,
    Work,
)
from lambdas.activities.balancer_plans import CLASSIC, BalancerPlan, port
from lambdas.cloud import OPERATION_TAG, Cloud, Tags
from lambdas.cloud.balancers import ELB, Balancer, Balancers
from lambdas.cloud.classic_balancers import ClassicBalancers
from lambdas.errors import AlreadyExists, Conflict, NotFound, Rejected, RollBack, Transient
from lambdas.requests.delete_load_balancer import DeleteLoadBalancer
from lambdas.requests.upsert_load_balancer import UpsertLoadBalancer

ACTIONS = (
    "cloudwatch:DescribeAlarms",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    f"{ELB}AddListenerCertificates",
    f"{ELB}AddTags",
    f"{ELB}ApplySecurityGroupsToLoadBalancer",
    f"{ELB}ConfigureHealthCheck",
    f"{ELB}CreateListener",
    f"{ELB}CreateLoadBalancer",
    f"{ELB}CreateLoadBalancerListeners",
    f"{ELB}CreateRule",
    f"{ELB}CreateTargetGroup",
    f"{ELB}DeleteListener",
    f"{ELB}DeleteLoadBalancer",
    f"{ELB}DeleteLoadBalancerListeners",
    f"{ELB}DeleteRule",
    f"{ELB}DeleteTargetGroup",
    f"{ELB}DescribeListenerCertificates",
    f"{ELB}DescribeListeners",
    f"{ELB}DescribeLoadBalancerAttributes",
    f"{ELB}DescribeLoadBalancers",
    f"{ELB}DescribeRules",
    f"{ELB}DescribeTags",
    f"{ELB}DescribeTargetGroupAttributes",
    f"{ELB}DescribeTargetGroups",
    f"{ELB}ModifyListener",
    f"{ELB}ModifyLoadBalancerAttributes",
    f"{ELB}ModifyRule",
    f"{ELB}ModifyTargetGroup",
    f"{ELB}ModifyTargetGroupAttributes",
    f"{ELB}RemoveListenerCertificates",
    f"{ELB}SetIpAddressType",
    f"{ELB}SetLoadBalancerListenerSSLCertificate",
    f"{ELB}SetLoadBalancerPoliciesOfListener",
    f"{ELB}SetSecurityGroups",
)
READS = (
    f"{ELB}DescribeListenerCertificates",
    f"{ELB}DescribeListeners",
    f"{ELB}DescribeLoadBalancerAttributes",
    f"{ELB}DescribeLoadBalancers",
    f"{ELB}DescribeRules",
    f"{ELB}DescribeTags",
    f"{ELB}DescribeTargetGroupAttributes",
    f"{ELB}DescribeTargetGroups",
)

PROTECTION = ("deletion_protection.enabled", "true")


@dataclass(frozen=True)
class DeletionPlan:
    account: str
    region: str
    name: str
    kind: str
    id: str
    """Empty where it is not there."""
    dns_name: str = ""
    target_groups: tuple[str, ...] = ()
    """Names of those that nothing else sends to."""
    schema: int = 1


def standing(name: str, kind: str, cloud: Cloud) -> Balancer | None:
    """The load balancer, if it is there. Raises Rejected where that name is one of another type."""
    found = restoring.read(lambda: port(kind, cloud).find(name))
    if found is not None and found.kind != kind:
        raise Rejected(f"load balancer {name} is of type {found.kind}, not {kind}; say loadBalancerType {found.kind}")
    return found


def plan_delete(request: DeleteLoadBalancer, cloud: Cloud) -> DeletionPlan:
    """Find the load balancer and the target groups that only it sends to; one that is protected is not deleted."""
    lookups.alarms_exist(request, cloud)
    name, kind = request.load_balancer_name, request.load_balancer_type
    plan = DeletionPlan(request.account, request.region, name, kind, "")
    found = standing(name, kind, cloud)
    if found is None and not request.tolerant:
        raise Rejected(f"load balancer {name} does not exist in {request.region}; name one that does")
    if found is None:
        return plan
    if kind == CLASSIC:
        return DeletionPlan(request.account, request.region, name, kind, found.id, found.dns_name)
    balancers = cloud.of(Balancers)
    if PROTECTION in balancers.attributes(found.id):
        raise Rejected(f"load balancer {name} is protected from deletion; take its deletion protection off first")
    used = balancers.used(found.id)
    return DeletionPlan(request.account, request.region, name, kind, found.id, found.dns_name, used)


def delete(plan: DeletionPlan, cloud: Cloud) -> str:
    """Delete the load balancer, and its listeners with it."""
    if not plan.id:
        return f"skipped: load balancer {plan.name} is not there"
    port(plan.kind, cloud).delete(plan.id)
    return f"load balancer {plan.name} deleted"


def delete_target_groups(plan: DeletionPlan, cloud: Cloud) -> str:
    """Delete the target groups that only this load balancer sent to."""
    for name in plan.target_groups:
        delete_target_group(name, cloud)
    return f"target groups deleted: {', '.join(plan.target_groups) or 'none'}"


def delete_target_group(name: str, cloud: Cloud) -> None:
    """Absent is fine; AWS lets go of it a little after the load balancer or listener has gone."""
    try:
        cloud.of(Balancers).delete_target_group(name)
    except NotFound:
        return
    except Conflict:
        raise Conflict(f"target group {name} is in use still: a load balancer, or one that goes, sends to it") from None


def deletion(plan: DeletionPlan) -> restoring.Difference:
    """The load balancer, if it is there, and its target groups."""
    said = {"loadBalancer": plan.name, "dnsName": plan.dns_name, "targetGroups": list(plan.target_groups)}
    return (said if plan.id else None), None


# upsertLoadBalancer


def plan_upsert(request: UpsertLoadBalancer, cloud: Cloud) -> BalancerPlan:
    """Find the load balancer and its parts, and note what of them is to be different."""
    lookups.alarms_exist(request, cloud)
    found = standing(request.name, request.load_balancer_type, cloud)
    balancer = found or _new(request, cloud)
    groups = lookups.security_groups(request.security_groups, balancer.vpc, cloud)
    after = balancer_plans.asked(request, groups)
    plan = BalancerPlan(request.account, request.region, request.name, request.load_balancer_type, balancer)
    if found is None:
        balancer = replace(balancer, security_groups=after.security_groups)
        plan = replace(plan, balancer=balancer, after=replace(after, security_groups=(), ip_address_type=""))
    else:
        plan = balancer_plans.differing(replace(plan, after=after), cloud)
    plan = balancer_plans.with_certificates(plan, request, cloud)
    return balancer_plans.with_targets(plan, request, cloud)


def _new(request: UpsertLoadBalancer, cloud: Cloud) -> Balancer:
    if named := sorted({policy for one in request.listeners for policy in one.policies}):
        raise Rejected(f"policies {', '.join(named)}: a new load balancer has none; make it first, then these")
    subnets = lookups.subnets_of_balancer(request, cloud)
    return Balancer(
        *(request.name, "", request.load_balancer_type, "", subnets[0].vpc),
        scheme="internal" if request.internal else "internet-facing",
        subnets=tuple(sorted(one.id for one in subnets)),
        ip_address_type=request.ip_address_type or "ipv4",
    )


def create_target_groups(plan: BalancerPlan, cloud: Cloud) -> str:
    """Create the target groups that are not there, each with its health check."""
    names = [one.name for one in plan.made]
    there = {one.name: one for one in cloud.of(Balancers).target_groups(names)} if names else {}
    for group in plan.made:
        if group.name not in there:
            with _looked_at_again(f"target group {group.name}"):
                cloud.of(Balancers).create_target_group(group, _tags(cloud))
        elif there[group.name].operation != cloud.operation:
            raise Rejected(f"target group {group.name} has been made by somebody else since it was planned; post again")
    return f"target groups made: {', '.join(names) or 'none'}"


def delete_new_target_groups(plan: BalancerPlan, cloud: Cloud) -> str:
    """Delete the target groups that this operation made."""
    names = [one.name for one in plan.made]
    there = cloud.of(Balancers).target_groups(names) if names else ()
    ours = [one.name for one in there if one.operation == cloud.operation]
    for name in ours:
        delete_target_group(name, cloud)
    return f"target groups deleted: {', '.join(ours) or 'none'}"


def create(plan: BalancerPlan, cloud: Cloud) -> str:
    """Create the load balancer where there is none, a classic one with its listeners; tell its DNS name."""
    if plan.id:
        _tell(plan, plan.balancer, cloud)
        return f"load balancer {plan.name} stands"
    found = restoring.read(lambda: port(plan.kind, cloud).find(plan.name))
    if found is None:
        with _looked_at_again(f"load balancer {plan.name}"):
            _create(plan, cloud)
            found = port(plan.kind, cloud).find(plan.name)
    if found.operation != cloud.operation:
        raise Rejected(f"load balancer {plan.name} has been made by somebody else since it was planned; post again")
    _tell(plan, found, cloud)
    return f"load balancer {plan.name} made: {found.dns_name}"


def _create(plan: BalancerPlan, cloud: Cloud) -> None:
    if plan.kind == CLASSIC:
        cloud.of(ClassicBalancers).create(plan.balancer, plan.after.classic, _tags(cloud))
    else:
        cloud.of(Balancers).create(plan.balancer, _tags(cloud))


def _tell(plan: BalancerPlan, found: Balancer, cloud: Cloud) -> None:
    cloud.results["loadBalancers"] = {plan.region: {"name": plan.name, "dnsName": found.dns_name}}


def delete_new(plan: BalancerPlan, cloud: Cloud) -> str:
    """Delete the load balancer if this operation made it, with all that it has."""
    found = None if plan.id else _ours(plan, cloud)
    if found is None:
        return "no load balancer was made"
    port(plan.kind, cloud).delete(found)
    return f"load balancer {plan.name} deleted"


def set_network(plan: BalancerPlan, cloud: Cloud) -> str:
    """Set the security groups and the type of addresses asked for; a new load balancer is made with them."""
    return f"{_set(plan, cloud, SECURITY_GROUPS)}; {_set(plan, cloud, ADDRESSES)}"


def restore_network(plan: BalancerPlan, cloud: Cloud) -> str:
    """Set the security groups and the type of addresses from before."""
    return f"{_restore(plan, cloud, ADDRESSES)}; {_restore(plan, cloud, SECURITY_GROUPS)}"


def set_attributes(plan: BalancerPlan, cloud: Cloud) -> str:
    """Set the attributes asked for in one call."""
    return _set(plan, cloud, ATTRIBUTES)


def restore_attributes(plan: BalancerPlan, cloud: Cloud) -> str:
    """Set changed attributes to what they were."""
    return _restore(plan, cloud, ATTRIBUTES)


def configure_targets(plan: BalancerPlan, cloud: Cloud) -> str:
    """Configure health checks, of target groups or of a classic load balancer, and set target groups' attributes."""
    return f"{_set(plan, cloud, HEALTH)}; {_set(plan, cloud, TARGET_ATTRIBUTES)}"


def restore_targets(plan: BalancerPlan, cloud: Cloud) -> str:
    """Configure health checks and target groups' attributes as they were."""
    return f"{_restore(plan, cloud, TARGET_ATTRIBUTES)}; {_restore(plan, cloud, HEALTH)}"


def put_listeners(plan: BalancerPlan, cloud: Cloud) -> str:
    """Create the listeners that are missing, and modify those that differ, with their certificates and policies."""
    if plan.kind == CLASSIC:
        return _set(plan, cloud, CLASSIC_LISTENERS)
    return f"{_set(plan, cloud, LISTENERS)}; {_set(plan, cloud, CERTIFICATES)}"


def restore_listeners(plan: BalancerPlan, cloud: Cloud) -> str:
    """Delete the listeners that this operation created, and modify others back, with certificates and policies."""
    if plan.kind == CLASSIC:
        return _restore(plan, cloud, CLASSIC_LISTENERS)
    return f"{_restore(plan, cloud, CERTIFICATES)}; {_restore(plan, cloud, LISTENERS)}"


def put_rules(plan: BalancerPlan, cloud: Cloud) -> str:
    """Create the rules that are missing, and modify those that differ."""
    return _set(plan, cloud, RULES)


def restore_rules(plan: BalancerPlan, cloud: Cloud) -> str:
    """Delete the rules that this operation created, and modify others back."""
    return _restore(plan, cloud, RULES)


def remove(plan: BalancerPlan, cloud: Cloud) -> str:
    """Delete the rules and listeners that are not asked for, a rule unless somebody has changed it since."""
    return f"{_remove_rules(plan, cloud)}; {_remove_listeners(plan, cloud)}"


def _remove_rules(plan: BalancerPlan, cloud: Cloud) -> str:
    there = {one.name: one for one in cloud.of(Balancers).rules(plan.id)} if plan.rules_gone else {}
    going = [one for one in plan.rules_gone if there.get(one.name) == one]
    for one in going:
        with _gone_is_fine():
            cloud.of(Balancers).delete_rule(plan.id, one.port, one.priority)
    return f"rules of {plan.name} removed: {', '.join(one.name for one in going) or 'none'}"


def _remove_listeners(plan: BalancerPlan, cloud: Cloud) -> str:
    for at in plan.listeners_gone if plan.kind != CLASSIC else ():
        with _gone_is_fine():
            cloud.of(Balancers).delete_listener(plan.id, at)
    if plan.kind == CLASSIC and plan.listeners_gone:
        with _gone_is_fine():
            cloud.of(ClassicBalancers).delete_listeners(plan.id, plan.listeners_gone)
    return f"listeners of {plan.name} removed: {', '.join(map(str, plan.listeners_gone)) or 'none'}"


def delete_unused(plan: BalancerPlan, cloud: Cloud) -> str:
    """Delete the target groups that only this load balancer sent to, and does no more."""
    for name in plan.targets_gone:
        delete_target_group(name, cloud)
    return f"target groups deleted: {', '.join(plan.targets_gone) or 'none'}"


def left_behind(plan: BalancerPlan, cloud: Cloud) -> None:
    """Whether anything is there, or is so, as this operation made it, although it was put back."""
    if not plan.id and _ours(plan, cloud):
        raise RollBack(f"load balancer {plan.name} is there, as this operation made it")
    names = [one.name for one in plan.made]
    for one in cloud.of(Balancers).target_groups(names) if names else ():
        if one.operation == cloud.operation:
            raise RollBack(f"target group {one.name} is there, as this operation made it")
    for kind in KINDS:
        _look(plan, cloud, kind)


def difference(plan: BalancerPlan) -> restoring.Difference:
    """What is changed, made and removed."""
    gone = [one.name for one in plan.rules_gone] + [f"listener {one}" for one in plan.listeners_gone]
    before = balancer_plans.shown(plan.before, [*gone, *plan.targets_gone])
    after = balancer_plans.shown(plan.after, [one.name for one in plan.made])
    name = {"loadBalancer": plan.name}
    return (name | before if plan.id else None), name | after


# Parts


def _set(plan: BalancerPlan, cloud: Cloud, kind: Kind) -> str:
    after = kind.of(plan.after)
    if not after:
        return f"no {kind.what} to change"
    work = Work(plan, plan.id or _made(plan, cloud), cloud)
    there = _there(work, kind)
    before = {**kind.of(plan.before), **{name: there.get(name) for name in after if kind.new(plan, name)}}
    waiting = parts.pending(kind.what, kind.counted(there, before, after, as_=before), before, after)
    with _looked_at_again(f"load balancer {plan.name}"):
        if waiting:
            kind.write(work, waiting, there)
    return parts.said(f"{kind.what} of {plan.name}:", waiting)


def _restore(plan: BalancerPlan, cloud: Cloud, kind: Kind) -> str:
    after = _standing_parts(plan, kind)
    if not after:
        return f"no {kind.what} to put back"
    work = Work(plan, plan.id, cloud)
    there, before = restoring.read(lambda: kind.read(work)) or {}, kind.of(plan.before)
    waiting = parts.undone(kind.what, kind.counted(there, before, after, as_=after), before, after, cloud)
    with _looked_at_again(f"load balancer {plan.name}"):
        if waiting:
            kind.write(work, waiting, there)
    return parts.said(f"{kind.what} of {plan.name}:", waiting)


def _look(plan: BalancerPlan, cloud: Cloud, kind: Kind) -> None:
    after = _standing_parts(plan, kind)
    there = (restoring.read(lambda: kind.read(Work(plan, plan.id, cloud))) or {}) if after else {}
    before = kind.of(plan.before)
    parts.left_behind(kind.what, kind.counted(there, before, after, as_=after), before, after, singly=True)


def _standing_parts(plan: BalancerPlan, kind: Kind) -> dict[str, Any]:
    """What is changed of things that stood before: new ones are deleted with all that they have."""
    return {name: state for name, state in kind.of(plan.after).items() if not kind.new(plan, name)}


def _there(work: Work, kind: Kind) -> parts.Parts[Any]:
    try:
        return kind.read(work)
    except NotFound:
        if work.plan.id:
            raise Rejected(f"load balancer {work.plan.name} has been deleted by somebody else; post again") from None
        raise Transient(f"load balancer {work.plan.name} is not visible yet") from None


def _ours(plan: BalancerPlan, cloud: Cloud) -> str:
    """The id of the load balancer that this operation made; empty where it is gone, or a stranger's."""
    found = restoring.read(lambda: port(plan.kind, cloud).find(plan.name))
    return found.id if found is not None and found.operation == cloud.operation else ""


def _made(plan: BalancerPlan, cloud: Cloud) -> str:
    if not (balancer := _ours(plan, cloud)):
        raise Transient(f"load balancer {plan.name} is not visible yet, or somebody deleted it")
    return balancer


def _tags(cloud: Cloud) -> Tags:
    return ((OPERATION_TAG, cloud.operation),)


@contextmanager
def _looked_at_again(what: str) -> Iterator[None]:
    """Reads may be older than writes: what contradicts them is read once more."""
    try:
        yield
    except (AlreadyExists, NotFound) as said:
        raise Conflict(f"{what}: {said}; looked at again") from None


@contextmanager
def _gone_is_fine() -> Iterator[None]:
    try:
        yield
    except NotFound:
        return
