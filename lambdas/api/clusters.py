"""Clusters: the server groups of an application as they were read last, and what Windlass does with them now.

Groups come from the copy that the Reader keeps (`lambdas/fleet.py`), guards, locks and operations from their own rows.
No request waits for a cloud: what is older than 20 seconds is read anew meanwhile, what is older than a minute is
marked.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import groupby
from typing import Annotated, Literal, NamedTuple

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query
from pydantic import Field

from lambdas import accounts, fleet
from lambdas.activities.load_balancers import name_of
from lambdas.api import lists
from lambdas.api.answers import Limit, answered, route
from lambdas.api.desk import Desk
from lambdas.api.problems import Problem
from lambdas.api.rights import of_the_clusters
from lambdas.api.views import Summary, View, moment, summary_of
from lambdas.errors import WindlassError
from lambdas.fleet import Looks, Seen
from lambdas.hub import Hub
from lambdas.naming import moniker, sequence_of
from lambdas.requests import guard as guard_of_group
from lambdas.requests import key as key_of
from lambdas.rows import Control, Guard, control_of, utc
from lambdas.table import Below, Refused, Update

ANEW = 20.0
"""Seconds after which a copy is read anew, once somebody asks: with the forty that 10,000 groups take, a minute."""
STALE = 60.0
"""Seconds after which it is marked as stale."""
EACH = 20.0
"""Seconds within which the Reader is asked once for an application, however many ask."""
SOON = "2"
"""Seconds in which a stale answer is worth asking for again: what a few thousand groups take to be read."""
MOST_OPERATIONS = 200
"""Of an application, the newest, among which those of its clusters are looked for."""
MOST_GUARDS = 500
REGISTERS = "AddToLoadBalancer"
"""Suspended, Auto Scaling puts no new instance into traffic."""

Traffic = Literal["enabled", "part", "disabled", "unknown"]


class CapacityView(View):
    min: int
    desired: int
    max: int


class HealthView(View):
    """Instances of the group as one provider sees them."""

    name: str = Field(description="Of the target group or classic load balancer; `asg` for Auto Scaling itself.")
    healthy: int
    total: int = Field(description="Instances it knows of: in the group, or registered.")
    reasons: dict[str, int] = Field(description="Why others are not healthy, and how many.")
    as_of: datetime | None = Field(description="Null: it was not read yet.")


class HealthsView(View):
    """By provider."""

    asg: HealthView
    target_groups: tuple[HealthView, ...]
    load_balancers: tuple[HealthView, ...] = Field(description="Classic ones.")


class HoldView(View):
    """Who has a group or a cluster to himself."""

    operation: str | None = Field(description="The operation that has its guard.")
    waiting: int = Field(description="Operations that wait for it.")
    locked_by: str | None
    locked_why: str | None
    link: str


class GroupView(View):
    """A server group."""

    name: str
    region: str
    version: int | None = Field(description="Its sequence: 42 of `shop-prod-v042`.")
    image: str | None = Field(description="Of its launch template or configuration; null: not read yet.")
    capacity: CapacityView
    health: HealthsView
    traffic: Traffic = Field(description="`part`: only some of its instances, or new ones are kept from it.")
    deleting: bool
    operation: str | None = Field(description="The operation of Windlass that made it.")
    guard: HoldView | None = Field(description="Null: nobody has it.")
    as_of: datetime | None


class ClusterView(View):
    """The server groups of one lineage, in all Regions."""

    name: str
    stack: str
    detail: str
    groups: tuple[GroupView, ...] = Field(description="By Region, the newest version first.")
    guards: dict[str, HoldView] = Field(description="By Region, who has locked the cluster as a whole.")
    last_operation: Summary | None = Field(
        description=f"Of a list: among the application's newest {MOST_OPERATIONS} operations."
    )


class RegionView(View):
    """How old what is shown of a Region is."""

    region: str
    as_of: datetime | None = Field(description="Null: it was never read.")
    stale: bool
    groups: int = Field(description="Of the application.")
    error: str | None = Field(description="Why it could not be read since.")


class ClustersView(View):
    """A page of clusters, by name."""

    account: str
    application: str
    clusters: tuple[ClusterView, ...]
    as_of: datetime | None = Field(description="Of the Region that was read longest ago; null: one was never read.")
    stale: bool = Field(description="Something of it is older than a minute; it is being read anew.")
    degraded: tuple[str, ...] = Field(description="What is not as it should be: `part: why`.")
    regions: tuple[RegionView, ...]
    next: str | None = Field(default=None, description="`after` of the next page; null on the last.")


@dataclass(frozen=True)
class Copy:
    """What is kept of an application in one Region."""

    region: str
    read: float | None
    """When all groups of the Region were read."""
    error: str | None
    count: int
    """Groups of the application."""
    groups: Sequence[Seen]
    """Those of the clusters that are shown, and of one more if there are more."""
    looks: Looks

    @cached_property
    def as_of(self) -> float | None:
        """Of what was read longest ago."""
        return None if self.read is None else min([self.read, *(one.at for one in self.looks.balancers.values())])

    @cached_property
    def unread(self) -> frozenset[str]:
        """Load balancers that were not looked at yet."""
        known = {*self.looks.balancers, *self.looks.missing}
        return frozenset(name for group in self.groups for name in group.balancers if name not in known)

    def group_as_of(self, group: Seen) -> float | None:
        looked = [self.looks.balancers[name].at for name in group.balancers if name in self.looks.balancers]
        return None if self.read is None else min([self.read, *looked])


class Part(NamedTuple):
    """Which clusters are shown."""

    begin: str
    """The first name that may be."""
    limit: int


@dataclass(frozen=True)
class Clusters:
    desk: Desk

    def list(
        self,
        account: str,
        application: str,
        region: Annotated[str | None, Query(min_length=1, description="Only this Region.")] = None,
        limit: Limit = 50,
        after: Annotated[str | None, Query(description="`next` of the page before.")] = None,
    ) -> Response[ClustersView]:
        """An application's clusters in an account: groups, images, capacity, health, traffic, and who works on them.

        It answers at once with what was read last, says when that was (`asOf`), and has it read anew where it is older
        than 20 seconds. What is older than a minute is `stale`, then `Retry-After` says when to ask again.
        """
        self.desk.knows("region", "limit", "after")
        # The next name after any is the same with a nothing behind it.
        return self._answer(account, application, None, region, Part(f"{after}\0" if after else "", limit))

    def one(
        self,
        account: str,
        application: str,
        cluster: str,
        region: Annotated[str | None, Query(min_length=1, description="Only this Region.")] = None,
    ) -> Response[ClustersView]:
        """One cluster of an application: the same, with its last operation however long ago that was."""
        self.desk.knows("region")
        return self._answer(account, application, cluster, region, Part(cluster, 1))

    def _answer(
        self, account: str, application: str, cluster: str | None, region: str | None, part: "Part"
    ) -> Response[ClustersView]:
        hub = self.desk.hub
        copies = [copy_of(hub, account, one, application, part) for one in self._regions(account, region)]
        operations = _operations(hub, account, application, cluster, [one.region for one in copies])
        silent = [said for one in copies if (said := _ask(hub, account, application, one, operations)) is not None]
        names = sorted({group.cluster for one in copies for group in one.groups if cluster in (None, group.cluster)})
        page = names[: part.limit]
        view = ClustersView(
            account=account,
            application=application,
            clusters=tuple(_clusters(hub, account, copies, page, operations)),
            as_of=moment(_oldest(copies)),
            stale=any(_stale(hub, one) for one in copies),
            degraded=(*(said for one in copies if (said := _trouble(hub, one))), *silent),
            regions=tuple(_region(hub, one) for one in copies),
            next=page[-1] if len(names) > len(page) else None,
        )
        known = bool(names) if cluster else any(one.count for one in copies)
        if not known and not view.stale and not operations:
            raise Problem(404, _nothing(account, application, cluster, view))
        return answered(200, view, {"Retry-After": SOON} if view.stale else None)

    def _regions(self, account: str, region: str | None) -> Sequence[str]:
        known = accounts.find(self.desk.hub.table, account)
        if known is None:
            names = ", ".join(sorted(self.desk.accounts)) or "none"
            raise Problem(404, f"account {account} is not known; known accounts: {names}")
        if region is not None and region not in known.regions:
            raise Problem(
                404, f"account {account} is not opened for Region {region}, only for {', '.join(known.regions)}"
            )
        return known.regions if region is None else (region,)


def add(desk: Desk) -> None:
    face = Clusters(desk)
    route(desk, "GET", "/clusters/<account>/<application>", face.list, {200: ClustersView}, of_the_clusters("read"))
    one = "/clusters/<account>/<application>/<cluster>"
    route(desk, "GET", one, face.one, {200: ClustersView}, of_the_clusters("read"))


def copy_of(hub: Hub, account: str, region: str, application: str, part: Part) -> Copy:
    """Three reads, however many groups the Region has; of an application of thousands some more."""
    place = hub.table.get(fleet.place_key(account, region)) or {}
    rows = fleet.group_rows(hub.table, account, region, application)
    numbers, groups = fleet.groups_from(rows, part.begin, part.limit)
    return Copy(
        region,
        place.get("as_of"),
        place.get("error"),
        sum(row["count"] for row in rows),
        groups,
        fleet.looks_for(fleet.looks_of(hub.table, account, region, application, numbers), groups),
    )


def traffic_of(group: Seen, looks: Looks) -> Traffic:
    """Whether its instances in service are behind its load balancers; without any, whether new ones would be."""
    serving = {instance for instance, lifecycle, _ in group.instances if lifecycle == "InService"}
    suspended = REGISTERS in group.suspended
    if not group.balancers or not serving:
        return "disabled" if suspended else "enabled"
    looked = [looks.balancers[name] for name in group.balancers if name in looks.balancers]
    if not looked:
        return "unknown"
    inside = serving & {target.instance for one in looked for target in one.targets}
    if not inside:
        return "disabled"
    return "enabled" if inside == serving and not suspended else "part"


Operations = Mapping[str, Control]
"""The last of each cluster, by its key."""


def _operations(hub: Hub, account: str, application: str, cluster: str | None, regions: Sequence[str]) -> Operations:
    """The newest first."""
    if cluster is None:
        rows, _ = hub.table.listed("application", application, limit=MOST_OPERATIONS)
    else:
        keys = [key_of(account, region, cluster) for region in regions]
        rows = [row for key in keys for row in hub.table.listed("cluster", key, limit=1)[0]]
    found: dict[str, Control] = {}
    for row in rows:
        if row["account"] == account:
            found.setdefault(row["cluster"], control_of(row))
    return found


def _ask(hub: Hub, account: str, application: str, copy: Copy, operations: Operations) -> str | None:
    """Have it read anew where it is not new any more, or Windlass itself has changed it since; why that cannot be."""
    closed = (row.closed or 0.0 for row in operations.values() if row.region == copy.region)
    if _newer_than(hub, copy, ANEW) and max(closed, default=0.0) < (copy.as_of or 0.0):
        return None
    key, now = fleet.asked_key(account, copy.region, application), hub.now()
    try:
        hub.table.write(Update(key, {"at": now}, when=(Below("at", now - EACH),)))
        hub.functions.send("Reader", {"account": account, "region": copy.region, "application": application})
    except Refused:
        return None
    except WindlassError as error:
        return f"{copy.region}: it cannot be read anew: {error}"
    return None


def _oldest(copies: Sequence[Copy]) -> float | None:
    times = [one.as_of for one in copies]
    return None if None in times else min((one for one in times if one is not None), default=None)


def _stale(hub: Hub, copy: Copy) -> bool:
    return not _newer_than(hub, copy, STALE)


def _newer_than(hub: Hub, copy: Copy, seconds: float) -> bool:
    return copy.as_of is not None and not copy.unread and hub.now() - copy.as_of <= seconds


def _trouble(hub: Hub, copy: Copy) -> str | None:
    """Why what is shown of the Region is not what it should be."""
    if copy.as_of is None and copy.error is None:
        return f"{copy.region}: it is being read for the first time; ask again"
    if copy.error is not None:
        since = f"; shown as it was at {utc(copy.as_of)}" if copy.as_of is not None else "; nothing is known of it"
        return f"{copy.region}: {copy.error}{since}"
    if copy.looks.missing:
        name, why = min(copy.looks.missing.items())
        return f"{copy.region}: health of {len(copy.looks.missing)} load balancers is not known: {name_of(name)}: {why}"
    if copy.unread:
        return f"{copy.region}: health of {len(copy.unread)} load balancers is not read yet; ask again"
    return f"{copy.region}: shown as it was at {utc(copy.as_of or 0.0)}" if _stale(hub, copy) else None


def _region(hub: Hub, copy: Copy) -> RegionView:
    return RegionView(
        region=copy.region,
        as_of=moment(copy.as_of),
        stale=_stale(hub, copy),
        groups=copy.count,
        error=copy.error,
    )


def _nothing(account: str, application: str, cluster: str | None, view: ClustersView) -> str:
    what = f"application {application}" if cluster is None else f"cluster {cluster} of application {application}"
    where = ", ".join(one.region for one in view.regions)
    at = utc(view.as_of.timestamp()) if view.as_of else "the last look"
    said = "its name is what stands before the first '-' of a server group's"
    return f"{what} has no server group in account {account} ({where}) as of {at}; {said}"


def _clusters(
    hub: Hub, account: str, copies: Sequence[Copy], page: Sequence[str], operations: Operations
) -> Iterator[ClusterView]:
    shown = set(page)
    groups = [(one.cluster, copy, one) for copy in copies for one in copy.groups]
    ours = sorted((one for one in groups if one[0] in shown), key=lambda one: one[0])
    held = _held(hub, account, copies, [(copy.region, group.name) for _, copy, group in ours], page)
    for name, some in groupby(ours, key=lambda one: one[0]):
        _, stack, detail = moniker(name)
        keys = {copy.region: key_of(account, copy.region, "cluster", name) for copy in copies}
        last = [row for copy in copies if (row := operations.get(key_of(account, copy.region, name))) is not None]
        yield ClusterView(
            name=name,
            stack=stack,
            detail=detail,
            groups=tuple(_group(account, copy, group, held) for _, copy, group in sorted(some, key=_newest_first)),
            guards={region: held[key] for region, key in keys.items() if key in held},
            last_operation=summary_of(max(last, key=lambda row: row.accepted)) if last else None,
        )


def _newest_first(one: tuple[str, Copy, Seen]) -> tuple[str, int, str]:
    name, copy, group = one
    return copy.region, -(sequence_of(group.name, name) or 0), group.name


def _held(
    hub: Hub, account: str, copies: Sequence[Copy], groups: Sequence[tuple[str, str]], clusters: Sequence[str]
) -> dict[str, HoldView]:
    """Who has which of these, by key: guards that nobody has are not read."""
    asked = {guard_of_group(account, region, group) for region, group in groups}
    asked |= {key_of(account, copy.region, "cluster", name) for copy in copies for name in clusters}
    page = lists.held(hub, asked.__contains__, limit=MOST_GUARDS)
    return {guard.key: _hold(guard) for guard in page.rows}


def _hold(guard: Guard) -> HoldView:
    return HoldView(
        operation=guard.owner,
        waiting=len(guard.queue),
        locked_by=guard.locked_by,
        locked_why=guard.locked_why,
        link=f"/guards/{guard.key}",
    )


def _group(account: str, copy: Copy, group: Seen, held: Mapping[str, HoldView]) -> GroupView:
    low, desired, high = group.capacity
    return GroupView(
        name=group.name,
        region=copy.region,
        version=sequence_of(group.name, group.cluster),
        image=copy.looks.images.get(group.template or "") or None,
        capacity=CapacityView(min=low, desired=desired, max=high),
        health=_health(copy, group),
        traffic=traffic_of(group, copy.looks),
        deleting=group.deleting,
        operation=group.operation,
        guard=held.get(guard_of_group(account, copy.region, group.name)),
        as_of=moment(copy.group_as_of(group)),
    )


def _health(copy: Copy, group: Seen) -> HealthsView:
    states = [(lifecycle, healthy) for _, lifecycle, healthy in group.instances]
    others = Counter(lifecycle if healthy else "Unhealthy" for lifecycle, healthy in states)
    well = others.pop("InService", 0)
    return HealthsView(
        asg=HealthView(name="asg", healthy=well, total=len(states), reasons=others, as_of=moment(copy.read)),
        target_groups=tuple(_behind(copy.looks, group, name) for name in group.target_groups),
        load_balancers=tuple(_behind(copy.looks, group, name) for name in group.load_balancers),
    )


def _behind(looks: Looks, group: Seen, name: str) -> HealthView:
    looked, own = looks.balancers.get(name), {instance for instance, _, _ in group.instances}
    targets = [one for one in (looked.targets if looked else ()) if one.instance in own]
    return HealthView(
        name=name_of(name),
        healthy=sum(one.healthy for one in targets),
        total=len(targets),
        reasons=Counter(one.reason or "not healthy" for one in targets if not one.healthy),
        as_of=moment(looked.at if looked else None),
    )
