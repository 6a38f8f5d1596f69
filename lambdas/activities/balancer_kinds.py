"""The kinds of parts that a load balancer has: how each is read, compared and written."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from lambdas.activities import parts
from lambdas.activities.balancer_plans import CLASSIC, THERE, BalancerPlan, Shape, port
from lambdas.cloud import Cloud
from lambdas.cloud.balancers import Balancers
from lambdas.cloud.classic_balancers import DRAIN_TIMEOUT, DRAINING, ClassicBalancers, ClassicListener

Parts = parts.Parts[Any]


@dataclass(frozen=True)
class Work:
    """A plan at work: on which load balancer, through which cloud."""

    plan: BalancerPlan
    balancer: str
    """Its id."""
    cloud: Cloud

    @property
    def balancers(self) -> Balancers:
        return self.cloud.of(Balancers)

    @property
    def classics(self) -> ClassicBalancers:
        return self.cloud.of(ClassicBalancers)

    @property
    def port(self) -> Balancers | ClassicBalancers:
        return port(self.plan.kind, self.cloud)


def _new_balancer(plan: BalancerPlan, _: str) -> bool:
    return not plan.id


def _never(*_: Any) -> bool:
    return False


@dataclass(frozen=True)
class Kind:
    """Parts of one kind, by name."""

    what: str
    of: Callable[[Shape], dict[str, Any]]
    read: Callable[[Work], Parts]
    write: Callable[[Work, dict[str, Any], Parts], None]
    """Given what is to be written, and what is there. None is absence."""
    new: Callable[[BalancerPlan, str], bool] = _new_balancer
    """Whether what the part belongs to is made by the operation itself: then nobody asks what it was before."""
    halfway: Callable[[Any, Any, Any], bool] = _never
    """Given a part as it is, was and shall be: whether it may be between two calls that make one of the other."""

    def counted(self, there: Parts, before: Parts, after: Parts, *, as_: Parts) -> Parts:
        """What is there; a part that is halfway counts as what it has yet to leave."""
        half = [name for name in after if self._is_halfway(there.get(name), before.get(name), after[name])]
        return {**there, **{name: as_.get(name) for name in half}}

    def _is_halfway(self, there: Any, before: Any, after: Any) -> bool:
        return there not in (before, after) and self.halfway(there, before, after)


def _one(name: str, value: Any) -> dict[str, Any]:
    return {name: value} if value else {}


def _named(things: Iterable[Any]) -> dict[str, Any]:
    """Listeners by their ports."""
    return {str(one.port): one for one in things}


def _set_security_groups(work: Work, new: dict[str, Any], _: Parts) -> None:
    for groups in new.values():
        work.port.set_security_groups(work.balancer, groups)


def _set_ip_address_type(work: Work, new: dict[str, Any], _: Parts) -> None:
    for wanted in new.values():
        work.balancers.set_ip_address_type(work.balancer, wanted)


def _set_attributes(work: Work, new: dict[str, Any], there: Parts) -> None:
    wanted = {name: value for name, value in new.items() if value is not None}
    if {DRAINING, DRAIN_TIMEOUT} & wanted.keys():  # one call of AWS's sets both, by its own defaults if it must
        wanted = {name: str(there[name]) for name in (DRAINING, DRAIN_TIMEOUT) if name in there} | wanted
    if wanted:
        work.port.set_attributes(work.balancer, tuple(sorted(wanted.items())))


def _health_checks(work: Work) -> Parts:
    if work.plan.kind == CLASSIC:
        return {work.plan.name: work.classics.health_check(work.balancer)}
    names = [name for name, _ in work.plan.after.health]
    return {one.name: one.health for one in work.balancers.target_groups(names)}


def _set_health_checks(work: Work, new: dict[str, Any], _: Parts) -> None:
    for name, check in new.items():
        work.port.set_health_check(name, check)


def _new_health(plan: BalancerPlan, _: str) -> bool:
    """A classic load balancer has its own; those of target groups are changed only where these stand."""
    return plan.kind == CLASSIC and not plan.id


def _target_attributes(work: Work) -> Parts:
    names = sorted({name.partition(" ")[0] for name, _ in work.plan.after.target_attributes})
    groups = work.balancers.target_groups(names)
    return {f"{one.name} {key}": value for one in groups for key, value in one.attributes}


def _set_target_attributes(work: Work, new: dict[str, Any], _: Parts) -> None:
    by_group: dict[str, dict[str, str]] = {}
    for name, value in new.items():
        group, key = name.split(" ", 1)
        if value is not None:
            by_group.setdefault(group, {})[key] = value
    for group, wanted in by_group.items():
        work.balancers.set_target_attributes(group, tuple(sorted(wanted.items())))


def _new_group(plan: BalancerPlan, name: str) -> bool:
    return name.partition(" ")[0] in {one.name for one in plan.made}


def _policy_free(work: Work) -> Parts:
    """Where no security policy is asked for, whatever AWS has chosen counts as none."""
    free = {one.port for one in work.plan.after.listeners if not one.policy}
    return _named(
        replace(one, policy="") if one.port in free else one for one in work.balancers.listeners(work.balancer)
    )


def _put_listeners(work: Work, new: dict[str, Any], there: Parts) -> None:
    for at, listener in new.items():
        if listener is None:
            work.balancers.delete_listener(work.balancer, int(at))
        elif at in there:
            work.balancers.modify_listener(work.balancer, listener)
        else:
            work.balancers.create_listener(work.balancer, listener)


def _put_rules(work: Work, new: dict[str, Any], there: Parts) -> None:
    for name, rule in new.items():
        if rule is None:
            at, _, priority = name.partition("/")
            work.balancers.delete_rule(work.balancer, int(at), int(priority))
        elif name in there:
            work.balancers.modify_rule(work.balancer, rule)
        else:
            work.balancers.create_rule(work.balancer, rule)


def _certificates(work: Work) -> Parts:
    return {f"{at} {arn}": THERE for at, arn in work.balancers.certificates(work.balancer)}


def _put_certificates(work: Work, new: dict[str, Any], _: Parts) -> None:
    for name, wanted in new.items():
        at, arn = name.split(" ")
        change = work.balancers.add_certificate if wanted else work.balancers.remove_certificate
        change(work.balancer, int(at), arn)


def _classic_listeners(work: Work) -> Parts:
    """Where no policies are asked for, those that AWS gives a new listener count as none."""
    before, after = _named(work.plan.before.classic), _named(work.plan.after.classic)

    def counted(at: str, one: ClassicListener) -> ClassicListener:
        free = at in after and not after[at].policies and one != before.get(at)
        return replace(one, policies=()) if free else one

    found = _named(work.classics.listeners(work.balancer))
    return {at: counted(at, one) for at, one in found.items()}


def _without_policies(there: Any, _: Any, after: Any) -> bool:
    """A listener is made without its policies, which it gets by another call."""
    return there is not None and after is not None and replace(after, policies=()) == there


def _put_classic(work: Work, new: dict[str, Any], found: Parts) -> None:
    wanted, there = parts.puts(new), parts.puts(found)
    if missing := [one for at, one in wanted.items() if at not in there]:
        work.classics.create_listeners(work.balancer, missing)
    if going := [int(at) for at in parts.removals(new)]:
        work.classics.delete_listeners(work.balancer, going)
    for at, one in wanted.items():
        now = there.get(at) or replace(one, policies=())
        if now.certificate != one.certificate:
            work.classics.set_certificate(work.balancer, one.port, one.certificate)
        if now.policies != one.policies:
            work.classics.set_policies(work.balancer, one.port, one.policies)


SECURITY_GROUPS = Kind(
    "security groups",
    lambda shape: _one("all", shape.security_groups),
    lambda work: {"all": work.port.find(work.plan.name).security_groups},
    _set_security_groups,
)
ADDRESSES = Kind(
    "type of addresses",
    lambda shape: _one("its", shape.ip_address_type),
    lambda work: {"its": work.port.find(work.plan.name).ip_address_type},
    _set_ip_address_type,
)
ATTRIBUTES = Kind(
    "attributes",
    lambda shape: dict(shape.attributes),
    lambda work: dict(work.port.attributes(work.balancer)),
    _set_attributes,
)
HEALTH = Kind("health checks", lambda shape: dict(shape.health), _health_checks, _set_health_checks, _new_health)
TARGET_ATTRIBUTES = Kind(
    "target groups' attributes",
    lambda shape: dict(shape.target_attributes),
    _target_attributes,
    _set_target_attributes,
    _new_group,
)
LISTENERS = Kind("listeners", lambda shape: _named(shape.listeners), _policy_free, _put_listeners)
RULES = Kind(
    "rules",
    lambda shape: {one.name: one for one in shape.rules},
    lambda work: {one.name: one for one in work.balancers.rules(work.balancer)},
    _put_rules,
)
CERTIFICATES = Kind(
    "certificates",
    lambda shape: {name: there or None for name, there in shape.certificates},
    _certificates,
    _put_certificates,
)
CLASSIC_LISTENERS = Kind(
    "classic listeners",
    lambda shape: _named(shape.classic),
    _classic_listeners,
    _put_classic,
    halfway=_without_policies,
)
KINDS = (
    *(SECURITY_GROUPS, ADDRESSES, ATTRIBUTES, HEALTH, TARGET_ATTRIBUTES),
    *(LISTENERS, CERTIFICATES, RULES, CLASSIC_LISTENERS),
)
