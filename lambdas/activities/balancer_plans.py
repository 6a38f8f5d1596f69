"""What of a load balancer is to be different: what is asked for against what stands there."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields, is_dataclass, replace
from typing import Any

from lambdas.cloud import Cloud, Tags
from lambdas.cloud.balancers import Balancer, Balancers, HealthCheck, Listener, Rule, TargetGroup, groups_in
from lambdas.cloud.classic_balancers import ClassicBalancers, ClassicListener
from lambdas.errors import Rejected
from lambdas.requests.upsert_load_balancer import UpsertLoadBalancer

CLASSIC = "classic"
THERE = "there"
OIDC = '"authenticate-oidc"'


def port(kind: str, cloud: Cloud) -> Balancers | ClassicBalancers:
    """The API that has load balancers of this type."""
    return cloud.of(ClassicBalancers) if kind == CLASSIC else cloud.of(Balancers)


@dataclass(frozen=True)
class Shape:
    """What can be changed of a load balancer and its target groups. In a plan, only what is to be different."""

    security_groups: tuple[str, ...] = ()
    """Ids, in order; none: they stay."""
    ip_address_type: str = ""
    """Empty: it stays."""
    attributes: Tags = ()
    health: tuple[tuple[str, HealthCheck], ...] = ()
    """Of target groups that stand, by name; of a classic load balancer its own."""
    target_attributes: Tags = ()
    """Of target groups that stand: `shop-api stickiness.enabled`."""
    listeners: tuple[Listener, ...] = ()
    rules: tuple[Rule, ...] = ()
    classic: tuple[ClassicListener, ...] = ()
    """Listeners of a classic load balancer."""
    certificates: Tags = ()
    """Besides the default ones, `443 arn:…`: `THERE`, or empty where it is not."""


@dataclass(frozen=True)
class BalancerPlan:
    account: str
    region: str
    name: str
    kind: str
    balancer: Balancer
    """As it stands, or as it is to be made: then its id is empty."""
    before: Shape = Shape()
    after: Shape = Shape()
    made: tuple[TargetGroup, ...] = ()
    """Target groups to create."""
    rules_gone: tuple[Rule, ...] = ()
    """Rules to remove of listeners that stay."""
    listeners_gone: tuple[int, ...] = ()
    """Ports."""
    targets_gone: tuple[str, ...] = ()
    """Target groups to delete: only this load balancer sends to them, and will no more."""
    schema: int = 1

    @property
    def id(self) -> str:
        """Of the load balancer that stands; empty where this operation makes it."""
        return self.balancer.id


def asked(request: UpsertLoadBalancer, security_groups: tuple[str, ...]) -> Shape:
    """All that the request says, target groups apart."""
    shape = Shape(tuple(sorted(security_groups)), request.ip_address_type or "", request.attributes)
    if request.classic:
        health = ((request.name, request.check),) if request.check else ()
        return replace(shape, classic=request.classic_listeners, health=health)
    rules = (rule.of(listener.port) for listener in request.listeners for rule in listener.rules)
    return replace(
        shape,
        listeners=tuple(sorted((one.listener for one in request.listeners), key=lambda one: one.port)),
        rules=tuple(sorted(rules, key=lambda one: (one.port, one.priority))),
    )


def with_certificates(plan: BalancerPlan, request: UpsertLoadBalancer, cloud: Cloud) -> BalancerPlan:
    """The plan with the certificates besides the default ones, of the listeners for which the request says which."""
    if not (said := request.certificates):
        return plan
    there = {name for name in _certificates(plan, cloud) if int(name.partition(" ")[0]) in said}
    wanted = {f"{at} {arn}" for at, arns in said.items() for arn in arns}
    return replace(
        plan,
        before=replace(plan.before, certificates=tuple((name, THERE) for name in sorted(there - wanted))),
        after=replace(
            plan.after, certificates=tuple((name, THERE if name in wanted else "") for name in sorted(there ^ wanted))
        ),
    )


def _certificates(plan: BalancerPlan, cloud: Cloud) -> Iterator[str]:
    found = cloud.of(Balancers).certificates(plan.id) if plan.id else ()
    return (f"{at} {arn}" for at, arn in found)


def with_targets(plan: BalancerPlan, request: UpsertLoadBalancer, cloud: Cloud) -> BalancerPlan:
    """The plan with its target groups: made where they are not there, changed where they are."""
    wanted = {one.name: one.group(plan.balancer.vpc) for one in request.target_groups}
    standing = {one.name: one for one in cloud.of(Balancers).target_groups(sorted(wanted))} if wanted else {}
    for name, one in standing.items():
        if one.kept != wanted[name].kept:
            raise Rejected(f"target group {name} is {_told(one)}, and can never be {_told(wanted[name])}; name another")
    both = [(one, wanted[name]) for name, one in standing.items()]
    attributes = [(f"{now.name} {key}", now, value) for was, now in both for key, value in now.attributes]
    known = {f"{was.name} {key}": value for was, _ in both for key, value in was.attributes}
    differing = [(name, value) for name, _, value in attributes if known.get(name) != value]
    health = [(was, now) for was, now in both if was.health != now.health]
    return replace(
        plan,
        made=tuple(one for name, one in sorted(wanted.items()) if name not in standing),
        before=replace(
            plan.before,
            health=plan.before.health + tuple((was.name, was.health) for was, _ in health),
            target_attributes=tuple((name, known[name]) for name, _ in differing if name in known),
        ),
        after=replace(
            plan.after,
            health=plan.after.health + tuple((now.name, now.health) for _, now in health),
            target_attributes=tuple(differing) + _of_new(wanted, standing),
        ),
    )


def _of_new(wanted: dict[str, TargetGroup], standing: dict[str, TargetGroup]) -> Tags:
    new = [one for name, one in sorted(wanted.items()) if name not in standing]
    return tuple((f"{one.name} {key}", value) for one in new for key, value in one.attributes)


def differing(plan: BalancerPlan, cloud: Cloud) -> BalancerPlan:
    """The plan for one that stands: its `after`, which says all, reduced to what differs from what is there."""
    plan = _settings(plan, dict(port(plan.kind, cloud).attributes(plan.id)))
    return _classic(plan, cloud) if plan.kind == CLASSIC else _listening(plan, cloud)


def _settings(plan: BalancerPlan, there: dict[str, str]) -> BalancerPlan:
    now, wanted = plan.balancer, plan.after
    groups = wanted.security_groups if wanted.security_groups not in ((), now.security_groups) else ()
    address = wanted.ip_address_type if wanted.ip_address_type not in ("", now.ip_address_type) else ""
    attributes = tuple(one for one in wanted.attributes if there.get(one[0]) != one[1])
    return replace(
        plan,
        before=replace(
            plan.before,
            security_groups=now.security_groups if groups else (),
            ip_address_type=now.ip_address_type if address else "",
            attributes=tuple((name, there[name]) for name, _ in attributes if name in there),
        ),
        after=replace(wanted, security_groups=groups, ip_address_type=address, attributes=attributes),
    )


def _listening(plan: BalancerPlan, cloud: Cloud) -> BalancerPlan:
    balancers = cloud.of(Balancers)
    there = {one.port: one for one in balancers.listeners(plan.id)}
    wanted = [_same_policy(one, there.get(one.port)) for one in plan.after.listeners]
    staying = {one.port for one in wanted}
    rules = {one.name: one for one in balancers.rules(plan.id)}
    asked_for = {one.name: one for one in plan.after.rules}
    listeners = [one for one in wanted if there.get(one.port) != one]
    changed = [one for name, one in asked_for.items() if rules.get(name) != one]
    before = [there[one.port] for one in listeners if one.port in there]
    ruled = [rules[one.name] for one in changed if one.name in rules]
    _no_secrets(before, ruled)
    return replace(
        plan,
        before=replace(plan.before, listeners=tuple(before), rules=tuple(ruled)),
        after=replace(plan.after, listeners=tuple(listeners), rules=tuple(changed)),
        rules_gone=tuple(one for name, one in rules.items() if name not in asked_for and one.port in staying),
        listeners_gone=tuple(sorted(there.keys() - staying)),
        targets_gone=_unused(plan, balancers),
    )


def _same_policy(wanted: Listener, there: Listener | None) -> Listener:
    """A security policy that is not asked for stays."""
    keeps = there is not None and there.policy and not wanted.policy and wanted.protocol == there.protocol
    return replace(wanted, policy=there.policy) if there is not None and keeps else wanted


def _no_secrets(listeners: Iterable[Listener], rules: Iterable[Rule]) -> None:
    """What authenticates with OpenID Connect holds a secret that AWS never tells: it could not be put back."""
    found = [f"listener {one.port}" for one in listeners if OIDC in one.actions]
    found += [f"rule {one.name}" for one in rules if OIDC in one.specification]
    if found:
        raise Rejected(f"{', '.join(found)} authenticates, and could not be put back; change it by other means")


def _unused(plan: BalancerPlan, balancers: Balancers) -> tuple[str, ...]:
    """Target groups that nothing will send to any more."""
    texts = [*(one.actions for one in plan.after.listeners), *(one.specification for one in plan.after.rules)]
    wanted = {name for text in texts for name in groups_in(text)}
    return tuple(name for name in balancers.used(plan.id) if name not in wanted)


def _classic(plan: BalancerPlan, cloud: Cloud) -> BalancerPlan:
    balancers = cloud.of(ClassicBalancers)
    there = {one.port: one for one in balancers.listeners(plan.id)}
    wanted = [_same_policies(one, there.get(one.port)) for one in plan.after.classic]
    listeners = [one for one in wanted if there.get(one.port) != one]
    before = [there[one.port] for one in listeners if one.port in there]
    if other := [str(one.port) for one in listeners if one.port in there and not _alike(one, there[one.port])]:
        raise Rejected(
            f"listener {', '.join(other)} stands with other protocols or ports, and a classic load balancer's listener "
            "can only be replaced: its port would be closed meanwhile, and a deletion that comes late would take the "
            "new one; remove it by one request and add it by another"
        )
    check = balancers.health_check(plan.id) if plan.after.health else None
    health = tuple(one for one in plan.after.health if one[1] != check)
    return replace(
        plan,
        before=replace(
            plan.before, classic=tuple(before), health=tuple((name, check) for name, _ in health if check is not None)
        ),
        after=replace(plan.after, classic=tuple(listeners), health=health),
        listeners_gone=tuple(sorted(there.keys() - {one.port for one in plan.after.classic})),
    )


def _same_policies(wanted: ClassicListener, there: ClassicListener | None) -> ClassicListener:
    """Policies that are not asked for stay."""
    return replace(wanted, policies=there.policies) if there is not None and not wanted.policies else wanted


def _alike(one: ClassicListener, other: ClassicListener) -> bool:
    """Whether one can become the other without being replaced: by its certificate and its policies."""
    return replace(one, certificate=other.certificate, policies=other.policies) == other


def shown(shape: Shape, more: Sequence[str]) -> dict[str, Any]:
    """For people: what is in it, and nothing else."""
    said = {one.name: getattr(shape, one.name) for one in fields(shape)} | {"more": tuple(more)}
    return {name: _listed(value) if isinstance(value, tuple) else value for name, value in said.items() if value}


def _listed(parts: tuple[Any, ...]) -> list[str] | dict[str, Any]:
    """Parts that have names by these; others as they are written."""
    if not all(isinstance(one, tuple) for one in parts):
        return list(map(str, parts))
    return {name: asdict(part) if is_dataclass(part) and not isinstance(part, type) else part for name, part in parts}


def _told(group: TargetGroup) -> str:
    return f"{group.protocol} at port {group.port} for targets of type {group.target_type} in {group.vpc}"
