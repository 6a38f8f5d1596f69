"""Instances one by one behind target groups and classic load balancers."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from lambdas.activities import lookups, traffic_guard
from lambdas.activities.instances import RUNNING, by_group
from lambdas.activities.load_balancers import Change, Look, Registrations, name_of, remains_in
from lambdas.activities.plans import Registration
from lambdas.activities.restoring import Difference
from lambdas.cloud import Cloud, Group
from lambdas.cloud.ec2_instances import Ec2Instance, Ec2Instances
from lambdas.errors import NotFound, Rejected, RollBack
from lambdas.requests.registrations import (
    CLASSIC,
    TARGET_GROUPS,
    DeregisterInstancesFromLoadBalancer,
    RegisterInstancesWithLoadBalancer,
)

ACTIONS = (
    "autoscaling:DescribeAutoScalingGroups",
    "cloudwatch:DescribeAlarms",
    "ec2:DescribeInstances",
    "elasticloadbalancing:DeregisterInstancesFromLoadBalancer",
    "elasticloadbalancing:DeregisterTargets",
    "elasticloadbalancing:DescribeInstanceHealth",
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetHealth",
    "elasticloadbalancing:RegisterInstancesWithLoadBalancer",
    "elasticloadbalancing:RegisterTargets",
)
READS = (
    "ec2:DescribeInstances",
    "elasticloadbalancing:DescribeInstanceHealth",
    "elasticloadbalancing:DescribeTargetHealth",
)

Request = RegisterInstancesWithLoadBalancer | DeregisterInstancesFromLoadBalancer


@dataclass(frozen=True)
class RegistrationsPlan:
    account: str
    region: str
    puts: bool
    """Into the load balancers, or out of them."""
    target_groups: Registrations = ()
    """Which instances each of them has to be given, or to lose."""
    load_balancers: Registrations = ()
    overridden: bool = False
    """The traffic guard, by the request."""
    waits: bool = False
    """Until the last connection has ended."""
    schema: int = 1


def plan_register(request: RegisterInstancesWithLoadBalancer, cloud: Cloud) -> RegistrationsPlan:
    """Check that instances and load balancers are there, and note which do not know each other yet."""
    lookups.alarms_exist(request, cloud)
    instances = _members(request, cloud)
    found = cloud.of(Ec2Instances).found(instances) if instances else {}
    for one in instances:
        if one not in found or found[one].state != RUNNING:
            state = f"is {found[one].state}" if one in found else f"does not exist in {cloud.region}"
            raise Rejected(f"instance {one} {state}; name instances that run")
    return _plan(request, instances, cloud, puts=True)


def plan_deregister(request: DeregisterInstancesFromLoadBalancer, cloud: Cloud) -> RegistrationsPlan:
    """Check that the load balancers are there, and note which of the instances each of them has."""
    lookups.alarms_exist(request, cloud)
    plan = _plan(request, _members(request, cloud), cloud, puts=False)
    return replace(plan, overridden=request.override_traffic_guard, waits=request.wait_for == "drained")


def _members(request: Request, cloud: Cloud) -> tuple[str, ...]:
    """The instances; where the server group's own load balancers are meant, those that it has."""
    if request.load_balancer_names or request.target_group_names:
        return request.instance_ids
    members = {one.id for one in _group(request, cloud).instances}
    return tuple(one for one in request.instance_ids if one in members)


def _group(request: Request, cloud: Cloud) -> Group:
    name = request.server_group_name or ""
    try:
        return cloud.groups.find(name)
    except NotFound:
        raise Rejected(f"server group {name} does not exist in {cloud.region}; name one that does") from None


def _plan(request: Request, instances: tuple[str, ...], cloud: Cloud, *, puts: bool) -> RegistrationsPlan:
    arns, names = _balancers(request, cloud)
    balancers = cloud.load_balancers
    return RegistrationsPlan(
        request.account,
        request.region,
        puts,
        tuple(_concerned(one, instances, balancers.target_health, puts=puts) for one in arns),
        tuple(_concerned(one, instances, balancers.classic_health, puts=puts) for one in names),
    )


def _balancers(request: Request, cloud: Cloud) -> tuple[Sequence[str], Sequence[str]]:
    """ARNs of the target groups, and names of the classic load balancers."""
    if request.load_balancer_names or request.target_group_names:
        arns = lookups.target_groups(request.target_group_names, None, cloud)
        return arns, lookups.load_balancers(request.load_balancer_names, cloud)
    own = _group(request, cloud).settings
    return (
        own.target_groups if TARGET_GROUPS in request.of_group else (),
        own.load_balancers if CLASSIC in request.of_group else (),
    )


def _concerned(balancer: str, instances: tuple[str, ...], look: Look, *, puts: bool) -> Registration:
    try:
        behind = {one.instance for one in look(balancer)}
    except NotFound:
        raise Rejected(f"{name_of(balancer)} is gone; name load balancers that are there") from None
    return Registration(balancer, tuple(one for one in instances if (one in behind) != puts))


def put_into_target_groups(plan: RegistrationsPlan, cloud: Cloud) -> str:
    """Register the instances with the target groups that do not have them yet."""
    return _put(plan.target_groups, cloud.load_balancers.register, cloud)


def take_back_from_target_groups(plan: RegistrationsPlan, cloud: Cloud) -> str:
    """Deregister what this operation registered with target groups; what was registered before stays."""
    return _take(plan.target_groups, cloud.load_balancers.deregister, cloud)


