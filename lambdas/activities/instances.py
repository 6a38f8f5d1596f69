"""Instances one by one: started anew, given other security groups, and ended for good."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from lambdas.activities import lookups, restoring, traffic_guard
from lambdas.cloud import Cloud
from lambdas.cloud.ec2_instances import Ec2Instance, Ec2Instances
from lambdas.errors import NotFound, Rejected
from lambdas.requests.of_instances import OfInstances
from lambdas.requests.reboot_instances import RebootInstances
from lambdas.requests.terminate_instances import TerminateInstances
from lambdas.requests.update_instances import UpdateInstances

ACTIONS = (
    "autoscaling:DescribeAutoScalingGroups",
    "cloudwatch:DescribeAlarms",
    "ec2:DescribeInstanceAttribute",
    "ec2:DescribeInstances",
    "ec2:DescribeSecurityGroups",
    "ec2:ModifyInstanceAttribute",
    "ec2:RebootInstances",
    "ec2:TerminateInstances",
    "elasticloadbalancing:DescribeInstanceHealth",
    "elasticloadbalancing:DescribeTargetHealth",
)
READS = ("ec2:DescribeInstances",)

GOING = "shutting-down"
RUNNING = "running"


@dataclass(frozen=True)
class RebootPlan:
    account: str
    region: str
    instances: tuple[str, ...]
    schema: int = 1


@dataclass(frozen=True)
class TerminatePlan:
    account: str
    region: str
    instances: tuple[str, ...]
    """Those there were."""
    absent: tuple[str, ...] = ()
    """Those asked for that were gone already."""
    overridden: bool = False
    """The traffic guard, by the request."""
    schema: int = 1


Groups = tuple[str, ...]
"""Ids of security groups, sorted."""


@dataclass(frozen=True)
class Exchange:
    """Instances that have the same security groups, and shall have the same."""

    before: Groups
    after: Groups
    instances: tuple[str, ...]


@dataclass(frozen=True)
class UpdatePlan:
    account: str
    region: str
    group: str
    exchanges: tuple[Exchange, ...]
    schema: int = 1


def plan_reboot(request: RebootInstances, cloud: Cloud) -> RebootPlan:
    """Check that all of the instances run: an instance that does not is started, not rebooted."""
    lookups.alarms_exist(request, cloud)
    found = cloud.of(Ec2Instances).found(request.instance_ids)
    for one in request.instance_ids:
        if one not in found:
            raise Rejected(f"instance {one} does not exist in {cloud.region}; name instances that do")
        _of_the_group(request, found[one])
        if found[one].state != RUNNING:
            raise Rejected(f"instance {one} is {found[one].state}; only one that is running can be rebooted")
    return RebootPlan(request.account, request.region, request.instance_ids)


def _of_the_group(request: OfInstances, instance: Ec2Instance) -> None:
    """Raises Rejected: who may act on a server group may not on whatever instances he names beside it."""
    named = request.server_group_name
    if named is not None and instance.group != named:
        where = f"in server group {instance.group}" if instance.group else "in no server group"
        raise Rejected(f"instance {instance.id} is {where}, not in {named}; name the group that it is in, or none")


def reboot(plan: RebootPlan, cloud: Cloud) -> str:
    """Request the reboot of the instances; where an answer is lost, they may be asked twice."""
    try:
        cloud.of(Ec2Instances).reboot(plan.instances)
    except NotFound as error:
        raise Rejected(f"{error}; none was rebooted") from None
    return f"rebooting {', '.join(plan.instances)}"


def plan_terminate(request: TerminateInstances, cloud: Cloud) -> TerminatePlan:
    """Note which of the instances are there, and that none of them is protected from termination."""
    lookups.alarms_exist(request, cloud)
    instances = cloud.of(Ec2Instances)
    found = instances.found(request.instance_ids)
    there = tuple(one for one in request.instance_ids if one in found)
    for one in there:
        _of_the_group(request, found[one])
        if is_protected(one, instances):
            raise Rejected(f"instance {one} is protected from termination; take its disableApiTermination away first")
    absent = tuple(one for one in request.instance_ids if one not in found)
    return TerminatePlan(request.account, request.region, there, absent, request.override_traffic_guard)


def is_protected(instance: str, instances: Ec2Instances) -> bool:
    try:
        return instances.protected(instance)
    except NotFound:
        return False


def ask(plan: TerminatePlan, cloud: Cloud) -> str:
    """Ask traffic guard and brake whether clusters and account can do without the instances."""
    return f"{', '.join(plan.instances) or 'no instances'} may go{_spared(plan, _staying(plan, cloud), cloud)}"


def take_back(plan: TerminatePlan, cloud: Cloud) -> str:
    """Take nothing back: what was noted of instances about to go counts only while this operation is not over."""
    return "the instances stay"


def terminate(plan: TerminatePlan, cloud: Cloud) -> str:
    """Terminate the instances, if their clusters can still do without them: the point of no return."""
    going = _staying(plan, cloud)
    if not going:
        return "nothing to terminate: the instances are gone, or going"
    said = _spared(plan, going, cloud)
    cloud.of(Ec2Instances).terminate([one.id for one in going])
    return f"terminating {', '.join(one.id for one in going)}{said}"


def _staying(plan: TerminatePlan, cloud: Cloud) -> list[Ec2Instance]:
    """Those that are not on their way out yet."""
    found = cloud.of(Ec2Instances).found(plan.instances) if plan.instances else {}
    return [one for one in found.values() if one.state != GOING]


def _spared(plan: TerminatePlan, going: list[Ec2Instance], cloud: Cloud) -> str:
    """What is to be said of it, if they can be spared."""
    return "".join(
        traffic_guard.may_lose(group, [one.id for one in some], cloud, overridden=plan.overridden)
        for group, some in by_group(going)
    )


def by_group(instances: Iterable[Ec2Instance]) -> Iterator[tuple[str, list[Ec2Instance]]]:
    """Of the server groups that have them, in order of name."""
    every = list(instances)
    for group in sorted({one.group for one in every if one.group}):
        yield group, [one for one in every if one.group == group]


def still_there(plan: TerminatePlan, cloud: Cloud) -> str | None:
    """Why the instances are not gone yet: termination goes on after the answer."""
    found = cloud.of(Ec2Instances).found(plan.instances) if plan.instances else {}
    return f"{', '.join(found)} still there, {_states(found.values())}" if found else None


def _states(instances: Iterable[Ec2Instance]) -> str:
    return ", ".join(sorted({one.state for one in instances}))


def difference_of_termination(plan: TerminatePlan) -> restoring.Difference:
    """The instances there were."""
    return {"instances": list(plan.instances)}, None


def plan_update(request: UpdateInstances, cloud: Cloud) -> UpdatePlan:
    """Find the security groups, and note which ones each of the group's instances has now."""
    lookups.alarms_exist(request, cloud)
    name = request.server_group_name
    try:
        members = [one.id for one in cloud.groups.find(name).instances]
    except NotFound:
        raise Rejected(f"server group {name} does not exist in {cloud.region}; name one that does") from None
    found = [one for one in cloud.of(Ec2Instances).found(members).values() if one.state != GOING]
    wanted = _wanted(request, {one.vpc for one in found}, cloud)
    exchanges = [_exchange(one, wanted, appends=request.append_only) for one in found]
    return UpdatePlan(request.account, request.region, name, tuple(_together(exchanges)))


