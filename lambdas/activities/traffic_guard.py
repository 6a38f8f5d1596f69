"""The traffic guard: a protected cluster's last healthy server group stays in service.

Spinnaker's rule (Orca's `TrafficGuard`), but judged by the step that acts, on what it reads then, and of what stays in
service afterwards to the instance: also where only a part of a group goes. See docs/adr/0004.
"""

from collections.abc import Callable, Collection, Iterator

from lambdas.cloud import Cloud, Departures, Group, Health
from lambdas.errors import NotFound, Rejected
from lambdas.naming import cluster_of

REGISTERS = "AddToLoadBalancer"
"""The process in which Auto Scaling itself registers what it launches; suspended, a group counts as disabled."""

Going = Callable[[Group], Collection[str]]


def everything(group: Group) -> Collection[str]:
    """All of the group's instances."""
    return tuple(one.id for one in group.instances)


def may_go(name: str, cloud: Cloud, *, going: Going = everything, overridden: bool = False) -> str:
    """Let these instances of the group go out of service; what is to be said of it.

    Raises Rejected where a protected cluster would have none left, Conflict where another operation takes a group out
    of it just now: then it has to be looked at again, Braked where too much of the account goes at once.
    """
    lost = "" if cloud.undoing else _lost(name, cloud, going)  # first: a departure keeps its siblings from leaving
    return lost + _guarded(name, cloud, going, overridden=overridden)


def may_lose(name: str, instances: Collection[str], cloud: Cloud, *, overridden: bool = False) -> str:
    """Let these instances of the group go for good, one by one; what is to be said of it.

    The traffic guard judges it as any other loss. The account's brake counts it where the group keeps nothing in
    service: then it is as if it were destroyed. Raises as `may_go`.
    """
    taken = set(instances)
    lost = _lost(name, cloud, lambda _: taken) if not cloud.undoing and _empties(name, taken, cloud) else ""
    return lost + _guarded(name, cloud, lambda _: taken, overridden=overridden)


def _empties(name: str, taken: set[str], cloud: Cloud) -> bool:
    """Whether they are all that the group has in service."""
    try:
        serving = {one.id for one in cloud.groups.find(name).instances if one.in_service}
    except NotFound:
        return False
    return bool(serving) and serving <= taken


def _lost(name: str, cloud: Cloud, going: Going) -> str:
    """What is to be said of it, if the account can lose so much more at once."""
    return cloud.clusters.lose(name, lambda: _leaving(name, going, cloud), cloud.groups.standing)


def _leaving(name: str, going: Going, cloud: Cloud) -> int:
    """How many instances in service the group loses."""
    try:
        found = cloud.groups.find(name)
    except NotFound:
        return 0
    leaves = set(going(found))
    return sum(one.in_service and one.id in leaves for one in found.instances)


def _guarded(name: str, cloud: Cloud, going: Going, *, overridden: bool) -> str:
    if not cloud.clusters.protects(name):
        return ""
    seen = cloud.clusters.departures(name)  # before the cloud: a departure noted since then is a Conflict
    groups = cloud.groups.found(_cluster(name, cloud))
    if not _takes_the_last_of(name, groups.get(name), going, seen, cloud):
        return ""
    siblings = [_seen(group, seen, cloud) for key, group in sorted(groups.items()) if key != name]
    alone = not any(counts for counts, _ in siblings)
    if alone and not overridden:
        raise Rejected(_refusal(name, cloud, [said for _, said in siblings]))
    cloud.clusters.depart(name, seen)
    return f"; the traffic guard of cluster {cluster_of(name)} was overridden, as asked" if alone else ""


def _cluster(name: str, cloud: Cloud) -> list[str]:
    cluster = cluster_of(name)
    return [one for one in cloud.groups.names(cluster) if cluster_of(one) == cluster]


def _takes_the_last_of(name: str, found: Group | None, going: Going, seen: Departures, cloud: Cloud) -> bool:
    """Whether the group itself has nothing in service afterwards, and had something before."""
    if found is None or found.deleting:
        return False
    up = set[str]().union(*_up(found, cloud))
    return up <= set(going(found)) and (bool(up) or dict(seen.groups).get(name) == cloud.operation)


def _up(group: Group, cloud: Cloud) -> Iterator[set[str]]:
    """The instances in service that are healthy behind each of its load balancers: what is gone sends no traffic."""
    serving = {one.id for one in group.instances if one.in_service}
    balancers, settings = cloud.load_balancers, group.settings
    looks: list[tuple[str, Callable[[str], tuple[Health, ...]]]] = [
        *((one, balancers.target_health) for one in settings.target_groups),
        *((one, balancers.classic_health) for one in settings.load_balancers),
    ]
    for balancer, health in looks:
        try:
            yield serving.intersection(one.instance for one in health(balancer) if one.healthy)
        except NotFound:
            yield set()
    if not looks:
        yield set() if REGISTERS in group.suspended else serving


def _seen(group: Group, seen: Departures, cloud: Cloud) -> tuple[bool, str]:
    """Whether the sibling keeps the cluster in service, and what there is to say of it."""
    up = len(set.intersection(*_up(group, cloud)))
    said = f"{group.name} has {up} of {len(group.instances)} instances healthy in traffic"
    if group.deleting:
        return False, f"{group.name} is being deleted"
    if (leaving := dict(seen.groups).get(group.name)) is not None:
        return False, f"{group.name} is taken out by operation {leaving}"
    if group.operation and cloud.clusters.unfinished(group.operation):
        return False, f"{group.name} is being set up by operation {group.operation}, which may delete it again"
    return up > 0, said


def _refusal(name: str, cloud: Cloud, siblings: list[str]) -> str:
    others = "; ".join(siblings) or "it has no other group"
    return (
        f"cluster {cluster_of(name)} in {cloud.region} is protected and would have nothing in traffic without {name}: "
        f"{others}; enable another group first, or ask with overrideTrafficGuard"
    )
