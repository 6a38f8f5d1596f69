"""Whether a server group's instances are healthy: to Auto Scaling, and behind every load balancer they belong to."""

from collections.abc import Iterator

from lambdas.activities.load_balancers import name_of
from lambdas.cloud import Cloud, Group, Health
from lambdas.errors import NotFound, Rejected


def shortfall(group: Group, wanted: int, cloud: Cloud) -> str | None:
    """Why fewer than `wanted` instances are healthy, or None.

    Load balancers are asked only where Auto Scaling has enough instances in service, and never about a group that is
    kept from them. Raises Rejected for a group on its way out.
    """
    if group.deleting:
        raise Rejected(f"server group {group.name} is being deleted by somebody else")
    healthy = {one.id for one in group.instances if one.in_service}
    if len(healthy) < wanted:
        return _sentence(len(healthy), wanted, _launching(group, wanted, cloud))
    failing = _failing(group, healthy, cloud)
    healthy -= failing.keys()
    if len(healthy) < wanted:
        return _sentence(len(healthy), wanted, _first(failing))
    return None


def surplus(group: Group, wanted: int) -> str | None:
    """Why more instances than `wanted` are there still, or None. Those in standby do not count for Auto Scaling."""
    count = sum("Standby" not in one.lifecycle for one in group.instances)
    if count <= wanted:
        return None
    why = "; the process Terminate is suspended" if "Terminate" in group.suspended else ""
    return f"{count} instances, {wanted} wanted{why}"


def _sentence(healthy: int, wanted: int, why: str) -> str:
    said = f"{healthy} of {wanted} instances healthy"
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


def _failing(group: Group, instances: set[str], cloud: Cloud) -> dict[str, str]:
    """Which of these are not healthy behind some load balancer, and why."""
    if "AddToLoadBalancer" in group.suspended:
        return {}
    failing: dict[str, str] = {}
    for balancer, targets in _behind(group, cloud):
        states = {one.instance: one for one in targets}
        for instance in sorted(instances):
            one = states.get(instance)
            if one is None or not one.healthy:
                failing[instance] = f"{(one and one.reason) or 'not registered'} in {name_of(balancer)}"
    return failing


def _behind(group: Group, cloud: Cloud) -> Iterator[tuple[str, tuple[Health, ...]]]:
    try:
        for arn in group.settings.target_groups:
            yield arn, cloud.load_balancers.target_health(arn)
        for name in group.settings.load_balancers:
            yield name, cloud.load_balancers.classic_health(name)
    except NotFound as error:
        raise Rejected(f"a load balancer of server group {group.name} is gone: {error}") from None


def _first(failing: dict[str, str]) -> str:
    instance, why = next(iter(failing.items()))
    return f"{instance}: {why}"