def _wanted(request: UpdateInstances, vpcs: set[str], cloud: Cloud) -> Groups:
    """A group's instances are in one VPC; where it has none, any will do."""
    return lookups.security_groups(request.security_groups, min(vpcs, default=None), cloud)


def _exchange(one: Ec2Instance, wanted: Groups, *, appends: bool) -> Exchange:
    after = {*wanted, *(one.security_groups if appends else ())}
    return Exchange(one.security_groups, tuple(sorted(after)), (one.id,))


def _together(exchanges: Iterable[Exchange]) -> Iterator[Exchange]:
    """Those that are the same in one: a plan is small."""
    alike: dict[tuple[Groups, Groups], list[str]] = {}
    for one in exchanges:
        alike.setdefault((one.before, one.after), []).extend(one.instances)
    return (Exchange(before, after, tuple(some)) for (before, after), some in sorted(alike.items()))


def secure(plan: UpdatePlan, cloud: Cloud) -> str:
    """Give each of the group's instances the security groups asked for, unless somebody has changed its own since."""
    there, instances = _there(plan, cloud), cloud.of(Ec2Instances)
    for one, instance in _each(plan):
        if instance in there:
            restoring.apply(_groups_of(instance), there[instance], one.before, one.after, _written(instance, instances))
    return f"{len(there)} instances of {plan.group} have the security groups asked for"


def secure_again(plan: UpdatePlan, cloud: Cloud) -> str:
    """Give each of the group's instances the security groups from before, unless somebody has changed them since."""
    there, instances = _there(plan, cloud), cloud.of(Ec2Instances)
    for one, instance in _each(plan):
        if instance in there:
            restoring.restore(
                _groups_of(instance), there[instance], one.before, one.after, _written(instance, instances), cloud
            )
    return f"{len(there)} instances of {plan.group} have their own security groups"


def difference_of_update(plan: UpdatePlan) -> restoring.Difference:
    """The security groups of each instance."""
    return (
        {"securityGroups": {instance: list(one.before) for one, instance in _each(plan)}},
        {"securityGroups": {instance: list(one.after) for one, instance in _each(plan)}},
    )


def still_secured(plan: UpdatePlan, cloud: Cloud) -> None:
    """Whether an instance has the security groups that this operation gave it, although they were put back."""
    there = _there(plan, cloud)
    for one, instance in _each(plan):
        if instance in there:
            restoring.left_behind(_groups_of(instance), there[instance], one.before, one.after)


def _there(plan: UpdatePlan, cloud: Cloud) -> dict[str, Groups]:
    """The security groups of those that are still there: who comes later is launched from the template."""
    ids = [instance for _, instance in _each(plan)]
    found = cloud.of(Ec2Instances).found(ids) if ids else {}
    return {one.id: one.security_groups for one in found.values() if one.state != GOING}


def _each(plan: UpdatePlan) -> Iterator[tuple[Exchange, str]]:
    return ((one, instance) for one in plan.exchanges for instance in one.instances)


def _groups_of(instance: str) -> str:
    return f"the list of security groups of instance {instance}"


def _written(instance: str, instances: Ec2Instances) -> restoring.Write[Groups]:
    """One that has gone meanwhile needs none."""

    def write(groups: Groups | None) -> None:
        with suppress(NotFound):
            instances.secure(instance, groups or ())

    return write