def put_into_load_balancers(plan: RegistrationsPlan, cloud: Cloud) -> str:
    """Register the instances with the classic load balancers that do not have them yet."""
    return _put(plan.load_balancers, cloud.load_balancers.register_classic, cloud)


def take_back_from_load_balancers(plan: RegistrationsPlan, cloud: Cloud) -> str:
    """Deregister what this operation registered with classic load balancers; what was registered before stays."""
    return _take(plan.load_balancers, cloud.load_balancers.deregister_classic, cloud)


def take_out_of_target_groups(plan: RegistrationsPlan, cloud: Cloud) -> str:
    """Deregister the instances from the target groups, if their clusters can do without them in traffic."""
    said = _spared(plan, plan.target_groups, cloud)
    return _take(plan.target_groups, cloud.load_balancers.deregister, cloud) + said


def put_back_into_target_groups(plan: RegistrationsPlan, cloud: Cloud) -> str:
    """Register again with target groups what this operation took out and what still runs."""
    return _put(plan.target_groups, cloud.load_balancers.register, cloud)


def take_out_of_load_balancers(plan: RegistrationsPlan, cloud: Cloud) -> str:
    """Deregister the instances from the classic load balancers, if their clusters can do without them in traffic."""
    said = _spared(plan, plan.load_balancers, cloud)
    return _take(plan.load_balancers, cloud.load_balancers.deregister_classic, cloud) + said


def put_back_into_load_balancers(plan: RegistrationsPlan, cloud: Cloud) -> str:
    """Register again with classic load balancers what this operation took out and what still runs."""
    return _put(plan.load_balancers, cloud.load_balancers.register_classic, cloud)


def _put(registrations: Registrations, register: Change, cloud: Cloud) -> str:
    """Without those that are gone: to a load balancer they are an error."""
    done = []
    found = _found(registrations, cloud)
    for one in registrations:
        if running := [each for each in one.instances if each in found and found[each].state == RUNNING]:
            done.append(_changed(register, one.balancer, running, "into", cloud))
    return ", ".join(done) or "nothing to register"


def _take(registrations: Registrations, deregister: Change, cloud: Cloud) -> str:
    done = [
        _changed(deregister, one.balancer, one.instances, "out of", cloud) for one in registrations if one.instances
    ]
    return ", ".join(done) or "nothing to deregister"


def _spared(plan: RegistrationsPlan, registrations: Registrations, cloud: Cloud) -> str:
    """What is to be said of it, if the clusters can do without them."""
    return "".join(
        traffic_guard.may_lose(group, [one.id for one in some], cloud, overridden=plan.overridden)
        for group, some in by_group(_found(registrations, cloud).values())
    )


def _found(registrations: Registrations, cloud: Cloud) -> dict[str, Ec2Instance]:
    wanted = sorted({each for one in registrations for each in one.instances})
    return cloud.of(Ec2Instances).found(wanted) if wanted else {}


def _changed(change: Change, balancer: str, instances: Sequence[str], where: str, cloud: Cloud) -> str:
    said = f"{len(instances)} instances {where} {name_of(balancer)}"
    try:
        change(balancer, instances)
    except NotFound:
        if not cloud.undoing:
            raise Rejected(f"{name_of(balancer)} is gone; name load balancers that are there") from None
        cloud.findings.append(f"{name_of(balancer)} is gone: could not put {said}")
    return said


def in_traffic_still(plan: RegistrationsPlan, cloud: Cloud) -> str | None:
    """Why the instances are not out of traffic yet: registered still, or their connections have not ended."""
    if not plan.waits:
        return None
    balancers = cloud.load_balancers
    looks = (
        (plan.target_groups, balancers.target_health, balancers.draining),
        (plan.load_balancers, balancers.classic_health, balancers.draining_classic),
    )
    said: list[str] = []
    for registrations, health, draining in looks:
        for one in registrations:
            with suppress(NotFound):  # a load balancer that is gone sends no traffic
                said.extend(remains_in(one.instances, one.balancer, health, draining))
    return "; ".join(said) or None


def difference(plan: RegistrationsPlan) -> Difference:
    """Which of the instances the load balancers have."""
    every = (*plan.target_groups, *plan.load_balancers)
    with_them: dict[str, Any] = {"registered": {name_of(one.balancer): list(one.instances) for one in every}}
    without: dict[str, Any] = {"registered": {name_of(one.balancer): [] for one in every}}
    return (without, with_them) if plan.puts else (with_them, without)


def left_behind(plan: RegistrationsPlan, cloud: Cloud) -> None:
    """Whether load balancers have the instances, or lack them, as this operation made it: then RollBack.

    One call takes all of a load balancer's, so where only a part is so, somebody else has had a hand in it.
    """
    balancers = cloud.load_balancers
    looks: tuple[tuple[Registrations, Look], ...] = (
        (plan.target_groups, balancers.target_health),
        (plan.load_balancers, balancers.classic_health),
    )
    for registrations, look in looks:
        found = _found(registrations, cloud)
        for one in registrations:
            there = {each for each in one.instances if each in found}
            if there and _as_made(plan, one.balancer, there, look):
                raise RollBack(f"{name_of(one.balancer)} {'has' if plan.puts else 'lacks'} {', '.join(sorted(there))}")


def _as_made(plan: RegistrationsPlan, balancer: str, instances: set[str], look: Look) -> bool:
    try:
        behind = {one.instance for one in look(balancer)}
    except NotFound:
        return False
    return instances <= behind if plan.puts else instances.isdisjoint(behind)
